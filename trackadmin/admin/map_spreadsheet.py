"""The attributes of a map as a spreadsheet, one line each: written, and read back forgivingly."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.document import (
    DECISIONS,
    PRIVACIES,
    AttributeEntry,
    Document,
    MapFile,
    ModelEntry,
    in_order,
)
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.runtime.formats import harmless

#: The columns in their order. The first two name an attribute; any other may be left out.
PREFIX, NAME, LOOKUP, KEY = "prefix", "name", "lookup", "key"
COLUMNS = (PREFIX, NAME, "model", "source", "decision", "privacy", LOOKUP, KEY, "description")
#: What a person may write for yes.
YES, NO = ("yes", "true", "1", "x", "ja"), ("", "no", "false", "0", "nein")


def spreadsheet(document: Document) -> str:
    """The attributes of a document as CSV, with the mark by which a spreadsheet knows UTF-8."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for prefix, model in in_order(document.models):
        for name, each in in_order(model.attributes):
            row = {**_fields(each), "model": model.model, "key": _yes_or_no(model.key == name)}
            cells = {**row, PREFIX: prefix, NAME: name}
            lines.writerow([harmless(cells[column]) for column in COLUMNS])
    return "\ufeff" + out.getvalue()


def _fields(each: AttributeEntry) -> dict[str, str]:
    plain = {name: getattr(each, name) for name in ("source", "decision", "privacy", "description")}
    return {**plain, "lookup": _yes_or_no(each.lookup)}


def _yes_or_no(yes: bool) -> str:
    return "yes" if yes else "no"


def read_spreadsheet(text: str, draft: Document) -> MapFile:
    """The draft with what the lines say. What no line names, and what has no column, stays.

    Raises :class:`DocumentError` for a text that is no such table. What is wrong with a line is a
    problem of the file.
    """
    reader = _Lines(draft)
    for number, cells in _table_lines(text):
        reader.read_line(number, cells)
    return MapFile(reader.document, tuple(reader.problems))


def _table_lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line that is not empty, with its number and its cells by column."""
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = [cell.strip().lower() for cell in next(lines, [])]
        _refuse_columns(columns)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield (
                    lines.line_num,
                    dict(zip(columns, map(_without_apostrophe, cells), strict=False)),
                )
    except csv.Error as error:
        raise DocumentError(_("This is not a table in the form CSV.")) from error


def _refuse_columns(columns: list[str]) -> None:
    wrong = [each for each in columns if each not in COLUMNS] or [
        each for each in (PREFIX, NAME) if each not in columns
    ]
    if wrong or len({*columns}) < len(columns):
        words = _(
            "The first line must name the columns, each once: %(needed)s, and any of %(others)s."
        )
        values = {"needed": ", ".join(COLUMNS[:2]), "others": ", ".join(COLUMNS[2:])}
        raise DocumentError(words % values)


def _without_apostrophe(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from running it."""
    cell = cell.strip()
    bare = cell.removeprefix("'")
    return bare if harmless(bare) == cell else cell


class _Lines:
    """Reads lines into a document, and notes what is wrong with them."""

    def __init__(self, draft: Document) -> None:
        self.document, self.problems = draft, list[Problem]()

    def read_line(self, number: int, cells: Mapping[str, str]) -> None:
        """Take in what the line says of its attribute."""
        prefix, name = cells.get(PREFIX, ""), cells.get(NAME, "")
        if not prefix or not name:
            self._wrong(number, _("It names no attribute: prefix and name must not be empty."))
            return
        model = self.document.models.get(prefix) or self._new_model(number, prefix, cells)
        entry = None if model is None else self._attribute_of_line(number, model, name, cells)
        if model is None or entry is None:
            return
        model = replace(model, attributes={**model.attributes, name: entry})
        if "key" in cells and (is_key := self._yes(number, KEY, cells)) is not None:
            key = name if is_key else "" if model.key == name else model.key
            model = replace(model, key=key)
        models = {**self.document.models, prefix: model}
        self.document = replace(self.document, models=models)

    def _new_model(self, number: int, prefix: str, cells: Mapping[str, str]) -> ModelEntry | None:
        try:
            label = catalog().find(cells.get("model") or prefix)
        except DocumentError as error:
            self._wrong(
                number, " ".join(str(each.message) for each in error.problems) or str(error)
            )
            return None
        return ModelEntry(label, position=len(self.document.models))

    def _attribute_of_line(
        self, number: int, model: ModelEntry, name: str, cells: Mapping[str, str]
    ) -> AttributeEntry | None:
        new = AttributeEntry(name, position=len(model.attributes))
        given: dict[str, Any] = {
            column: cells[column]
            for column in ("source", "description")
            if column in cells and (cells[column] or column == "description")
        }
        for column, legal in (("decision", DECISIONS), ("privacy", PRIVACIES)):
            if cells.get(column):
                given[column] = cells[column].lower()
                if given[column] not in legal:
                    self._wrong_choice(number, column, cells[column], ", ".join(legal))
                    return None
        if "lookup" in cells:
            given["lookup"] = self._yes(number, LOOKUP, cells)
            if given["lookup"] is None:
                return None
        return replace(model.attributes.get(name, new), **given)

    def _yes(self, number: int, column: str, cells: Mapping[str, str]) -> bool | None:
        said = cells[column]
        if said.lower() in (*YES, *NO):
            return said.lower() in YES
        self._wrong_choice(number, column, said, ", ".join((YES[0], NO[1])))
        return None

    def _wrong_choice(self, number: int, column: str, said: str, legal: str) -> None:
        words = _("The column %(column)s has “%(said)s”. Write one of: %(legal)s.")
        self._wrong(number, words % {"column": column, "said": said[:40], "legal": legal})

    def _wrong(self, number: int, what: str) -> None:
        where = _("Line %(number)s") % {"number": number}
        fix = _("Correct the line and upload the file again.")
        self.problems.append(Problem(ProblemCode.FILE_LINE, "error", where, what, fix))
