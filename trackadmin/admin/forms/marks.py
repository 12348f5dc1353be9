"""The errors of a long form, as a list of links to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms


@dataclass(frozen=True, slots=True)
class Mark:
    """One error in the form: what it belongs to, where it is on the page, what is wrong."""

    what: str
    anchor: str
    message: str


def marks_of(form: forms.Form) -> Iterator[Mark]:
    """The errors of one form; its ``said`` is what they belong to."""
    for name, messages in form.errors.items():
        field = form[name] if name in form.fields else None
        what = str(getattr(form, "said", "")) or (str(field.label) if field else "")
        anchor = (field.id_for_label if field else "") or form.prefix or ""
        for message in messages:
            yield Mark(what, anchor, str(message))
