"""What a host site calls: from objects to values, and from URLs to objects.

It can be imported before the models, and loads neither Django's admin nor the edit history.
"""

from trackadmin.runtime.aio import (
    acurrent_map,
    aget_model,
    ais_ready,
    aiter_tracking_values,
    atrack,
    atracking_query,
    atracking_values,
    avalues_from_query,
)
from trackadmin.runtime.bootstrap import bootstrap_text
from trackadmin.runtime.bulk import iter_tracking_values
from trackadmin.runtime.current import current_map, is_ready
from trackadmin.runtime.event import Event
from trackadmin.runtime.event_counts import event_counts
from trackadmin.runtime.faults import fault_counts, slow_path_counts
from trackadmin.runtime.flatten import tracking_values
from trackadmin.runtime.health import live_problems
from trackadmin.runtime.query import tracking_query
from trackadmin.runtime.resolve import get_model, values_from_query
from trackadmin.runtime.tracking import track
from trackadmin.runtime.values import Reference, Values

__all__ = [
    "Event",
    "Reference",
    "Values",
    "acurrent_map",
    "aget_model",
    "ais_ready",
    "aiter_tracking_values",
    "atrack",
    "atracking_query",
    "atracking_values",
    "avalues_from_query",
    "bootstrap_text",
    "current_map",
    "event_counts",
    "fault_counts",
    "get_model",
    "is_ready",
    "iter_tracking_values",
    "live_problems",
    "slow_path_counts",
    "track",
    "tracking_query",
    "tracking_values",
    "values_from_query",
]
