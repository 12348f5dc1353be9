"""One function for several objects, found by their classes with one look-up for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from trackadmin.compiler.build import build
from trackadmin.compiler.careful import Fault, Values
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.source import FUNCTION, together_source

FlattenTogether: TypeAlias = Callable[[Sequence[Any], Fault], Values]

#: How many combinations of classes are kept in one snapshot. They come from places in the host's
#: code; beyond these, objects are flattened one by one.
MAX_BRANCHES = 256


class Branch(dict[type, "Branch"]):
    """What is known after some classes; the next object's class leads on to the next branch.

    ``branch.flatten(objects, fault)`` gives one dict of all names of the objects, whose classes
    are those that led here, in this order. ``flatten`` is ``None`` where one of them is not
    tracked, or two would yield the same name: then the objects must be looked at one by one.

    ::

        branch = snapshot.together
        for obj in objects:
            branch = branch[type(obj)]
    """

    __slots__ = ("_budget", "_find", "_models", "flatten")

    flatten: FlattenTogether | None

    def __init__(
        self,
        find: Callable[[type], CompiledModel | None],
        models: tuple[CompiledModel, ...] | None = (),
        budget: list[int] | None = None,
    ) -> None:
        self._find, self._models = find, models
        self._budget = [MAX_BRANCHES] if budget is None else budget

    def __missing__(self, cls: type) -> Branch:
        if self._models is None:
            return self
        compiled = self._find(cls)
        models = (*self._models, compiled) if compiled and self._budget[0] > 0 else None
        branch = Branch(self._find, models, self._budget)
        if self._budget[0] > 0:
            self._budget[0] -= 1
            self[cls] = branch
        return branch

    def __getattr__(self, name: str) -> Any:
        """``flatten``, which is made when it is first asked for."""
        if name != "flatten":
            raise AttributeError(name)
        self.flatten = _flatten(self._models) if self._models else None
        return self.flatten


def _flatten(models: tuple[CompiledModel, ...]) -> FlattenTogether | None:
    names = [name for compiled in models for name in compiled.names]
    if len(set(names)) < len(names):
        return None
    source = together_source([compiled.node for compiled in models], models[0].pseudonym)
    title = f"{models[0].title}: {' + '.join(compiled.prefix for compiled in models)}"
    flatten: FlattenTogether = build(source.text, FUNCTION, source.constants, title)
    return flatten
