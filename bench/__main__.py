"""``make bench``: runs every bench on both databases and writes docs/performance.md.

Exits with 1 when a goal is missed. ``python -m bench flatten resolve`` runs some of them and
writes nothing; ``python -m bench pages`` writes the part about the admin's pages.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.timing import PROCESSES, joined, medians
from tests.postgresql import find_server, server

# In the order they run. What writes many rows comes last: PostgreSQL tidies up behind it for a
# while. And the last three make maps of their own the live one.
BENCHES = [
    "flatten",
    "freshness",
    "resolve",
    "events",
    "delivering",
    "http",
    "accepting",
    "sums",
    "bulk",
    "instances",
    "event_pages",
    "scale",
    "pages",
]

# What takes about a microsecond.
IN_MANY_PROCESSES = ["flatten", "freshness"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="|".join(BENCHES))
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    arguments = parser.parse_args()
    if unknown := set(arguments.benches) - set(BENCHES):
        parser.error(f"no bench is called {', '.join(sorted(unknown))}")
    benches = [bench for bench in BENCHES if bench in (arguments.benches or BENCHES)]
    databases = arguments.database or ["sqlite", "postgresql"]
    results = [run_on(database, benches) for database in databases]
    rows = [row for result in results for row in result["rows"]]
    stages = [stage for result in results for stage in result["stages"]]
    pages = [page for result in results for page in result["pages"]]
    print(report.table(rows))
    if stages:
        print(report.stages_table(stages))
    if pages:
        print(report.pages_table(pages))
    if benches == BENCHES and len(databases) == 2:
        report.write(rows, stages, pages, results[0]["seconds"])
    elif benches == ["pages"]:
        report.write_pages(pages)
    words = [report.reached(row) for row in rows] + [report.in_limits(page) for page in pages]
    print(f"{words.count('yes')} goals reached, {words.count('**no**')} missed")
    return 1 if "**no**" in words else 0


def run_on(database: str, benches: list[str]) -> dict:
    """Rows, stages, and the seconds of the flatten contestants."""
    if database == "sqlite":
        return run_processes(benches, {})
    if find_server() is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    with server() as port:
        return run_processes(benches, {"TRACKADMIN_TEST_POSTGRESQL_PORT": str(port)})


def run_processes(benches: list[str], environment: dict[str, str]) -> dict:
    many = [bench for bench in benches if bench in IN_MANY_PROCESSES]
    one = [bench for bench in benches if bench not in IN_MANY_PROCESSES]
    runs = [run_process(many, environment) for _ in range(PROCESSES)] if many else []
    rest = run_process(one, environment) if one else {"rows": [], "stages": [], "pages": []}
    return {
        "rows": medians([run["rows"] for run in runs]) + rest["rows"],
        "stages": rest["stages"],
        "pages": rest["pages"],
        "seconds": joined([run["seconds"] for run in runs]),
    }


def run_process(benches: list[str], environment: dict[str, str]) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.json"
        subprocess.run(
            [sys.executable, "-m", "bench.contest", out, *benches],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "bench.settings", **environment},
            check=True,
        )
        return json.loads(out.read_text())


if __name__ == "__main__":
    sys.exit(main())
