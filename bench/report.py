"""The table, the Markdown page and the plot."""

from __future__ import annotations

import platform
import statistics
from pathlib import Path

import django

DOCS = Path(__file__).resolve().parent.parent / "docs"

HEAD = """# Performance

`make bench` wrote this page: every contestant ran in turn in one process on one machine, so the
ratios say more than the times. A ratio is the median over the rounds of trackadmin's time divided
by the other's; 0.50 means twice as fast. Python {python}, Django {django}, {machine}.

"""

MEANING = """
What the rows mean:

* **tracking_values(buyer, company)**: the map of the README, the buyer's user already loaded,
  twelve values. *By hand* is the dict literal with the same conversions; the libraries make nested
  data of the same twelve values.
* **current_map() while fresh**: what every call pays to know that its version is current.
* **tracking URL → values**: the query string is parsed, the rows found, the values made.
  *Bare cursor* runs one hand-written statement for the same rows and converts nothing. *One
  statement* counts the statements of one resolve.
* **iter_tracking_values**: a table streamed. *By hand* is `values_list(…).iterator()` and a dict.
  The memory rows are the peak of a whole process.
* **models × attributes**: publish, and the load in a process that starts; the limit is a time, for
  want of a peer.
* **over HTTP**: gunicorn with one worker and `wrk`, connections to the database kept; the ratio is
  the bare view's requests per second divided by ours.

Where a goal is missed, and where the time goes (a profile of the work with 2 references on SQLite,
68 µs beside 23 µs for the bare cursor): running the statement takes 25 µs, making the twelve values
7, taking the query string apart 4, judging the texts strictly 3; the rest is the way of Python
from one function to the next. On PostgreSQL the server's own time shrinks its share. Over HTTP a
request pays for that statement, which the bare view does not ask.

![Time of one tracking_values call, by contestant](images/performance.svg)
"""


def table(rows: list[dict]) -> str:
    """One Markdown table, which also reads well on a terminal."""
    lines = [
        "| work | database | against | trackadmin | other | ratio | goal | reached |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        reached = "yes" if row["ratio"] <= row["at_most"] else "**no**"
        lines.append(
            f"| {row['work']} | {row['database']} | {row['against']} "
            f"| {row['ours']:,.4g} {row['unit']} | {row['theirs']:,.4g} {row['unit']} "
            f"| {row['ratio']:.3g} | ≤ {row['at_most']:.3g} | {reached} |"
        )
    return "\n".join(lines) + "\n"


def write(rows: list[dict], seconds: dict[str, list[float]]) -> None:
    head = HEAD.format(
        python=platform.python_version(),
        django=django.get_version(),
        machine=f"{platform.system()} {platform.machine()}",
    )
    (DOCS / "performance.md").write_text(head + table(rows) + MEANING)
    plot(seconds)


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
