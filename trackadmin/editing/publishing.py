"""Publish the draft, or bring an old version back: the only ways a version comes to be."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from trackadmin import compiler, document
from trackadmin.catalog import catalog
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.editing.building import read_draft
from trackadmin.editing.locking import AnyMap, locked, write_database
from trackadmin.editing.people import Person, author_id
from trackadmin.editing.versions import get_version, live_version, read_version
from trackadmin.exceptions import DocumentError, DraftChanged, InvalidMap, NoteRequired, errors_of
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.signals import map_published


def publish(
    tracking_map: AnyMap, *, by: Person, note: str = "", expected: str | None = None
) -> MapVersion:
    """Make the draft the next version, in one transaction.

    ``by`` is a user or ``None``; ``expected`` the digest of the draft that was reviewed, see
    ``draft_digest``. Raises :class:`UnknownMap`, :class:`NoteRequired`, :class:`DraftChanged`, or
    :class:`InvalidMap` with every problem of the draft; then there is no version, no counter has
    moved and no signal is sent.
    """
    _require_note(note)
    with locked(tracking_map) as current:
        draft = read_draft(current)
        text = document.dump(draft)
        if expected is not None and expected != document.digest(text):
            raise DraftChanged(expected, document.digest(text))
        _require_publishable(draft, text)
        return _insert(current, text, by=by, note=note)


def roll_back(tracking_map: AnyMap, *, to: int, by: Person, note: str = "") -> MapVersion:
    """Bring version ``to`` back as the next version; the draft stays as it is.

    What the host's code no longer has does not stop it. Raises :class:`UnknownMap`,
    :class:`UnknownVersion`, :class:`NoteRequired`, or :class:`DocumentError` if the old version is
    not what was published; then nothing has happened.
    """
    _require_note(note)
    with locked(tracking_map) as current:
        old = read_version(get_version(current, to))
        # The same text as it was, unless today's format differs from that of its time.
        text = document.dump(old)
        compiler.compile_map(old, catalog(), slug=current.slug).prove()
        return _insert(current, text, by=by, note=note, restores=to)


def _require_note(note: str) -> None:
    if conf.REQUIRE_NOTE and not note.strip():
        raise NoteRequired


def _require_publishable(draft: Document, text: str) -> None:
    """What is published must be right, must load again, and must compile."""
    try:
        again = document.load(text, document.digest(text))
        problems = compiler.compile_map(again, catalog()).prove()
    except DocumentError as error:
        problems = [*error.problems]
    if errors_of(problems):
        # Each of these steps sees a part. Who edits wants to hear of everything at once.
        every = compiler.check(draft, catalog())
        shown = every if errors_of(every) else problems
        raise InvalidMap("The draft has errors and was not published.", shown)


def _insert(
    tracking_map: TrackingMap, text: str, *, by: Person, note: str, restores: int | None = None
) -> MapVersion:
    newest = live_version(tracking_map)
    version = MapVersion(
        map=tracking_map,
        number=newest.number + 1 if newest else 1,
        document=text,
        digest=document.digest(text),
        note=note.strip(),
        author_id=author_id(by),
        restores=restores,
    )
    version.save(using=write_database())
    _announce_on_commit(tracking_map.slug, version)
    return version


def _announce_on_commit(slug: str, version: MapVersion) -> None:
    """Send the signal once it is certain; what a receiver raises is logged by Django."""
    told = {"map": slug, "number": version.number, "digest": version.digest}
    send = partial(map_published.send_robust, sender=MapVersion, **told)
    transaction.on_commit(send, using=write_database(), robust=True)
