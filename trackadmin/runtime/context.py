"""The context for lookups when no middleware of the host has set one."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.utils.module_loading import import_string

from trackadmin.conf import conf


def lookup_context(request: Any = None) -> AbstractContextManager[Any]:
    """The context that the setting ``CONTEXT`` gives for a request, or for ``None`` in a command.

    Enter it around lookups. An error of the host's function is raised.
    """
    function = conf.CONTEXT
    if function is None:
        return nullcontext()
    if isinstance(function, str):
        function = import_string(function)
    context: AbstractContextManager[Any] = function(request)
    return context
