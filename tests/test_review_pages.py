"""The pages of a review: what is shown to whom, and that a page never says more than it may."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import screens
from tests.drafts import the_map
from tests.reviewing import asking, change, editor, publisher
from tests.screens import map_page, person, published_example, said
from trackadmin import editing
from trackadmin.models import MapVersion, Remark

pytestmark = screens.MARKS


@pytest.fixture
def ann():
    """Who edits: she changed the draft last, and asks for a review."""
    ann = editor()
    published_example()
    change(ann, "Ann", "User")
    editing.ask_for_review("default", by=ann, words="Please look.")
    return ann


def as_(user):
    client = Client()
    client.force_login(user)
    return client


def page(name, *args):
    return map_page(name, the_map().pk, *args)


def say(client, name, **more):
    """Send the form of a review as the page has it now."""
    shown = client.get(page("publish")).context["remark"]["reviewed"].value()
    return client.post(page(name), {"reviewed": shown, **more}, follow=True)


def publish(client, **more):
    form = client.get(page("publish")).context["form"]
    sent = {name: form[name].value() for name in ("expected", "expected_live")}
    return client.post(page("publish"), {**sent, **more}, follow=True)


def plain(response):
    """The words of a page in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@asking()
def test_two_people_agree_and_the_version_keeps_what_they_said(ann):
    """Comment on a line, ask for changes, edit, approve, publish; the words stay with it."""
    bob = publisher()
    anns, bobs = as_(ann), as_(bob)
    assert "1 approval is missing" in plain(bobs.get(page("publish")))
    say(bobs, "comment", words="Who is Ann?", place="User")
    html = bobs.get(page("publish")).content.decode()
    assert html.index("What changes") < html.index("Who is Ann?") < html.index('id="review"')
    told = say(bobs, "decide", verdict="changes", words="Name the team.")
    assert said(told) == ["You asked for changes of this draft."]
    assert f"{bob.username} asks for changes of this draft." in plain(told)
    change(ann, "Accounts team", "User")
    assert "asks for changes" not in plain(anns.get(page("publish")))
    say(anns, "ask_review", words="Better?")
    assert said(say(bobs, "decide", verdict="approve")) == ["You approved this draft."]
    assert f"{bob.username} approved exactly this draft." in plain(anns.get(page("publish")))
    assert said(publish(bobs, note="Agreed.")) == ["Version 2 is live."]
    kept = plain(anns.get(page("version", 2)))
    for words in ("Please look.", "Who is Ann?", "Name the team.", "Better?"):
        assert words in kept
    assert "without approval" not in kept


@asking()
def test_an_edit_after_an_approval_is_said_plainly(ann):
    bob = publisher()
    editing.approve("default", by=bob)
    change(ann, "Later", "User")
    bobs = as_(bob)
    shown = bobs.get(page("publish"))
    expected = "approved an earlier state. The draft has changed since, so this approval no longer"
    assert f"{bob.username} {expected} counts." in plain(shown)
    assert re.search(r'ta-primary" disabled>Publish version 2', shown.content.decode())
    refused = publish(bobs)
    assert "Exactly this draft needs 1 approval and has 0." in plain(refused)
    assert MapVersion.objects.count() == 1


@asking()
def test_an_emergency_needs_its_permission_and_a_note_and_is_shown_everywhere(ann):
    bobs = as_(publisher())
    assert 'name="override"' not in bobs.get(page("publish")).content.decode()
    assert publish(bobs, override="on", note="x").status_code == 403
    chiefs = as_(publisher("override_review"))
    assert "The draft was not published" in plain(publish(chiefs, note="x"))
    assert "A note is required" in plain(publish(chiefs, override="on"))
    assert MapVersion.objects.count() == 1
    assert said(publish(chiefs, override="on", note="Down.")) == ["Version 2 is live."]
    for name in ("version", "versions", "change"):
        shown = plain(bobs.get(page(name, *([2] if name == "version" else []))))
        assert "without approval" in shown, name
    assert "without approval" not in plain(bobs.get(page("version", 1)))


@asking()
def test_what_is_refused_keeps_the_words(ann):
    """The draft changed under the reviewer: nothing is stored, and the page shows it as it is."""
    bobs = as_(publisher())
    stale = bobs.get(page("publish")).context["remark"]["reviewed"].value()
    change(ann, "Later", "User")
    sent = {"reviewed": stale, "verdict": "approve", "words": "My long words."}
    answer = bobs.post(page("decide"), sent)
    html = answer.content.decode()
    assert "The draft changed since you reviewed it" in html
    assert "My long words." in html
    assert answer.context["remark"]["reviewed"].value() == editing.draft_digest("default")
    assert [each.verdict for each in Remark.objects.all()] == ["ask"]


