"""What the tests of reviews share: people with these rights, and edits of the draft by them."""

from dataclasses import replace

from django.test import override_settings

from tests.drafts import the_map
from tests.screens import person
from trackadmin import editing

#: The rights of an editor, and of a publisher.
EDITS = ("view_trackingmap", "change_trackedmodel", "change_trackedaction")
PUBLISHES = (*EDITS, "publish_trackingmap", "review_trackingmap")


def asking(approvals=1, **more):
    """The site asks for so many approvals."""
    return override_settings(TRACKADMIN={"REVIEWS": {"APPROVALS": approvals, **more}})


def editor():
    return person(*EDITS)


def publisher(*more):
    return person(*PUBLISHES, *more)


def change(by=None, owner="Somebody", prefix="Person"):
    """One edit of the draft; another owner is another draft."""
    entry = editing.build_document("default").models[prefix]
    row = the_map().tracked_models.get(prefix=prefix)
    entry = replace(entry, owner=owner)
    editing.save_tracked_model("default", prefix, entry, tracked_model=row, by=by)
