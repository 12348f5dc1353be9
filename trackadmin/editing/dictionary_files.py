"""A dictionary as a file: CSV for spreadsheets, Markdown for people, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import TypeAlias

from trackadmin.editing.dictionary import Dictionary
from trackadmin.editing.dictionary_lines import DictionaryLine, LineKind, dictionary_lines
from trackadmin.editing.markdown import as_markdown
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: Spreadsheets take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

#: Gives what a line has in one column.
_Cell: TypeAlias = Callable[[DictionaryLine], str]
#: The columns of a file: the heading, and the cell of a line.
_COLUMNS: tuple[tuple[Text, _Cell], ...] = (
    (_("Name"), lambda line: line.name),
    (_("Kind"), lambda line: line.kind_words),
    (_("Type"), lambda line: line.type),
    (_("Meaning"), lambda line: str(_meaning(line))),
    (_("Owner"), lambda line: line.owner),
    (_("Privacy"), lambda line: line.privacy_label),
    (_("Looks like"), lambda line: line.example),
    (_("Comes from"), lambda line: _origin(line)),
    (_("Brings"), lambda line: _brings(line)),
    (_("Since version"), lambda line: str(since_in_words(line))),
    (_("Deprecated until"), lambda line: line.until),
    (_("Use instead"), lambda line: line.successor),
)


def dictionary_csv(dictionary: Dictionary) -> str:
    """All lines as CSV, which no spreadsheet takes for formulas."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([str(heading) for heading, _cell in _COLUMNS])
    for line in dictionary_lines(dictionary):
        writer.writerow([harmless(cell(line)) for _heading, cell in _COLUMNS])
    return file.getvalue()


def harmless(cell: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would compute it."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) else cell


def dictionary_markdown(dictionary: Dictionary) -> str:
    """All lines as Markdown: a table for each tracked model, and one for the actions."""
    return "\n".join(_markdown(dictionary)) + "\n"


def dictionary_json(dictionary: Dictionary) -> str:
    """All lines as JSON."""
    data = {
        "map": dictionary.map.slug,
        "version": dictionary.number,
        "lines": [_data(line) for line in dictionary_lines(dictionary)],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def since_in_words(line: DictionaryLine) -> Text | str:
    """Since which version a map has it."""
    if not line.since:
        return _("not published")
    number = str(line.since)
    return _("%(number)s or earlier", number=number) if line.or_earlier else number


def _meaning(line: DictionaryLine) -> Text | str:
    """The meaning; what only the code says is marked."""
    if not line.meaning or not line.is_of_code:
        return line.meaning
    return _("%(meaning)s (from the code)", meaning=line.meaning)


def _origin(line: DictionaryLine) -> str:
    if line.kind in (LineKind.ACTION, LineKind.PARAMETER):
        return line.place
    more = [str(_("and %(count)s more", count=line.more_paths))] if line.more_paths else []
    gone = [] if line.in_code else [str(_("no longer in the code"))]
    return ", ".join([*line.paths, *more, *gone])


def _brings(line: DictionaryLine) -> str:
    optional = [str(_("%(name)s (optional)", name=each)) for each in line.optional]
    return ", ".join([*line.required, *optional])


def _data(line: DictionaryLine) -> dict[str, object]:
    data = asdict(line)
    return {name: value for name, value in data.items() if value not in ("", (), False, 0)} | {
        "since": line.since or None,
        "in_code": line.in_code,
    }


def _markdown(dictionary: Dictionary) -> Iterator[str]:
    title = _("Dictionary of the map %(map)s", map=dictionary.map.name)
    number = dictionary.number
    of = _("Version %(number)s", number=str(number)) if number else _("The draft")
    yield f"# {as_markdown(str(title))}\n\n{of}"
    heading, table = "", list[DictionaryLine]()
    for line in dictionary_lines(dictionary):
        its = line.place.partition(".")[0] if line.model else str(_("Actions"))
        if its != heading and table:
            yield from _section(heading, table)
            table = []
        heading = its
        table.append(line)
    if table:
        yield from _section(heading, table)


def _section(heading: str, lines: Iterable[DictionaryLine]) -> Iterator[str]:
    yield f"\n## {as_markdown(heading)}\n"
    yield _table_row(str(heading) for heading, _cell in _COLUMNS)
    yield _table_row("---" for _column in _COLUMNS)
    for line in lines:
        yield _table_row(_markdown_cell(cell, line) for _heading, cell in _COLUMNS)


def _table_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(cell: _Cell, line: DictionaryLine) -> str:
    text = cell(line)
    return f"`{text}`" if text and text in (line.name, line.successor) else as_markdown(text)
