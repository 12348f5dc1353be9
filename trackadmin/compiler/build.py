"""From source text to a function whose tracebacks show the real lines."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Mapping
from itertools import count
from typing import Any

_numbers = count(1)


def build(text: str, function: str, constants: Mapping[str, object], title: str) -> Any:
    """Run the text and give back the function it defines.

    The title stands in tracebacks. The lines are kept for them as long as the function lives.
    """
    filename = f"<trackadmin {title} #{next(_numbers)}>"
    namespace: dict[str, Any] = dict(constants)
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102 our own text; see source.py
    # Taken out again, so that no circle keeps the function alive.
    built = namespace.pop(function)
    # No time stamp, so that linecache never looks for a file; line ends, as tracebacks expect.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    weakref.finalize(built, linecache.cache.pop, filename, None).atexit = False
    return built
