"""The map as people write it: a dict by prefix, in JSON or in Python, read into a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from trackadmin.codes import ProblemCode
from trackadmin.document.action_rules import ACTIONS
from trackadmin.document.reading import Reader, at, shown
from trackadmin.document.structure import (
    BELOW,
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
from trackadmin.document.text import read_data, read_loosely
from trackadmin.document.validate import validate
from trackadmin.exceptions import DocumentError, Problem, errors_of
from trackadmin.texts import gettext as _

#: From a label or a class name to the lower-case label; raises :class:`DocumentError`.
FindModel = Callable[[str], str]


def _written_fields(entry: type) -> dict[str, type]:
    """The fields that people write. Positions are not among them: a map file has an order."""
    plain = {each.name: each.kind for each in plain_fields(entry) if each.name != "position"}
    below = {n: list if n in _MAIN else dict for n, _kind, _since in lists_of(entry)}
    return plain | below


#: These entries are lists in a map file, in which this field names an entry. All others are
#: objects by name.
_MAIN = {"attributes": "source", "children": "accessor"}
_MODEL = _written_fields(ModelEntry)
_ATTRIBUTE = {"source": str, "name": str} | _written_fields(AttributeEntry)
_CHILD = {"accessor": str} | _written_fields(ChildEntry)
#: The fields of a map file that says more than its tracked models.
_WHOLE = _written_fields(Document)


@dataclass(frozen=True, slots=True)
class MapFile:
    """A map from a file, as far as it could be read."""

    document: Document
    #: What could not be read.
    problems: tuple[Problem, ...] = ()
    #: The places of the tracked models whose model was not found.
    lost: frozenset[str] = frozenset()

    def errors(self, found: Iterable[Problem]) -> list[Problem]:
        """Everything that is wrong: what could not be read, and the errors ``found`` in the rest.

        Errors that only follow from something that could not be read are left out.
        """
        # An attribute that could not be read may have been the key.
        places = [problem.where.partition(".attributes") for problem in self.problems]
        spoilt = {prefix for prefix, found, rest in places if found and rest[:1] in ("", ".")}

        def follows(problem: Problem) -> bool:
            if problem.where in self.lost and problem.code.startswith("model."):
                return True
            return problem.code == ProblemCode.KEY_UNKNOWN and problem.where in spoilt

        return [*self.problems, *(p for p in errors_of(found) if not follows(p))]


def read_map_file(text: str, find_model: FindModel) -> Document:
    """The document of a JSON text: a canonical document, or the form of :func:`from_dict`.

    Raises :class:`DocumentError` with every problem that can be seen without the host's models.
    """
    return _without_errors(examine(text, find_model))


def from_dict(data: object, find_model: FindModel) -> Document:
    """The document of a map written by hand, with the order as it is written.

    ``{"BuyerProfile": {"model": "demo.BuyerProfile", "attributes": ["uuid"], "children": ["user"],
    "key": "uuid"}}``. Only the prefix is required; without ``model`` the prefix is
    the class name. An attribute may be an object (``source``, ``name``, ``lookup``,
    ``privacy``, ``description``, ``decision``), and so may a child (``accessor``, ``prefix``,
    ``alone``). ``aggregates`` is an object by output name.

    A map that says more has ``models`` in this form, and ``actions``, ``unknown_actions``,
    ``undeclared_parameters`` and ``signed_only``.
    Raises :class:`DocumentError` with every problem that can be seen without the host's models.
    """
    return _without_errors(examine_dict(data, find_model))


def examine(text: str, find_model: FindModel) -> MapFile:
    """A JSON text as :func:`read_map_file` takes it, read as far as it can be.

    Raises :class:`DocumentError` only for a text that is not a map at all.
    """
    data, twice = read_loosely(text)
    if isinstance(data, dict) and {"format", "models"} <= data.keys():
        document, problems = read_data(data)
        return MapFile(document, (*twice, *problems))
    found = examine_dict(data, find_model)
    return replace(found, problems=(*twice, *found.problems))


def examine_dict(data: object, find_model: FindModel) -> MapFile:
    """A map written by hand as :func:`from_dict` takes it, read as far as it can be.

    Raises :class:`DocumentError` only for data that is not a map at all.
    """
    reader = Reader()
    if not reader.typed(data, "", dict):
        raise DocumentError(_("This is not a tracking map."), reader.problems)
    whole = reader.given(data, "", _WHOLE) if _says_more(data) else {"models": data}
    if "models" not in data and "models" not in whole:
        reader.missing("models", "", dict)
    models, lost = _read_models(reader, whole.pop("models", {}), find_model)
    actions = _read_actions(reader, whole.pop("actions", {}))
    document = Document(models=models, actions=actions, **whole)
    return MapFile(document, tuple(reader.problems), frozenset(lost))


def _says_more(data: dict[Any, Any]) -> bool:
    """Whether tracked models are one field of several, and not all of the data.

    A map may also track a model under the prefix "models": its fields are not all objects. The same
    is true of the other fields, if there are no models.
    """
    models = data.get("models")
    if models is None and data and data.keys() <= _WHOLE.keys():
        return not any(type(each) is dict and each.keys() & _MODEL.keys() for each in data.values())
    if type(models) is not dict or not all(type(each) is dict for each in models.values()):
        return False
    return bool(models) or data.keys() <= _WHOLE.keys()


def _read_models(
    reader: Reader, data: dict[Any, Any], find_model: FindModel
) -> tuple[dict[str, ModelEntry], set[str]]:
    models, lost = {}, set()
    for position, prefix in enumerate(reader.keys(data, "")):
        entry = _read_model(reader, data[prefix], prefix, position, find_model)
        models[prefix] = entry
        if not entry.model:
            lost.add(at("", prefix))
    return models, lost


def _read_actions(reader: Reader, data: dict[Any, Any]) -> dict[str, ActionEntry]:
    actions = {}
    for name, fields in _named(reader, data, ACTIONS, ActionEntry):
        parameters = fields.pop("parameters", {})
        fields["parameters"] = {
            parameter: ParameterEntry(**each)
            for parameter, each in _named(reader, parameters, at(ACTIONS, name), ParameterEntry)
        }
        actions[name] = ActionEntry(**fields)
    return actions


def _named(
    reader: Reader, data: dict[Any, Any], where: str, entry: type
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The fields of entries that an object has by name; their positions are its order."""
    legal = _written_fields(entry)
    for position, name in enumerate(reader.keys(data, where)):
        fields = reader.given(data[name], at(where, name), legal)
        for needed in (e.name for e in plain_fields(entry) if e.default is None):
            if needed not in fields:
                fields[needed] = ""
                if type(data[name]) is dict and needed not in data[name]:
                    reader.missing(needed, at(where, name))
        for field, value in fields.items():
            if type(value) is dict and field not in BELOW.get(entry, {}):
                fields[field] = {k: value[k] for k in reader.keys(value, at(where, name))}
        yield name, fields | {"position": position}


