"""The table, the Markdown page and the plot."""

from __future__ import annotations

import os
import platform
import statistics
from pathlib import Path

import django

from bench.timing import PROCESSES

#: The most that a page may take, and how often each is asked for.
MILLISECONDS, KILOBYTES, FIELDS, PAGE_ROUNDS = 300, 500, 1000, 5

DOCS = Path(__file__).resolve().parent.parent / "docs"

HEAD = """# Performance

`make bench` wrote this page: every contestant ran in turn in one process on one machine, so the
ratios say more than the times. A ratio is the median over the rounds of trackadmin's time divided
by the other's; 0.50 means twice as fast. What takes about a microsecond ran in {processes}
processes, and the median of their ratios counts: where things lie in memory makes a whole process a
few percent faster or slower. Python {python}, Django {django}, {machine}.

"""

MEANING = """
What the rows mean:

* **tracking_values(buyer, company)**: the map of the README, the buyer's user already loaded,
  twelve values. *By hand* is the dict literal with the same conversions; the libraries make nested
  data of the same twelve values.
* **current_map() while fresh**: what every call pays to know that its version is current.
* **tracking URL → values**: the query string is parsed, the rows found, the values made.
  *Bare cursor* runs one hand-written statement for the same rows and converts nothing. *One
  statement* counts the statements of one resolve. On PostgreSQL trackadmin lets the server keep its
  statement (see the guide); *nothing prepared* is without. Django's cursor writes the values into
  the text, so there is nothing that the server could keep. *Prepared cursor* is psycopg's own, with
  the hand-written statement prepared and the row in text or binary format; it makes no values.
* **one computed attribute four levels down**: four objects are read from columns alone, the
  fifth is made as an instance from the same row. *ORM by hand* is `select_related` and a dict.
* **the demo's order with order_count**: the attribute counts the buyer's orders by a query of its
  own. **Inside atomic** the order's children are not loaded; trackadmin adds one savepoint.
* **iter_tracking_values**: a table streamed. *By hand* is `values_list(…).iterator()` and a dict.
  The memory rows are the peak of a whole process.
* **its event checked**: the same URL by a map that has actions, and by one that has none. The
  action must have a buyer and two parameters, and has them, or else four things are wrong.
* **counts and sums**: shipped orders, their total and the newest one of a buyer who has 20; in the
  stream, of buyers who have one to three. *Bare cursor* and *ORM by hand* look at the orders once
  for the three. *By hand* is `annotate(…).values_list(…).iterator()` and a dict, by joins and by
  subqueries; the faster of the two counts.
* **delivery to Redis Streams**: a worker takes stored events from the table, sends them in batches
  of 2,000 and writes down what became of each. *Bare pipelined XADD* has the same lines in memory,
  sends 500 in a pipeline, which is no slower than more, and keeps no account. The ratio is its
  events per second divided by ours; the goal is 0.7 of them, which is 1.43.
* **its usage counted**: the same event where the counting is left out. A request is that of a WSGI
  server, without the server; its event goes to the logger.
* **models × attributes**: publish and load; the limit is a time, for want of a peer. A process that
  has just started must look at the host's models first; when it publishes, at all of them.
* **over HTTP**: gunicorn with one worker of two threads, `wrk` with four connections, the
  middleware of `startproject`, connections to the database kept. The ratio is the other view's
  requests per second divided by ours; the goal is 0.6 of the bare view's, which is 1.67. *View
  with the bare statement* asks the database the same by Django's cursor and makes nothing of it;
  *with the prepared statement* does so by psycopg's cursor.
* **accepting**: an event stored for a remote sink, beside a row of the same table that the ORM
  inserts, and beside the bare statement. Over HTTP the event has four parameters, and the other
  view inserts a row of the same size; the goal is 0.7 of its requests per second, which is 1.43.
  Workers deliver 3,000 events to a sink that takes no time; none may come twice.

## Where the time goes

The stages of a tracking URL with two references, each what it adds to those before it. A process
that just waited for the database goes on with cold caches, so the parts add up to more there than
each takes by itself.

"""

PAGES = """
## Pages of the admin

A map of a little more than 1,000 models × 20 attributes, with two versions that differ in each
model, and a few edits since. The time is the processor time of the process for a whole request:
middleware, view, template and driver; with SQLite the database is in it, with PostgreSQL it is not.
*Again* is the median of {rounds} requests for a draft that is as it was, *after an edit* the first
request after somebody saved a tracked model. The goal is {milliseconds} ms for both, and
{kilobytes} KB of HTML. *Fields* is what the largest form of the page sends at most; Django takes
1,000. A process that has just started looks at the host's models first, which takes seconds once.
Measured with {machine}. Where more work than processors waits, as the load says, caches are
cold, and the processor time is longer than on a machine that does nothing else.

"""

