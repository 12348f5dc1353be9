"""Every page of the admin on a map of 1,000 models × 20 attributes: time, queries and size.

The time is the processor time of this process for the whole request: middleware, view, template and
the driver, with SQLite the database as well. A page is asked for while the draft is as it was
("again"), and right after an edit of one tracked model ("after an edit"), when less is known; the
better of two, because the collector of garbage may run in either.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.data import MAP
from bench.report import FIELDS, KILOBYTES, MILLISECONDS, PAGE_ROUNDS
from bench.scale import make_models
from tests import screens
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.document import from_dict
from trackadmin.models import TrackingMap

#: Pages that are more than their bare address: by name, the address it is part of and what is
#: asked for. What is pasted into a page is sent as a form.
ASKED: dict[str, tuple[str, str]] = {
    "trackingmap_change, all by application": ("trackingmap_change", "?group=app"),
    "trackingmap_preview, of a model": ("trackingmap_preview", "?model={prefix}"),
    "trackingmap_preview, of an object": ("trackingmap_preview", "?model=User&object=1"),
    "trackingmap_search, of a model": ("trackingmap_search", "?model=User"),
    "trackingmap_picture, of a model": ("trackingmap_picture", "?model={prefix}"),
    "trackingmap_picture, tree": ("trackingmap_picture", "?model=BuyerProfile&view=tree"),
    "trackingmap_tracked, of an object": ("trackingmap_tracked", "?model=auth.user&object=1"),
    "trackingmap_bring_back, of a model": ("trackingmap_bring_back", "?prefix=CompanyAccount"),
    "trackingmap_bring_back_action, of one": ("trackingmap_bring_back_action", "?action=gone"),
    "trackedmodel_add, of a model": ("trackedmodel_add", "?map={map}&model=demo.product"),
    "trackedaction_add, to a map": ("trackedaction_add", "?map={map}"),
}
PASTED: dict[str, tuple[str, dict[str, str]]] = {
    "trackingmap_try_url, tried": (
        "trackingmap_try_url",
        {"url": "/t/?action=signup&User__id=1&Big7__id=1"},
    ),
    "trackingmap_explain_event, explained": (
        "trackingmap_explain_event",
        {"event": '{"action": "signup", "User_id": 1, "Big7_field_1": "x", "Gone_id": 1}'},
    ),
}


@dataclass(frozen=True)
class Page:
    """What one page took; the times in milliseconds, the size in kilobytes."""

    page: str
    database: str
    again: float
    edited: float
    queries: int
    size: float
    #: What the largest form sends.
    fields: int
    #: Whether all is within the limits.
    reached: bool


def fill() -> TrackingMap:
    """A draft of a little more than 1,000 models; two versions that differ in each of them."""
    models: dict[str, Any] = make_models() | {p: MAP[p] for p in ("User", "BuyerProfile")}
    models["CompanyAccount"] = MAP["CompanyAccount"]
    root = TrackingMap.objects.get(slug="default")
    for owner in ("", "Data team"):
        found = from_dict(models, catalog().find)
        entries = {p: replace(entry, owner=owner) for p, entry in found.models.items()}
        editing.import_document(root, replace(found, models=entries))
        editing.publish(root, by=None, note="big")
    edit(root, "User", "Accounts")
    editing.delete_tracked_model(root.tracked_models.get(prefix="CompanyAccount"))
    screens.some_actions(root)
    TrackingMap.objects.get_or_create(slug="empty", defaults={"name": "Empty"})
    return TrackingMap.objects.get(pk=root.pk)


def edit(root: TrackingMap, prefix: str, owner: str) -> None:
    """One tracked model is edited, as somebody at work does."""
    row = root.tracked_models.get(prefix=prefix)
    entry = editing.entry_of(row)
    editing.save_tracked_model(root, prefix, replace(entry, owner=owner), tracked_model=row)


def requests_of(
    root: TrackingMap, client: Client, prefix: str = "Big7"
) -> dict[str, Callable[[], Any]]:
    """What asks for each page, by its name; ``prefix`` is of a tracked model among many."""
    live = editing.live_version(root)
    assert live is not None
    addresses = screens.pages_of(root, version=live.number - 1)
    made = {n: a for n, a in addresses.items() if n not in screens.POSTED}
    made["app_list"] = reverse("admin:app_list", args=["trackadmin"])
    empty = TrackingMap.objects.get(slug="empty")
    made["trackingmap_start, of an empty map"] = screens.map_page("start", empty.pk)
    for name, (page, query) in ASKED.items():
        made[name] = addresses[page] + query.format(map=root.pk, prefix=prefix)
    asks = {name: lambda address=address: client.get(address) for name, address in made.items()}
    for name, (page, sent) in PASTED.items():
        asks[name] = lambda a=addresses[page], sent=sent: client.post(a, sent)
    return asks


def measured(name: str, ask: Callable[[], Any], root: TrackingMap, database: str) -> Page:
    """One page: right after an edit, and again and again."""
    edited = []
    for number in range(2):
        edit(root, "Big7", f"Team {time.time_ns()} {number}")
        edited.append(milliseconds(ask))
    again = statistics.median(milliseconds(ask) for _ in range(PAGE_ROUNDS))
    with CaptureQueriesContext(connection) as queries:
        response = ask()
    size = len(response.content) / 1000
    in_time = max(again, min(edited)) <= MILLISECONDS
    small = size <= KILOBYTES or name in screens.DOWNLOADS
    is_page = "html" in response.headers.get("Content-Type", "")
    fields = most_fields(response.content.decode()) if is_page else 0
    reached = in_time and small and fields < FIELDS
    return Page(name, database, again, min(edited), len(queries), size, fields, reached)


class FieldCounter(HTMLParser):
    """Counts the fields that a browser sends of each form when every box is ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[int] = [0]
        self._radios: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a field; the radio buttons of one name send one."""
        given = dict(attrs)
        name, kind = given.get("name") or "", given.get("type") or ""
        if tag == "form":
            self.forms.append(0)
            self._radios = set()
        elif name and tag in ("input", "select", "textarea") and kind != "submit":
            self.forms[-1] += kind != "radio" or name not in self._radios
            self._radios |= {name} if kind == "radio" else set()


def most_fields(html: str) -> int:
    """How many fields the largest form of a page sends at most."""
    counter = FieldCounter()
    counter.feed(html)
    return max(counter.forms)


def milliseconds(ask: Callable[[], Any]) -> float:
    gc.collect()
    started = time.process_time()
    ask()
    return (time.process_time() - started) * 1e3


def run(database: str) -> list[dict]:
    """Every page on this database."""
    root = fill()
    client = Client()
    client.force_login(User.objects.create_superuser("pages"))
    with override_settings(ROOT_URLCONF="tests.urls"):
        asks = requests_of(root, client)
        for ask in asks.values():
            ask()
        pages = [measured(name, ask, root, database) for name, ask in asks.items()]
    return [asdict(page) for page in pages]
