"""Why a model, field, property or relation of the host is not offered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trackadmin.texts import Text


class RefusalCode(StrEnum):
    """The reasons; none of them changes its meaning."""

    # Of models.
    UNKNOWN = "unknown"
    JOIN_TABLE = "join_table"
    SWAPPED = "swapped"
    OWN_TABLE = "own_table"
    NOT_LISTED = "not_listed"
    MACHINERY = "machinery"
    # Of models and of what they have.
    EXCLUDED = "excluded"
    SECRET = "secret"  # noqa: S105 the name of a reason
    # Of fields and relations.
    NAME = "name"
    BINARY = "binary"
    NOT_INSTALLED = "not_installed"
    RELATED_OBJECT = "related_object"
    RELATED_CODE = "related_code"
    MANY_OBJECTS = "many_objects"
    ANY_MODEL = "any_model"
    NO_COLUMN = "no_column"
    # Of properties, methods and anything else in a class.
    NO_ATTRIBUTE = "no_attribute"
    DJANGO = "django"
    UNMARKED = "unmarked"
    OF_CLASS = "of_class"
    CHANGES_DATA = "changes_data"
    ASYNCHRONOUS = "asynchronous"
    MANY_VALUES = "many_values"
    NEEDS_ARGUMENTS = "needs_arguments"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason; ``str()`` says it in the language that is active."""

    code: RefusalCode
    #: Why, in whole sentences.
    why: Text
    #: What a developer can do, where something can be done.
    remedy: Text | None = None

    def __str__(self) -> str:
        return str(self.sentences)

    @property
    def sentences(self) -> Text:
        """The sentences, to be kept with a problem."""
        if self.remedy is None:
            return self.why
        return Text("%(why)s %(remedy)s", values={"why": self.why, "remedy": self.remedy})
