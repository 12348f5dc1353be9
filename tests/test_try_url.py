"""Try a URL: what becomes of it, under the person's rights; nothing is sent, written or logged."""

import logging
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests import screens
from tests.aggregate_worlds import of
from tests.drafts import everything
from tests.host.models import Country, Everything, Hidden, Order, Person, Profile
from tests.maps import attribute, document, tracked
from tests.screens import map_page, person, registered
from trackadmin import editing
from trackadmin.codes import EventCode
from trackadmin.document.structure import ActionEntry, ParameterEntry
from trackadmin.models import TrackingMap
from trackadmin.runtime import current_map, event_counts, fault_counts, values_from_query
from trackadmin.runtime.dry_run import dry_run, query_of_url
from trackadmin.runtime.faults import report, set_aside
from trackadmin.runtime.parameters import MAX_NAME, MAX_PARAMETERS, MAX_TEXT
from trackadmin.testing import captured_events

pytestmark = [*screens.MARKS, pytest.mark.usefixtures("fresh_process")]

DAY = "2099-06-30"
SENT = {"privacy": "sent"}
BOUGHT = ActionEntry(
    "Somebody bought.",
    brings={"Order": "required", "Profile": "optional"},
    parameters={
        "channel": ParameterEntry("choice", required=True, choices=["shop", "phone"]),
        "count": ParameterEntry("integer"),
        "note": ParameterEntry("text", privacy="dropped"),
        "who": ParameterEntry("text", privacy="pseudonymised"),
    },
)
ACTIONS = {
    "bought": BOUGHT,
    "old": ActionEntry(state="deprecated", successor="bought", until=DAY),
    "later": ActionEntry(state="planned"),
    "met": ActionEntry(brings={"Profile": "required", "Order": "optional"}),
}
LIVE = replace(
    document(
        Order=tracked("host.order", ["number"], ["person"], "number"),
        Person=tracked(
            "host.person",
            [("name", attribute("name", **SENT))],
            ["profile"],
            aggregates={"orders": of("order_set")},
        ),
        Profile=tracked(
            "host.profile", [("nickname", attribute("nickname", **SENT))], key="nickname"
        ),
        Country=tracked(
            "host.country", ["code", ("name", attribute("name", lookup=True))], key="code"
        ),
        Everything=tracked(
            "host.everything",
            ["small", "double", ("text", attribute("text", privacy="pseudonymised"))],
            key="small",
        ),
    ),
    actions=ACTIONS,
    unknown_actions="mark",
    undeclared_parameters="mark",
)


def with_entry(prefix, base=LIVE, **fields):
    return replace(base, models={**base.models, prefix: replace(base.models[prefix], **fields)})


#: The draft: a lookup more, a name less, a name more.
DRAFT = with_entry(
    "Everything",
    attributes={
        "small": attribute("small"),
        "text": attribute("text", position=1, privacy="pseudonymised"),
        "slug": attribute("slug", position=2, lookup=True),
    },
)


@pytest.fixture
def page():
    """The draft differs from the live version."""
    editing.import_document("default", LIVE)
    editing.publish("default", by=None)
    editing.import_document("default", DRAFT)
    return map_page("try_url", TrackingMap.objects.get().pk)


@pytest.fixture
def order(page):
    someone = Person.objects.create(name="person-secret")
    Profile.objects.create(person=someone, nickname="profile-secret")
    return Order.objects.create(number="order-secret", person=someone)


def tried(client, page, query="", **parameters):
    response = client.post(page, {"url": query or urlencode(parameters)})
    assert response.status_code == 200
    return response


def fates(response):
    """What becomes of each parameter: in the draft, and live."""
    return {
        each.name: (each.draft.label, each.live.label if each.live else None)
        for each in response.context["parameters"]
    }


def reasons(response, name):
    """Why, in the draft and live."""
    (row,) = [each for each in response.context["parameters"] if each.name == name]
    return row.draft.reason, row.live.reason


def findings(response):
    return {(each.code, each.where) for each in response.context["findings"]}


def rows(response):
    return {row.name: (row.draft, row.live, str(row.status)) for row in response.context["rows"]}


def plain(response):
    """The page without what differs between two answers by chance."""
    return re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", response.content.decode())


def raises(*args, **kwargs):
    raise ZeroDivisionError("secret words")


def staff(*models):
    """A user who reads maps and may view objects of these models."""
    user = person("view_trackingmap")
    names = [f"view_{model._meta.model_name}" for model in models]
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="host", codename__in=names)
    )
    return user


