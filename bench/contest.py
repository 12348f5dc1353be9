"""Runs benches in this process on the database of its settings: python -m bench.contest OUT …"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django
from django.test.utils import setup_databases, setup_test_environment, teardown_databases


def main() -> None:
    out, *benches = sys.argv[1:]
    django.setup()
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        Path(out).write_text(json.dumps(contest(benches)))
    finally:
        teardown_databases(databases, verbosity=0)


def contest(benches: list[str]) -> dict:
    # These import models, which exist only now.
    from django.db import connection

    from bench import (
        accepting,
        bulk,
        data,
        delivering,
        event_pages,
        events,
        flatten,
        freshness,
        http,
        instances,
        pages,
        resolve,
        scale,
        stages,
        sums,
    )

    database = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    created = data.create()
    rows, seconds, spent, viewed = [], {}, [], []
    runs = {
        "freshness": lambda: freshness.run(database),
        "resolve": lambda: resolve.run(created, database),
        "events": lambda: events.run(created, database),
        "delivering": lambda: delivering.run(created, database),
        "http": lambda: http.run(created, database) if database == "PostgreSQL" else [],
        "accepting": lambda: accepting.run(created, database),
        "sums": lambda: sums.run(created, database),
        "bulk": lambda: bulk.run(database),
        "instances": lambda: instances.run(created, database),
        "event_pages": lambda: event_pages.run(database),
        "scale": lambda: scale.run(database),
    }
    for bench in benches:
        print(f"{database}: {bench} …", file=sys.stderr, flush=True)
        if bench == "pages":
            viewed = pages.run(database)
            continue
        if bench == "flatten":
            more, seconds = flatten.run(created, database)
        else:
            more = runs[bench]()
        if bench == "resolve":
            spent = stages.run(created, database)
        rows += more
    found = [row.as_json() for row in rows]
    return {"rows": found, "seconds": seconds, "stages": spent, "pages": viewed}


if __name__ == "__main__":
    main()