BUTTONS = ("Approve", "Ask for changes", "Comment", "Ask again", "Withdraw the request")


@pytest.mark.parametrize(
    ("who", "buttons"),
    [
        (lambda: person("view_trackingmap"), ()),
        (editor, ("Comment", "Ask again", "Withdraw the request")),
        (lambda: person("view_trackingmap", "review_trackingmap"), BUTTONS[:3]),
        (publisher, BUTTONS),
    ],
)
def test_each_sees_the_buttons_of_what_they_may_do(ann, who, buttons):
    html = as_(who()).get(page("publish")).content.decode()
    section = html[html.index('id="review"') :].split("</section>")[0]
    assert [each for each in BUTTONS if f">{each}</button>" in section] == [*buttons]


def test_who_changed_the_draft_last_is_told_that_somebody_else_approves(ann):
    bob = publisher()
    change(bob, "Bob", "User")
    bobs = as_(bob)
    shown = bobs.get(page("publish"))
    assert "You were the last to change this draft" in plain(shown)
    assert ">Approve</button>" not in shown.content.decode()
    assert "Nothing was saved" in plain(say(bobs, "decide", verdict="approve"))
    assert [each.verdict for each in Remark.objects.all()] == ["ask"]


def test_home_and_the_page_of_the_map_say_that_a_review_waits(ann):
    bobs, anns = as_(publisher()), as_(ann)
    for address in ("/admin/trackadmin/", page("change")):
        assert f"A review waits for you {ann.username} asked just now" in plain(bobs.get(address))
        assert "A review is open waiting" in plain(anns.get(address))
    editing.withdraw_request("default", by=ann)
    for address in ("/admin/trackadmin/", page("change")):
        assert "A review" not in plain(bobs.get(address))


def test_without_javascript_a_line_is_commented_on_a_page_of_its_own(ann):
    anns = as_(ann)
    shown = anns.get(page("comment") + "?place=User")
    assert 'id="at-User"' in shown.content.decode()
    form = shown.context["remark"]
    sent = {"place": "User", "words": "Here.", "reviewed": form["reviewed"].value()}
    assert said(anns.post(page("comment"), sent, follow=True)) == ["Your comment was saved."]
    assert [each.place for each in Remark.objects.order_by("number")] == ["", "User"]


def test_words_are_shown_and_not_obeyed(ann):
    hostile = "<script>alert('x')</script>"
    editing.comment_on("default", by=ann, words=hostile, place=f"User{hostile}")
    editing.comment_on("default", by=ann, words=hostile, place="User")
    html = as_(publisher()).get(page("publish")).content.decode()
    assert hostile not in html
    assert html.count("&lt;script&gt;alert") == 4


@asking(ROLLBACKS=True)
def test_a_rollback_that_needs_approvals_says_how_to_get_them(ann):
    editing.publish("default", by=None, override=True, note="x")
    chief = person(*("view_trackingmap", "change_trackedmodel", "change_trackedaction"),
                   "roll_back_trackingmap")  # fmt: skip
    chiefs, address = as_(chief), page("roll_back", 1)
    shown = chiefs.get(address)
    assert "On this site a rollback needs approvals, too." in plain(shown)
    form = shown.context["form"]
    sent = {name: form[name].value() for name in ("expected", "expected_live")}
    assert "Exactly this draft needs 1 approval" in plain(chiefs.post(address, sent))
    assert chiefs.post(address, {**sent, "override": "on", "note": "x"}).status_code == 403
    assert MapVersion.objects.count() == 2
    told = chiefs.post(address, {**sent, "only_draft": "on"}, follow=True)
    assert said(told) == ["The draft was reset to version 1."]
    assert MapVersion.objects.count() == 2
    assert editing.draft_digest("default") == MapVersion.objects.get(number=1).digest


def test_a_page_costs_the_same_however_much_is_said(ann):
    bob = publisher()
    bobs = as_(bob)

    def counts():
        found = {}
        for address in (page("publish"), page("change"), "/admin/trackadmin/"):
            with CaptureQueriesContext(connection) as captured:
                bobs.get(address)
            found[address] = len(captured)
        return found

    editing.comment_on("default", by=bob, words="0")
    counts()
    before = counts()
    for number in range(20):
        editing.comment_on("default", by=bob, words=str(number + 1), place="User")
    assert counts() == before
