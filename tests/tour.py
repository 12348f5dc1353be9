"""A tour of the admin: every page, forms with errors, refusals, and the messages after actions."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import override_settings

from tests.drafts import COUNTRY, draft
from tests.maps import document, tracked
from tests.pages import VOID, read
from tests.screens import NO_PAGES, edit, filled, map_page, model_page, pages_of, published_example
from tests.sentences import SHOWN
from trackadmin import editing
from trackadmin.codes import EventCode, Outcome
from trackadmin.compiler import Finding
from trackadmin.document import AttributeEntry
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery, TrackedModel, TrackingMap
from trackadmin.runtime import Event, Reference, Values
from trackadmin.runtime.accepting import accept

#: What an editor wrote: data, whatever the language.
OWNER, NOTE = "Owner1", "Note1"


def prepare():
    """A map with a version, a rollback, edits, a deletion and something of every kind to show."""
    row = published_example()
    attributes = dict(editing.build_document(row).models["User"].attributes)
    del attributes["is_staff"]
    attributes["joined"] = AttributeEntry("date_joined", position=9)
    attributes["username"] = AttributeEntry("username", lookup=True, position=2)
    attributes["email"] = AttributeEntry("email", privacy="pseudonymised", position=3)
    attributes["last_login"] = AttributeEntry("last_login", decision="ignored", position=10)
    edit(row, "User", owner=OWNER, attributes=attributes)
    editing.publish(row, by=User.objects.first(), note=NOTE)
    editing.roll_back(row, to=1, by=None, note=NOTE)
    edit(row, "User", owner=f"{OWNER}a", description=NOTE)
    editing.save_tracked_model(row, "Order", tracked("demo.order", ["number", "status"]))
    editing.save_map(row, name=row.name, description=NOTE)
    editing.delete_tracked_model(row.tracked_models.get(prefix="CompanyAccount"))
    some_events()
    return row


def some_events():
    """An accepted event with something of every kind to show, which is a dead letter, too."""
    values = Values([("action", "signup"), ("User_username", OWNER), ("note", NOTE)], version=2)
    values.references = [Reference("User__id", "1", Outcome.NONE)]
    values.wrong = [Finding(EventCode.ACTION_UNKNOWN, "signup")]
    accept(Event.of(values, ("note",)), waiting=True)
    event = AcceptedEvent.objects.get()
    left = {"left": f"[{event.pk}]", "first": event.pk, "due_at": event.received_at}
    delivery = Delivery.objects.create(sink="gone", offered=2, error=NOTE, attempts=1, **left)
    DeadLetter.objects.create(delivery=delivery, sink="gone", event=event, reason=NOTE, attempts=1)


def tour(client, row, without=()):
    """Each stop's name and HTML. What a stop changes is taken back after it."""
    every = (
        *(_get_pages, _sent_forms, _wrong_forms, _wrong_actions, _old_names),
        *(_stale_forms, _drifted, _refused, _broken),
    )
    for stop in (each for each in every if each.__name__.strip("_") not in without):
        with transaction.atomic():
            yield from stop(client, row)
            transaction.set_rollback(True)


def _opened(client, name, page, data=None, *, status=200):
    response = client.get(page, data)
    assert response.status_code == status, (name, response.status_code)
    return name, response.content.decode()


def _posted(client, name, page, data, *, status=200):
    response = client.post(page, data)
    if response.status_code == 307:
        response = client.post(response["Location"], data)
    elif response.status_code == 302:
        response = client.get(response["Location"])
    assert response.status_code == status, (name, response.status_code)
    return name, response.content.decode()