# What becomes of it ------------------------------------------------------------------------------


class TestOutcomes:
    def test_each_outcome_in_draft_and_live(self, admin_client, page):
        Everything.objects.create(slug="a", small=7, text="silent")
        Country.objects.create(code="AA", name="Twice")
        Country.objects.create(code="BB", name="Twice")
        query = {
            "Everything__small": "7",
            "Everything__slug": "a",
            "Country__code": "ZZ",
            "Country__name": "Twice",
            "Profile__nickname": "",
            "Person__name": "x",
            "Nobody__id": "1",
            "Country__code__contains": "A",
        }
        response = tried(admin_client, page, **query)
        assert fates(response) == {
            "Everything__small": ("found", "found"),
            "Everything__slug": ("found", "not allowed"),  # a lookup that only the draft has
            "Country__code": ("not found", "not found"),
            "Country__name": ("several found", "several found"),
            "Profile__nickname": ("malformed", "malformed"),
            "Person__name": ("not allowed", "not allowed"),
            "Nobody__id": ("not allowed", "not allowed"),
            "Country__code__contains": ("not allowed", "not allowed"),
        }
        assert "no attribute 'slug'" in reasons(response, "Everything__slug")[1]
        assert "neither the key nor a lookup" in reasons(response, "Person__name")[0]
        assert "no prefix 'Nobody'" in reasons(response, "Nobody__id")[0]
        assert reasons(response, "Country__code")[0] == (
            "There is no such object, or you may not view it."
        )

    def test_a_conflict(self, admin_client, page):
        Everything.objects.create(slug="a", small=7)
        Everything.objects.create(slug="b", small=8)
        response = tried(admin_client, page, "Everything__small=7&Everything__small=8")
        labels = [each.draft.label for each in response.context["parameters"]]
        assert labels == ["found", "conflict"]
        assert rows(response)["Everything_small"][0] == "7"

    def test_a_site_that_fails(self, admin_client, page, monkeypatch):
        monkeypatch.setattr("trackadmin.compiler.lookups.rows_of", raises)
        response = tried(admin_client, page, Country__code="AA")
        assert fates(response)["Country__code"] == ("failed", "failed")
        assert reasons(response, "Country__code")[0] == "The lookup raised ZeroDivisionError."
        assert "secret words" not in response.content.decode()

    def test_more_references_than_the_setting_allows(self, admin_client, page, settings):
        settings.TRACKADMIN = {"MAX_REFERENCES": 1}
        response = tried(admin_client, page, "Country__code=AA&Country__name=x")
        assert "MAX_REFERENCES" in reasons(response, "Country__name")[0]

    def test_other_parameters(self, admin_client, page):
        long, name = "y" * (MAX_TEXT + 1), "n" * (MAX_NAME + 1)
        response = tried(
            admin_client,
            page,
            f"action=bought&Order_number=1&utm=1&utm=2&note=n&who=w&free={long}&=x&{name}=1",
        )
        found = [(each.name[:6], each.draft.label) for each in response.context["parameters"]]
        assert found == [
            ("action", "sent as it is"),
            ("Order_", "reserved name"),
            ("utm", "repeated"),
            ("utm", "sent as it is"),
            ("note", "left out"),
            ("who", "sent as a pseudonym"),
            ("free", "sent as it is"),
            ("", "left out"),
            ("nnnnnn", "left out"),
        ]
        sent = rows(response)
        assert sent["utm"] == ('"2"', '"2"', "same")
        assert "note" not in sent
        assert "Order_number" not in sent
        assert '"w"' not in sent["who"]
        assert len(sent["free"][0]) == MAX_TEXT + 2

    def test_more_parameters_than_an_event_takes(self, admin_client, page):
        query = "&".join(f"a{number}=1" for number in range(MAX_PARAMETERS + 50))
        response = tried(admin_client, page, query)
        assert len(response.context["parameters"]) == MAX_PARAMETERS
        assert "more parameters" in response.content.decode()
        full = "&".join(f"a{number}={'x' * 4000}" for number in range(20))
        assert fates(tried(admin_client, page, full))["a19"][0] == "left out"

    def test_the_event_of_the_draft_beside_the_live_one(self, admin_client, page):
        Everything.objects.create(slug="a", small=7, integer=3, text="silent")
        response = tried(admin_client, page, "action=bought&Everything__small=7")
        found = rows(response)
        assert found["Everything_double"] == ("null", "6", "gone")
        assert found["Everything_slug"] == ('"a"', "null", "new")
        assert found["Everything_small"] == ("7", "7", "same")
        assert "silent" not in response.content.decode()  # it goes out as a pseudonym
        html = response.content.decode()
        assert '<span class="ta-badge ta-gone">gone</span>' in html
        assert '<span class="ta-badge ta-new">new</span>' in html

    def test_a_map_that_was_never_published(self, admin_client):
        editing.import_document("default", DRAFT)
        page = map_page("try_url", TrackingMap.objects.get().pk)
        response = tried(admin_client, page, "Country__code=AA")
        assert fates(response) == {"Country__code": ("not found", None)}
        assert "no live version" in response.content.decode()

    def test_a_draft_that_does_not_compile_is_tried_as_far_as_it_does(self, admin_client, page):
        """Its other models and actions count, and the page says what is wrong."""
        row = TrackingMap.objects.get()
        row.tracked_models.get(prefix="Order").delete()  # the action still brings it
        response = tried(admin_client, page, "action=bought&Country__code=AA&channel=fax")
        assert fates(response)["Country__code"] == ("not found", "not found")
        assert "has no tracked model" in response.content.decode()
        assert ("parameter.wrong_kind", "draft and live") in findings(response)