HTTP = """
Over HTTP the bare view asks no database, and that is most of the difference. Of the bare view's
requests per second trackadmin serves {ours:.2f}, and {unprepared:.2f} where nothing may be
prepared. A view that runs nothing but the statement and throws the row away serves
{statement:.2f} by Django's cursor and {prepared:.2f} by psycopg's.

![Time of one tracking_values call, by contestant](images/performance.svg)
"""


def table(rows: list[dict]) -> str:
    """One Markdown table, which also reads well on a terminal."""
    lines = [
        "| work | database | against | trackadmin | other | ratio | goal | reached |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        goal = "" if row["at_most"] is None else f"≤ {row['at_most']:.3g}"
        lines.append(
            f"| {row['work']} | {row['database']} | {row['against']} "
            f"| {row['ours']:,.4g} {row['unit']} | {row['theirs']:,.4g} {row['unit']} "
            f"| {row['ratio']:.3g} | {goal} | {reached(row)} |"
        )
    return "\n".join(lines) + "\n"


def reached(row: dict) -> str:
    """Whether a row reached its goal, in a word; "" where it has none."""
    if row["at_most"] is None:
        return ""
    return "yes" if row["ratio"] <= row["at_most"] else "**no**"


def stages_table(stages: list[dict]) -> str:
    """Where the time goes, as a Markdown table."""
    lines = ["| work | database | stage | µs |", "| --- | --- | --- | ---: |"]
    lines += [f"| {s['work']} | {s['database']} | {s['stage']} | {s['us']:.1f} |" for s in stages]
    return "\n".join(lines) + "\n"


def pages_table(pages: list[dict]) -> str:
    """What each page took, as a Markdown table."""
    lines = [
        "| page | database | again | after an edit | queries | size | fields | reached |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {p['page']} | {p['database']} | {p['again']:.0f} ms | {p['edited']:.0f} ms "
        f"| {p['queries']} | {p['size']:.0f} KB | {p['fields']} | {in_limits(p)} |"
        for p in pages
    ]
    return "\n".join(lines) + "\n"


def pages_section(pages: list[dict]) -> str:
    """The part of the page about the admin's pages."""
    limits = {"milliseconds": MILLISECONDS, "kilobytes": KILOBYTES, "rounds": PAGE_ROUNDS}
    machine = (
        f"Python {platform.python_version()}, Django {django.get_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, "
        f"a load of {os.getloadavg()[1]:.0f}"
    )
    return PAGES.format(**limits, machine=machine) + pages_table(pages) + slow_pages(pages)


def slow_pages(pages: list[dict]) -> str:
    """A sentence that names the pages above the limit of time."""
    slow = [
        f"{p['page']} on {p['database']}"
        for p in pages
        if max(p["again"], p["edited"]) > MILLISECONDS
    ]
    which = f"Above {MILLISECONDS} ms: {'; '.join(slow)}." if slow else "No page takes longer."
    return f"\n{which}\n"


def in_limits(page: dict) -> str:
    """Whether a page is within its limits, in a word."""
    return "yes" if page["reached"] else "**no**"


def write(
    rows: list[dict], stages: list[dict], pages: list[dict], seconds: dict[str, list[float]]
) -> None:
    """The page of all benches on both databases."""
    head = HEAD.format(
        processes=PROCESSES,
        python=platform.python_version(),
        django=django.get_version(),
        machine=f"{platform.system()} {platform.machine()}",
    )
    page = head + table(rows) + MEANING + stages_table(stages) + HTTP.format(**http_shares(rows))
    (DOCS / "performance.md").write_text(page + pages_section(pages))
    plot(seconds)


def write_pages(pages: list[dict]) -> None:
    """The part about the admin's pages alone; all else of the page stays as it is."""
    page = DOCS / "performance.md"
    others, _heading, _pages = page.read_text().partition(PAGES.partition("\n\n")[0])
    page.write_text(others.rstrip("\n") + "\n" + pages_section(pages))


def http_shares(rows: list[dict]) -> dict[str, float]:
    """What each view served of the bare view's requests per second."""
    http = [row["ratio"] for row in rows if "over HTTP" in row["work"]]
    bare, statement, prepared, unprepared = http
    return {
        "ours": 1 / bare,
        "statement": statement / bare,
        "prepared": prepared / bare,
        "unprepared": 1 / unprepared,
    }


def plot(seconds: dict[str, list[float]]) -> None:
    """Bars of the medians, in microseconds."""
    # A process that only prints the table need not load it.
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "trackadmin"
    from matplotlib import pyplot

    medians = {name: statistics.median(times) * 1e6 for name, times in seconds.items()}
    names = sorted(medians, key=lambda name: -medians[name])
    figure, axes = pyplot.subplots(figsize=(8, 3.4))
    colours = ["#0c7a5b" if name == "trackadmin" else "#9aa5ab" for name in names]
    bars = axes.barh(names, [medians[name] for name in names], color=colours)
    axes.bar_label(bars, fmt="%.1f", padding=4)
    axes.set_xlabel("µs for one tracking_values(buyer, company), median")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "performance.svg", metadata={"Date": None})
    pyplot.close(figure)
