"""The document as text: written in one canonical form, and read without trusting the text."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from trackadmin.codes import ProblemCode
from trackadmin.document.reading import Reader, at, shown
from trackadmin.document.structure import (
    FIRST_FORMAT,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    plain_fields,
)
from trackadmin.document.upgrades import upgraded
from trackadmin.document.validate import name_problems
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: The largest text that is read, in characters: a map of a thousand models has about a million.
LARGEST = 5_000_000

_NO_MAP = _("This is not a tracking map.")
_UNREADABLE = _("This text cannot be read as a tracking map.")
_NOT_PUBLISHED = _("The document is not the one that was published.")


class _Fields:
    """The fields of one class of entries as a text has them, by name."""

    def __init__(self, entry: type, **below: type) -> None:
        plain = plain_fields(entry)
        #: Those that every text has.
        self.required = {each.name: each.kind for each in plain if each.since == FIRST_FORMAT}
        self.required |= below
        self._values = [each.name for each in plain if each.since == FIRST_FORMAT]
        self._added = [each for each in plain if each.since > FIRST_FORMAT]

    def optional(self, written: int) -> dict[str, type]:
        """Those that a text of this format may have."""
        return {each.name: each.kind for each in self._added if each.since <= written}

    def values(self, entry: object) -> dict[str, Any]:
        """The entry's fields in a text. By hand: ``dataclasses.asdict`` takes ten times longer."""
        values = {name: getattr(entry, name) for name in self._values}
        for each in self._added:
            if (value := getattr(entry, each.name)) != each.default:
                values[each.name] = value
        return values


_ATTRIBUTE = _Fields(AttributeEntry)
_CHILD = _Fields(ChildEntry)
_MODEL = _Fields(ModelEntry, attributes=dict, children=dict)


def dump(document: Document) -> str:
    """The canonical text: sorted keys, no spaces, ASCII only. Equal documents, equal texts.

    It has the oldest format that can hold the document.
    """
    models = {prefix: _model_data(entry) for prefix, entry in document.models.items()}
    return _canonical({"format": document.format, "models": models})


def digest(text: str) -> str:
    """The SHA-256 of a canonical text, in lower-case hexadecimal (64 characters)."""
    try:
        return hashlib.sha256(text.encode("ascii")).hexdigest()
    except UnicodeEncodeError as error:
        raise _not_canonical() from error


def parse(text: str) -> Document:
    """The document of a JSON text, upgraded from an older format where necessary.

    Only its shape is checked: keys and types. Raises :class:`DocumentError` with every problem.
    """
    return from_data(read_json(text))


def load(text: str, expected: str) -> Document:
    """The document of a published version, ``expected`` being its digest.

    Raises :class:`DocumentError` for a text that could never have been published: of another
    digest, not canonical, of an unknown shape or format, or with a name or value no map may have.
    """
    actual = digest(text)
    if actual != expected:
        raise _wrong_digest(expected, actual)
    data, canonical = _canonical_data(text)
    # The data is compared before an upgrade, so old formats are checked as well.
    if canonical != text:
        raise _not_canonical()
    document = from_data(data)
    if problems := name_problems(document):
        raise DocumentError(_("The document has names or values that no map may have."), problems)
    return document


def read_json(text: str) -> Any:
    """The data of a JSON text; raises :class:`DocumentError`, whatever the text holds."""
    return _canonical_data(text)[0]


def read_loosely(text: str) -> tuple[Any, list[Problem]]:
    """The data of a JSON text in which objects may have the same key twice, and those keys.

    Raises :class:`DocumentError` for a text that is not JSON.
    """
    data, _, twice = _read_all(text)
    return data, _duplicates(twice)


def _canonical_data(text: str) -> tuple[Any, str]:
    """The data, and its canonical text."""
    data, canonical, twice = _read_all(text)
    if twice:
        raise DocumentError(_UNREADABLE, _duplicates(twice))
    return data, canonical