QUERIES = [
    "action=bought&channel=shop&Order__number=order-secret&Profile__nickname=profile-secret",
    "action=bought&Everything__small=7&Everything__small=8&Country__name=Twice&x=1&x=2",
    "action=nothing&Everything__small=%201&Everything__slug=a&Order_number=5&who=me",
    "action=bought&count=x&note=private&who=me&Country__code=AA&Order__number=nope",
    "Country__code=AA&Country__code=BB&Country__code=AA&=1&%00=%00&a%20b=%F0%9F%98%80",
    "action=old&Person__name=x&Order__number__in=1&action=later",
]


@pytest.mark.parametrize("query", QUERIES)
def test_the_page_tells_what_the_runtime_does(order, query):
    """For somebody who may see everything, the live side is what a request would give."""
    Everything.objects.create(slug="a", small=7, integer=3)
    Everything.objects.create(slug="b", small=8, integer=4)
    Country.objects.create(code="AA", name="Twice")
    Country.objects.create(code="BB", name="Twice")
    rights = editing.Rights(
        may_view=lambda model, obj: True,
        may_view_all=lambda found: True,
        visible=lambda found: [*found[:2]],
    )
    trial = editing.try_url("default", lambda snapshot: dry_run(snapshot, query), rights)
    asked = values_from_query(query)
    assert trial.live.values == asked
    assert trial.live.values.references == asked.references
    assert trial.live.values.wrong == asked.wrong
    assert trial.live.values.refused == asked.refused
    assert trial.preview.live_values == asked


@pytest.mark.parametrize(
    ("pasted", "query"),
    [
        ("a=1&b=2", "a=1&b=2"),
        ("?a=1", "a=1"),
        ("  ?a=1\n", "a=1"),
        ("https://shop.example/t/?a=1&b=x?y#top", "a=1&b=x?y"),
        ("/t/?a=1", "a=1"),
        ("//shop.example/t?a=1", "a=1"),
        ("shop.example/t/?a=1", "a=1"),
        ("a=what?&b=1", "a=what?&b=1"),
        ("a=1&b?c=2", "a=1&b?c=2"),
        ("https://shop.example/t/?a=1&\r\n  b=2".replace("  ", ""), "a=1&b=2"),
        ("https://shop.example/t/", ""),
        ("/t/#a=1", ""),
        ("", ""),
    ],
)
def test_the_query_of_what_was_pasted(pasted, query):
    assert query_of_url(pasted) == query


@pytest.mark.parametrize("start", ["https://elsewhere.example/x/y?", "/t/?", "?", ""])
def test_a_url_of_another_site_or_path_is_fine(admin_client, page, start):
    response = tried(admin_client, page, f"{start}Country__code=AA")
    assert fates(response) == {"Country__code": ("not found", "not found")}


@pytest.mark.parametrize("nothing", ["", "?", "https://shop.example/t/", "&&"])
def test_what_has_no_parameters_is_told(admin_client, page, nothing):
    response = admin_client.post(page, {"url": nothing})
    assert "This has no parameters" in response.content.decode()
    assert "parameters" not in response.context


