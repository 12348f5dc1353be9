"""What a process keeps between two calls: how it is forgotten, and how it survives a fork."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[[], None])

_resets: list[Callable[[], None]] = []


def at_reset(function: F) -> F:
    """Register a function that forgets a piece of process-wide state."""
    _resets.append(function)
    return function


def reset() -> None:
    """Forget everything that this process keeps: snapshots, counts, sinks."""
    for function in _resets:
        function()


def after_fork_in_child(function: F) -> F:
    """Register a function that makes anew what a fork copied while in use, such as a lock."""
    # Not on every system a process can fork.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)
    return function