def every_page(row):
    """The address of every page that a GET opens, by name."""
    pages = {n: a for n, a in pages_of(row, version=2).items() if n not in NO_PAGES}
    pages["trackingmap_bring_back"] += "?prefix=CompanyAccount"
    pages["trackingmap_bring_back_action"] += "?action=gone"
    pages["trackedmodel_add"] += f"?map={row.pk}"
    pages["trackedaction_add"] += f"?map={row.pk}"
    user = User.objects.first()
    pages["trackingmap_tracked"] += f"?model=auth.user&object={user.pk}"
    preview = map_page("preview", row.pk)
    return {
        **pages,
        "an event": f"{pages['trackingmap_events']}?event={AcceptedEvent.objects.get().pk}",
        "dead letters": f"{pages['delivery_changelist']}?sink=gone",
        "form of a new model": pages["trackedmodel_add"] + "&model=demo.product",
        "form of a buyer": model_page("change", row.tracked_models.get(prefix="BuyerProfile").pk),
        "history of the map": map_page("history", row.pk),
        "live version": map_page("version", row.pk, 3),
        "preview": f"{preview}?model=User&object={user.pk}",
        "preview of what has no key": f"{preview}?model=Order",
        "preview of nothing": f"{preview}?model=User&by=pk&value=999",
        "compare": map_page("compare", row.pk) + "?old=1&new=2",
        "compare the same": map_page("compare", row.pk) + "?old=1&new=1",
        "nothing to roll back": map_page("roll_back", row.pk, 1),
    }


def _get_pages(client, row):
    for name, page in every_page(row).items():
        yield _opened(client, name, page)
    empty = editing.add_map("empty", name="Empty")
    for name in ("change", "delete", "publish", "preview", "versions", "history", "compare"):
        yield _opened(client, f"{name} of an empty map", map_page(name, empty.pk))


def _sent_forms(client, row):
    """Send each form without changes; the next page shows a message.

    Of forms that differ only in which row they are about, one is sent.
    """
    seen = set()
    for name, page in every_page(row).items():
        for form in read(client.get(page).content.decode()).forms:
            address = form.action or page
            kind = re.sub(r"\d+", "", address.partition("?")[0]), frozenset(form.sent_to_save)
            if form.method != "post" or "trackadmin" not in address or kind in seen:
                continue
            seen.add(kind)
            sent = form.sent_to_save
            with transaction.atomic():
                yield _posted(client, f"{name}, sent", address, sent)
                transaction.set_rollback(True)
    user = model_page("change", row.tracked_models.get(prefix="User").pk)
    sent = filled(client.get(user).context["form"], owner=f"{OWNER}b", _continue="1")
    yield _posted(client, "saved", user, sent)
    add = model_page("add") + f"?map={row.pk}&model=demo.product"
    sent = filled(client.get(add).context["form"])
    yield _posted(client, "added a model", add, sent)
    sent = {"name": "Other", "slug": "other", "description": ""}
    yield _posted(client, "added a map", map_page("add"), sent)
    other = TrackingMap.objects.get(slug="other")
    yield _posted(client, "deleted a map", map_page("delete", other.pk), {})


def _wrong_forms(client, row):
    user = model_page("change", row.tracked_models.get(prefix="User").pk)
    form = client.get(user).context["form"]
    wrong = {
        "no prefix": {"prefix": ""},
        "bad prefix": {"prefix": "a__b"},
        "long prefix": {"prefix": "map" * 100},
        "private name": {"a-username-name": "_x"},
        "same names": {"a-username-name": "id", "a-username-decision": "tracked"},
        "no such key": {"key": "nothing"},
        "key of many": {"key": "first_name"},
        "key ignored": {"a-id-decision": "ignored"},
        "key hidden": {"a-id-privacy": "dropped"},
        "lookup hidden": {"a-username-privacy": "dropped"},
        "prefix taken": {"prefix": "BuyerProfile", "rename": "at_once"},
        "seen is none": {"seen": "x"},
        "child's prefix": {"c-buyer_profile-tracked": "on", "c-buyer_profile-child_prefix": "-"},
        "child's collision": {
            "c-buyer_profile-tracked": "on",
            "c-buyer_profile-child_prefix": "Order",
        },
    }
    for name, changes in wrong.items():
        yield _posted(client, name, user, filled(form, **changes))
    buyer = model_page("change", row.tracked_models.get(prefix="BuyerProfile").pk)
    sent = filled(client.get(buyer).context["form"], **{"a-phone-decision": "tracked"})
    yield _posted(client, "undecided", buyer, sent)
    for slug in (row.slug, "a b", ""):
        sent = {"name": "", "slug": slug, "description": ""}
        yield _posted(client, f"slug {slug!r}", map_page("add"), sent)
    with override_settings(TRACKADMIN={"REQUIRE_NOTE": True}):
        for page in (map_page("publish", row.pk), map_page("roll_back", row.pk, 2)):
            forms = read(client.get(page).content.decode()).forms
            sent = next(f.sent for f in forms if "expected" in f.sent)
            yield _posted(client, f"no note {page}", page, {**sent, "note": ""})