def test_a_url_that_is_too_long_is_refused(admin_client, page):
    response = admin_client.post(page, {"url": "a" * 100_001})
    assert response.status_code == 400
    assert "at most 100000 characters" in response.content.decode()
    assert admin_client.post(page, {"url": "a=" + "a" * 99_998}).status_code == 200


# Rules of actions --------------------------------------------------------------------------------


class TestRules:
    def test_each_rule(self, admin_client, page):
        response = tried(
            admin_client, page, "action=bought&channel=fax&count=x&free=1&Country__code=A"
        )
        both = "draft and live"
        assert findings(response) == {
            ("action.missing_model", both),
            ("parameter.wrong_kind", both),
            ("parameter.undeclared", both),
        }
        assert "must bring Order" in response.content.decode()
        assert {code for code, _ in findings(tried(admin_client, page, "action=bougth"))} == {
            EventCode.ACTION_UNKNOWN
        }
        assert (
            "Did you mean &#x27;bought&#x27;?"
            in tried(admin_client, page, "action=bougth").content.decode()
        )
        assert (EventCode.NAME_DEPRECATED, both) in findings(
            tried(admin_client, page, "action=old")
        )
        assert (EventCode.ACTION_NOT_LIVE, both) in findings(
            tried(admin_client, page, "action=later")
        )
        missing = tried(admin_client, page, "action=bought")
        assert (EventCode.ACTION_MISSING_PARAMETER, both) in findings(missing)
        unexpected = tried(admin_client, page, "action=later&Country__code=AA")
        assert (EventCode.ACTION_UNEXPECTED_MODEL, both) not in findings(unexpected)  # not found
        Country.objects.create(code="AA", name="x")
        unexpected = tried(admin_client, page, "action=later&Country__code=AA")
        assert (EventCode.ACTION_UNEXPECTED_MODEL, both) in findings(unexpected)

    def test_a_rule_that_only_the_draft_has(self, admin_client, page):
        new = replace(BOUGHT, parameters={**BOUGHT.parameters, "free": ParameterEntry("text")})
        editing.import_document("default", replace(DRAFT, actions={**ACTIONS, "bought": new}))
        response = tried(admin_client, page, "action=bought&free=1")
        assert ("parameter.undeclared", "live") in findings(response)
        assert ("parameter.undeclared", "draft") not in findings(response)

    def test_an_old_lookup(self, admin_client, page):
        """It still finds the object, and the page says what to use."""
        old = attribute("nickname", successor="nick", until=DAY, **SENT)
        names = {"nickname": old, "nick": attribute("nickname", **SENT)}
        draft = with_entry("Profile", DRAFT, attributes=names, key="nickname")
        editing.import_document("default", draft)
        someone = Person.objects.create(name="x")
        Profile.objects.create(person=someone, nickname="n")
        response = tried(admin_client, page, "action=met&Profile__nickname=n")
        assert fates(response)["Profile__nickname"] == ("found", "found")
        assert (EventCode.NAME_DEPRECATED, "draft") in findings(response)
        assert "deprecated" in reasons(response, "Profile__nickname")[0]

    def test_an_event_that_the_map_refuses(self, admin_client, page):
        refusing = replace(DRAFT, unknown_actions="refuse")
        editing.import_document("default", refusing)
        html = tried(admin_client, page, "action=nothing").content.decode()
        assert "<strong>Draft:</strong> The map refuses this event" in html
        assert "The map refuses" not in tried(admin_client, page, "action=later").content.decode()


# Rights ------------------------------------------------------------------------------------------


