"""What the rules of lint ask of each tracked model, so that an edit asks again of few."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from itertools import chain
from typing import Any, TypeVar

from trackadmin.document import Document, in_order

Answer = TypeVar("Answer")


class ModelAnswers:
    """The answers of one document.

    ``before`` are those of another document, for the same catalog and settings. Of a model that is
    the same in both they are taken from there; ``changed`` are the prefixes of all others.
    """

    def __init__(
        self,
        document: Document,
        before: ModelAnswers | None = None,
        changed: Collection[str] = (),
    ) -> None:
        self.document = document
        self._models = in_order(document.models)
        self._answers: dict[Hashable, dict[str, tuple[Any, ...]]] = {}
        # Only the answers, so that those before them are let go.
        self._before = before._answers if before else {}
        self._changed = frozenset(changed)

    def each(self, ask: Callable[..., Iterable[Answer]], *given: Hashable) -> Iterator[Answer]:
        """What ``ask(prefix, entry, *given)`` gives of each model, in order.

        It may depend on nothing else of the document. Each model is asked once.
        """
        key = (ask, given)
        answers = self._answers.get(key)
        if answers is None:
            before = self._before.get(key, {})
            answers = self._answers[key] = {
                prefix: before[prefix]
                if prefix in before and prefix not in self._changed
                else tuple(ask(prefix, entry, *given))
                for prefix, entry in self._models
            }
        return chain.from_iterable(answers.values())