def _wrong_actions(client, row):
    page = pages_of(row, version=2)["trackedaction_change"]
    forms = read(client.get(page).content.decode()).forms
    form = next(form.sent for form in forms if "rows" in form.sent)
    for number, changes in enumerate(
        (
            {"name": ""},
            {"name": "a__b"},
            {"stays_until": "", "successor": "first"},
            {"p-0-name": "_x"},
            {"p-0-name": "signup", "p-1-name": "signup"},
            {"p-0-name": "signup", "p-0-kind": "choice"},
            {"p-0-name": "signup", "p-0-choices": "other"},
            {"p-0-name": "action"},
            {"p-0-description": "other"},
            {"_show": "parameters"},
        )
    ):
        yield _posted(client, f"wrong action {number}", page, {**form, **changes})


def _old_names(client, row):
    """Questions about old names, what is deprecated, and what leaves before its date."""
    user = model_page("change", row.tracked_models.get(prefix="User").pk)
    buyer = model_page("change", row.tracked_models.get(prefix="BuyerProfile").pk)
    form = client.get(user).context["form"]
    both = {"rename": "both", "rename_until": "2099-06-30"}
    name = {f"a-first_name-{field}": value for field, value in both.items()}
    for what, changes in {
        "asked about a prefix": {"prefix": "Login"},
        "asked about a name": {"a-first_name-name": "given"},
        "no day": {"prefix": "Login", **both, "rename_until": "x"},
        "a day that was": {"prefix": "Login", **both, "rename_until": "2020-01-01"},
        "old name taken": {"a-first_name-name": "last_name", "a-last_name-name": "first_name"}
        | name
        | {"a-last_name-rename": "at_once"},
        "both names": {"prefix": "Login", "a-first_name-name": "given", **both, **name},
    }.items():
        yield _posted(client, what, user, filled(form, **changes))
    child = {"c-user-child_prefix": "Who", "c-user-rename": "both"}
    sent = filled(
        client.get(buyer).context["form"], **child, **{"c-user-rename_until": "2099-06-30"}
    )
    yield _posted(client, "both prefixes of a child", buyer, sent)
    editing.publish(row, by=None)
    preview = map_page("preview", row.pk) + f"?model=Login&object={User.objects.first().pk}"
    for page in (user, buyer, preview, map_page("change", row.pk)):
        yield _opened(client, f"old names: {page}", page)
    yield _opened(client, "old names: version", map_page("version", row.pk, 4))
    edit(row, "Login", former_prefix="", until="")
    for what in ("publish", "roll_back"):
        page = map_page(what, row.pk, *([1] if what == "roll_back" else []))
        yield _opened(client, f"leaving early: {what}", page)
    page = map_page("publish", row.pk)
    sent = _own_form(client, page)
    yield _posted(client, "leaving early: refused", page, sent)
    sent |= {"leave_early": "on", "note": NOTE}
    yield _posted(client, "leaving early: allowed", page, sent)
    yield _opened(client, "left early: versions", map_page("versions", row.pk))
    compare = map_page("compare", row.pk) + "?old=4&new=5"
    yield _opened(client, "left early: compare", compare)


