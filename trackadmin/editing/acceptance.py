"""The errors that stop an entry or a whole document from becoming rows of the draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet

from trackadmin import compiler
from trackadmin import document as documents
from trackadmin.catalog import ModelFacts, catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler.reserved import ReservedNames, reserved_parameters
from trackadmin.document import ActionEntry, AttributeEntry, Document, MapFile, ModelEntry
from trackadmin.editing.locking import write_database
from trackadmin.editing.tables import Head, entry_of
from trackadmin.exceptions import InvalidMap, Problem, errors_of
from trackadmin.models import TrackedAction, TrackedModel, TrackingMap
from trackadmin.texts import gettext as _

#: Errors that another tracked model can correct. A draft may have them; a publish may not.
OF_THE_REST = frozenset({ProblemCode.CHILD_NOT_TRACKED})


def refuse_document(given: Document | MapFile) -> Document:
    """The document for the draft; raises :class:`InvalidMap` with all its errors."""
    read = given if isinstance(given, MapFile) else MapFile(given)
    problems = read.errors(compiler.check(read.document, catalog()))
    if problems:
        raise InvalidMap(_("The map has errors. Nothing was changed."), problems)
    return read.document


def refuse_model(
    tracking_map: TrackingMap, prefix: str, entry: ModelEntry, row: TrackedModel | None
) -> None:
    """Raise :class:`InvalidMap` with every error of this entry, but not of the rest of the map.

    ``row`` is the one that becomes the entry. Errors that drift had already caused in it, under
    the same prefix, may stay.
    """
    before = Document(models={prefix: entry_of(row)} if row else {})
    standing = {(p.code, p.where) for p in compiler.drift(before, catalog())}
    problems = [
        problem
        for problem in errors_of(compiler.check(Document(models={prefix: entry}), catalog()))
        if problem.code not in OF_THE_REST and (problem.code, problem.where) not in standing
    ]
    if row is None or (row.prefix, row.model_label) != (prefix, entry.model):
        problems += _taken(prefix, entry, _others(TrackedModel, tracking_map, row))
    if problems:
        what = (
            _("%(prefix)s was not saved.", prefix=prefix)
            if prefix
            else _("The tracked model was not saved.")
        )
        raise InvalidMap(what, problems)


def refuse_attributes(
    prefix: str, entry: ModelEntry, attributes: Mapping[str, AttributeEntry]
) -> None:
    """Raise :class:`InvalidMap` if an attribute to add is in the entry already, or its name is."""
    model = catalog().get(entry.model)
    decided = sources_of(entry.attributes.values(), model)
    taken = {*entry.attributes, *entry.aggregates}
    problems = []
    for name, attribute in attributes.items():
        where = f"{prefix}.{attribute.source}"
        if sources_of([attribute], model) & decided:
            what = _("Somebody else has decided about this attribute in the meantime.")
            remedy = _("Change the decision on the page of %(prefix)s.", prefix=prefix)
            problems.append(Problem(ProblemCode.ATTRIBUTE_DECIDED, "error", where, what, remedy))
        elif name in taken:
            what = _("Another attribute already has the output name '%(name)s'.", name=name)
            remedy = _("Give it another name on the page of %(prefix)s.", prefix=prefix)
            problems.append(Problem(ProblemCode.NAME_TWICE, "error", where, what, remedy))
    if problems:
        raise InvalidMap(_("No decision was saved."), problems)


def sources_of(attributes: Iterable[AttributeEntry], model: ModelFacts | None) -> set[str]:
    """The sources of attributes. A foreign key that is named by its field has its column too."""
    sources = {attribute.source for attribute in attributes}
    found = (model.attribute(source) for source in sources) if model else ()
    return sources | {facts.name for facts in found if facts is not None}


def refuse_action(
    tracking_map: TrackingMap, name: str, entry: ActionEntry, row: TrackedAction | None
) -> None:
    """Raise :class:`InvalidMap` with every error of this action, but not of the rest of the map.

    ``row`` is the one that becomes the entry. The models of the map and the names of its actions
    say what is legal.
    """
    taken = set(_others(TrackedAction, tracking_map, row).values_list("name", flat=True))
    models = _others(TrackedModel, tracking_map, None).values_list("prefix", "model_label")
    rest = Document(
        models={prefix: ModelEntry(label) for prefix, label in models},
        actions=dict.fromkeys(taken, ActionEntry()),
    )
    standing = {(p.code, p.where) for p in documents.validate(rest)}
    document = replace(rest, actions={**rest.actions, name: entry})
    problems = [
        problem
        for problem in errors_of(documents.validate(document))
        if (problem.code, problem.where) not in standing
    ]
    # Names that begin with the prefix of a child are found when the whole draft is checked.
    alone = replace(rest, actions={name: entry})
    problems += reserved_parameters(alone, ReservedNames(alone, lambda _prefix: ()))
    if name in taken:
        what = _("This map already has an action '%(name)s'.", name=name)
        remedy = _("Choose another name, or edit the action that there is.")
        problems.append(Problem(ProblemCode.ACTION_TAKEN, "error", f"actions.{name}", what, remedy))
    if problems:
        if name:
            raise InvalidMap(_("%(name)s was not saved.", name=name), problems)
        raise InvalidMap(_("The action was not saved."), problems)


def refuse_settings(values: Mapping[str, Any]) -> None:
    """Raise :class:`InvalidMap` for a way of handling events that does not exist."""
    problems = errors_of(documents.validate(Document(**values)))
    if problems:
        raise InvalidMap(_("The map was not saved."), problems)


def _others(table: Any, tracking_map: TrackingMap, row: Head | None) -> Any:
    rows = table.objects.using(write_database()).filter(map_id=tracking_map.pk)
    return rows.exclude(pk=row.pk) if row else rows


def _taken(prefix: str, entry: ModelEntry, others: QuerySet[TrackedModel]) -> Iterator[Problem]:
    same = Q(prefix=prefix) | Q(model_label=entry.model)
    for row in others.filter(same):
        if row.prefix == prefix:
            what = _(
                "The prefix '%(prefix)s' is already used by '%(model)s' in this map.",
                prefix=prefix,
                model=row.model_label,
            )
            remedy = _("Choose another prefix.")
            yield Problem(ProblemCode.PREFIX_TAKEN, "error", prefix, what, remedy)
        elif row.model_label == entry.model:
            what = _(
                "The model '%(model)s' is already tracked in this map as '%(prefix)s'.",
                model=entry.model,
                prefix=row.prefix,
            )
            remedy = _("Edit '%(prefix)s' instead of adding the model again.", prefix=row.prefix)
            yield Problem(ProblemCode.MODEL_TWICE, "error", prefix, what, remedy)
