"""The formats of a file of values: NDJSON, CSV, Parquet, and CSV for a spreadsheet."""

from __future__ import annotations

import codecs
import importlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, ClassVar

from trackadmin.codes import FaultCode
from trackadmin.compiler import RULES, CompiledModel, Scalar
from trackadmin.exceptions import ExportError
from trackadmin.runtime.faults import report
from trackadmin.texts import gettext as _

Values = Mapping[str, Scalar]


class Format:
    """Writes dicts whose keys are the names of a compiled model."""

    #: Whether the file is complete after each row, so that rows can be added later.
    resumable: ClassVar[bool] = True

    def __init__(self, file: BinaryIO, compiled: CompiledModel) -> None:
        self.file, self.names = file, compiled.names

    def begin(self) -> None:
        """Write what comes before the first row. Not called when a file is continued."""

    def write(self, rows: Iterable[Values]) -> int:
        """Write some rows, and return their number."""
        raise NotImplementedError

    def end(self) -> None:
        """Write what comes after the last row."""


class NDJSON(Format):
    """One JSON object on each line, in ASCII."""

    def write(self, rows: Iterable[Values]) -> int:
        """Write a line for each row."""
        lines = [json.dumps(row, separators=(",", ":"), allow_nan=False) for row in rows]
        self.file.write("".join(f"{line}\n" for line in lines).encode("ascii"))
        return len(lines)


class CSV(Format):
    """A line of names, then one line for each row, always with the same columns.

    Null is an empty cell and an empty text is ``""``, as PostgreSQL's COPY reads them.
    """

    def begin(self) -> None:
        """Write the names."""
        self.file.write(f"{','.join(self.names)}\n".encode())

    def write(self, rows: Iterable[Values]) -> int:
        """Write a line for each row."""
        lines = [",".join([_cell(row[name]) for name in self.names]) for row in rows]
        self.file.write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
        return len(lines)


class Spreadsheet(CSV):
    """CSV for people: a spreadsheet reads it in the right encoding and runs no formula from it."""

    def begin(self) -> None:
        """Write the mark by which a spreadsheet recognizes UTF-8, and the names."""
        self.file.write(codecs.BOM_UTF8)
        super().begin()

    def write(self, rows: Iterable[Values]) -> int:
        """Write a line for each row."""
        return super().write({name: harmless(row[name]) for name in self.names} for row in rows)


#: Where a formula could begin: at the start of a text, or after a character that ends a cell in
#: some locales. Spreadsheets skip white space, and accept full-width signs.
_FORMULA = re.compile(
    r"(?:^|(?<=[;\t\r\n]))(?=[\s\0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])"
)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


def harmless(value: Scalar) -> Scalar:
    """The value for a cell that a person opens in a spreadsheet.

    An apostrophe is put before what would be a formula. A text that is a plain number, such as a
    price, stays as it is.
    """
    if type(value) is not str or _NUMBER.fullmatch(value):
        return value
    return _FORMULA.sub("'", value)


_QUOTED = re.compile(r'[",\r\n]|^\s|\s$|^$|^\\\.$')


def _cell(value: Scalar) -> str:
    if value is None:
        return ""
    if type(value) is not str:
        return json.dumps(value)
    return '"' + value.replace('"', '""') + '"' if _QUOTED.search(value) else value


#: In addition to the sign's.
_INT64_BITS = 63


class Parquet(Format):
    """Apache Parquet. Numbers and booleans keep their type, everything else is text."""

    resumable = False

    def __init__(self, file: BinaryIO, compiled: CompiledModel) -> None:
        super().__init__(file, compiled)
        self._arrow = _pyarrow()
        self._types = dict(zip(compiled.names, _types(compiled), strict=True))
        aliases = {int: "int64", float: "float64", bool: "bool", str: "string"}
        columns = [
            (name, self._arrow.type_for_alias(aliases[cls])) for name, cls in self._types.items()
        ]
        self._schema = self._arrow.schema(columns)
        self._writer = self._arrow.parquet.ParquetWriter(file, self._schema)

    def write(self, rows: Iterable[Values]) -> int:
        """Write a group of rows."""
        some = [{name: self._fit(name, row[name]) for name in self.names} for row in rows]
        self._writer.write_table(self._arrow.Table.from_pylist(some, schema=self._schema))
        return len(some)

    def end(self) -> None:
        """Write the index that readers of the file need."""
        self._writer.close()

    def _fit(self, name: str, value: Scalar) -> Scalar:
        """The value for its column. Null, and counted, if the column cannot hold it."""
        cls = self._types[name]
        if value is None:
            return None
        if cls is str:
            text = value if type(value) is str else json.dumps(value)
            return text.encode("utf-8", "backslashreplace").decode()
        if type(value) is cls and not (type(value) is int and value.bit_length() > _INT64_BITS):
            return value
        report(FaultCode.VALUE_UNENCODABLE, name)
        return None


def _pyarrow() -> Any:
    """pyarrow, imported only when it is needed: it is an optional package, and slow to import."""
    try:
        importlib.import_module("pyarrow.parquet")
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise ExportError(
            _("Parquet files need pyarrow: pip install 'trackadmin[parquet]'.")
        ) from error


def _types(compiled: CompiledModel) -> Iterable[type]:
    for node in compiled.node.walk():
        for output in node.outputs:
            yield str if output.pseudonymised else RULES[output.facts.kind].column
        for aggregate in node.aggregates:
            column = str if aggregate.pseudonymised else RULES[aggregate.matched.kind].column
            yield from (column for _name in aggregate.names)


#: By the names that users give.
FORMATS: dict[str, type[Format]] = {
    "ndjson": NDJSON,
    "csv": CSV,
    "parquet": Parquet,
    "spreadsheet": Spreadsheet,
}


def open_format(name: str, file: Any, compiled: CompiledModel) -> Format:
    """The writer of a format. Raises :class:`ExportError` if the format is unknown."""
    if name not in FORMATS:
        raise ExportError(
            _(
                "There is no format '%(name)s'. Choose one of these: %(formats)s.",
                name=name,
                formats=", ".join(FORMATS),
            )
        )
    return FORMATS[name](file, compiled)
