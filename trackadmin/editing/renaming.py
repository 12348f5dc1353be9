"""Renames a tracked model, or an attribute, child, count or sum of one."""

from __future__ import annotations

from dataclasses import replace

from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler.matching import Matching
from trackadmin.document import Document, ModelEntry, in_order
from trackadmin.document.renames import (
    for_new_prefix,
    had_before,
    rename_aggregate,
    rename_attribute,
    rename_child,
)
from trackadmin.editing.building import build_document
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.editing.people import Person
from trackadmin.editing.saving import Saved, save_tracked_model
from trackadmin.exceptions import InvalidMap, Problem
from trackadmin.models import TrackedModel
from trackadmin.texts import gettext as _


def rename(
    tracking_map: AnyMap, place: str, new: str, *, until: str = "", by: Person = None
) -> Saved[TrackedModel]:
    """Rename what is at a place of the draft: ``Order``, ``Order.total`` or ``Order.buyer``.

    Of a tracked model and of a child the prefix is renamed. With ``until``, an ISO date, the old
    name goes out beside the new one until then, with the same value, and old links work; not that
    of a count or sum, which has one name. Raises :class:`InvalidMap` where there is nothing at the
    place, or if the new name is not possible.
    """
    current = find_map(tracking_map)
    draft = build_document(current)
    prefix, _dot, name = place.partition(".")
    entry = draft.models.get(prefix)
    if entry is None or (name and name not in _inside(entry)):
        raise InvalidMap(_("Nothing was renamed."), [_unknown(draft, place)])
    if problem := _why_not(entry, place, name, new, until):
        raise InvalidMap(_("Nothing was renamed."), [problem])
    row = current.tracked_models.get(prefix=prefix)
    after = _after_rename(draft, prefix, entry, name, new, until)
    return save_tracked_model(
        current,
        prefix if name else new,
        after,
        tracked_model=row,
        seen=row.lock_version,
        by=by,
        comment=_("Renamed %(place)s to %(name)s.", place=place, name=new),
    )


def _inside(entry: ModelEntry) -> set[str]:
    return {*entry.attributes, *entry.children, *entry.aggregates}


def _why_not(entry: ModelEntry, place: str, name: str, new: str, until: str) -> Problem | None:
    names = {*entry.attributes, *entry.aggregates}
    taken = new in names and not had_before(entry, name, new)
    if name in names and taken and (new != name or until):
        return _not_free(place, new)
    if name in entry.aggregates and until:
        what = _("A count or sum has one name at a time.")
        remedy = _("Give no date, or add a second count or sum of the same.")
        return Problem(ProblemCode.UNTIL_INVALID, "error", place, what, remedy)
    return None


def _after_rename(
    draft: Document, prefix: str, entry: ModelEntry, name: str, new: str, until: str
) -> ModelEntry:
    if not name:
        return for_new_prefix(entry, new, old=prefix, until=until)
    if name in entry.attributes:
        return rename_attribute(entry, name, new, until=until)
    if name in entry.aggregates:
        return rename_aggregate(entry, name, new)
    child, old = entry.children[name], _prefix_of(draft, prefix, name)
    # A child that gave no names has no old ones.
    renamed = rename_child(child, new, old=old, until=until if old else "")
    return replace(entry, children={**entry.children, name: renamed})


def _prefix_of(draft: Document, prefix: str, accessor: str) -> str:
    """The prefix of a child's names; its model's where it has none of its own."""
    matched = Matching(draft, catalog()).get(prefix)
    children = matched.children if matched else ()
    found = (each.prefix or each.tracked_as for each in children if each.accessor == accessor)
    return next(found, "")


def _not_free(place: str, new: str) -> Problem:
    what = _("Its model already has an attribute '%(name)s'.", name=new)
    remedy = _("Choose another name, or rename that attribute first.")
    return Problem(ProblemCode.NAME_TWICE, "error", place, what, remedy)


def _unknown(draft: Document, place: str) -> Problem:
    what = _("The draft has nothing at %(place)s.", place=repr(place))
    remedy = _("Give a prefix, or a prefix and an attribute or a child: Order.total.")
    if draft.models:
        names = ", ".join(prefix for prefix, _entry in in_order(draft.models))
        remedy = _("Give one of these prefixes, perhaps with an attribute: %(names)s.", names=names)
    return Problem(ProblemCode.NAME_UNKNOWN, "error", place, what, remedy)
