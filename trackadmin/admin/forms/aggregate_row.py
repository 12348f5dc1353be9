"""The form of one count or sum: the relation, what is computed, of which objects, its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trackadmin.admin.forms.name_errors import name_refusal
from trackadmin.admin.forms.rows import DECIDE, DECISIONS, PRIVACY_WORDS, UNDECIDED
from trackadmin.catalog import (
    AttributeFacts,
    CollectionFacts,
    Kind,
    ModelFacts,
    by_fields,
    catalog,
    condition_fields,
    condition_from_text,
    fields_for,
    in_words,
    objects_in_words,
)
from trackadmin.document.structure import (
    COUNT,
    DISTINCT,
    FUNCTIONS,
    LATEST,
    MOST_CONDITIONS,
    PRIVACIES,
    UNDECLARED,
    AggregateEntry,
)
from trackadmin.document.value_labels import FUNCTION_LABELS
from trackadmin.models.draft import NAME_LENGTH

#: The numbers of the conditions in the names of their inputs.
CONDITIONS = range(1, MOST_CONDITIONS + 1)
#: The longest value of a condition, in characters.
LONGEST_VALUE = 200
#: A select in which nothing is chosen.
_NOTHING = ("", "–")
_UNFIT = {
    "required": _("Choose a field."),
    "invalid_choice": _("'%(value)s' does not fit here. Choose another field."),
}
_YES_OR_NO = [("true", _("Yes")), ("false", _("No"))]


class AggregateRow(forms.Form):
    """One number that is computed from many related objects."""

    #: Otherwise a browser would not send an incomplete row, to be shown again or removed.
    use_required_attribute = False

    #: The output name that it has in the map; empty for a new one.
    was = forms.CharField(required=False, widget=forms.HiddenInput)
    #: The name that was proposed last. The next proposal may take its place.
    proposed = forms.CharField(required=False, widget=forms.HiddenInput)
    relation = forms.CharField(widget=forms.HiddenInput)
    function = forms.ChoiceField(label=_("Function"))
    field = forms.ChoiceField(label=_("Field"), error_messages=_UNFIT)
    by = forms.ChoiceField(
        label=_("Latest by"),
        error_messages=_UNFIT,
        help_text=_("The object with the greatest value of this field is the latest."),
    )
    name = forms.CharField(label=_("Name in events"), max_length=NAME_LENGTH, required=False)
    decision = forms.ChoiceField(
        label=_("Decision"), choices=[each for each in DECISIONS if each[0] != UNDECIDED]
    )
    privacy = forms.ChoiceField(label=_("Privacy"), required=False)
    description = forms.CharField(label=_("Description"), required=False, max_length=2000)
    remove = forms.BooleanField(label=_("Remove"), required=False)

    def __init__(
        self,
        number: int,
        facts: ModelFacts,
        *,
        known: AggregateEntry | None = None,
        initial: dict[str, Any] | None = None,
        state: Mapping[str, str] | None = None,
    ) -> None:
        self.number, self.facts, self.known = number, facts, known
        start = f"g-{number}"
        #: What was sent, and the proposed name.
        self.sent = {f"{start}-{name}": value for name, value in (state or {}).items()}
        data = None if state is None else self.sent
        super().__init__(data, prefix=start, initial=initial, label_suffix="")
        self._offer()

    # What it shows ----------------------------------------------------------------------------

    @cached_property
    def collection(self) -> CollectionFacts | None:
        """The relation; ``None`` where the site does not offer it."""
        return self.facts.collections.get(self.typed("relation"))

    @cached_property
    def target(self) -> ModelFacts | None:
        """The model of the objects at the end of the relation."""
        return catalog().get(self.collection.target) if self.collection else None

    @property
    def said(self) -> str:
        """What it is, in words; the objects only, as long as something is missing."""
        entry = self.so_far if self.is_bound else self.known
        if entry is None:
            return str(capfirst(objects_in_words(self.typed("relation"), self.facts)))
        return in_words(entry, self.facts)

    @property
    def slow(self) -> bool:
        """Whether finding the related objects of one object reads their whole table."""
        return self.collection is not None and not self.collection.indexed

    @property
    def conditions(self) -> Iterator[tuple[forms.BoundField, forms.BoundField]]:
        """The inputs of each condition up to the last one, and of one more."""
        given = (n for n in CONDITIONS if self.typed(f"where_{n}") or self.typed(f"value_{n}"))
        for number in CONDITIONS[: max(given, default=0) + 1]:
            yield self[f"where_{number}"], self[f"value_{number}"]

    @property
    def removed(self) -> bool:
        """Whether it is to leave the map."""
        return bool(self["remove"].value())

    def typed(self, name: str) -> str:
        """The value of an input as it was sent, or as the page shows it first."""
        if self.is_bound:
            return str(self.data.get(self.add_prefix(name), ""))
        return str(self.initial.get(name, ""))

    # What was chosen --------------------------------------------------------------------------

    @property
    def so_far(self) -> AggregateEntry | None:
        """What was chosen, with or without a name; ``None`` as long as something is missing."""
        self.is_valid()  # reads what was sent
        chosen = self.cleaned_data
        needed = self.fields.keys() & {"function", "field", "by"}
        if self.collection is None or not all(chosen.get(name) for name in needed):
            return None
        return replace(
            self.known or AggregateEntry(self.collection.accessor),
            relation=self.collection.accessor,
            function=chosen["function"],
            field=chosen.get("field", ""),
            by=chosen.get("by", ""),
            where=chosen.get("where", {}),
        )

    def as_entry(self, position: int) -> AggregateEntry:
        """The row as an entry at this place; only if it is valid."""
        data = self.cleaned_data
        # Fields that the form does not have stay as they are.
        return replace(
            self.so_far or AggregateEntry(data["relation"]),
            decision=data["decision"],
            privacy=data["privacy"],
            description=data["description"],
            position=position,
        )

    def take(self, name: str) -> None:
        """Fill in the proposed name."""
        for each in ("name", "proposed"):
            self.sent[self.add_prefix(each)] = self.cleaned_data[each] = name

    def clean(self) -> dict[str, Any]:
        """Check the conditions, the name, and that what looks personal was decided about."""
        data = super().clean() or {}
        if self.collection is None:
            self.add_error(None, gettext("The site does not offer this relation. Remove the row."))
        data["where"] = self._where(data)
        data["privacy"] = data.get("privacy") or UNDECLARED
        if data["privacy"] == UNDECLARED and self.newly_personal:
            self.add_error("privacy", DECIDE)
        if (name := data.get("name")) and (why := name_refusal(name)):
            self.add_error("name", why)
        if self.removed:
            self.errors.clear()
        return data

    # Inside -----------------------------------------------------------------------------------

    @property
    def newly_personal(self) -> bool:
        """Whether somebody has to decide: its values look personal, and they are new.

        How many values there are says nothing about one of them.
        """
        function, name = self.typed("function"), self.typed("field")
        if self.known and (self.known.function, self.known.field) == (function, name):
            return False
        field = self._field_named(name)
        return field is not None and field.personal and function not in (COUNT, DISTINCT)

    def _offer(self) -> None:
        """Offer what the site allows, and what fits what was chosen so far."""
        function = self.typed("function") or COUNT
        offered = self.target.attributes.values() if self.target else []
        fitting = {each: fields_for(each, offered) for each in FUNCTIONS}
        functions = [each for each in FUNCTIONS if each == COUNT or fitting[each]]
        _choose(self.fields["function"], [(each, FUNCTION_LABELS[each]) for each in functions])
        _choose(self.fields["field"], self._named(fitting.get(function, [])))
        _choose(self.fields["by"], self._named(by_fields(offered)))
        for name, needed in (("field", function != COUNT), ("by", function == LATEST)):
            if not needed:
                del self.fields[name]
        undeclared = {UNDECLARED: _("Decide…")} if self.newly_personal else {}
        words = {**PRIVACY_WORDS, **undeclared}
        _choose(self.fields["privacy"], [(value, words[value]) for value in PRIVACIES])
        conditions = self._named(condition_fields(offered))
        for number in CONDITIONS:
            self._offer_condition(number, conditions)
        self.fields["name"].widget.attrs |= {"spellcheck": "false", "autocomplete": "off"}
        # What the row says, what it offers and its proposed name depend on the others.
        for name in self.fields.keys() - {"name", "decision", "privacy", "description", "remove"}:
            self.fields[name].widget.attrs["data-asks"] = "rows"

    def _offer_condition(self, number: int, offered: list[tuple[str, str]]) -> None:
        named = {"number": number}
        where = forms.ChoiceField(choices=offered, required=False, error_messages=_UNFIT)
        where.widget.attrs["aria-label"] = gettext("Condition %(number)s: field") % named
        value = forms.CharField(required=False, strip=False, max_length=LONGEST_VALUE)
        if choices := _choices_of(self._field_named(self.typed(f"where_{number}"))):
            now = self.typed(f"value_{number}")
            # A value that is no longer a choice is kept until another is picked.
            lost = [] if not now or now in dict(choices) else [(now, now)]
            value.widget = forms.Select(choices=[_NOTHING, *choices, *lost])
        value.widget.attrs["aria-label"] = gettext("Condition %(number)s: value") % named
        self.fields |= {f"where_{number}": where, f"value_{number}": value}

    def _named(self, offered: Iterable[AttributeFacts]) -> list[tuple[str, str]]:
        """The fields to choose from. A foreign key that the map has keeps its spelling."""
        known = self.known
        spelled = [known.field, known.by, *known.where] if known else []
        names = {field.name: each for each in spelled if (field := self._field_named(each))}
        return [
            _NOTHING,
            *((names.get(each.name, each.name), _field_label(each)) for each in offered),
        ]

    def _field_named(self, name: str) -> AttributeFacts | None:
        """The field of the related objects, if the site offers it."""
        found = self.target.attribute(name) if self.target else None
        return None if found is None or found.refused else found

    def _where(self, data: Mapping[str, Any]) -> dict[str, str | int | bool]:
        """The conditions; what is wrong with one is marked at its inputs."""
        found: dict[str, str | int | bool] = {}
        for number in CONDITIONS:
            where, value = f"where_{number}", f"value_{number}"
            name, text = data.get(where, ""), data.get(value, "")
            field = self._field_named(name)
            if field is None:
                if text and where not in self.errors:
                    self.add_error(where, gettext("Choose the field that has this value."))
            elif name in found:
                self.add_error(where, gettext("Another condition is about this field already."))
            elif text == "" and self._known_value(name) is None:
                self.add_error(value, gettext("Give the value that the field must have."))
            elif (read := self._value_from(name, field, text)) is None:
                self.add_error(value, _no_value(field, text))
            else:
                found[name] = read
        return found

    def _value_from(self, name: str, field: AttributeFacts, text: str) -> str | int | bool | None:
        """The value that was picked or typed, by the kind of the field; ``None`` for none."""
        stored = self._known_value(name)
        if stored is not None and text == _as_text(stored):
            return stored
        choices = _choices_of(field)
        try:
            value = condition_from_text(field, text if choices else text.strip())
        except ValueError:
            return None
        return value if not choices or _as_text(value) in dict(choices) else None

    def _known_value(self, name: str) -> str | int | bool | None:
        return self.known.where.get(name) if self.known else None


def initial_of(name: str, aggregate: AggregateEntry) -> dict[str, Any]:
    """What the inputs show first for an aggregate of the map."""
    initial = {
        "was": name,
        "name": name,
        **{n: getattr(aggregate, n) for n in ("relation", "function", "field", "by")},
        **{n: getattr(aggregate, n) for n in ("decision", "privacy", "description")},
    }
    for number, (field, value) in zip(CONDITIONS, aggregate.where.items(), strict=False):
        initial |= {f"where_{number}": field, f"value_{number}": _as_text(value)}
    return initial


def _as_text(value: str | int | bool) -> str:
    """A stored value as an input shows it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _no_value(field: AttributeFacts, text: str) -> str:
    values = {"value": text, "field": field.verbose_name, "type": field.type_label}
    if choices := _choices_of(field):
        why = gettext("'%(value)s' is none of the values of %(field)s. Choose one of: %(choices)s.")
        return why % {**values, "choices": ", ".join(str(label) for __, label in choices)}
    return gettext("'%(value)s' is no value of %(field)s (%(type)s). Give another.") % values


def _choose(field: forms.Field, choices: list[tuple[str, Any]]) -> None:
    field.choices = choices  # type: ignore[attr-defined] # it is a ChoiceField


def _field_label(field: AttributeFacts) -> str:
    """The name for people, with that of the code where it says something else."""
    said = str(capfirst(field.verbose_name))
    plain = field.name.replace("_", " ").lower()
    return said if said.lower() == plain else f"{said} ({field.name})"


def _choices_of(field: AttributeFacts | None) -> list[tuple[str, Any]]:
    """The values to pick from; empty where any may be typed."""
    if field is None:
        return []
    if field.choices:
        return [(_as_text(value), label) for value, label in field.choices if value is not None]
    return _YES_OR_NO if field.kind is Kind.BOOLEAN else []
