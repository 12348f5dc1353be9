"""An approval, an edit and a publish at the same moment: what is published was approved."""

from functools import partial

import pytest

from tests.drafts import draft
from tests.oracle import cases
from tests.reviewing import asking, change, editor, publisher
from tests.test_editing_concurrency import at_once
from trackadmin import editing
from trackadmin.exceptions import DraftChanged, NotApproved
from trackadmin.models import MapVersion, Remark
from trackadmin.models.review_requests import APPROVE

#: 200 where there is time.
ROUNDS = 5 if cases(1) == 1 else cases(20)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.torture]


def unless(job, *refusals):
    """The job, which may be refused in these ways and no other."""

    def run():
        try:
            return job()
        except refusals as refusal:
            return type(refusal)

    return run


def unapproved():
    """The versions that nobody approved who may, and that are not marked."""
    approved = Remark.objects.filter(verdict=APPROVE).values("digest")
    return MapVersion.objects.filter(overridden=False).exclude(digest__in=approved)


@asking()
def test_no_draft_that_nobody_approved_is_published():
    """In each round the draft is approved as it was shown, edited and published, all at once."""
    ann, bob, carl = editor(), publisher(), publisher()
    draft()
    seen = set()
    for number in range(ROUNDS):
        change(ann, f"Shown {number}")
        editing.ask_for_review("default", by=ann)
        shown = editing.draft_digest("default")
        approving = partial(editing.approve, "default", by=bob, expected=shown)
        editing_it = partial(change, ann, f"Edited {number}")
        publishing = partial(editing.publish, "default", by=carl)
        outcomes = at_once(
            unless(approving, DraftChanged), editing_it, unless(publishing, NotApproved)
        )
        seen |= {type(each).__name__ if each is not None else "" for each in outcomes}
        seen |= {each.__name__ for each in outcomes if isinstance(each, type)}
        assert not unapproved().exists()
        left = editing.draft_digest("default")
        if not Remark.objects.filter(verdict=APPROVE, digest=left).exists():
            with pytest.raises(NotApproved):
                editing.publish("default", by=carl)
    assert {"Remark", "NotApproved"} & seen
