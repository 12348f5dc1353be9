"""One tracked model, compiled: the function that flattens its objects, and its lookups."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from django.db import router
from django.db.models import Model
from django.utils.functional import cached_property

from trackadmin.compiler.lookups import SCAN_COST, Lookup
from trackadmin.compiler.matching import MatchedModel, Matching
from trackadmin.compiler.plan import Node, plan
from trackadmin.compiler.query_tree import Along, cut, tables_of
from trackadmin.compiler.types import Fault, Pseudonym, Values
from trackadmin.compiler.values.build import build
from trackadmin.compiler.values.source import FUNCTION, Source, flatten_source, literal, runs_code

Flatten: TypeAlias = Callable[[Any, Fault], Values]

#: How many prefixes of keywords are kept compiled for one model. They come from the host's code,
#: not from its visitors, so more than these would be a surprise.
MAX_RENAMED = 32


class CompiledModel:
    """A tracked model of one snapshot, for objects of one class; its code is made on first use."""

    def __init__(
        self,
        matching: Matching,
        matched: MatchedModel,
        pseudonym: Pseudonym,
        title: str,
        *,
        model: type[Model] | None = None,
        renamed: str = "",
    ) -> None:
        self._matching, self._matched, self.pseudonym = matching, matched, pseudonym
        self.title = title
        self._renamed: OrderedDict[str, CompiledModel] = OrderedDict()
        #: Starts the names: the tracked model's, or the keyword that took its place.
        self.prefix = renamed or matched.prefix
        made = plan(matching, matched, model=model, prefix=renamed)
        self.node: Node = made.top
        #: What is wrong with the tree of its children.
        self.problems = made.problems
        #: The class whose objects these are: the tracked one, or a descendant.
        self.model = self.node.model
        #: Every name of the output, in order, whatever the data.
        self.names = self.node.names()
        #: Joins what is tracked below its objects to a query that loads them.
        self.along = Along(self.node)

    def __repr__(self) -> str:
        return f"<CompiledModel {self.prefix} of {self.title}>"

    @cached_property
    def flatten(self) -> Flatten:
        """``flatten(obj, fault)``: a dict of all :attr:`names`. It never raises.

        ``fault(code, where, error)`` is called for each value that was lost.
        """
        text, constants = self._source.text, self._source.constants
        flatten: Flatten = build(text, FUNCTION, constants, f"{self.title}: {self.prefix}")
        return flatten

    def compile(self) -> None:
        """Make the code now and not on first use."""
        self.flatten  # noqa: B018 a cached property, made when it is first read

    @property
    def source(self) -> str:
        """The text of the generated function."""
        return self._source.text

    @cached_property
    def related(self) -> tuple[str, ...]:
        """What a queryset's ``select_related`` loads along, so that flattening costs no query."""
        return tuple(path.name for path in self.node.paths())

    @property
    def costs(self) -> tuple[str, ...]:
        """What may cost queries when an object is flattened, each in words."""
        return tuple(_costs(self.node, router.db_for_read(self.model)))

    @cached_property
    def runs_host_code(self) -> bool:
        """Whether code of the host runs when the values of an object are read."""
        return any(
            any(runs_code(node.model, output) for output in node.outputs)
            or any(not child.query_name for child in node.children)
            for node in self.node.walk()
        )

    @cached_property
    def lookups(self) -> Mapping[str, Lookup]:
        """What a URL may name an object by, the key first; by output name."""
        return {lookup.name: lookup for lookup in self._lookups()}

    @property
    def key(self) -> Lookup | None:
        """The lookup that names an object in a URL."""
        return self.lookups.get(self._matched.entry.key)

    def for_class(self, model: type[Model]) -> CompiledModel:
        """The same tracked model, compiled for the objects of a descendant."""
        if model is self.model:
            return self
        return CompiledModel(self._matching, self._matched, self.pseudonym, self.title, model=model)

    def renamed(self, prefix: str) -> CompiledModel:
        """The same model under another prefix, as for a keyword of ``tracking_values``.

        Raises :class:`ValueError` if the prefix is no plain name.
        """
        literal(prefix)
        if prefix not in self._renamed:
            self._renamed[prefix] = CompiledModel(
                self._matching,
                self._matched,
                self.pseudonym,
                self.title,
                model=self.model,
                renamed=prefix,
            )
            if len(self._renamed) > MAX_RENAMED:
                self._renamed.popitem(last=False)
        return self._renamed[prefix]

    def _lookups(self) -> Iterator[Lookup]:
        tables = sum(tables_of(each.model) for each in self.node.walk() if each.names())
        for name in self._matched.entry.lookups():
            attribute = self._matched.known.get(name)
            if attribute is not None and attribute.facts.lookupable:
                cost = tables if attribute.facts.indexed else tables + SCAN_COST
                prefix = self._matched.prefix
                yield Lookup(prefix, name, self.model, attribute.facts, self.along, cost)

    @cached_property
    def _source(self) -> Source:
        return flatten_source(self.node, self.pseudonym)


def _costs(top: Node, alias: str) -> Iterator[str]:
    yield from _computed(top)
    for child in top.children:
        if child.names():
            yield from _loading(child, alias)


def _loading(child: Node, alias: str) -> Iterator[str]:
    """What a child costs that is not loaded; what is joined to it comes with it."""
    yield f"{child.road}: a query where it is not loaded yet"
    for found in cut(child, alias, instances=True).walk():
        yield from _computed(found.node)
        for loaded in found.loaded:
            yield from _loading(loaded.node, alias)


def _computed(node: Node) -> Iterator[str]:
    for output in node.outputs:
        if output.facts.computed:
            yield f"{output.name}: computed, it may cost queries"
        elif runs_code(node.model, output):
            yield f"{output.name}: read by code of the host, it may cost queries"
