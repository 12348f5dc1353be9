"""The form of the list of undecided attributes: a row for each, one button for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.http import QueryDict

from trackadmin.admin.forms.joined import JoinedForm
from trackadmin.admin.forms.rows import AttributeRow
from trackadmin.document import AttributeEntry
from trackadmin.editing import UndecidedAttribute


class UndecidedRow(AttributeRow):
    """What the team decides about one attribute that nobody has decided about."""

    def __init__(self, undecided: UndecidedAttribute, **kwargs: Any) -> None:
        self.undecided = undecided
        row = row_of(undecided)
        super().__init__(undecided.facts, row, said=undecided.where, **kwargs)


def row_of(undecided: UndecidedAttribute) -> str:
    """The name of an attribute's row in the page."""
    return undecided.where.replace(".", "-")


class UndecidedForm(JoinedForm):
    """Rows of several tracked models, which are saved together."""

    def __init__(
        self, undecided: Iterable[UndecidedAttribute], *, data: QueryDict | None = None
    ) -> None:
        super().__init__()
        self.rows = [UndecidedRow(each, data=data) for each in undecided]

    @property
    def groups(self) -> list[tuple[UndecidedAttribute, list[UndecidedRow]]]:
        """The rows that one migration brought to a tracked model, with the first attribute.

        A tracked model may be there several times.
        """
        pairs = groupby(self.rows, key=lambda row: (row.undecided.prefix, row.undecided.arrival))
        found = [list(rows) for _same, rows in pairs]
        return [(rows[0].undecided, rows) for rows in found]

    def as_entries(self) -> Mapping[str, Mapping[str, AttributeEntry]]:
        """What was decided, by prefix and output name; only if the form is valid."""
        found: dict[str, dict[str, AttributeEntry]] = {}
        for row in self.rows:
            if row.cleaned_data["decision"]:
                entries = found.setdefault(row.undecided.prefix, {})
                entries[row.cleaned_data["name"]] = row.as_entry(0)
        return found

    def _forms(self) -> list[forms.Form]:
        return [*self.rows]

    def _agree(self) -> bool:
        return True
