"""Counts what the tests compare and injure, and tells it at the end of the run."""

from collections import Counter

#: Each compared with the oracle: objects flattened, query strings resolved, rows streamed.
compared = Counter()
#: How many of them had counts and sums.
with_sums = Counter()
#: A line for each sort of injury: what was done, and what was lost.
told = []


def count(what, has_sums, number=1):
    """Say that so many were compared."""
    compared[what] += number
    with_sums[what] += number if has_sums else 0


def report():
    """The lines for the end of a run; none where nothing was counted."""
    kinds = [f"{count:,} {what}" for what, count in sorted(compared.items())]
    total = f"compared with the oracle: {sum(compared.values()):,}"
    sums = f"of these with counts and sums: {sum(with_sums.values()):,}"
    return [*([f"{total} ({', '.join(kinds)})", sums] if kinds else []), *told]
