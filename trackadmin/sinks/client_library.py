"""A library that a sink needs and a site may lack."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from trackadmin.exceptions import SettingError
from trackadmin.texts import gettext as _


def library(module: str, extra: str) -> Any:
    """Import a module of a sink's library. Raises an error that says what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        what = _(
            "This sink needs the package '%(package)s', which is not installed. Install it with "
            "pip install 'trackadmin[%(extra)s]'.",
            package=module.partition(".")[0],
            extra=extra,
        )
        raise SettingError(what) from error
