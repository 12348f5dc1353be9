"""What is known about one attribute or one relation of a host model: frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trackadmin.catalog.fidelity import reads_back
from trackadmin.catalog.kinds import KINDS, AnyField, Kind, has_choices
from trackadmin.catalog.refusals import Refusal
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RelationKind = Literal["foreign key", "one-to-one", "reverse one-to-one"]
_KIND_LABELS: dict[RelationKind, Text] = {
    "foreign key": _("foreign key"),
    "one-to-one": _("one-to-one"),
    "reverse one-to-one": _("reverse one-to-one"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeFacts:
    """A field, property or method of a host model, offered or refused."""

    #: What a map names as its source. A foreign key has the name of its column: ``buyer_id``.
    name: str
    kind: Kind = Kind.OTHER
    #: The type in words, e.g. ``Text · up to 150 characters``. Read ``type_label``.
    type_text: Text | str = ""
    #: As the host wrote them; translations stay lazy. Read ``verbose_name`` and ``help_text``.
    title: StrOrPromise = ""
    help: StrOrPromise = ""
    nullable: bool = True
    #: Whether the database proves that no two rows share a value.
    unique: bool = False
    #: Whether an index finds the rows with a value, as far as the models say.
    indexed: bool = False
    #: Whether code of the host runs to get the value; it may cost queries.
    computed: bool = False
    #: A guess that the value says something about a person.
    personal: bool = False
    #: Why it may not be tracked; ``None`` where it may.
    refused: Refusal | None = None
    field: AnyField | None = None
    #: The field that the values come from: the far end of a foreign key, else the field itself.
    target: AnyField | None = None

    @property
    def attname(self) -> str:
        """The name under which an instance holds the value."""
        return self.name

    @property
    def type_label(self) -> str:
        """The type in words, in the active language."""
        return str(self.type_text)

    @property
    def verbose_name(self) -> str:
        """The name for people, in the active language."""
        return str(self.title) or self.name.replace("_", " ")

    @property
    def help_text(self) -> str:
        """What the host says about it, in the active language."""
        return str(self.help)

    @property
    def lookupable(self) -> bool:
        """Whether a URL can carry the value so that it is read back exactly."""
        if self.refused or KINDS[self.kind].lookup is None:
            return False
        return self.target is not None and reads_back(self.target)

    @property
    def choices(self) -> list[tuple[Any, str]]:
        """The values to choose from with their labels, flat; empty where any will do."""
        if self.field is None or not has_choices(self.field):
            return []
        return [(value, str(label)) for value, label in self.field.flatchoices]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationFacts:
    """A relation to at most one object, which may be a child."""

    #: The name under which an instance holds the related object.
    accessor: str
    #: The lower-case label of the related model.
    target: str
    kind: RelationKind
    #: Whether the related object may be missing.
    nullable: bool
    #: The field with the column; for a reverse relation it belongs to the related model.
    field: AnyField

    @property
    def kind_label(self) -> str:
        """The kind in words, in the active language."""
        return str(_KIND_LABELS[self.kind])
