"""What it adds to a tracking URL that its event is checked against the map's actions."""

from __future__ import annotations

from bench.data import MAP, Data, publish
from bench.timing import Row, compare, in_turn
from trackadmin.models import TrackingMap
from trackadmin.runtime import values_from_query

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


def run(data: Data, database: str) -> list[Row]:
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
