"""What is marked in a long form, as a list that leads to each place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that is marked in the form: whose, where on the page, and what is wrong."""

    what: str
    anchor: str
    message: str


def marks_of(form: forms.Form) -> Iterator[Mark]:
    """What is marked in one form; its ``said`` tells whose it is."""
    for name, messages in form.errors.items():
        field = form[name] if name in form.fields else None
        what = str(getattr(form, "said", "")) or (str(field.label) if field else "")
        anchor = (field.id_for_label if field else "") or form.prefix or ""
        for message in messages:
            yield Mark(what, anchor, str(message))
