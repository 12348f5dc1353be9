"""From source text to a function whose tracebacks show the real lines."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Mapping
from itertools import count
from typing import Any

#: The file names of the functions that live, each with a mark of its own. Names are used again:
#: Python keeps each name it ever compiled under, so new ones for ever would be a leak.
_names: dict[str, object] = {}


def build(text: str, function: str, constants: Mapping[str, object], title: str) -> Any:
    """Run the text and give back the function it defines.

    The title stands in tracebacks. The lines are kept for them as long as the function lives.
    """
    filename = _free_name(title)
    namespace: dict[str, Any] = dict(constants)
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102 our own text; see source.py
    # Taken out again, so that no circle keeps the function alive.
    built = namespace.pop(function)
    # No time stamp, so that linecache never looks for a file; line ends, as tracebacks expect.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    weakref.finalize(built, _forget, filename).atexit = False
    return built


def _free_name(title: str) -> str:
    """A file name that no living function has; ``setdefault`` lets only one thread take it."""
    mark = object()
    names = (f"<trackadmin {title} #{number}>" for number in count(1))
    return next(name for name in names if _names.setdefault(name, mark) is mark)


def _forget(filename: str) -> None:
    linecache.cache.pop(filename, None)
    _names.pop(filename, None)
