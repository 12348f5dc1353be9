"""Accepts what lint finds at a place, with a reason, and takes that back."""

from __future__ import annotations

from dataclasses import replace

from trackadmin.catalog import catalog
from trackadmin.codes import LintCode
from trackadmin.editing.accepted import waivers_of
from trackadmin.editing.building import read_draft
from trackadmin.editing.edits import edit
from trackadmin.editing.linting import waivable
from trackadmin.editing.locking import AnyMap, write_database
from trackadmin.editing.people import Person, author_id
from trackadmin.exceptions import LintRefused
from trackadmin.models import TrackingMap, Waiver
from trackadmin.models.waivers import REASON_LENGTH
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def waive(tracking_map: AnyMap, code: str, place: str, *, reason: str, by: Person = None) -> Waiver:
    """Accept what lint finds at this place of the draft, in one edit.

    Raises :class:`LintRefused` without a reason, if nothing is found there (any more), and if it
    is waived already. Documents and versions do not change.
    """
    reason = reason.strip()
    _require_reason(reason)
    comment = _comment_of(_WAIVED, code, place, reason=reason)
    with edit(tracking_map, by=by, comment=comment) as change:
        draft = read_draft(change.tracking_map)
        if _waiver_at(change.tracking_map, code, place):
            raise LintRefused(_("Somebody has waived this already: %(place)s.", place=place))
        if (code, place) not in waivable(draft, catalog()):
            raise _nothing_there(place)
        row = Waiver(
            map=change.tracking_map, code=code, place=place, reason=reason, author_id=author_id(by)
        )
        row.save(using=write_database(), force_insert=True)
        change.waived.append(row)
        return row


def withdraw(tracking_map: AnyMap, code: str, place: str, *, by: Person = None) -> None:
    """Take a waiver back, in one edit; raises :class:`LintRefused` if there is none."""
    with edit(tracking_map, by=by, comment=_comment_of(_WITHDRAWN, code, place)) as change:
        row = _waiver_at(change.tracking_map, code, place)
        if row is None:
            what = _("There is no waiver at %(place)s any more. Nothing changed.", place=place)
            raise LintRefused(what)
        change.withdraw(row)


def _waiver_at(tracking_map: TrackingMap, code: str, place: str) -> Waiver | None:
    return waivers_of(tracking_map).filter(code=code, place=place).first()


def _require_reason(reason: str) -> None:
    if not reason:
        raise LintRefused(_("Say in a few words why this is fine as it is."))
    if len(reason) > REASON_LENGTH:
        what = _("The reason is too long. Use at most %(count)s characters.", count=REASON_LENGTH)
        raise LintRefused(what)


def _comment_of(sentences: dict[str, Text], code: str, place: str, **values: str) -> Text:
    """The sentence for the history, which says what was waived."""
    if code not in sentences:
        raise _nothing_there(place)
    return replace(sentences[code], values={"place": place, **values})


def _nothing_there(place: str) -> LintRefused:
    return LintRefused(
        _(
            "There is nothing to waive at %(place)s any more: somebody has changed the draft. Look "
            "at the list again.",
            place=place,
        )
    )


_WAIVED: dict[str, Text] = {
    LintCode.NAME: _("Waived the naming rule for %(place)s: %(reason)s"),
    LintCode.DESCRIPTION: _("Waived the missing description of %(place)s: %(reason)s"),
    LintCode.OWNER: _("Waived the missing owner of %(place)s: %(reason)s"),
    LintCode.LOOK_ALIKES: _("Waived that %(place)s looks like another name: %(reason)s"),
    LintCode.SAME_MEANING: _("Waived that %(place)s means the same as another name: %(reason)s"),
    LintCode.PERSONAL_VALUES: _("Waived that values of %(place)s may look personal: %(reason)s"),
    LintCode.NOT_TRACKED: _("The model %(place)s is not for this map: %(reason)s"),
}
_WITHDRAWN: dict[str, Text] = {
    LintCode.NAME: _("The naming rule holds for %(place)s again."),
    LintCode.DESCRIPTION: _("The missing description of %(place)s is no longer waived."),
    LintCode.OWNER: _("The missing owner of %(place)s is no longer waived."),
    LintCode.LOOK_ALIKES: _("It is no longer waived that %(place)s looks like another name."),
    LintCode.SAME_MEANING: _(
        "It is no longer waived that %(place)s means the same as another name."
    ),
    LintCode.PERSONAL_VALUES: _("It is no longer waived that values of %(place)s look personal."),
    LintCode.NOT_TRACKED: _("The model %(place)s was brought back to the list of models."),
}
