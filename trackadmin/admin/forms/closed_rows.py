"""Rows of attributes that send their decision alone until somebody opens them.

A browser sends about six inputs for an attribute, and Django takes at most 1,000 of a form. So what
a row does not send stays as it was saved, and the rows of a large form begin closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

#: The form of a model with more attributes than this begins with closed rows.
MOST_OPEN = 100
#: The inputs of a row that can be closed.
DETAILS = ("name", "lookup", "privacy", "description", "stays_until")


def close(row: forms.Form, names: Iterable[str] = DETAILS) -> None:
    """Let these inputs keep their saved values; a script may open them."""
    for name in names:
        field = row.fields[name]
        if not field.disabled:
            field.disabled = True
            field.widget.attrs["data-closed"] = "true"


def close_what_was_not_sent(row: forms.Form) -> None:
    """Let what the browser did not send stay as it is."""
    names = [name for name in DETAILS if row.add_prefix(name) not in row.data]
    # A box that is not ticked is not sent either: it was there if the name was.
    close(row, names if "name" in names else [name for name in names if name != "lookup"])


def is_closed(row: forms.Form) -> bool:
    """Whether the row sends no name."""
    return "data-closed" in row.fields["name"].widget.attrs


def open_row(row: forms.Form, names: Iterable[str] = DETAILS) -> None:
    """Let these inputs be changed and sent."""
    data: Any = row.data
    row.data = data = data.copy()
    for name in set(names) & set(DETAILS):
        field, value = row.fields[name], row[name].initial
        if field.widget.attrs.pop("data-closed", None):
            field.disabled = False
            if value not in (None, False):
                data[row.add_prefix(name)] = "on" if value is True else value
