"""Publish the draft, or bring an old version back: only these two make a version."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from trackadmin import compiler, document
from trackadmin.catalog import catalog
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.editing.accepted import lint_errors
from trackadmin.editing.approvals import close_request, require_approval
from trackadmin.editing.building import read_draft
from trackadmin.editing.deadlines import leaving, require_no_early_leave
from trackadmin.editing.locking import AnyMap, locked, write_database
from trackadmin.editing.messages import tell_of_version
from trackadmin.editing.people import Person, author_id
from trackadmin.editing.versions import get_version, live_token, live_version, read_version
from trackadmin.exceptions import (
    DocumentError,
    DraftChanged,
    InvalidMap,
    LiveChanged,
    NoteRequired,
    NothingChanged,
    errors_of,
)
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.signals import map_published
from trackadmin.texts import gettext as _


def publish(
    tracking_map: AnyMap,
    *,
    by: Person,
    note: str = "",
    expected: str | None = None,
    expected_live: str | None = None,
    refuse_same: bool = False,
    leave_early: Iterable[str] = (),
    override: bool = False,
) -> MapVersion:
    """Make the draft the next version, in one transaction.

    ``by`` is a user or ``None``. ``expected`` is the digest of the draft that was reviewed, see
    ``draft_digest``; ``expected_live`` names the version it was compared with, see ``live_token``.
    ``refuse_same`` is for pages: a script may publish the live content again. ``leave_early`` are
    deprecated names that may leave the map before their date, this once; the note must say why,
    and the version keeps which did. A name that ends with ``_`` stands for all that begin with it.
    ``override`` publishes without the approvals of the setting ``REVIEWS``, with a note that says
    why, and the version is marked; whether the person may do so is for the caller to ask.

    Raises :class:`UnknownMap`, :class:`NoteRequired`, :class:`DraftChanged`, :class:`NotApproved`,
    :class:`LiveChanged`, :class:`NothingChanged`, :class:`InvalidMap` with every problem of the
    draft, or :class:`LeavesEarly` with every other name that would leave early. Then there is no
    version, no counter has changed and no signal is sent.
    """
    _require_note(note)
    with locked(tracking_map) as current:
        draft, live = read_draft(current), live_version(current)
        text = document.dump(draft)
        _require_reviewed(expected, document.digest(text))
        _require_live(live, expected_live)
        if refuse_same:
            _require_change(live, draft)
        _require_publishable(current, draft, text)
        those = leaving(current, live, draft)
        early = require_no_early_leave(those, allowed=leave_early, note=note)
        overridden = require_approval(current, document.digest(text), override=override, note=note)
        version = _insert(current, text, live, by=by, note=note, early=early, overridden=overridden)
        close_request(version)
        return version


def roll_back(
    tracking_map: AnyMap,
    *,
    to: int,
    by: Person,
    note: str = "",
    expected: str | None = None,
    expected_live: str | None = None,
    refuse_same: bool = False,
    override: bool = False,
) -> MapVersion:
    """Bring version ``to`` back as the next version; the draft stays as it is.

    Entries that the site's code no longer has do not stop it, nor do names that leave early: the
    version keeps which do. ``expected`` (where the draft is
    reset as well), ``expected_live`` and ``refuse_same`` are those of :func:`publish`. So is
    ``override``, where ``REVIEWS`` asks for approvals of rollbacks: they are those of a draft that
    was what the version is. Raises :class:`UnknownMap`, :class:`UnknownVersion`,
    :class:`NoteRequired`, :class:`DraftChanged`, :class:`LiveChanged`, :class:`NothingChanged`,
    :class:`NotApproved`, or :class:`DocumentError` if the old version is not what was published.
    Then nothing has happened.
    """
    _require_note(note)
    with locked(tracking_map) as current:
        live = live_version(current)
        if expected is not None:
            _require_reviewed(expected, document.digest(document.dump(read_draft(current))))
        _require_live(live, expected_live)
        old = read_version(get_version(current, to))
        if refuse_same:
            _require_change(live, old)
        # The same text as it was, unless today's format differs from that of its time.
        text = document.dump(old)
        compiler.compile_map(old, catalog(), slug=current.slug).prove()
        early = dict.fromkeys(each.name for each in leaving(current, live, old))
        overridden = conf.REVIEWS["ROLLBACKS"] and require_approval(
            current, document.digest(text), override=override, note=note
        )
        return _insert(
            current,
            text,
            live,
            by=by,
            note=note,
            early=early,
            restores=to,
            overridden=overridden,
        )


def _require_note(note: str) -> None:
    if conf.REQUIRE_NOTE and not note.strip():
        raise NoteRequired


def _require_reviewed(expected: str | None, actual: str) -> None:
    if expected is not None and expected != actual:
        raise DraftChanged(expected, actual)


def _require_live(live: MapVersion | None, expected: str | None) -> None:
    if expected is not None and expected != live_token(live):
        raise LiveChanged(expected, live_token(live))


def _require_change(live: MapVersion | None, new: Document) -> None:
    """The live content may be published again only if it cannot be read: that repairs it."""
    try:
        same = live is not None and not document.diff(read_version(live), new)
    except DocumentError:
        return
    if live is not None and same:
        raise NothingChanged(live.number)


def _require_publishable(tracking_map: TrackingMap, draft: Document, text: str) -> None:
    """A published draft must have no errors, must load again, and must compile."""
    linted = lint_errors(tracking_map, draft)
    try:
        again = document.load(text, document.digest(text))
        problems = compiler.compile_map(again, catalog()).prove()
    except DocumentError as error:
        problems = [*error.problems]
    problems += linted
    if errors_of(problems):
        # Each of these steps finds only some problems; report all of them together.
        every = [*compiler.check(draft, catalog()), *linted]
        shown = every if errors_of(every) else problems
        raise InvalidMap(_("The draft has errors and was not published."), shown)


def _insert(
    tracking_map: TrackingMap,
    text: str,
    newest: MapVersion | None,
    *,
    by: Person,
    note: str,
    early: Iterable[str],
    restores: int | None = None,
    overridden: bool,
) -> MapVersion:
    version = MapVersion(
        map=tracking_map,
        number=newest.number + 1 if newest else 1,
        document=text,
        digest=document.digest(text),
        note=note.strip(),
        author_id=author_id(by),
        restores=restores,
        left_early="\n".join(early),
        overridden=overridden,
    )
    version.save(using=write_database())
    tell_of_version(tracking_map, version, newest, by)
    _announce_on_commit(tracking_map.slug, version)
    return version


def _announce_on_commit(slug: str, version: MapVersion) -> None:
    """Send the signal after the commit; Django logs what a receiver raises."""
    told = {"map": slug, "number": version.number, "digest": version.digest}

    def send() -> None:  # not a partial, which has no name for Django's log of a failure
        map_published.send_robust(sender=MapVersion, **told)

    transaction.on_commit(send, using=write_database(), robust=True)
