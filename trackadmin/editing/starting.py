"""A first map, proposed from the host's models: what an empty map may start with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeVar

from trackadmin import compiler
from trackadmin import document as documents
from trackadmin.catalog import (
    AttributeFacts,
    ModelFacts,
    RelationFacts,
    catalog,
    is_from_a_package,
    obvious_attributes,
    obvious_relations,
    suggested_key,
    technical_models,
)
from trackadmin.codes import ProblemCode
from trackadmin.document import AttributeEntry, ChildEntry, Diff, Document, ModelEntry
from trackadmin.document.names import LONGEST, camel_case, why_not_a_name
from trackadmin.editing.building import build_document
from trackadmin.editing.drafting import replace_draft
from trackadmin.editing.fixes import fixes
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.people import Person
from trackadmin.exceptions import DraftChanged, InvalidMap, Problem, errors_of
from trackadmin.texts import gettext as _

#: Children of a proposal that may bring their own children. Between more of them there are so many
#: paths that finding prefixes for all takes seconds, and events become very large.
MOST_CHILDREN = 100

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A model of the host as a first map would track it."""

    model: ModelFacts
    prefix: str
    #: The name of its key; empty where nothing of it identifies an object.
    key: str
    attributes: tuple[AttributeFacts, ...]
    children: tuple[RelationFacts, ...]
    #: Whether it is of the site's own code and says something about its business.
    suggested: bool
    #: Whether it comes from a package.
    from_a_package: bool

    def without(self, names: Collection[str]) -> Proposal:
        """The same without these attributes and children. The key stays."""
        return replace(
            self,
            attributes=tuple(a for a in self.attributes if a.name not in names),
            children=tuple(c for c in self.children if c.accessor not in names),
        )


def proposals() -> list[Proposal]:
    """The host's models as a first map would track them, the suggested ones first.

    Nothing personal is proposed, and no model of which nothing would be tracked. Sends no query.
    """
    technical = technical_models()
    found = []
    for model in catalog().models():
        packaged = is_from_a_package(model.model)
        suggested = not packaged and model.model not in technical
        key, attributes = suggested_key(model), obvious_attributes(model)
        others = tuple(each for each in attributes if each.name != key)
        if key or others:
            children = tuple(obvious_relations(model))
            found.append(Proposal(model, "", key, others, children, suggested, packaged))
    found.sort(key=lambda each: (not each.suggested, each.from_a_package))
    return list(_with_prefixes(found))


def start(
    tracking_map: AnyMap,
    chosen: Iterable[Proposal],
    *,
    by: Person = None,
    expected: str | None = None,
) -> Diff:
    """Make these proposals the draft of an empty map, as one edit; returns what that changes.

    ``expected`` is the digest of the draft for which they were shown, see ``draft_digest``. Raises
    :class:`DraftChanged` if the draft is another one by now, and :class:`InvalidMap` if the map
    tracks something already: it is never overwritten.
    """
    draft = build_document(tracking_map)
    standing = documents.digest(documents.dump(draft))
    if expected is not None and expected != standing:
        raise DraftChanged(expected, standing)
    if draft.models:
        raise InvalidMap(_("Nothing was changed."), [_not_empty(draft)])
    document = first_document(tracking_map, draft, chosen)
    comment = _("Started from a proposal.")
    return replace_draft(tracking_map, document, by=by, comment=comment, expected=standing)


def first_document(tracking_map: AnyMap, draft: Document, chosen: Iterable[Proposal]) -> Document:
    """The empty draft with these proposals, so that it can be published as it is.

    Children that collide get prefixes, those that bring too much come alone, and what still does
    not compile is left out.
    """
    document = replace(draft, models=_first_entries([*chosen]))
    while True:
        document, _fixed = fixes(tracking_map, document)
        errors = errors_of(compiler.check(document, catalog()))
        if not errors:
            return document
        document = _without(document, errors)


def _with_prefixes(found: list[Proposal]) -> Iterator[Proposal]:
    """Each with a prefix that no other has: its class name if that says enough."""
    names = Counter((each.suggested, each.model.name) for each in found)
    taken: set[str] = set()
    for each in found:
        # What is suggested comes first, also where a package has a model of the same name.
        rivals = names[True, each.model.name] + (not each.suggested) * names[False, each.model.name]
        prefix = next(p for p in _candidates(each.model, alone=rivals == 1) if p not in taken)
        taken.add(prefix)
        yield replace(each, prefix=prefix)


def _candidates(model: ModelFacts, *, alone: bool) -> Iterator[str]:
    """The prefixes that a model could have, the best first."""
    name = model.name if why_not_a_name(model.name) is None else f"Model{camel_case(model.name)}"
    long = camel_case(model.app_label) + camel_case(name)
    legal = [each for each in ([name] if alone else []) + [long] if not why_not_a_name(each)]
    yield from legal
    base = next(iter(legal), "Model")
    yield from (f"{base[: LONGEST - len(str(number))]}{number}" for number in count(2))


def _not_empty(draft: Document) -> Problem:
    what = _("This map already has tracked models.")
    remedy = _("A proposal is for an empty map. Add tracked models one by one instead.")
    return Problem(ProblemCode.MAP_NOT_EMPTY, "error", next(iter(draft.models)), what, remedy)


def _first_entries(chosen: list[Proposal]) -> dict[str, ModelEntry]:
    labels = {each.model.label for each in chosen}
    children = [[c for c in each.children if labels & {*_lineage(c.target)}] for each in chosen]
    alone = sum(map(len, children)) > MOST_CHILDREN
    return {
        each.prefix: _first_entry(each, kept, position, alone)
        for position, (each, kept) in enumerate(zip(chosen, children, strict=True))
    }


def _first_entry(
    proposal: Proposal, children: list[RelationFacts], position: int, alone: bool
) -> ModelEntry:
    names = [proposal.key] if proposal.key else []
    names += [each.name for each in proposal.attributes]
    return ModelEntry(
        proposal.model.label,
        key=proposal.key,
        position=position,
        attributes={name: AttributeEntry(name, position=n) for n, name in enumerate(names)},
        children={
            each.accessor: ChildEntry(position=n, alone=alone) for n, each in enumerate(children)
        },
    )


def _lineage(label: str) -> Iterator[str]:
    """The label of a model and those of the models that it descends from."""
    facts = catalog().of_objects(label)
    yield label
    yield from facts.ancestors if facts else ()


def _without(document: Document, errors: Iterable[Problem]) -> Document:
    """The document without one cause of each error: a child, an attribute or a tracked model."""
    models = dict(document.models)
    for where in {problem.where for problem in errors}:
        prefix, _dot, name = where.partition(".")
        if prefix in models:
            entry = _smaller(models.pop(prefix), name)
            models |= {prefix: entry} if entry else {}
    if len(models) == len(document.models) and models == document.models:
        models = {}
    return replace(document, models=models)


def _smaller(entry: ModelEntry, name: str) -> ModelEntry | None:
    """The entry without what this name means, else without children; ``None`` if none is left."""
    if name in entry.children:
        return replace(entry, children=_left(entry.children, name))
    if name in entry.attributes:
        attributes = _left(entry.attributes, name)
        return replace(entry, attributes=attributes, key="" if entry.key == name else entry.key)
    return replace(entry, children={}) if entry.children else None


def _left(entries: Mapping[str, E], name: str) -> dict[str, E]:
    return {each: entry for each, entry in entries.items() if each != name}