def _read_all(text: str) -> tuple[Any, str, list[str]]:
    """The data, its canonical text, and the keys that one object has twice."""
    if len(text) > LARGEST:
        what = _(
            "It has %(count)s characters, more than the %(most)s that a map may have.",
            count=len(text),
            most=LARGEST,
        )
        raise _unreadable(ProblemCode.DOCUMENT_TOO_LARGE, what)
    twice: list[str] = []
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _read_object(pairs, twice))
        # Python reads NaN, infinities and halves of characters, which JSON cannot hold. The
        # canonical text has an escape for the halves.
        canonical = _canonical(data)
        if "\\ud" in canonical:
            json.dumps(data, ensure_ascii=False).encode()
    except RecursionError as error:
        what = _("It is nested too deeply.")
        raise _unreadable(ProblemCode.DOCUMENT_TOO_DEEP, what) from error
    except UnicodeEncodeError as error:
        what = _("It has half a character (a lone surrogate).")
        raise _unreadable(ProblemCode.DOCUMENT_NOT_TEXT, what) from error
    except ValueError as error:
        what = _("It is not JSON: %(error)s.", error=str(error))
        raise _unreadable(ProblemCode.DOCUMENT_NOT_JSON, what) from error
    return data, canonical, twice


def from_data(data: object) -> Document:
    """The document of the data of a JSON text; raises :class:`DocumentError`."""
    document, problems = read_data(data)
    if problems:
        raise DocumentError(_NO_MAP, problems)
    return document


def read_data(data: object) -> tuple[Document, list[Problem]]:
    """The document as far as the data can be read, and what cannot.

    Raises :class:`DocumentError` for data that is not a document, or of an unknown format.
    """
    reader = Reader()
    if not reader.typed(data, "", dict):
        raise DocumentError(_NO_MAP, reader.problems)
    top = reader.record(upgraded(data), "", {"format": int, "models": dict})
    # A text of an older format may not have what a later format added.
    read = _Reading(reader, data["format"])
    models = {prefix: read.model(top["models"][prefix], at("", prefix)) for prefix in top["models"]}
    return Document(models), reader.problems


class _Reading:
    """Reads the entries of a text that was written in one format."""

    def __init__(self, reader: Reader, written: int) -> None:
        self._reader = reader
        self._optional = {each: each.optional(written) for each in (_MODEL, _ATTRIBUTE, _CHILD)}

    def model(self, value: object, where: str) -> ModelEntry:
        fields = self._record(value, where, _MODEL)
        attributes, children = fields.pop("attributes"), fields.pop("children")
        return ModelEntry(
            **fields,
            attributes={
                name: AttributeEntry(**self._record(attribute, at(where, name), _ATTRIBUTE))
                for name, attribute in attributes.items()
            },
            children={
                accessor: ChildEntry(**self._record(child, at(where, accessor), _CHILD))
                for accessor, child in children.items()
            },
        )

    def _record(self, value: object, where: str, fields: _Fields) -> dict[str, Any]:
        return self._reader.record(value, where, fields.required, self._optional[fields])


def _model_data(entry: ModelEntry) -> dict[str, Any]:
    return _MODEL.values(entry) | {
        "attributes": {name: _ATTRIBUTE.values(each) for name, each in entry.attributes.items()},
        "children": {accessor: _CHILD.values(each) for accessor, each in entry.children.items()},
    }


def _canonical(data: object) -> str:
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def _read_object(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice += [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
    return found


def _unreadable(code: ProblemCode, what: Text) -> DocumentError:
    remedy = _("Export the map again and use the file as it is.")
    return DocumentError(_UNREADABLE, [Problem(code, "error", "document", what, remedy)])


def _duplicates(keys: list[str]) -> list[Problem]:
    return [
        Problem(
            ProblemCode.DOCUMENT_DUPLICATE_KEY,
            "error",
            at("", key),
            _("One object has the key %(name)s twice.", name=shown(key)),
            _("Keep one of the two."),
        )
        for key in keys
    ]


def _wrong_digest(expected: str, actual: str) -> DocumentError:
    what = _(
        "The text's digest is %(actual)s…, but %(expected)s… was published.",
        actual=actual[:12],
        expected=expected[:12],
    )
    remedy = _(
        "Somebody changed the stored text: roll back to a version that loads, or publish again."
    )
    problem = Problem(ProblemCode.DOCUMENT_DIGEST, "error", "document", what, remedy)
    return DocumentError(_NOT_PUBLISHED, [problem])


def _not_canonical() -> DocumentError:
    what = _("The text is not in the canonical form, so trackadmin did not write it.")
    remedy = _("Publish the map again, or roll back to a version that loads.")
    problem = Problem(ProblemCode.DOCUMENT_NOT_CANONICAL, "error", "document", what, remedy)
    return DocumentError(_NOT_PUBLISHED, [problem])
