"""The state that a process keeps between calls: how to forget it, and what to do after a fork."""

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
    """Forget all state of this process: snapshots, counts, sinks."""
    for function in _resets:
        function()


def after_fork_in_child(function: F) -> F:
    """Register a function that renews what a fork may have copied while in use, such as a lock."""
    # Not every system has fork.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)
    return function
