"""What a row asks about its old name: whether it goes out for a while, and until when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trackadmin import editing

AT_ONCE, BOTH = "at_once", "both"
#: How many days both names are sent, if nobody says otherwise.
USUAL_DAYS = 90


def _day_field(label: Any) -> forms.DateField:
    """A date in one spelling, whatever the reader's language."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=False, input_formats=["%Y-%m-%d"], widget=widget)


class OldNameForm(forms.Form):
    """The part of a row that is about its old name."""

    #: Sent only where the page asked: see :meth:`ask_about_it`.
    rename = forms.ChoiceField(
        label=_("Old name"),
        required=False,
        choices=[
            (AT_ONCE, _("Rename it at once")),
            (BOTH, _("Send both names until a date")),
        ],
        widget=forms.RadioSelect,
    )
    rename_until = _day_field(_("Send both names until"))
    #: Until when the old name stays that the entry has; without a date it is not deprecated.
    stays_until = _day_field(_("Stays until"))

    def name_dates(self, said: str) -> None:
        """Tell screen readers which entry the inputs belong to."""
        for field, label in (
            ("rename_until", gettext("Send both names of %(name)s until")),
            ("stays_until", gettext("%(name)s stays until")),
        ):
            self.fields[field].widget.attrs["aria-label"] = label % {"name": said}

    @property
    def old_name(self) -> str:
        """The name that goes out by the saved entry; empty for none."""
        raise NotImplementedError

    @property
    def new_name(self) -> str:
        """The name that the row has now."""
        raise NotImplementedError

    @property
    def is_renamed(self) -> bool:
        """Whether a name that goes out gets another one; only if the form is valid."""
        return bool(self.old_name) and self.new_name != self.old_name

    @property
    def asks(self) -> bool:
        """Whether the page shows the question."""
        return self.is_bound and bool(self["rename"].value() or self.errors.get("rename"))

    @property
    def both_until(self) -> str:
        """The ISO date until which both names are sent; empty for a rename at once."""
        both = self.is_renamed and self.cleaned_data["rename"] == BOTH
        return str(self.cleaned_data["rename_until"].isoformat()) if both else ""

    def ask_about_it(self) -> None:
        """Ask whether the old name stays for a while, if nobody has decided."""
        if not self.cleaned_data["rename"]:
            what = gettext("%(name)s is live. Choose what happens to it, then save again.")
            self.add_error("rename", what % {"name": self.old_name})
            usual = date.fromisoformat(editing.today()) + timedelta(days=USUAL_DAYS)
            # A deprecated name has a date already, which may be later.
            until = max(usual.isoformat(), str(self["stays_until"].initial or ""))
            # The page shows the question with the usual answer.
            data: Any = self.data
            self.data = data = data.copy()
            data[self.add_prefix("rename")] = BOTH
            data[self.add_prefix("rename_until")] = until

    def clean(self) -> dict[str, Any]:
        """Require a day in the future for both names."""
        data = super().clean() or {}
        if data.get("rename") == BOTH and "rename_until" in data:
            until: date | None = data["rename_until"]
            if until is None or until.isoformat() <= editing.today():
                self.add_error("rename_until", gettext("Give a day after today."))
        return data

    def stays(self, known: str) -> str:
        """The ISO date of the old name that the entry has; ``known`` is the saved one."""
        if self.add_prefix("stays_until") not in self.data:
            # The page was opened before an upgrade that added the field.
            return known
        until: date | None = self.cleaned_data["stays_until"]
        return until.isoformat() if until else ""
