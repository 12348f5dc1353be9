"""The tracked models that an action brings: a row for each, and one that adds another.

A map may track 1,000 models, and Django takes 1,000 fields of a form. So a large map has rows only
for what the action brings, at most a hundred; any other tracked model gets its row on request.
What was not sent stays as the draft has it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from trackadmin.document.structure import OPTIONAL, REQUIRED

#: How many rows a page begins with, and how many tracked models have a row each whatever the
#: action brings.
MOST_BROUGHT = 100
#: What the form may ask for without being saved: a row for the tracked model that was chosen.
ADD_BROUGHT = "brings"

NEEDS = [("", _("No")), (OPTIONAL, _("May bring")), (REQUIRED, _("Must bring"))]
#: Of a prefix that the map no longer has.
GONE_NEEDS = [("", _("Remove"))]
NEED_WORDS = {value: words for value, words in NEEDS if value}
#: Gives a form what was sent, or the values to begin with.
Make = Callable[[Callable[..., Any], Mapping[str, Any]], Any]


def name_of_need(tracked: str) -> str:
    """What a form calls the need of a tracked model."""
    return f"b-{tracked}-need"


class BringsRow(forms.Form):
    """Whether the action brings an object of one tracked model."""

    need = forms.ChoiceField(choices=NEEDS, required=False, widget=forms.RadioSelect)

    def __init__(self, tracked: str, need: str, *, gone: bool, **kwargs: Any) -> None:
        #: The prefix of the tracked model.
        self.tracked = self.said = tracked
        #: The map no longer has the tracked model.
        self.gone = gone
        kwargs.setdefault("initial", {"need": need})
        name = name_of_need(tracked)
        if (kwargs.get("data") or {name: need}).get(name) is None:
            kwargs["data"] = {name: need}  # the page did not have the row: it is as in the draft
        super().__init__(prefix=f"b-{tracked}", **kwargs)
        if gone:
            kept = [(need, NEED_WORDS.get(need, need))]
            field: Any = self.fields["need"]
            field.choices = GONE_NEEDS + kept

    @property
    def chosen_need(self) -> str:
        """What was chosen; what the draft has if the page did not have the row."""
        need: str = self.cleaned_data["need"]
        return need


class MoreBroughtForm(forms.Form):
    """One more tracked model that the action brings, chosen among those without a row."""

    #: What its errors are about.
    said = _("Another tracked model")

    tracked = forms.ChoiceField(label=_("Another tracked model"), required=False)
    need = forms.ChoiceField(
        label=_("The action brings it"), choices=NEEDS[1:], required=False, initial=REQUIRED
    )

    def __init__(self, prefixes: Collection[str], **kwargs: Any) -> None:
        super().__init__(prefix="more", label_suffix="", **kwargs)
        names = [(prefix, prefix) for prefix in prefixes]
        field: Any = self.fields["tracked"]
        field.choices = [("", _("Choose…")), *names]


class BringsRows:
    """All rows of a form, and the one that adds another on a large map."""

    def __init__(
        self,
        brings: Mapping[str, str],
        prefixes: Collection[str],
        make: Make,
        data: QueryDict | None,
        asked: str,
    ) -> None:
        """``brings`` is what the draft has, and ``prefixes`` what the map tracks."""
        self._brings, self._tracked = brings, set(prefixes)
        gone = [prefix for prefix in sorted(brings) if prefix not in self._tracked]
        self._every = [*prefixes, *gone]
        self._data: QueryDict = data if data is not None else QueryDict()
        self._asks = asked == ADD_BROUGHT
        self.rows = list(self._brings_rows(make))
        shown = {row.tracked for row in self.rows}
        left = [prefix for prefix in self._every if prefix not in shown]
        self.more: MoreBroughtForm | None = self._more(left, make)
        #: What the action brings beside the rows, in words and names.
        self.others = self._brought_beside(left)

    @property
    def forms(self) -> list[forms.Form]:
        """All forms, in the order of the page."""
        return [*self.rows, *([self.more] if self.more else [])]

    def chosen_needs(self) -> dict[str, str]:
        """What the action brings; only if the forms are valid."""
        found = {**self._brings, **{row.tracked: row.chosen_need for row in self.rows}}
        if self.more and (another := self.more.cleaned_data["tracked"]):
            found[another] = self.more.cleaned_data["need"] or REQUIRED
        return {prefix: need for prefix, need in found.items() if need}

    def _brings_rows(self, make: Make) -> Iterator[BringsRow]:
        for prefix in self._with_a_row():
            need, gone = self._brings.get(prefix, ""), prefix not in self._tracked
            if prefix == self._added:
                need = str(self._data.get("more-need", need))
            yield make(
                lambda p=prefix, n=need, g=gone, **given: BringsRow(p, n, gone=g, **given),
                {"need": need},
            )

    @property
    def _added(self) -> str:
        """The tracked model that gets a row now."""
        return str(self._data.get("more-tracked", "")) if self._asks else ""

    def _with_a_row(self) -> list[str]:
        if len(self._every) <= MOST_BROUGHT:
            return self._every
        # What is gone comes first: it is wrong, and must be found.
        brought = sorted(self._brings, key=lambda prefix: prefix in self._tracked)
        wanted = {*brought[:MOST_BROUGHT], self._added}
        sent = self._data.keys()
        return [p for p in self._every if p in wanted or name_of_need(p) in sent]

    def _more(self, left: Collection[str], make: Make) -> MoreBroughtForm | None:
        sent = "" if self._asks else str(self._data.get("more-tracked", ""))
        # What was sent may have got a row since.
        wanted = {*left, sent}
        offered = [prefix for prefix in self._every if prefix in wanted]

        def made(**given: Any) -> MoreBroughtForm:
            return MoreBroughtForm(offered, **given)

        if not offered and not sent:
            return None
        return made() if self._asks else make(made, {"need": REQUIRED})

    def _brought_beside(self, left: Collection[str]) -> list[tuple[str, list[str]]]:
        found = [
            (str(words), [prefix for prefix in left if self._brings.get(prefix) == need])
            for need, words in reversed(NEED_WORDS.items())
        ]
        return [(words, names) for words, names in found if names]
