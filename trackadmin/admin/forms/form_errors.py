"""The errors of a long form, as a list of links to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms


@dataclass(frozen=True, slots=True)
class FormError:
    """One error in the form: what it belongs to, where it is on the page, what is wrong."""

    what: str
    anchor: str
    message: str


def form_errors_of(form: forms.Form) -> Iterator[FormError]:
    """The errors of one form; its ``said`` is what they belong to."""
    for name, messages in form.errors.items():
        field = form[name] if name in form.fields else None
        what = str(getattr(form, "said", "")) or (str(field.label) if field else "")
        anchor = (field.id_for_label if field else "") or form.prefix or ""
        for message in messages:
            yield FormError(what, anchor, str(message))
