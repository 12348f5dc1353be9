"""Which entries of a document make a name, also where the host's code has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile

from django.db.models import Model

from trackadmin import compiler
from trackadmin.catalog import AttributeFacts, Catalog, ModelFacts, catalog, model_of
from trackadmin.codes import ProblemCode
from trackadmin.compiler import SEPARATOR
from trackadmin.compiler.matching import MatchedModel, Matching
from trackadmin.compiler.plan_names import Grace
from trackadmin.document import AggregateEntry, AttributeEntry, Document, ModelEntry
from trackadmin.editing.given_names import GivenName, given_names
from trackadmin.editing.kept_problems import problems_by
from trackadmin.editing.name_makers import NameMakers

_OF_CHILDREN = {ProblemCode.CHILD_GONE, ProblemCode.CHILD_NOT_TRACKED}
#: These say how a URL may name an object, and not whether there is a value.
_OF_LOOKUPS = {ProblemCode.KEY_NOT_UNIQUE, ProblemCode.LOOKUP_KIND}


class SourceKind(StrEnum):
    """What kind of entry makes a name."""

    ATTRIBUTE = "attribute"
    AGGREGATE = "aggregate"
    REFERENCE = "reference"
    PARAMETER = "parameter"


@dataclass(frozen=True, slots=True)
class NameSource:
    """An entry that makes a name, and the way to it."""

    kind: SourceKind
    #: The entry: ``Order.total``, or ``order_placed.channel`` for a parameter of an action.
    place: str
    #: The label of the entry's model; "" for a parameter.
    model: str
    #: The attribute of that model, or the relation whose objects are counted; "" for a parameter.
    source: str
    #: From object to object: ``Invoice.order.total``; "" for a parameter.
    path: str
    #: The kind of value; "" where today's code does not say it.
    type: str
    privacy: str
    description: str
    #: Whether today's code still has it, and its settings allow it.
    in_code: bool
    #: Where the name is deprecated.
    grace: Grace | None
    #: What stays the same when names change: two sources of one origin give one value.
    origin: tuple[object, ...]

    @property
    def way(self) -> tuple[str, ...]:
        """The label of the first model, and the accessors to the object that has the value."""
        return tuple(
            map(str, takewhile(lambda step: not isinstance(step, SourceKind), self.origin))
        )


class DocumentNames:
    """The names that the events of a document have, and where each comes from."""

    def __init__(self, document: Document) -> None:
        self.document = document
        problems = problems_by(compiler.drift, document)
        #: The children that today's code no longer has. Their names cannot be told: only the code
        #: says which model they lead to.
        self.lost_children = tuple(p.where for p in problems if p.code in _OF_CHILDREN)
        self._lost = {p.where for p in problems if p.code not in _OF_CHILDREN | _OF_LOOKUPS}
        self._matching = Matching(self._as_planned(), _CatalogOfThen())
        self._makers = NameMakers(self._matching)
        #: By the prefix of a tracked model: its names, once somebody asks for one of them.
        self._made: dict[str, dict[str, list[NameSource]]] = {}

    def given_by(self, prefix: str) -> Iterator[tuple[GivenName, NameSource]]:
        """All names that a tracked model and its children give, one path at a time."""
        for given in given_names(self._matching, prefix):
            yield given, self._of_given(given)

    def sources_of(self, name: str, action: str) -> tuple[NameSource, ...]:
        """What makes this name in an event of this action; empty if nothing does."""
        makers = self._makers.makers_of(name)
        found = [each for prefix in makers for each in self._names(prefix).get(name, ())]
        return tuple(found) or tuple(self._parameter(name, action))

    def name_of_origin(self, origin: tuple[object, ...]) -> str:
        """The name that has this origin, one that stays if there is one; "" for none."""
        way = origin[1:] if origin[0] == SourceKind.REFERENCE else origin
        found = [
            (bool(source.grace), name)
            for prefix in self._makers.trackers_of(str(way[0]))
            for name, sources in self._names(prefix).items()
            for source in sources
            if source.origin == origin
        ]
        return min(found)[1] if found else ""

    def _names(self, prefix: str) -> dict[str, list[NameSource]]:
        """All names of a tracked model and what it leads to."""
        if prefix not in self._made:
            self._made[prefix] = {}
            for given, source in self.given_by(prefix):
                self._put(prefix, given.name, source)
            if matched := self._matching.get(prefix):
                self._add_references(matched)
        return self._made[prefix]

    def _as_planned(self) -> Document:
        """The document for the plan. A lost count or sum is planned as an attribute: it has the
        same names, and no relation to be matched with.
        """
        models = {p: self._without_lost(p, entry) for p, entry in self.document.models.items()}
        return replace(self.document, models=models)

    def _without_lost(self, prefix: str, entry: ModelEntry) -> ModelEntry:
        lost = {n: a for n, a in entry.aggregates.items() if not self._in_code(prefix, n)}
        if not lost:
            return entry
        stand_ins = {
            name: AttributeEntry(name, each.decision, privacy=each.privacy)
            for name, each in lost.items()
        }
        kept = {name: each for name, each in entry.aggregates.items() if name not in lost}
        return replace(entry, attributes={**stand_ins, **entry.attributes}, aggregates=kept)

    def _in_code(self, prefix: str, name: str) -> bool:
        return not self._lost & {prefix, f"{prefix}.{name}"}

    def _add_references(self, matched: MatchedModel) -> None:
        for prefix in filter(None, (matched.prefix, matched.entry.former_prefix)):
            for name in matched.entry.lookups():
                for each in self._made[matched.prefix].get(f"{prefix}_{name}", ()):
                    if each.path == f"{matched.prefix}.{name}":
                        origin = (SourceKind.REFERENCE, *each.origin)
                        found = replace(each, kind=SourceKind.REFERENCE, origin=origin)
                        self._put(matched.prefix, f"{prefix}{SEPARATOR}{name}", found)

    def _put(self, top: str, name: str, source: NameSource) -> None:
        self._made[top].setdefault(name, []).append(source)

    def _of_given(self, given: GivenName) -> NameSource:
        prefix, name = given.matched.prefix, given.entry_name
        # From the document itself: a lost count or sum was planned as an attribute.
        model, in_code = self.document.models[prefix], self._in_code(prefix, name)
        entry = model.attributes.get(name) or model.aggregates[name]
        return NameSource(
            kind=_kind(entry),
            place=given.place,
            model=given.matched.entry.model,
            source=entry.source if isinstance(entry, AttributeEntry) else entry.relation,
            path=given.path,
            type=str(given.kind) if in_code else "",
            privacy=entry.privacy,
            description=entry.description,
            in_code=in_code,
            grace=given.grace,
            origin=(*given.way, *_identity(entry)),
        )

    def _parameter(self, name: str, action: str) -> Iterator[NameSource]:
        entry = self.document.actions.get(action)
        parameter = entry.parameters.get(name) if entry else None
        if parameter is not None:
            yield NameSource(
                kind=SourceKind.PARAMETER,
                place=f"{action}.{name}",
                model="",
                source="",
                path="",
                type=parameter.kind,
                privacy=parameter.privacy,
                description=parameter.description,
                in_code=True,
                grace=None,
                origin=(SourceKind.PARAMETER, action, name),
            )


def _kind(entry: AttributeEntry | AggregateEntry) -> SourceKind:
    is_attribute = isinstance(entry, AttributeEntry)
    return SourceKind.ATTRIBUTE if is_attribute else SourceKind.AGGREGATE


def _identity(entry: AttributeEntry | AggregateEntry) -> tuple[object, ...]:
    """What an entry reads, whatever it is called."""
    if isinstance(entry, AttributeEntry):
        return (SourceKind.ATTRIBUTE, entry.source)
    where: Mapping[str, object] = entry.where
    asked = (entry.relation, entry.function, entry.field, entry.by)
    # 1 and True are equal to Python, and two conditions.
    return (SourceKind.AGGREGATE, *asked, *sorted((key, repr(v)) for key, v in where.items()))


class _CatalogOfThen(Catalog):
    """The host as it was when a document was published: it had every model and attribute."""

    def get(self, label: str) -> ModelFacts:
        """The facts of a model, also of one that is gone or is no longer allowed."""
        model = model_of(label)
        if model is None:
            return _GoneModel(label)
        facts, known = _FactsOfThen(model, self._ceiling), catalog().get(label)
        if known:  # what is known of the host's own fields holds, and takes long to find out
            facts.attributes, facts.refused = known.attributes, known.refused
        return facts


class _FactsOfThen(ModelFacts):
    """A model that has every attribute it is asked for."""

    def attribute(self, source: str) -> AttributeFacts:
        """The facts of a source, as if nobody refused it."""
        found = super().attribute(source)
        return replace(found, refused=None) if found else AttributeFacts(name=source)


class _GoneModel(_FactsOfThen):
    """A model that the site no longer has."""

    def __init__(self, label: str) -> None:
        self.model, self.label, self.cased_label = Model, label, label
        self.relations = {}

    def attribute(self, source: str) -> AttributeFacts:
        """All that is known is its name."""
        return AttributeFacts(name=source)
