"""One function for several objects, found by their classes with one look-up for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.types import Fault, Values
from trackadmin.compiler.values.build import build
from trackadmin.compiler.values.source import FUNCTION, many_source

FlattenMany: TypeAlias = Callable[[Sequence[Any], Fault], Values]

#: How many combinations of classes are kept in one snapshot. They come from places in the host's
#: code; beyond these, objects are flattened one by one.
MAX_BRANCHES = 256


class Branch(dict[type, "Branch"]):
    """What is known about the first objects' classes; the next class leads to the next branch.

    ``branch.flatten(objects, fault)`` gives one dict of all names of the objects, whose classes
    are those that led here, in this order. It is ``None`` until :meth:`made` makes it.

    ::

        branch = snapshot.branches
        for obj in objects:
            branch = branch[type(obj)]
        flatten = branch.flatten or branch.made()
    """

    __slots__ = ("_budget", "_find", "_models", "flatten")

    def __init__(
        self,
        find: Callable[[type], CompiledModel | None],
        models: tuple[CompiledModel, ...] | None = (),
        budget: list[int] | None = None,
    ) -> None:
        self._find, self._models = find, models
        self._budget = [MAX_BRANCHES] if budget is None else budget
        self.flatten: FlattenMany | None = None

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

    def made(self) -> FlattenMany | None:
        """``flatten``, made when it is first asked for.

        ``None`` where one of the objects is not tracked, or two would yield the same name: then
        they must be looked at one by one.
        """
        if self.flatten is None and self._models:
            self.flatten = _flatten(self._models)
            # If these cannot share a function, more objects cannot either.
            self._models = self._models if self.flatten else None
        return self.flatten


def _flatten(models: tuple[CompiledModel, ...]) -> FlattenMany | None:
    names = [name for compiled in models for name in compiled.names]
    if len(set(names)) < len(names):
        return None
    source = many_source([compiled.node for compiled in models], models[0].pseudonym)
    title = f"{models[0].title}: {' + '.join(compiled.prefix for compiled in models)}"
    flatten: FlattenMany = build(source.text, FUNCTION, source.constants, title)
    return flatten
