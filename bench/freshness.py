"""current_map() while fresh, beside reading one setting, one switch, one cache key."""

from __future__ import annotations

import waffle
from constance import config
from django.core.cache import cache

from bench.timing import Row, compare, fastest, in_turn
from trackadmin.runtime import current_map


def run(database: str) -> list[Row]:
    """The fastest of the three is the one that counts; all are shown."""
    cache.set("bench", 1)
    waffle.switch_is_active("bench")
    calls = {
        "trackadmin": current_map,
        "django-constance (memory)": lambda: config.BENCH,
        "django-waffle": lambda: waffle.switch_is_active("bench"),
        "LocMem cache.get": lambda: cache.get("bench"),
    }
    seconds = in_turn(calls)
    others = [name for name in calls if name != "trackadmin"]
    best = fastest(seconds, others)
    return [
        compare(
            seconds,
            work="current_map() while fresh",
            database=database,
            ours="trackadmin",
            theirs=name,
            at_most=0.1,
        )
        for name in [best, *sorted(set(others) - {best})]
    ]
