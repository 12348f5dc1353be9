"""The rows of a tracked model's page: an attribute, a relation, an entry the code no longer has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms

from trackadmin.admin.forms.names import name_refusal
from trackadmin.catalog import AttributeFacts, RelationFacts
from trackadmin.document import AttributeEntry, ChildEntry
from trackadmin.document.structure import (
    DROPPED,
    IGNORED,
    NONE,
    PRIVACIES,
    PSEUDONYMISED,
    SENT,
    TRACKED,
    UNDECLARED,
)
from trackadmin.models.draft import NAME_LENGTH

UNDECIDED = ""
#: What a related object brings: a child that is not alone has its own children with it.
BRINGS = [("", "with what comes along with it"), ("alone", "by itself")]
DECISIONS = [(TRACKED, "Track"), (IGNORED, "Ignore"), (UNDECIDED, "Undecided")]
PRIVACY_WORDS = {
    UNDECLARED: "Not declared",
    NONE: "Not personal",
    SENT: "Personal, as it is",
    PSEUDONYMISED: "Personal, pseudonym",
    DROPPED: "Personal, left out",
}
DECIDE = "Decide how this goes out: it looks as if it told something about a person."


class AttributeRow(forms.Form):
    """What the team decides about one attribute that the host model really has."""

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
        **kwargs: Any,
    ) -> None:
        self.facts = facts
        self.said = facts.name
        #: The name of the row in the page, and what the key's radio button sends.
        self.row = row
        self.entry = entry
        super().__init__(prefix=f"a-{row}", initial=_initial(facts, output_name, entry), **kwargs)
        self.fields["privacy"].choices = _privacy_choices(facts, entry)  # type: ignore[attr-defined]
        self.fields["lookup"].disabled = not facts.lookupable
        self._name_the_inputs()

    def _name_the_inputs(self) -> None:
        """Say to screen readers which attribute an input belongs to."""
        said = {
            "name": "Output name of",
            "lookup": "Lookup by",
            "privacy": "Privacy of",
            "description": "Description of",
        }
        for field, words in said.items():
            label = f"{words} {self.facts.name}"
            self.fields[field].widget.attrs["aria-label"] = label
        if self.slow:
            self.fields["lookup"].widget.attrs["aria-describedby"] = f"{self.prefix}-slow"
        self.fields["description"].widget.attrs["placeholder"] = "What it means"
        self.fields["name"].widget.attrs |= {"spellcheck": "false", "autocomplete": "off"}
        self.fields["decision"].widget.attrs["class"] = "ta-decision"

    @property
    def tracked(self) -> bool:
        """Whether the row now says to track the attribute."""
        return bool(self["decision"].value() == TRACKED)

    @property
    def can_be_key(self) -> bool:
        """Whether a URL can carry it and the database proves that it names one row."""
        return self.facts.unique and self.facts.lookupable

    @property
    def slow(self) -> bool:
        """Whether a lookup by it would read the whole table."""
        return self.facts.lookupable and not self.facts.indexed

    def clean_name(self) -> str:
        """The output name; the source's own name where it is left empty."""
        return self.cleaned_data["name"] or self.facts.name

    def clean(self) -> dict[str, Any]:
        """A personal-looking attribute is not newly tracked before its privacy is decided."""
        data = super().clean() or {}
        data["privacy"] = data.get("privacy") or UNDECLARED
        was_tracked = self.entry is not None and self.entry.decision == TRACKED
        newly = data.get("decision") == TRACKED and not was_tracked
        if newly and self.facts.personal and data["privacy"] == UNDECLARED:
            self.add_error("privacy", DECIDE)
        # What is undecided does not show its name, so that it must not be wrong either.
        if data.get("decision") and (why := name_refusal(data.get("name", ""))):
            self.add_error("name", why)
        return data

    def as_entry(self, position: int) -> AttributeEntry:
        """The row as the map holds it; only for a row that is decided."""
        data = self.cleaned_data
        # What the form does not ask about stays as it is.
        known = self.entry or AttributeEntry(self.facts.name, position=position)
        return replace(
            known,
            decision=data["decision"],
            lookup=bool(data["lookup"]) and data["decision"] == TRACKED,
            privacy=data["privacy"],
            description=data["description"],
        )


class RelationRow(forms.Form):
    """Whether the object at the end of one relation comes along."""

    tracked = forms.BooleanField(required=False)
    child_prefix = forms.CharField(max_length=NAME_LENGTH, required=False)
    alone = forms.ChoiceField(choices=BRINGS, required=False)

    def __init__(
        self,
        facts: RelationFacts,
        *,
        entry: ChildEntry | None = None,
        **kwargs: Any,
    ) -> None:
        self.facts = facts
        self.said = facts.accessor
        self.entry = entry
        initial = {
            "tracked": entry is not None,
            "child_prefix": entry.prefix if entry else "",
            "alone": "alone" if entry and entry.alone else "",
        }
        super().__init__(prefix=f"c-{facts.accessor}", initial=initial, **kwargs)
        self.fields["tracked"].widget.attrs["aria-label"] = f"Let {facts.accessor} come along"
        self.fields["alone"].widget.attrs["aria-label"] = f"What {facts.accessor} brings"
        widget = self.fields["child_prefix"].widget
        widget.attrs |= {
            "aria-label": f"Prefix for {facts.accessor}",
            "spellcheck": "false",
            "autocomplete": "off",
        }

    def clean(self) -> dict[str, Any]:
        """A prefix of its own must be a name; without one the child keeps its model's."""
        data = super().clean() or {}
        prefix = data.get("child_prefix", "")
        if data.get("tracked") and prefix and (why := name_refusal(prefix)):
            self.add_error("child_prefix", why)
        return data

    def as_entry(self, position: int) -> ChildEntry:
        """The row as the map holds it; only for a relation that comes along."""
        data = self.cleaned_data
        # What the form does not ask about stays as it is.
        known = self.entry or ChildEntry(position=position)
        alone = bool(data["alone"])
        if self.add_prefix("alone") not in self.data:
            # The page was opened before an upgrade that added the field: it says nothing about it.
            alone = known.alone
        return replace(known, prefix=data["child_prefix"], alone=alone)


class GoneRow(forms.Form):
    """An entry of the map that the host's code no longer has, or no longer allows."""

    remove = forms.BooleanField(required=False)

    def __init__(
        self, name: str, reason: str, entry: AttributeEntry | ChildEntry, **kwargs: Any
    ) -> None:
        self.name = self.said = name
        self.reason = reason
        self.entry = entry
        kind = "c" if isinstance(entry, ChildEntry) else "a"
        super().__init__(prefix=f"gone-{kind}-{name}", **kwargs)
        self.fields["remove"].widget.attrs["aria-label"] = f"Remove {name} from the map"


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
    }


def _privacy_choices(facts: AttributeFacts, entry: AttributeEntry | None) -> list[tuple[str, str]]:
    words = dict(PRIVACY_WORDS)
    if facts.personal and (entry is None or entry.decision != TRACKED):
        words[UNDECLARED] = "Decide…"
    return [(value, words[value]) for value in PRIVACIES]
