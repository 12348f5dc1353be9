"""What it adds to an event that it is checked against the map's actions, and that it is counted."""

from __future__ import annotations

from collections.abc import Callable

from bench.data import MAP, Data, publish
from bench.stages import request_to
from bench.timing import Row, compare, in_turn
from trackadmin.models import TrackingMap
from trackadmin.runtime import sending, track, values_from_query
from trackadmin.runtime.usage_counts import count_usage

#: The same models, and three actions; an event that breaks a rule is marked.
WITH_ACTIONS = {
    "models": MAP,
    "unknown_actions": "mark",
    "undeclared_parameters": "mark",
    "actions": {
        "signup_click": {
            "brings": {"BuyerProfile": "required", "CompanyAccount": "optional"},
            "parameters": {
                "plan": {"kind": "choice", "choices": ["free", "gold"], "required": True},
                "seats": {"kind": "integer", "required": True},
            },
        },
        "order_placed": {"brings": {"Order": "required"}},
        "page_view": {"parameters": {"page": {"required": True}}},
    },
}
#: What is compared, by the map it asks.
CHECKED, UNCHECKED = "checked", "not checked"
SLUGS = {CHECKED: "with-actions", UNCHECKED: "without-actions"}
COUNTED, UNCOUNTED = "counted", "not counted"


def run(data: Data, database: str) -> list[Row]:
    return [*checked(data, database), *counted(data, database)]


def counted(data: Data, database: str) -> list[Row]:
    """An event whose usage is counted, beside the same one where that is left out."""
    works = {
        "track(), its usage counted": lambda: track("signup_click", data.buyer, data.company),
        "request of a tracking URL with 2 references, its usage counted": request_to(
            "/t/", data.query(2)
        ),
    }
    try:
        return [
            compare(
                in_turn(
                    {
                        COUNTED: with_counting(count_usage, call),
                        UNCOUNTED: with_counting(lambda snapshot, values: None, call),
                    }
                ),
                work=work,
                database=database,
                ours=COUNTED,
                theirs=UNCOUNTED,
                at_most=1.03,
            )
            for work, call in works.items()
        ]
    finally:
        sending.count_usage = count_usage


def with_counting(count: Callable, call: Callable[[], object]) -> Callable[[], object]:
    def work() -> None:
        sending.count_usage = count
        call()

    return work


def checked(data: Data, database: str) -> list[Row]:
    for name, content in ((CHECKED, WITH_ACTIONS), (UNCHECKED, MAP)):
        TrackingMap.objects.create(slug=SLUGS[name], name=name)
        publish(content, SLUGS[name])
    rows = []
    for wrong, more in (("", "plan=gold&seats=12"), (", four findings", "plan=blue&seats=x&q=1")):
        query = f"{data.query(2)}&{more}"
        if wrong:
            buyer, maker = f"BuyerProfile__uuid={data.buyer.uuid}", data.manufacturer
            query = query.replace(buyer, f"Manufacturer__slug={maker.slug}")
        calls = {
            name: lambda query=query, slug=slug: values_from_query(query, map=slug)
            for name, slug in SLUGS.items()
        }
        found = calls[CHECKED]()
        assert calls[UNCHECKED]().wrong == []
        assert bool(found.wrong) == bool(wrong), found.wrong
        rows.append(
            compare(
                in_turn(calls),
                work=f"tracking URL with 2 references, its event checked{wrong}",
                database=database,
                ours=CHECKED,
                theirs=UNCHECKED,
                at_most=None if wrong else 1.1,
            )
        )
    return rows
