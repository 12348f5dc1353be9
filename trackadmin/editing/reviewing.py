"""Ask for a review of a draft, and say something about it: each is one remark that stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from trackadmin.document import Document, digest, dump
from trackadmin.editing.approvals import may_approve, may_review
from trackadmin.editing.building import build_document, read_draft
from trackadmin.editing.locking import AnyMap, locked, write_database
from trackadmin.editing.messages import Facts, tell
from trackadmin.editing.people import Person, author_id
from trackadmin.editing.versions import diff, live_version
from trackadmin.exceptions import DraftChanged, NothingChanged, ReviewRefused
from trackadmin.models import MapVersion, Remark, ReviewRequest, TrackingMap
from trackadmin.models.recipients import MessageKind
from trackadmin.models.review_requests import (
    APPROVE,
    ASK,
    CHANGES,
    COMMENT,
    OPEN,
    REMARK_PLACE_LENGTH,
    WITHDRAW,
    WITHDRAWN,
    WORDS_LENGTH,
)
from trackadmin.signals import review_remarked
from trackadmin.texts import gettext as _

# Each operation takes ``expected``, the digest of the draft that the page showed, and raises
# :class:`DraftChanged` if the draft is another one by now. The map's lock is held meanwhile, so an
# approval is of exactly the draft that the person saw, whatever is saved at the same moment.


def ask_for_review(
    tracking_map: AnyMap, *, by: Person, words: str = "", expected: str | None = None
) -> Remark:
    """Ask others to look at the draft; again, if a review is open.

    Raises :class:`NothingChanged` if the draft is what is live.
    """
    with _draft(tracking_map, expected) as (current, standing):
        live = live_version(current)
        if live is not None and live.digest == standing:
            raise NothingChanged(live.number)
        request = _open_request(current) or _new_request(current)
        said = _say(request, standing, ASK, by=by, words=words)
        _tell_recipients(current, live, said)
        return said


def comment_on(
    tracking_map: AnyMap,
    *,
    by: Person,
    words: str,
    place: str = "",
    expected: str | None = None,
) -> Remark:
    """Say something about the draft or about one place in it, without a decision.

    Raises :class:`ReviewRefused` without words, and if no review is open.
    """
    with _draft(tracking_map, expected) as (current, standing):
        _require_words(words)
        if len(place) > REMARK_PLACE_LENGTH:
            raise ReviewRefused(_("There is no such place in a map."))
        return _say(_required(current), standing, COMMENT, by=by, words=words, place=place)


def approve(
    tracking_map: AnyMap, *, by: Person, words: str = "", expected: str | None = None
) -> Remark:
    """Approve the draft as it is.

    Raises :class:`ReviewRefused` if the person may not review, or edited the draft last.
    """
    with _draft(tracking_map, expected) as (current, standing):
        request = _required(current)
        _require_reviewer(by)
        if by is not None and not may_approve(current, by):
            raise ReviewRefused(
                _(
                    "You were the last to change this draft, so somebody else has to approve it. "
                    "Nothing was saved."
                )
            )
        return _say(request, standing, APPROVE, by=by, words=words)


def ask_for_changes(
    tracking_map: AnyMap, *, by: Person, words: str, expected: str | None = None
) -> Remark:
    """Say what must change first. It stands until the draft changes or this person approves it.

    Raises :class:`ReviewRefused` without words, and if the person may not review.
    """
    with _draft(tracking_map, expected) as (current, standing):
        request = _required(current)
        _require_reviewer(by)
        _require_words(words)
        return _say(request, standing, CHANGES, by=by, words=words)


def withdraw_request(tracking_map: AnyMap, *, by: Person, words: str = "") -> Remark:
    """End the open review. What was approved in it no longer counts."""
    with _draft(tracking_map, None) as (current, standing):
        request = _required(current)
        said = _say(request, standing, WITHDRAW, by=by, words=words)
        request.state = WITHDRAWN
        request.save(using=write_database(), update_fields=["state"])
        return said


@contextmanager
def _draft(tracking_map: AnyMap, expected: str | None) -> Iterator[tuple[TrackingMap, str]]:
    """The map and the digest of its draft, while nobody else can change them."""
    with locked(tracking_map) as current:
        standing = digest(dump(read_draft(current)))
        if expected is not None and expected != standing:
            raise DraftChanged(expected, standing)
        yield current, standing


def _open_request(tracking_map: TrackingMap) -> ReviewRequest | None:
    rows = ReviewRequest.objects.using(write_database())
    return rows.filter(map=tracking_map, state=OPEN).first()


def _required(tracking_map: TrackingMap) -> ReviewRequest:
    found = _open_request(tracking_map)
    if found is None:
        what = _("No review is open any more. Ask for a review first. Nothing was saved.")
        raise ReviewRefused(what)
    return found


def _new_request(tracking_map: TrackingMap) -> ReviewRequest:
    rows = ReviewRequest.objects.using(write_database())
    number = rows.filter(map=tracking_map).count() + 1
    return rows.create(map=tracking_map, number=number)


def _require_reviewer(by: Person) -> None:
    if author_id(by) is None or not may_review(by):
        raise ReviewRefused(_("You may not review drafts. Ask an administrator for the right."))


def _require_words(words: str) -> None:
    if not words.strip():
        raise ReviewRefused(_("Say it in a few words. Nothing was saved."))


def _within_length(words: str) -> str:
    """The words without the space around them; refused if they are too long."""
    words = words.strip()
    if len(words) > WORDS_LENGTH:
        raise ReviewRefused(
            _("This is too long. Use at most %(count)s characters.", count=WORDS_LENGTH)
        )
    return words


def _say(
    request: ReviewRequest,
    standing: str,
    verdict: str,
    *,
    by: Person,
    words: str,
    place: str = "",
) -> Remark:
    """Add a remark. The second click of a double click adds nothing."""
    said = {
        "digest": standing,
        "verdict": verdict,
        "author_id": author_id(by),
        "words": _within_length(words),
        "place": place,
    }
    rows = Remark.objects.using(write_database()).filter(request=request).order_by("number")
    newest = rows.last()
    if newest and all(getattr(newest, name) == value for name, value in said.items()):
        return newest
    added = Remark(request=request, number=newest.number + 1 if newest else 1, **said)
    added.save(using=write_database(), force_insert=True)
    _tell_on_commit(added)
    return added


def _tell_recipients(tracking_map: TrackingMap, live: MapVersion | None, asked: Remark) -> None:
    """One message to each recipient, written in this transaction."""

    def facts() -> Facts:
        changes = diff(live or Document(), build_document(tracking_map)).changes
        return {"who": asked.author_name, "changes": len(changes)}

    about = f"{asked.request.number} {asked.number}"
    tell(tracking_map, MessageKind.REVIEW, about, facts)


def _tell_on_commit(remark: Remark) -> None:
    """Send the signal after the commit; Django logs what a receiver raises."""
    told = {
        "map": remark.request.map.slug,
        "request": remark.request.number,
        "remark": remark.number,
        "verdict": remark.verdict,
    }

    def tell() -> None:  # not a partial, which has no name for Django's log of a failure
        review_remarked.send_robust(sender=Remark, **told)

    transaction.on_commit(tell, using=write_database(), robust=True)
