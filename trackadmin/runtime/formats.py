"""How values are written into a file: NDJSON, CSV, Parquet, and CSV for a spreadsheet."""

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
    """Writes dicts that all have a compiled model's names."""

    #: Whether the file is complete after each row, so that rows can be added later.
    resumable: ClassVar[bool] = True

    def __init__(self, file: BinaryIO, compiled: CompiledModel) -> None:
        self.file, self.names = file, compiled.names

    def begin(self) -> None:
        """Write what comes before the first row; not called when a file is continued."""

    def write(self, rows: Iterable[Values]) -> int:
        """Write some rows, and say how many there were."""
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

    Null is nothing at all and the empty text is ``""``, as PostgreSQL's COPY reads it.
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
    """CSV for people: a spreadsheet opens it in the right encoding and runs no formula of it."""

    def begin(self) -> None:
        """Write the mark by which a spreadsheet knows UTF-8, and the names."""
        self.file.write(codecs.BOM_UTF8)
        super().begin()

    def write(self, rows: Iterable[Values]) -> int:
        """Write a line for each row."""
        return super().write({name: harmless(row[name]) for name in self.names} for row in rows)


#: Where a formula could begin: at the start of a text, or after what a spreadsheet takes for the
#: end of a cell in some locales. White space and full-width signs do not prevent it.
_FORMULA = re.compile(
    r"(?:^|(?<=[;\t\r\n]))(?=[\s\0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])"
)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


def harmless(value: Scalar) -> Scalar:
    """The value for a cell that a person opens in a spreadsheet.

    What would be a formula there gets an apostrophe in front. A text that is a plain number, such
    as a price, stays as it is.
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


#: Beside the sign's.
_INT64_BITS = 63


class Parquet(Format):
    """Apache Parquet; numbers and truth values keep their type, all else is text."""

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
        """Write the index, without which the file cannot be read."""
        self._writer.close()

    def _fit(self, name: str, value: Scalar) -> Scalar:
        """The value as its column takes it; null, and counted, where it cannot."""
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
    """Imported only when it is asked for: it is an extra, and takes its time."""
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


#: By the word that asks for it.
FORMATS: dict[str, type[Format]] = {
    "ndjson": NDJSON,
    "csv": CSV,
    "parquet": Parquet,
    "spreadsheet": Spreadsheet,
}


def open_format(name: str, file: Any, compiled: CompiledModel) -> Format:
    """The writer of a format; :class:`ExportError` where there is none."""
    if name not in FORMATS:
        raise ExportError(
            _(
                "There is no format '%(name)s'. Choose one of these: %(formats)s.",
                name=name,
                formats=", ".join(FORMATS),
            )
        )
    return FORMATS[name](file, compiled)