class TestRights:
    @pytest.mark.parametrize("how", ["queryset", "object", "permission", "no permission at all"])
    def test_a_hidden_object_is_answered_as_one_that_does_not_exist(self, client, order, page, how):
        """Byte by byte, and whatever hides it."""
        members = {
            "queryset": {"get_queryset": lambda self, request: Order.objects.exclude(pk=order.pk)},
            "object": {"has_view_permission": lambda self, request, obj=None: obj is None},
            "permission": {"has_view_permission": lambda self, request, obj=None: False},
        }
        user = staff() if how == "no permission at all" else staff(Order, Person, Profile)
        client.force_login(user)
        query = "action=bought&channel=shop&Order__number=order-secret"

        def answer():
            if how in members:
                with registered(Order, **members[how]):
                    return plain(tried(client, page, query))
            return plain(tried(client, page, query))

        hidden = answer()
        order.delete()
        assert answer() == hidden
        assert "not found" in hidden
        assert "person-secret" not in hidden

    def test_a_hidden_one_of_several_is_not_counted(self, client, page):
        """With the hidden one gone, the answer is the same: it is not told as several."""
        Country.objects.create(code="AA", name="Twice")
        other = Country.objects.create(code="BB", name="Twice")
        client.force_login(staff(Country))
        seen = {"get_queryset": lambda self, request: Country.objects.exclude(code="BB")}
        with registered(Country, **seen):
            before = plain(tried(client, page, Country__name="Twice"))
            other.delete()
            assert plain(tried(client, page, Country__name="Twice")) == before
        assert "several found" not in before

    def test_hidden_children_and_counts_are_hidden(self, client, order, page):
        client.force_login(staff(Order))
        response = tried(client, page, "action=bought&channel=shop&Order__number=order-secret")
        html = response.content.decode()
        assert "person-secret" not in html
        assert "profile-secret" not in html
        found = rows(response)
        assert found["Order_number"][0] == '"order-secret"'
        for name in ("Person_name", "Person_orders", "Profile_nickname"):
            assert found[name] == ("hidden", "hidden", "unknown")
        client.force_login(staff(Order, Person))
        found = rows(tried(client, page, Order__number="order-secret"))
        assert found["Person_name"][0] == '"person-secret"'
        assert found["Person_orders"][0] == "1"
        assert found["Profile_nickname"][0] == "hidden"

    def test_a_count_of_hidden_objects_is_hidden(self, client, order, page):
        Order.objects.create(number="another", person=order.person)
        client.force_login(staff(Order, Person))
        seen = {"get_queryset": lambda self, request: Order.objects.exclude(pk="another")}
        with registered(Order, **seen):
            found = rows(tried(client, page, Order__number="order-secret"))
        assert found["Person_orders"][0] == "hidden"

    def test_whether_a_hidden_child_came_along_is_not_told(self, client, order, page):
        """The rule would be a way to ask for it."""
        client.force_login(staff(Order))
        query = "action=met&Order__number=order-secret"
        (finding,) = tried(client, page, query).context["findings"]
        assert "cannot be told" in finding.words
        Profile.objects.all().delete()
        (again,) = tried(client, page, query).context["findings"]
        assert again == finding

    def test_an_error_of_a_hidden_object_says_nothing(self, client, order, page, monkeypatch):
        """It is not even loaded, whether it is hidden by permission or by the admin's list."""
        monkeypatch.setattr(Order, "from_db", raises)
        client.force_login(staff())
        html = tried(client, page, Order__number="order-secret").content.decode()
        assert "ZeroDivisionError" not in html
        client.force_login(staff(Order))
        with registered(Order, get_queryset=lambda self, request: Order.objects.none()):
            html = tried(client, page, Order__number="order-secret").content.decode()
        assert "ZeroDivisionError" not in html

    @pytest.mark.parametrize("member", ["get_queryset", "has_view_permission"])
    def test_an_admin_of_the_host_that_raises(self, admin_client, order, page, member):
        with registered(Order, **{member: raises}):
            html = tried(admin_client, page, Order__number="order-secret").content.decode()
        assert "secret words" not in html
        assert "person-secret" not in html

    def test_what_the_models_manager_does_not_show_is_not_found(self, admin_client):
        """As the runtime finds objects, even if the host's admin shows more."""
        editing.import_document(
            "default", document(Hidden=tracked("host.hidden", ["name"], key="name"))
        )
        page = map_page("try_url", TrackingMap.objects.get().pk)
        Hidden.everything.create(name="gone", alive=False)
        shown = {"get_queryset": lambda self, request: Hidden.everything.all()}
        with registered(Hidden, **shown):
            assert (
                fates(tried(admin_client, page, Hidden__name="gone"))["Hidden__name"][0]
                == "not found"
            )

    def test_who_may_open_it(self, client, page):
        client.force_login(person())
        assert client.get(page).status_code == client.post(page, {"url": "a=1"}).status_code == 403
        client.force_login(person("view_trackingmap"))
        assert client.get(page).status_code == client.post(page, {"url": "a=1"}).status_code == 200
        client.logout()
        assert client.post(page, {"url": "a=1"}).status_code == 302


# What must not happen ----------------------------------------------------------------------------


