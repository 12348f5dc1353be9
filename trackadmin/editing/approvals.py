"""Who approved which state of a draft, what counts of it, and whether that is enough to publish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Prefetch, QuerySet

from trackadmin.conf import conf
from trackadmin.editing.building import draft_digest
from trackadmin.editing.locking import AnyMap, find_map, write_database
from trackadmin.exceptions import NotApproved, NoteRequired
from trackadmin.models import MapVersion, Remark, ReviewRequest, TrackingMap
from trackadmin.models.review_requests import APPROVE, ASK, CHANGES, OPEN, PUBLISHED


class ReviewStanding(StrEnum):
    """How far a review has come, for the draft as it is now."""

    WAITING = "waiting"
    CHANGES = "changes"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What people say about one state of a draft. A remark counts for the digest it was made of."""

    #: The open request; ``None`` if nobody asked.
    request: ReviewRequest | None
    digest: str
    #: How many approvals a publish needs.
    needed: int
    #: All that was said since the request, the oldest first.
    remarks: list[Remark]
    #: The approvals that count: of this digest, by people who may review and did not edit last.
    approvals: list[Remark]
    #: Who asks for changes of this digest, and has not approved it since.
    objections: list[Remark]
    #: Approvals of an earlier state by people who have not decided about this one.
    revoked: list[Remark]

    @property
    def asked(self) -> Remark | None:
        """Who asked last, and when."""
        return next((each for each in reversed(self.remarks) if each.verdict == ASK), None)

    @property
    def standing(self) -> ReviewStanding:
        """How far the review has come."""
        if self.objections:
            return ReviewStanding.CHANGES
        enough = len(self.approvals) >= max(self.needed, 1)
        return ReviewStanding.APPROVED if enough else ReviewStanding.WAITING

    @property
    def still_needed(self) -> int:
        """How many approvals a publish still needs."""
        return max(0, self.needed - len(self.approvals))

    @property
    def enough(self) -> bool:
        """Whether it may be published. Where no approval is needed, nobody can stop it."""
        return not self.needed or not (self.still_needed or self.objections)

    def decided(self, user: Any) -> bool:
        """Whether this person has said yes or no to this state."""
        return any(each.author_id == user.pk for each in [*self.approvals, *self.objections])


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """An open review of a map, as one person sees it."""

    map: TrackingMap
    agreement: Agreement
    #: Whether it waits for this person: they may decide about it and have not.
    for_user: bool


def may_review(person: Any) -> bool:
    """Whether this user's approval counts."""
    return bool(person.is_active and person.has_perm("trackadmin.review_trackingmap"))


def may_approve(tracking_map: TrackingMap, person: Any) -> bool:
    """Whether this user may approve the draft as it is: who edited it last may not."""
    is_last = person.pk is not None and person.pk == tracking_map.last_editor_id
    return may_review(person) and (conf.REVIEWS["LAST_EDITOR_MAY_APPROVE"] or not is_last)


def agreement(tracking_map: TrackingMap, digest: str) -> Agreement:
    """How far people agree about this state of the draft, in two queries and those of Django for
    the permissions of each person who decided."""
    return _agreement(tracking_map, _open_requests([tracking_map]).first(), digest)


def waiting_reviews(maps: Iterable[TrackingMap], user: Any) -> list[WaitingReview]:
    """The open reviews of these maps, as this user sees them.

    Only maps with a review have their draft read.
    """
    return [_as_seen_by(each, user) for each in _open_requests(maps).select_related("map")]


def requests_that_wait(tracking_map: AnyMap) -> Iterator[Remark]:
    """Who asked for the review that is open, and when; of each request the last such remark."""
    for request in _open_requests([find_map(tracking_map)]):
        asked = [each for each in request.remarks.all() if each.verdict == ASK]
        yield from asked[-1:]


def approvers(versions: Iterable[MapVersion]) -> dict[int, list[str]]:
    """The names of those who approved these versions of one map, by number. One query."""
    digests = {each.pk: each.digest for each in versions}
    found: dict[int, list[Remark]] = {}
    said = _remarks().select_related("author", "request__version").order_by("request", "number")
    for each in said.filter(request__version__in=digests):
        version = each.request.version
        if version is not None and each.digest == digests[version.pk]:
            found.setdefault(version.number, []).append(each)
    return {
        number: [
            each.author_name for each in _newest_verdicts(some).values() if each.verdict == APPROVE
        ]
        for number, some in found.items()
    }


def remarks_of(version: MapVersion) -> list[Remark]:
    """What was said in the review of which this version came, the oldest first."""
    return [*_remarks().filter(request__version=version).order_by("request", "number")]


def require_approval(tracking_map: TrackingMap, digest: str, *, override: bool, note: str) -> bool:
    """Whether it is published without the approvals it needs; the caller holds the map's lock.

    Raises :class:`NotApproved` where they are missing, unless ``override`` allows it. Then the note
    must say why: :class:`NoteRequired`.
    """
    if not conf.REVIEWS["APPROVALS"]:
        return False
    found = agreement(tracking_map, digest)
    if found.enough:
        return False
    if not override:
        raise NotApproved(found.needed, len(found.approvals), _who(found.objections))
    if not note.strip():
        raise NoteRequired
    return True


def close_request(version: MapVersion) -> None:
    """Nothing waits any more: the draft became this version."""
    _open_requests([version.map]).update(state=PUBLISHED, version=version)


def _open_requests(maps: Iterable[TrackingMap]) -> QuerySet[ReviewRequest]:
    said = _remarks().order_by("number")
    rows = ReviewRequest.objects.using(write_database()).filter(map__in=maps, state=OPEN)
    return rows.prefetch_related(Prefetch("remarks", said)).order_by("map__name", "map_id")


def _remarks() -> QuerySet[Remark]:
    return Remark.objects.using(write_database()).select_related("author")


def _as_seen_by(request: ReviewRequest, user: Any) -> WaitingReview:
    found = _agreement(request.map, request, draft_digest(request.map))
    for_user = not found.decided(user) and may_approve(request.map, user)
    return WaitingReview(request.map, found, for_user)


def _agreement(tracking_map: TrackingMap, request: ReviewRequest | None, digest: str) -> Agreement:
    remarks = [*request.remarks.all()] if request else []
    then = _newest_verdicts(each for each in remarks if each.digest != digest)
    now = _newest_verdicts(each for each in remarks if each.digest == digest)
    counted = [each for each in now.values() if may_review(each.author)]
    return Agreement(
        request=request,
        digest=digest,
        needed=conf.REVIEWS["APPROVALS"],
        remarks=remarks,
        approvals=[
            each
            for each in counted
            if each.verdict == APPROVE and may_approve(tracking_map, each.author)
        ],
        objections=[each for each in counted if each.verdict == CHANGES],
        revoked=[each for who, each in then.items() if each.verdict == APPROVE and who not in now],
    )


def _newest_verdicts(remarks: Iterable[Remark]) -> dict[Any, Remark]:
    """By person: what they decided last. Whose account is gone decides nothing."""
    decided = (each for each in remarks if each.verdict in (APPROVE, CHANGES) and each.author)
    return {each.author_id: each for each in decided}


def _who(remarks: Iterable[Remark]) -> list[str]:
    return [each.author_name for each in remarks]
