"""A document as people read it: models, names, types and what goes out how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from trackadmin.admin.forms.rows import PRIVACY_WORDS
from trackadmin.catalog import catalog
from trackadmin.compiler import CompiledModel, compile_map
from trackadmin.document import AttributeEntry, ChildEntry, Document, ModelEntry
from trackadmin.document.structure import TRACKED, UNDECLARED, in_order
from trackadmin.exceptions import DocumentError


@dataclass(frozen=True, slots=True)
class ReadableAttribute:
    """One attribute with the name that analysts see."""

    name: str
    source: str
    type_label: str
    privacy: str
    roles: list[str]
    description: str


@dataclass(frozen=True, slots=True)
class ReadableModel:
    """One tracked model with what it yields."""

    prefix: str
    label: str
    entry: ModelEntry
    attributes: list[ReadableAttribute] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    children: list[tuple[str, ChildEntry]] = field(default_factory=list)
    #: Every name that an event about one carries, those of its children too.
    names: tuple[str, ...] = ()


def readable(document: Document) -> list[ReadableModel]:
    """The models of a document in their order."""
    compiled = _compiled(document)
    names = {prefix: tuple(model.names) for prefix, model in compiled.items()}
    models = in_order(document.models)
    return [_model(prefix, entry, names.get(prefix, ())) for prefix, entry in models]


def _compiled(document: Document) -> Mapping[str, CompiledModel]:
    try:
        return compile_map(document, catalog()).by_prefix
    except DocumentError:
        return {}  # the page says itself that it cannot be read


def _model(prefix: str, entry: ModelEntry, names: tuple[str, ...]) -> ReadableModel:
    facts = catalog().get(entry.model)
    label = facts.cased_label if facts else entry.model
    shown = ReadableModel(prefix, label, entry, names=names)
    for name, attribute in in_order(entry.attributes):
        if attribute.decision != TRACKED:
            shown.ignored.append(name)
            continue
        found = facts.attribute(attribute.source) if facts else None
        shown.attributes.append(
            ReadableAttribute(
                name=f"{prefix}_{name}",
                source=attribute.source,
                type_label=found.type_label if found else _("no longer in the code"),
                privacy="" if attribute.privacy == UNDECLARED else PRIVACY_WORDS[attribute.privacy],
                roles=_roles(name, attribute, entry),
                description=attribute.description,
            )
        )
    shown.children.extend(in_order(entry.children))
    return shown


def _roles(name: str, attribute: AttributeEntry, entry: ModelEntry) -> list[str]:
    if name == entry.key:
        return [_("key")]
    return [_("lookup")] if attribute.lookup else []