class TestNothingHappens:
    QUERY = "action=nothing&Order__number=nope&Nobody__id=1&Order_number=1&Country__code=&channel=x"

    def test_nothing_is_sent_or_counted(self, admin_client, page, monkeypatch):
        """No sink, no event, no fault; and the process tracks as before."""
        current_map()
        monkeypatch.setattr("trackadmin.runtime.sending.deliver", raises)
        before = event_counts(), fault_counts()
        with captured_events() as events:
            tried(admin_client, page, self.QUERY)
        assert events == []
        assert (event_counts(), fault_counts()) == before
        report("other.code", "here")
        assert fault_counts()["other.code"] == 1

    def test_nothing_is_written(self, admin_client, page, monkeypatch):
        """What the site's code writes is rolled back."""
        Everything.objects.create(slug="a", small=7)
        Person.objects.create(name="x")
        admin_client.get(page)  # the theme makes its own row on the first page
        monkeypatch.setattr(
            Everything, "double", property(lambda self: Country.objects.create(code="XX") and 1)
        )
        before = everything()
        with override_settings(TRACKADMIN={"COMPUTED": ["host.Everything.double"]}):
            response = tried(admin_client, page, "Everything__small=7")
        assert rows(response)["Everything_double"][1] == "1"
        assert everything() == before
        assert not Country.objects.exists()

    def test_no_value_reaches_the_log_or_an_address(self, admin_client, page, caplog, monkeypatch):
        """The form is a POST: an address is in logs and histories."""
        caplog.set_level(logging.DEBUG)
        pasted = "action=x4711&Order__number=x4712&Nobody__id=x4713&Order_number=x4714&free=x4715"
        response = tried(admin_client, page, pasted)
        assert 'method="post"' in response.content.decode()
        monkeypatch.setattr("trackadmin.editing.trying_urls.compile_what_can", raises)
        failed = tried(admin_client, page, pasted)
        assert "ZeroDivisionError" in failed.content.decode()
        assert "secret words" not in failed.content.decode()
        assert "ZeroDivisionError" in caplog.text
        kept = [r for r in caplog.records if r.name != "django.db.backends"]
        said = "\n".join([*(r.getMessage() + str(r.exc_info) for r in kept)])
        assert "x471" not in said
        assert "secret words" not in said

    def test_faults_set_aside_are_those_of_the_block(self):
        with set_aside() as found:
            report("some.code", "here")
        report("some.code", "there")
        assert [(each.code, each.where) for each in found] == [("some.code", "here")]
        assert fault_counts() == {"some.code": 1}

    def test_slow_code_of_the_site_is_stopped(self, admin_client, page):
        """One limit for the whole URL; what was not looked up is told."""
        Everything.objects.create(slug="a", small=7)
        with override_settings(TRACKADMIN={"PREVIEW_SECONDS": 0.000001}):
            response = tried(admin_client, page, "Everything__small=7&Country__code=AA")
        assert fates(response)["Country__code"] == ("failed", "failed")
        assert "had already run for too long" in response.content.decode()

    def test_one_time_limit_for_all_objects(self, admin_client, monkeypatch):
        """The second object does not get the whole time again."""
        clock = [0.0]

        def slow(self):
            clock[0] += 2
            return 1

        monkeypatch.setattr("trackadmin.editing.trying.monotonic", lambda: clock[0])
        monkeypatch.setattr("trackadmin.editing.trying_urls.monotonic", lambda: clock[0])
        monkeypatch.setattr(Everything, "double", property(slow))
        monkeypatch.setattr(Everything, "shout", property(slow))
        names = ["small", "double", "shout"]
        slow_map = document(Everything=tracked("host.everything", names, key="small"))
        Everything.objects.create(slug="a", small=7)
        Everything.objects.create(slug="b", small=8)
        computed = ["host.Everything.double", "host.Everything.shout"]
        with override_settings(TRACKADMIN={"PREVIEW_SECONDS": 5, "COMPUTED": computed}):
            editing.import_document("default", slow_map)
            page = map_page("try_url", TrackingMap.objects.get().pk)
            tried(admin_client, page, "Everything__small=7")
            assert clock == [4.0]
            clock[0] = 0
            tried(admin_client, page, "Everything__small=7&Everything__small=8")
        assert clock == [6.0]

    def test_the_number_of_queries_does_not_grow_with_the_map(self, admin_client, page):
        def queries():
            with CaptureQueriesContext(connection) as captured:
                tried(admin_client, page, self.QUERY)
            return len(captured)

        queries()
        before = queries()
        labels = ["host.address", "host.place", "host.club", "host.line", "host.constrained"]
        models = {f"X{n}": tracked(label, ["id"]) for n, label in enumerate(labels)}
        editing.import_document("default", replace(DRAFT, models={**DRAFT.models, **models}))
        assert queries() == before
