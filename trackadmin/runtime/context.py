"""The context in which values are looked up where no middleware of the host has set one."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.utils.module_loading import import_string

from trackadmin.conf import conf


def lookup_context(request: Any = None) -> AbstractContextManager[Any]:
    """What the setting ``CONTEXT`` gives for this request; for a command, ``None``.

    Enter it around a look-up. Whatever the host's function raises comes through.
    """
    function = conf.CONTEXT
    if function is None:
        return nullcontext()
    if isinstance(function, str):
        function = import_string(function)
    context: AbstractContextManager[Any] = function(request)
    return context
