"""Messages of checks, which are translated when they are shown."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Info, Warning
from django.utils.functional import lazystr

from trackadmin.texts import Text


def error(number: str, what: Text, remedy: Text) -> CheckMessage:
    """An error, which stops ``migrate`` and ``runserver``; ``number`` is such as ``E001``."""
    return Error(_later(what), _later(remedy), id=f"trackadmin.{number}")


def warning(number: str, what: Text, remedy: Text) -> CheckMessage:
    """A warning."""
    return Warning(_later(what), _later(remedy), id=f"trackadmin.{number}")


def info(number: str, what: Text, remedy: Text) -> CheckMessage:
    """A hint that many sites do not need."""
    return Info(_later(what), _later(remedy), id=f"trackadmin.{number}")


def _later(text: Text) -> Any:
    """A ``str`` for Django that is made when it is read."""
    return lazystr(text)