def _without_errors(found: MapFile) -> Document:
    if errors := found.errors(validate(found.document)):
        raise DocumentError(_("This tracking map has errors."), errors)
    return found.document


def _read_model(
    reader: Reader, value: object, prefix: str, position: int, find_model: FindModel
) -> ModelEntry:
    where = at("", prefix)
    fields = reader.given(value, where, _MODEL)
    attributes = _records(reader, fields.pop("attributes", []), "attributes", where, _ATTRIBUTE)
    children = _records(reader, fields.pop("children", []), "children", where, _CHILD)
    aggregates = _named(reader, fields.pop("aggregates", {}), where, AggregateEntry)
    # A value of the wrong type names no model, and its problem is noted already.
    named = type(value) is dict and ("model" in fields or "model" not in value)
    name = fields.get("model", prefix)
    fields["model"] = _label(reader, name, where, find_model) if named else ""
    return ModelEntry(
        **fields,
        position=position,
        attributes=_read_attributes(attributes),
        children=_read_children(children),
        aggregates={name: AggregateEntry(**each) for name, each in aggregates},
    )


def _label(reader: Reader, name: str, where: str, find_model: FindModel) -> str:
    """The lower-case label; empty where there is none. Then that has been noted."""
    try:
        return find_model(name)
    except DocumentError as error:
        for problem in error.problems:
            reader.refuse(problem.code, where, problem.what, problem.remedy)
        if not error.problems:
            remedy = _('Give "model" with an app and a class name, such as "shop.Order".')
            reader.refuse(ProblemCode.MODEL_UNKNOWN, where, error.what, remedy)
        return ""


def _read_attributes(records: Iterator[dict[str, Any]]) -> dict[str, AttributeEntry]:
    return {
        fields.pop("name", fields["source"]): AttributeEntry(**fields, position=position)
        for position, fields in enumerate(records)
    }


def _read_children(records: Iterator[dict[str, Any]]) -> dict[str, ChildEntry]:
    return {
        fields.pop("accessor"): ChildEntry(**fields, position=position)
        for position, fields in enumerate(records)
    }


def _records(
    reader: Reader, values: list[Any], listed: str, where: str, legal: dict[str, type]
) -> Iterator[dict[str, Any]]:
    """Each entry of a list as an object; a plain text is its main field."""
    main = _MAIN[listed]
    seen: set[str] = set()
    for number, value in enumerate(values, 1):
        place = at(at(where, listed), number)
        fields = {main: value} if type(value) is str else reader.given(value, place, legal)
        if main not in fields:
            if type(value) is dict and main not in value:
                reader.missing(main, place)
            continue
        name = fields.get("name", fields[main])
        if name in seen:
            what = _("%(name)s is there twice.", name=shown(name))
            remedy = _("Keep one of the two.")
            reader.refuse(ProblemCode.ENTRY_TWICE, at(where, name), what, remedy)
            continue
        seen.add(name)
        yield fields
