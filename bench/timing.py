"""Times contestants in turn, so that a machine that speeds up or slows down does so for all."""

from __future__ import annotations

import gc
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

#: One batch of calls is long against the clock's resolution and short against the machine's moods.
BATCH_SECONDS = 0.02
ROUNDS = 31
#: What takes a microsecond is a few percent faster or slower for a whole process, by where things
#: lie in its memory. It is run in so many, and the median counts.
PROCESSES = 11

#: What of a row is measured.
FIGURES = ["ours", "theirs", "ratio"]


@dataclass
class Row:
    """One line of the table: a piece of work, whom it is compared with, and what it must reach."""

    work: str
    database: str
    against: str
    #: Medians, in the unit given.
    ours: float
    theirs: float
    unit: str
    #: The median of ours/theirs, round by round.
    ratio: float
    #: The most that the ratio may be; ``None`` where it is shown for comparison only.
    at_most: float | None

    def as_json(self) -> dict:
        return asdict(self)


def batch_size(call: Callable[[], object]) -> int:
    """How many calls fill one batch."""
    count = 1
    while (seconds := one_batch(call, count)) < BATCH_SECONDS / 4:
        count *= 4
    return max(1, int(count * BATCH_SECONDS / seconds))


def one_batch(call: Callable[[], object], count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - started


def in_turn(
    contestants: dict[str, Callable[[], object]], rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Seconds per call, a list as long as ``rounds`` for each contestant, measured in turn."""
    counts = {name: batch_size(call) for name, call in contestants.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            names = list(contestants)
            # Nobody is always the one that runs behind the same other.
            names = names[turn % len(names) :] + names[: turn % len(names)]
            for name in names:
                taken = one_batch(contestants[name], counts[name])
                seconds[name].append(taken / counts[name])
            gc.collect()
    finally:
        gc.enable()
    return seconds


def compare(
    seconds: dict[str, list[float]],
    *,
    work: str,
    database: str,
    ours: str,
    theirs: str,
    at_most: float | None,
    unit: tuple[str, float] = ("µs", 1e6),
) -> Row:
    """A row of the table out of what :func:`in_turn` measured."""
    name, factor = unit
    ratios = [a / b for a, b in zip(seconds[ours], seconds[theirs], strict=True)]
    return Row(
        work=work,
        database=database,
        against=theirs,
        ours=statistics.median(seconds[ours]) * factor,
        theirs=statistics.median(seconds[theirs]) * factor,
        unit=name,
        ratio=statistics.median(ratios),
        at_most=at_most,
    )


def fastest(seconds: dict[str, list[float]], names: list[str]) -> str:
    return min(names, key=lambda name: statistics.median(seconds[name]))


def medians(runs: list[list[dict]]) -> list[dict]:
    """One table out of the same rows of several processes: the median of each figure."""
    rows: dict[tuple[str, str, str], list[dict]] = {}
    for row in itertools.chain.from_iterable(runs):
        rows.setdefault((row["work"], row["database"], row["against"]), []).append(row)
    return [
        same[0] | {key: statistics.median(row[key] for row in same) for key in FIGURES}
        for same in rows.values()
    ]


def joined(runs: list[dict[str, list[float]]]) -> dict[str, list[float]]:
    """The seconds of each contestant in all processes."""
    seconds: dict[str, list[float]] = {}
    for name, times in itertools.chain.from_iterable(run.items() for run in runs):
        seconds.setdefault(name, []).extend(times)
    return seconds
