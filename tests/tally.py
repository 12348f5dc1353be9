"""Counts what the tests compare and injure, and tells it at the end of the run."""

from collections import Counter

#: Each compared with the oracle: objects flattened, query strings resolved, rows streamed.
compared = Counter()
#: A line for each sort of injury: what was done, and what was lost.
told = []


def report():
    """The lines for the end of a run; none where nothing was counted."""
    kinds = [f"{count:,} {what}" for what, count in sorted(compared.items())]
    total = f"compared with the oracle: {sum(compared.values()):,}"
    return [*([f"{total} ({', '.join(kinds)})"] if kinds else []), *told]
