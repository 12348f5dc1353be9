"""The form of an action: what it is, which tracked models it brings, and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trackadmin.admin.forms.brings import ADD_BROUGHT, BringsRows
from trackadmin.admin.forms.joined import JoinedForm
from trackadmin.admin.forms.name_errors import name_refusal
from trackadmin.admin.forms.old_name import AT_ONCE, BOTH, OldNameForm
from trackadmin.admin.forms.seen import SeenField
from trackadmin.admin.page_parameters import Unreadable, number
from trackadmin.document import ActionEntry, ParameterEntry, plain_fields
from trackadmin.document.structure import CHOICE, TEXT, UNDECLARED, in_order
from trackadmin.document.value_rules import LONGEST_OWNER
from trackadmin.models.actions import PARAMETER_CHOICES, STATE_CHOICES
from trackadmin.models.draft import NAME_LENGTH, PRIVACY_CHOICES

#: The number of rows for parameters that the form says it has.
ROWS = "rows"
#: How many rows a form may have, and how many empty ones a page offers at a time.
MOST_ROWS, EMPTY_ROWS = 200, 3
#: What the form may ask for without being saved: more empty rows, or another tracked model.
MORE = "parameters"
ASKS = f"(?:{MORE}|{ADD_BROUGHT})?"


class ActionHeadForm(OldNameForm):
    """The fields of the action itself."""

    #: What the fields belong to; empty where their own labels say it.
    said = ""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        help_text=_("What the site sends as the action, e.g. signup_click."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    owner = forms.CharField(
        max_length=LONGEST_OWNER,
        required=False,
        label=_("Owner"),
        help_text=_("The team or person to ask about it."),
    )
    description = forms.CharField(
        label=_("What it means"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("When exactly the site sends it, for people who read the data."),
    )
    state = forms.ChoiceField(
        label=_("State"),
        choices=STATE_CHOICES,
        help_text=_(
            "Planned: the site does not send it yet. Deprecated: it still comes, but nobody should "
            "build on it."
        ),
    )
    successor = forms.ChoiceField(
        label=_("Replaced by"),
        required=False,
        help_text=_("The action that takes its place. It needs the date as well."),
    )
    seen = SeenField(label=_("Edit"), required=False)

    def __init__(
        self, *args: Any, others: Iterable[str], old_name: str = "", **kwargs: Any
    ) -> None:
        """``old_name`` is the saved name."""
        self._old_name = old_name
        super().__init__(*args, **kwargs)
        self.fields["rename"].choices = [  # type: ignore[attr-defined]
            (AT_ONCE, gettext("Rename it at once")),
            (BOTH, gettext("Keep both until a date")),
        ]
        self.fields["stays_until"].help_text = gettext(
            "A deprecated action cannot leave the map before this date."
        )
        known = str(self.initial.get("successor") or "")
        names = [*others, *([known] if known not in {"", *others} else [])]
        self.fields["successor"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Nothing")),
            *((name, name) for name in names),
        ]

    @property
    def old_name(self) -> str:
        """The saved name."""
        return self._old_name

    @property
    def new_name(self) -> str:
        """The name."""
        return str(self.cleaned_data["name"])

    def clean_name(self) -> str:
        """A name that an action can have."""
        name: str = self.cleaned_data["name"]
        if why := name_refusal(name):
            raise forms.ValidationError(why)
        return name


#: The fields of the entry that the head has as they are.
OF_HEAD = [
    field.name for field in plain_fields(ActionEntry) if field.name in ActionHeadForm.base_fields
]


class ParameterRow(forms.Form):
    """One parameter of the action; a row without a name is not one."""

    name = forms.CharField(max_length=NAME_LENGTH, required=False)
    kind = forms.ChoiceField(choices=PARAMETER_CHOICES, required=False)
    required = forms.BooleanField(required=False)
    choices = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    privacy = forms.ChoiceField(choices=PRIVACY_CHOICES, required=False)
    description = forms.CharField(required=False, max_length=2000)
    remove = forms.BooleanField(required=False)

    def __init__(self, place: int, **kwargs: Any) -> None:
        super().__init__(prefix=f"p-{place}", **kwargs)
        self.place = place
        known = str(self["name"].value() or "")
        self.said = known or gettext("Parameter %(number)s") % {"number": place + 1}
        said = {
            "name": gettext("Name of %(name)s"),
            "kind": gettext("Kind of %(name)s"),
            "required": gettext("Events must have %(name)s"),
            "choices": gettext("Choices of %(name)s, one a line"),
            "privacy": gettext("Privacy of %(name)s"),
            "description": gettext("Description of %(name)s"),
            "remove": gettext("Remove %(name)s"),
        }
        for field, label in said.items():
            self.fields[field].widget.attrs["aria-label"] = label % {"name": self.said}
        self.fields["name"].widget.attrs |= {
            "spellcheck": "false",
            "autocomplete": "off",
            "placeholder": gettext("Name"),
        }
        self.fields["description"].widget.attrs["placeholder"] = gettext("What it means")
        self.fields["choices"].widget.attrs["placeholder"] = gettext("One choice a line")

    @property
    def is_left_out(self) -> bool:
        """Whether the row is to be removed, or was never filled in."""
        data = self.cleaned_data
        return bool(data["remove"]) or not any(
            data.get(name) for name in ("name", "description", "choices")
        )

    def clean_choices(self) -> list[str]:
        """The lines that are not empty."""
        lines = self.cleaned_data["choices"].splitlines()
        return [line.strip() for line in lines if line.strip()]

    def clean(self) -> dict[str, Any]:
        """Check the name and the choices of a row that is filled in."""
        data = super().clean() or {}
        data["kind"] = data.get("kind") or TEXT
        data["privacy"] = data.get("privacy") or UNDECLARED
        if self.errors or self.is_left_out:
            if data.get("remove"):
                self.errors.clear()
            return data
        name, choices = data["name"], data["choices"]
        if not name:
            self.add_error("name", gettext("Give the parameter a name, or empty the row."))
        elif why := name_refusal(name):
            self.add_error("name", why)
        if data["kind"] == CHOICE and not choices:
            self.add_error("choices", gettext("Write each value that it may have on its own line."))
        elif data["kind"] != CHOICE and choices:
            words = dict(PARAMETER_CHOICES)[CHOICE]
            message = gettext(
                "Only the kind “%(kind)s” has choices. Change the kind, or empty this."
            )
            self.add_error("choices", message % {"kind": words})
        return data

    def as_entry(self, known: ParameterEntry | None, position: int) -> ParameterEntry:
        """The row as an entry; only for a row that is not left out."""
        data = self.cleaned_data
        # Fields that the form does not have stay as they are.
        return replace(
            known or ParameterEntry(),
            kind=data["kind"],
            required=data["required"],
            choices=data["choices"],
            privacy=data["privacy"],
            description=data["description"],
            position=position,
        )


class ActionForm(JoinedForm):
    """One action as a form: a head, what it brings, and a row for each parameter.

    ``prefixes`` are the tracked models of the draft, and ``others`` its other actions. A form that
    only asks to be shown again is not checked. ``is_live`` says whether the live version has an
    action of a name.
    """

    def __init__(
        self,
        name: str,
        entry: ActionEntry,
        *,
        prefixes: Collection[str],
        others: Collection[str] = (),
        seen: int | None = None,
        data: QueryDict | None = None,
        asked: str = "",
        is_live: Callable[[str], bool] = lambda name: False,
    ) -> None:
        super().__init__()
        self.entry = entry
        self.data = data
        self.asked = asked
        self.is_live = is_live
        initial = {"seen": seen, **{field: getattr(entry, field) for field in OF_HEAD}}
        initial |= {"name": name, "stays_until": entry.until}
        self.head: ActionHeadForm = self._made(
            lambda **given: ActionHeadForm(others=others, old_name=name, label_suffix="", **given),
            initial,
        )
        # A form that adds has seen no edit. One that changes must say which it has seen.
        self.head.fields["seen"].required = seen is not None
        self.brings = BringsRows(entry.brings, prefixes, self._made, data, asked)
        self.parameters = list(self._parameter_rows())

    @property
    def row_count(self) -> int:
        """How many rows for parameters the form has."""
        return len(self.parameters)

    @property
    def chosen_name(self) -> str:
        """The name as the user wrote it."""
        return str(self.head.cleaned_data["name"])

    def as_entry(self) -> ActionEntry:
        """The action as an entry; only if the form is valid."""
        head = self.head.cleaned_data
        # Fields that the form does not have stay as they are.
        return replace(
            self.entry,
            brings=self.brings.chosen_needs(),
            parameters=self._parameters(),
            until=self.head.stays(self.entry.until),
            **{field: head[field] for field in OF_HEAD},
        )

    def _forms(self) -> list[forms.Form]:
        return [self.head, *self.brings.forms, *self.parameters]

    def _made(self, make: Callable[..., Any], initial: Mapping[str, Any]) -> Any:
        """The form with what was sent. What is not to be checked becomes its initial values."""
        form = make(initial=initial, data=self.data)
        if not self.asked:
            return form
        return make(initial={name: form[name].value() for name in form.fields})

    def _parameter_rows(self) -> Iterator[ParameterRow]:
        known = [
            {
                "name": name,
                "kind": parameter.kind,
                "required": parameter.required,
                "choices": "\n".join(parameter.choices),
                "privacy": parameter.privacy,
                "description": parameter.description,
            }
            for name, parameter in in_order(self.entry.parameters)
        ]
        for place in range(self._rows_to_show(len(known))):
            initial = known[place] if place < len(known) else {}
            yield self._made(lambda place=place, **given: ParameterRow(place, **given), initial)

    def _rows_to_show(self, known: int) -> int:
        """How many rows there are. What the page says decides: rows of others are not its own."""
        if self.data is None:
            return known + EMPTY_ROWS
        sent = number(self.data, ROWS)
        if sent is None or sent > MOST_ROWS:
            legal = gettext("Give a number up to %(most)s.") % {"most": MOST_ROWS}
            raise Unreadable(ROWS, self.data.get(ROWS, ""), legal)
        return min(sent + EMPTY_ROWS, MOST_ROWS) if self.asked == MORE else sent

    def _filled_rows(self) -> list[ParameterRow]:
        return [row for row in self.parameters if not row.is_left_out]

    def _agree(self) -> bool:
        taken: set[str] = set()
        for row in self._filled_rows():
            name = row.cleaned_data["name"]
            if name in taken:
                message = gettext("There is already a parameter “%(name)s”. Change one.")
                row.add_error("name", message % {"name": name})
            taken.add(name)
        return not any(row.errors for row in self.parameters) and self._old_name_is_decided()

    def _old_name_is_decided(self) -> bool:
        """Ask about an old name that is live, where the user has not said what happens to it."""
        if self.head.is_renamed and self.is_live(self.head.old_name):
            self.head.ask_about_it()
        return not self.head.errors

    def _parameters(self) -> Mapping[str, ParameterEntry]:
        known = [parameter.position for _, parameter in in_order(self.entry.parameters)]
        free = max(known, default=-1) + 1
        positions = [*known, *range(free, free + self.row_count)]
        return {
            name: row.as_entry(self.entry.parameters.get(name), positions[row.place])
            for row in self._filled_rows()
            for name in [row.cleaned_data["name"]]
        }
