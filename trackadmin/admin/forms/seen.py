"""The hidden field with the edit that a form shows, so that a stale form is noticed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trackadmin.admin.page_parameters import whole_number


class _SeenInput(forms.HiddenInput):
    """An input that does not name an edit if it is sent twice."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The value that was sent; all values if it was sent more than once."""
        sent = data.getlist(name) if hasattr(data, "getlist") else [data.get(name)]
        return sent[0] if len(sent) == 1 else ", ".join(map(str, sent))


class SeenField(forms.Field):
    """The ``lock_version`` that was shown. An unreadable one is an error, never ignored."""

    widget = _SeenInput
    default_error_messages = {
        "required": _("The form does not say which edit it shows. Open the page again."),
        "invalid": _("The edit that the form shows cannot be read. Open the page again."),
    }

    def to_python(self, value: Any) -> int | None:
        """The number; ``None`` where the field was empty."""
        if value in self.empty_values:
            return None
        number = whole_number(str(value))
        if number is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return number
