"""Checks of a sink's options, which raise an error that says what is legal."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import SplitResult, urlsplit

from trackadmin.exceptions import SettingError
from trackadmin.texts import gettext as _


def text_option(name: str, value: Any) -> str:
    """A text that is not empty. An error does not show the value: it may be a secret."""
    if not isinstance(value, str) or not value:
        raise SettingError(
            _("The option '%(option)s' of a sink must be a text that is not empty.", option=name)
        )
    return value


def number_option(name: str, value: Any) -> float:
    """A number above 0."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:
        raise SettingError(
            _(
                "The option '%(option)s' of a sink must be a number above 0, not %(value)s.",
                option=name,
                value=repr(value),
            )
        )
    return float(value)


def whole_option(name: str, value: Any, least: int = 1) -> int:
    """A whole number, at least this."""
    if type(value) is not int or value < least:
        raise SettingError(
            _(
                "The option '%(option)s' of a sink must be a whole number, at least %(least)s, "
                "not %(value)s.",
                option=name,
                least=least,
                value=repr(value),
            )
        )
    return value


def choice_option(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """One of some words."""
    if value not in choices:
        raise SettingError(
            _(
                "The option '%(option)s' of a sink must be one of %(choices)s, not %(value)s.",
                option=name,
                choices=", ".join(map(repr, choices)),
                value=repr(value),
            )
        )
    return str(value)


def address_option(name: str, value: Any) -> SplitResult:
    """A URL of http or https without a name and password, which would reach logs."""
    try:
        parts = urlsplit(text_option(name, value))
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = None
    if not right or parts.username is not None or not value.isascii():
        raise SettingError(
            _(
                "The option '%(option)s' of a sink must be a URL such as "
                "'https://events.example.com/in', without a user name and a password.",
                option=name,
            )
        )
    return parts