def _stale_forms(client, row):
    user = model_page("change", row.tracked_models.get(prefix="User").pk)
    delete = model_page("delete", row.tracked_models.get(prefix="User").pk)
    undo = pages_of(row, version=2)["trackedmodel_undo"]
    change, publish = map_page("change", row.pk), map_page("publish", row.pk)
    back = map_page("roll_back", row.pk, 2)
    sent = {page: _own_form(client, page) for page in (user, delete, undo, change, publish, back)}
    fix = {"expected": editing.draft_digest(row)}
    edit(row, "User", owner=f"{OWNER}c", description="")
    editing.save_map(row, name="Name2", description="Words2")
    editing.publish(row, by=None)
    edit(row, "User", owner=f"{OWNER}d")
    for page, form in sent.items():
        yield _posted(client, f"stale {page}", page, form)
    yield _posted(client, "stale fix", map_page("fix", row.pk), fix)
    editing.delete_tracked_model(row.tracked_models.get(prefix="User"))
    yield _posted(client, "deleted meanwhile", user, sent[user])
    yield _opened(client, "versions", map_page("versions", row.pk))
    yield _opened(client, "history after it all", map_page("history", row.pk))


def _own_form(client, page):
    """What the page's own form sends: the last one that says what it showed."""
    forms = read(client.get(page).content.decode()).forms
    kept = [form.sent for form in forms if {"seen", "expected"} & form.sent.keys()]
    return kept[-1]


def _drifted(client, row):
    excluded = ["auth.User.email", "auth.User.username", "demo.BuyerProfile.user"]
    for name, gone in {"attributes": excluded, "a model": ["auth.User"]}.items():
        with override_settings(TRACKADMIN={"EXCLUDE": gone}):
            pages = {n: a for n, a in every_page(row).items() if "add" not in n}
            for page, address in pages.items():
                response = client.get(address)
                if response.status_code == 200:
                    yield f"{page} without {name}", response.content.decode()


def _refused(client, row):
    for page in ("versions", "preview", "compare"):
        address = map_page(page, row.pk)
        asked = {"page": "x", "by": "x", "old": "x", "model": "User"}
        yield _opened(client, f"refused {page}", address, asked, status=400)
    listed = map_page("changelist")
    for asked in ({"nothing": "1"}, {"q": "map" * 100}, {"o": "99"}, {"p": "x"}, {"q": "a\0"}):
        yield _opened(client, f"refused {asked}", listed, asked, status=400)
    yield _posted(client, "bad move", map_page("move", row.pk), {"to": "x"}, status=400)


def _broken(client, row):
    """A draft with errors and fixes; a version that cannot be read."""
    order = tracked("host.order", ["number"], ["billing_address", "shipping_address"])
    address = tracked("host.address", ["street"], ["country"])
    draft(document(Address=address, Country=replace(COUNTRY)))
    editing.save_tracked_model("default", "Order", order)
    for page in ("change", "publish"):
        yield _opened(client, f"{page} with errors", map_page(page, row.pk))
    publish = map_page("publish", row.pk)
    yield _posted(client, "published with errors", publish, _own_form(client, publish))
    sent = {"expected": editing.draft_digest(row)}
    yield _posted(client, "fixed", map_page("fix", row.pk), sent)
    TrackedModel.objects.filter(prefix="Country").delete()
    yield _opened(client, "no country", publish)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trackadmin_mapversion SET document = '{\"x\": 1}'")
    for name, page in {
        "change": map_page("change", row.pk),
        "publish": publish,
        "version": map_page("version", row.pk, 2),
        "roll back": map_page("roll_back", row.pk, 2),
        "compare": map_page("compare", row.pk),
    }.items():
        yield _opened(client, f"{name}, unreadable", page)
    back = map_page("roll_back", row.pk, 2)
    yield _posted(client, "rolled back, unreadable", back, _own_form(client, back))


class _Texts(HTMLParser):
    """The texts and attributes that a person reads; what is marked as code or data is left out."""

    CODE = {"code", "pre", "script", "style", "s", "svg"}
    #: What is typed into it is data; what stands in its tag is not.
    TYPED = {"textarea"}

    def __init__(self):
        super().__init__()
        self.found, self.open = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        if not self.CODE & {*self.open}:
            self.found += [value for name, value in attrs if name in SHOWN and value]

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if not (self.CODE | self.TYPED) & {*self.open} and data.strip():
            self.found.append(" ".join(data.split()))


def texts_of(html):
    """What a person reads of a page, in the order of the page."""
    reader = _Texts()
    reader.feed(html)
    return reader.found
