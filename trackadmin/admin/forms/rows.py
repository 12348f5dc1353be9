"""The rows of a tracked model's page: attributes, relations, entries that the code lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trackadmin.admin.forms.closed_rows import close_what_was_not_sent, is_closed
from trackadmin.admin.forms.name_errors import name_refusal
from trackadmin.admin.forms.old_name import OldNameForm
from trackadmin.catalog import AttributeFacts, RelationFacts
from trackadmin.document import AttributeEntry, ChildEntry
from trackadmin.document.renames import rename_child
from trackadmin.document.structure import (
    DROPPED,
    IGNORED,
    PRIVACIES,
    TRACKED,
    UNDECLARED,
    AggregateEntry,
)
from trackadmin.models.draft import NAME_LENGTH, PRIVACY_CHOICES

UNDECIDED = ""
#: Whether the related objects of a related object are included.
BRINGS = [("", _("included")), ("alone", _("left out"))]
DECISIONS = [(TRACKED, _("Track")), (IGNORED, _("Ignore")), (UNDECIDED, _("Undecided"))]
PRIVACY_WORDS = dict(PRIVACY_CHOICES)
#: The kinds of entries in the names of inputs.
_LETTERS: dict[type, str] = {AttributeEntry: "a", ChildEntry: "c", AggregateEntry: "g"}
DECIDE = _("Decide how this is sent: it looks like personal data.")


def nowhere(label: str) -> str:
    """For a form that knows no other tracked model."""
    return ""


class AttributeRow(OldNameForm):
    """What the team decides about one attribute of the host model."""

    decision = forms.ChoiceField(choices=DECISIONS, required=False, widget=forms.RadioSelect)
    name = forms.CharField(max_length=NAME_LENGTH, required=False, strip=True)
    lookup = forms.BooleanField(required=False)
    privacy = forms.ChoiceField(required=False)
    description = forms.CharField(required=False, max_length=2000)

    def __init__(
        self,
        facts: AttributeFacts,
        row: str,
        *,
        output_name: str = "",
        entry: AttributeEntry | None = None,
        said: str = "",
        **kwargs: Any,
    ) -> None:
        """``said`` is what people call it, if the name alone does not tell it from others."""
        self.facts = facts
        self.said = said or facts.name
        #: The name of the row in the page, and the value of the key's radio button.
        self.row = row
        self.entry = entry
        self._old_name = output_name if goes_out(entry) else ""
        super().__init__(prefix=f"a-{row}", initial=_initial(facts, output_name, entry), **kwargs)
        self.fields["privacy"].choices = _privacy_choices(facts, entry)  # type: ignore[attr-defined]
        self.fields["lookup"].disabled = not facts.lookupable
        self._name_the_inputs()
        if self.is_bound:
            close_what_was_not_sent(self)

    def _name_the_inputs(self) -> None:
        """Tell screen readers which attribute an input belongs to."""
        said = {
            "name": gettext("Output name of %(name)s"),
            "lookup": gettext("Lookup by %(name)s"),
            "privacy": gettext("Privacy of %(name)s"),
            "description": gettext("Description of %(name)s"),
        }
        for field, label in said.items():
            self.fields[field].widget.attrs["aria-label"] = label % {"name": self.said}
        if self.slow:
            self.fields["lookup"].widget.attrs["aria-describedby"] = f"{self.prefix}-slow"
        self.fields["description"].widget.attrs["placeholder"] = gettext("What it means")
        self.fields["name"].widget.attrs |= {"spellcheck": "false", "autocomplete": "off"}
        self.fields["decision"].widget.attrs["class"] = "ta-decision"
        self.name_dates(self["name"].initial)

    @property
    def old_name(self) -> str:
        """The saved name, if it goes out."""
        return self._old_name

    @property
    def new_name(self) -> str:
        """The name that goes out; the old one where none does."""
        data = self.cleaned_data
        tracked = data["decision"] == TRACKED and data["privacy"] != DROPPED
        return str(data["name"]) if tracked else self.old_name

    @property
    def successor(self) -> str:
        """The saved name that takes its place; empty for none."""
        return self.entry.successor if self.entry else ""

    @property
    def tracked(self) -> bool:
        """Whether the attribute is tracked in the row as it is now."""
        return bool(self["decision"].value() == TRACKED)

    @property
    def is_closed(self) -> bool:
        """Whether its inputs wait for somebody to open them."""
        return is_closed(self)

    @property
    def can_be_key(self) -> bool:
        """Whether a URL can contain it and the database proves that it is unique."""
        return self.facts.unique and self.facts.lookupable

    @property
    def slow(self) -> bool:
        """Whether a lookup by it would read the whole table."""
        return self.facts.lookupable and not self.facts.indexed

    def clean_name(self) -> str:
        """The output name; the name of the source where the input is empty."""
        return self.cleaned_data["name"] or self.facts.name

    def clean(self) -> dict[str, Any]:
        """Require a privacy for an attribute that looks personal and was not tracked before."""
        data = super().clean() or {}
        data["privacy"] = data.get("privacy") or UNDECLARED
        was_tracked = self.entry is not None and self.entry.decision == TRACKED
        newly = data.get("decision") == TRACKED and not was_tracked
        if newly and self.facts.personal and data["privacy"] == UNDECLARED:
            self.add_error("privacy", DECIDE)
        # An undecided row does not show its name, so the name cannot be an error.
        if data.get("decision") and (why := name_refusal(data.get("name", ""))):
            self.add_error("name", why)
        return data

    def as_entry(self, position: int) -> AttributeEntry:
        """The row as an entry; only for a row that is decided."""
        data = self.cleaned_data
        # Fields that the form does not have stay as they are.
        known = self.entry or AttributeEntry(self.facts.name, position=position)
        until = self.stays(known.until)
        return replace(
            known,
            successor=known.successor if until else "",
            until=until,
            decision=data["decision"],
            lookup=bool(data["lookup"]) and data["decision"] == TRACKED,
            privacy=data["privacy"],
            description=data["description"],
        )


class RelationRow(OldNameForm):
    """Whether the object at the end of one relation is included."""

    tracked = forms.BooleanField(required=False)
    child_prefix = forms.CharField(max_length=NAME_LENGTH, required=False)
    alone = forms.ChoiceField(choices=BRINGS, required=False)

    def __init__(
        self,
        facts: RelationFacts,
        *,
        entry: ChildEntry | None = None,
        tracked_as: Callable[[str], str] = nowhere,
        **kwargs: Any,
    ) -> None:
        """``tracked_as`` gives the prefix of a model; empty where the map does not track it."""
        self.facts = facts
        self.said = facts.accessor
        self.entry = entry
        self._tracked_as = tracked_as
        initial = {
            "stays_until": entry.until if entry else "",
            "tracked": entry is not None,
            "child_prefix": entry.prefix if entry else "",
            "alone": "alone" if entry and entry.alone else "",
        }
        super().__init__(prefix=f"c-{facts.accessor}", initial=initial, **kwargs)
        named = {"name": facts.accessor}
        self.fields["tracked"].widget.attrs["aria-label"] = gettext("Include %(name)s") % named
        self.fields["alone"].widget.attrs["aria-label"] = (
            gettext("Related objects of %(name)s") % named
        )
        widget = self.fields["child_prefix"].widget
        widget.attrs |= {
            "aria-label": gettext("Prefix for %(name)s") % named,
            "spellcheck": "false",
            "autocomplete": "off",
        }
        self.name_dates(entry.former_prefix if entry else facts.accessor)

    @cached_property
    def tracked_as(self) -> str:
        """The prefix of its model; without it the child gives no names."""
        return self._tracked_as(self.facts.target)

    @property
    def old_name(self) -> str:
        """The prefix that its names have by the saved entry."""
        if self.entry is None or not self.tracked_as:
            return ""
        return self.entry.prefix or self.tracked_as

    @property
    def is_renamed(self) -> bool:
        """Whether its names get another prefix."""
        # Most are as they were, and this then asks for no other model.
        same = self.entry is None or self.cleaned_data["child_prefix"] == self.entry.prefix
        return not same and super().is_renamed

    @property
    def new_name(self) -> str:
        """The prefix of its names; the old one where it gives none."""
        data = self.cleaned_data
        prefix = str(data["child_prefix"]) or self.tracked_as
        return prefix if data["tracked"] else self.old_name

    def clean(self) -> dict[str, Any]:
        """Check the prefix; without one, the child has the prefix of its model."""
        data = super().clean() or {}
        prefix = data.get("child_prefix", "")
        if data.get("tracked") and prefix and (why := name_refusal(prefix)):
            self.add_error("child_prefix", why)
        return data

    def as_entry(self, position: int) -> ChildEntry:
        """The row as an entry; only for a relation that is included."""
        data = self.cleaned_data
        # Fields that the form does not have stay as they are.
        known = self.entry or ChildEntry(position=position)
        alone = bool(data["alone"])
        if self.add_prefix("alone") not in self.data:
            # The page was opened before an upgrade that added the field.
            alone = known.alone
        until = self.stays(known.until)
        former = known.former_prefix if until else ""
        known = replace(known, alone=alone, former_prefix=former, until=until)
        prefix = data["child_prefix"]
        until = self.both_until
        return rename_child(known, prefix, old=self.old_name if until else "", until=until)


class GoneRow(forms.Form):
    """An entry of the map that the site's code no longer has or allows."""

    remove = forms.BooleanField(required=False)

    def __init__(
        self,
        name: str,
        reason: str,
        entry: AttributeEntry | ChildEntry | AggregateEntry,
        **kwargs: Any,
    ) -> None:
        self.name = self.said = name
        self.reason = reason
        self.entry = entry
        super().__init__(prefix=f"gone-{_LETTERS[type(entry)]}-{name}", **kwargs)
        self.fields["remove"].widget.attrs["aria-label"] = gettext(
            "Remove %(name)s from the map"
        ) % {"name": name}


def _initial(
    facts: AttributeFacts, output_name: str, entry: AttributeEntry | None
) -> dict[str, Any]:
    if entry is None:
        return {"decision": UNDECIDED, "name": facts.name, "privacy": UNDECLARED}
    return {
        "decision": entry.decision,
        "name": output_name,
        "lookup": entry.lookup,
        "privacy": entry.privacy,
        "description": entry.description,
        "stays_until": entry.until,
    }


def goes_out(entry: AttributeEntry | None) -> bool:
    """Whether the values of an attribute are sent."""
    return entry is not None and entry.decision == TRACKED and entry.privacy != DROPPED


def _privacy_choices(facts: AttributeFacts, entry: AttributeEntry | None) -> list[tuple[str, str]]:
    words = {**PRIVACY_WORDS}
    if facts.personal and (entry is None or entry.decision != TRACKED):
        words[UNDECLARED] = _("Decide…")
    return [(value, str(words[value])) for value in PRIVACIES]
