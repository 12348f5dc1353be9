"""One tracked model, compiled: the function that flattens its objects, and its lookups."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.db import router
from django.db.models import Model
from django.utils.functional import cached_property

from trackadmin.compiler.costs import Cost, costs_of
from trackadmin.compiler.lookups import SCAN_COST, Lookup
from trackadmin.compiler.matching import MatchedModel, Matching
from trackadmin.compiler.plan import Node, plan
from trackadmin.compiler.plan_names import Grace
from trackadmin.compiler.query_tree import Along, tables_of
from trackadmin.compiler.types import Flatten, Pseudonym
from trackadmin.compiler.values.build import build
from trackadmin.compiler.values.source import FUNCTION, Source, flatten_source, literal, runs_code
from trackadmin.conf import OPEN_KEYS, conf

#: How many prefixes of keywords are kept compiled for one model. They come from the host's code
#: and not from visitors, so more than these are not expected.
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
        #: The start of all names: the tracked model's prefix, or the keyword in its place.
        self.prefix = renamed or matched.prefix
        planned = plan(matching, matched, model=model, prefix=renamed)
        self.node: Node = planned.top
        #: The problems of the tree of its children.
        self.problems = planned.problems
        for name, personal in self.node.personal_names():
            matching.personal_names.learn(name, personal=personal)
        #: The class whose objects these are: the tracked one, or a descendant.
        self.model = self.node.model
        #: Every name of the output, in order, whatever the data.
        self.names = self.node.names()
        #: Joins the tracked children to a query that loads the objects.
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

    @cached_property
    def old_names(self) -> dict[str, Grace]:
        """The deprecated names, each with its grace period."""
        return {name: grace for name, grace in self.node.graces().items() if grace}

    def compile(self) -> None:
        """Make the code now and not on first use."""
        self.flatten  # noqa: B018 a cached property, made when it is first read

    @property
    def source(self) -> str:
        """The text of the generated function."""
        return self._source.text

    @cached_property
    def related(self) -> tuple[str, ...]:
        """What ``select_related`` has to load for flattening to cost no query."""
        return tuple(self.node.related())

    @property
    def costs(self) -> tuple[Cost, ...]:
        """What may cost queries when an object is flattened."""
        return tuple(costs_of(self.node, router.db_for_read(self.model)))

    @cached_property
    def runs_host_code(self) -> bool:
        """Whether code of the host runs when the values of an object are read."""
        return any(
            any(runs_code(node.model, output) for output in node.outputs)
            or any(not child.query_name for child in node.children)
            or node.aggregates
            for node in self.node.walk()
        )

    @cached_property
    def lookups(self) -> Mapping[str, Lookup]:
        """The lookups by which a URL may name an object, the key first; by output name."""
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

        Raises :class:`ValueError` if the prefix is not a plain name.
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
        tables += sum(
            1 if each.matched.collection.indexed else SCAN_COST
            for node in self.node.walk()
            for each in node.aggregates
        )
        for name in self._matched.entry.lookups():
            attribute = self._matched.known.get(name)
            if attribute is not None and attribute.facts.lookupable:
                cost = tables if attribute.facts.indexed else tables + SCAN_COST
                prefix, until = self._matched.prefix, attribute.entry.until
                found = Lookup(prefix, name, self.model, attribute.facts, self.along, cost, until)
                yield replace(found, signed_only=True) if self._must_be_signed(found) else found

    def _must_be_signed(self, lookup: Lookup) -> bool:
        """Whether the map, the tracked model or the site demands it of a URL."""
        if self._matching.document.signed_only or self._matched.entry.signed_only:
            return True
        return lookup.guessable and conf.GUESSABLE_KEYS not in (None, OPEN_KEYS)

    @cached_property
    def _source(self) -> Source:
        return flatten_source(self.node, self.pseudonym)
