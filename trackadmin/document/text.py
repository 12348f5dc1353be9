"""The document as text: written in one canonical form, and read without trusting the text."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trackadmin.codes import ProblemCode
from trackadmin.document.reading import Reader, at, shown
from trackadmin.document.structure import (
    FIRST_FORMAT,
    ActionEntry,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    ParameterEntry,
    lists_of,
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


class _Form:
    """How a text has the entries of one class."""

    def __init__(self, entry: type) -> None:
        plain, below = plain_fields(entry), lists_of(entry)
        #: The fields that every text has, with their types.
        self.required = {each.name: each.kind for each in plain if each.since == FIRST_FORMAT}
        self.required |= {name: dict for name, _kind, since in below if since == FIRST_FORMAT}
        self._values = [each.name for each in plain if each.since == FIRST_FORMAT]
        self._added = [each for each in plain if each.since > FIRST_FORMAT]
        #: The classes of the entries below, by field, and the first format that has the field.
        self.below = {name: kind for name, kind, _since in below}
        self._since = {name: since for name, _kind, since in below}

    def optional(self, written: int) -> dict[str, type]:
        """The fields that a text of this format may leave out."""
        plain = {each.name: each.kind for each in self._added if each.since <= written}
        below = {n: dict for n, since in self._since.items() if FIRST_FORMAT < since <= written}
        return plain | below

    def data(self, entry: object) -> dict[str, Any]:
        """The entry in a text. By hand: ``dataclasses.asdict`` takes ten times longer."""
        data = {name: getattr(entry, name) for name in self._values}
        for each in self._added:
            if (value := getattr(entry, each.name)) != each.default:
                data[each.name] = value
        for name, kind in self.below.items():
            entries = getattr(entry, name)
            if entries or name in self.required:
                data[name] = {key: _FORMS[kind].data(each) for key, each in entries.items()}
        return data


_FORMS: dict[type, _Form] = {
    entry: _Form(entry)
    for entry in (
        Document,
        ModelEntry,
        AttributeEntry,
        ChildEntry,
        AggregateEntry,
        ActionEntry,
        ParameterEntry,
    )
}


@dataclass(frozen=True, slots=True)
class ModelText:
    """The part of the canonical text that is a tracked model, and the format that it needs."""

    text: str
    format: int


def dump(document: Document, models: Mapping[str, ModelText] | None = None) -> str:
    """The canonical text: sorted keys, no spaces, ASCII only. Equal documents, equal texts.

    It has the oldest format that can hold the document. ``models`` are the texts of all tracked
    models by prefix, as :func:`dump_model` gives them, where the caller has them.
    """
    if models is None:
        return _canonical({"format": document.format, **_FORMS[Document].data(document)})
    rest = replace(document, models={})
    needed = max(rest.format, *(each.format for each in models.values()), FIRST_FORMAT)
    texts = {name: _canonical(value) for name, value in _FORMS[Document].data(rest).items()}
    texts["models"] = _object_of_texts({prefix: each.text for prefix, each in models.items()})
    return _object_of_texts({**texts, "format": _canonical(needed)})


def dump_model(entry: ModelEntry) -> ModelText:
    """The part of the canonical text that is a tracked model."""
    text = _canonical(_FORMS[ModelEntry].data(entry))
    return ModelText(text, Document(models={"": entry}).format)


def _object_of_texts(texts: Mapping[str, str]) -> str:
    """The canonical text of an object whose values are written already."""
    parts = (f"{_canonical(key)}:{text}" for key, text in sorted(texts.items()))
    return "{" + ",".join(parts) + "}"


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


def read_published(text: str, expected: str) -> dict[str, Any]:
    """The data of a published version, ``expected`` being its digest.

    Nothing else of it is checked. Raises :class:`DocumentError` for a text of another digest.
    """
    if (actual := digest(text)) != expected:
        raise _wrong_digest(expected, actual)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_canonical() from error
    return data if isinstance(data, dict) else {}


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
    today = upgraded(data)
    # A text of an older format may not have what a later format added.
    return _Reading(reader, data["format"]).document(today), reader.problems


class _Reading:
    """Reads the entries of a text that was written in one format."""

    def __init__(self, reader: Reader, written: int) -> None:
        self._reader = reader
        self._optional = {kind: form.optional(written) for kind, form in _FORMS.items()}

    def document(self, data: dict[str, Any]) -> Document:
        below = {"format": int, **_FORMS[Document].required}
        fields = self._reader.record(data, "", below, self._optional[Document])
        del fields["format"]
        for name in _FORMS[Document].below.keys() & fields.keys():
            fields[name] = self._entries(Document, name, fields[name], _TOP[name])
        return Document(**fields)

    def _entries(
        self, above: type, name: str, entries: dict[str, Any], where: str
    ) -> dict[str, Any]:
        kind = _FORMS[above].below[name]
        return {key: self._entry(kind, each, at(where, key)) for key, each in entries.items()}

    def _entry(self, kind: type, value: object, where: str) -> Any:
        form = _FORMS[kind]
        fields = self._reader.record(value, where, form.required, self._optional[kind])
        for name in form.below.keys() & fields.keys():
            fields[name] = self._entries(kind, name, fields[name], where)
        return kind(**fields)


#: Where the entries of the document are: tracked models are named by their prefix alone.
_TOP = {"models": "", "actions": "actions"}


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
