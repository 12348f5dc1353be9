"""A map of 1,000 models × 20 attributes: publish, and load, also in a process that starts."""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import time

from django.apps import apps
from django.db import connection, models

from bench.timing import Row
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.document import from_dict
from trackadmin.models import TrackingMap

MODELS, ATTRIBUTES = 1000, 20
SECONDS = 2.0
ROUNDS = 3


def make_models() -> dict:
    """Define the models, no tables, and give the map that tracks them all."""
    fields = [f"field_{n}" for n in range(ATTRIBUTES - 1)]
    for number in range(MODELS):
        name = f"Big{number}"
        if name.lower() in apps.all_models["demo"]:
            continue
        members = {field: models.CharField(max_length=20) for field in fields}
        meta = type("Meta", (), {"app_label": "demo"})
        type(name, (models.Model,), {"__module__": "demo.models", "Meta": meta, **members})
    return {
        f"Big{number}": {"attributes": ["id", *fields], "key": "id"} for number in range(MODELS)
    }


def publish_seconds(root: TrackingMap) -> float:
    gc.collect()  # what was made before is not publish's to tidy up
    started = time.perf_counter()
    editing.publish(root, by=None, note="big")
    return time.perf_counter() - started


START = """
import django, json, time; django.setup()
from bench.scale import make_models, publish_seconds
make_models()
from django.apps import apps
from django.db import connection
from trackadmin.models import TrackingMap
from trackadmin.runtime import current_map, tracking_values
connection.ensure_connection()
"""
PUBLISH = """
print(json.dumps([publish_seconds(TrackingMap.objects.get(slug="default"))]))
"""
LOAD = """
started = time.perf_counter()
current_map()
loaded = time.perf_counter() - started
one = apps.get_model("demo", "Big7")(id=1)
started = time.perf_counter()
tracking_values(one)
first = time.perf_counter() - started
print(json.dumps([loaded, first]))
"""


def in_new_processes(code: str) -> list[float]:
    """The seconds that the code prints: medians over a few processes that have just started."""
    environment = {**os.environ, "BENCH_DATABASE_NAME": str(connection.settings_dict["NAME"])}
    command = [sys.executable, "-c", START + code]
    printed = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(ROUNDS)
    ]
    return [statistics.median(seconds) for seconds in zip(*map(json.loads, printed), strict=True)]


def run(database: str) -> list[Row]:
    """Compared with a fixed time, for want of a peer: the median of a few rounds."""
    data = make_models()
    root = TrackingMap.objects.get(slug="default")
    editing.import_document(root, from_dict(data, catalog().find))
    published = statistics.median(publish_seconds(root) for _ in range(ROUNDS))
    (first_published,) = in_new_processes(PUBLISH)
    loaded, first_flattened = in_new_processes(LOAD)

    def row(work: str, seconds: float, limit: float) -> Row:
        return Row(
            f"{MODELS:,} models × {ATTRIBUTES}: {work}",
            database,
            f"{limit:g} s",
            seconds * 1e3,
            limit * 1e3,
            "ms",
            seconds / limit,
            1.0,
        )

    return [
        row("publish", published, SECONDS),
        row("publish in a new process", first_published, SECONDS),
        row("load in a new process", loaded, SECONDS),
        row("first flatten of one model", first_flattened, 0.05),
    ]
