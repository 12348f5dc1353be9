"""How one attribute is filled: counts its values, as they are in an event."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Any

from trackadmin.catalog import AttributeFacts, Kind
from trackadmin.compiler import Scalar
from trackadmin.compiler.values.assigned_values import encoder
from trackadmin.compiler.values.clean_text import bounded
from trackadmin.editing.table_sizes import Estimate

#: How many examples, and how many of the commonest values, are shown.
EXAMPLES, COMMONEST = 3, 5
#: The longest text of an example, in characters.
LONGEST_EXAMPLE = 60


class Unread(Enum):
    """Why nothing is known about an attribute."""

    COMPUTED = "computed"
    FAILED = "failed"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class CommonValue:
    """A value as JSON, and how many objects have it."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """How one attribute is filled."""

    name: str
    #: Why it was not read; ``None`` where it was.
    unread: Unread | None = None
    #: How many objects were read, and how many of them have a value that is not an empty text.
    rows: int = 0
    filled: int = 0
    distinct: int = 0
    #: As JSON, so that 1 and "1" look different. The commonest come first.
    examples: tuple[str, ...] = ()
    #: For yes or no and for choices, in place of examples.
    commonest: tuple[CommonValue, ...] = ()
    #: Whether its values are left out because they may be personal.
    masked: bool = False
    #: What the database itself believes of the whole table.
    estimate: Estimate | None = None


class Tally:
    """Counts the values of one attribute."""

    def __init__(self, facts: AttributeFacts) -> None:
        self.facts, self.encode = facts, encoder(facts)
        self.rows = 0
        #: By text and hash, because a text may be cut.
        self.values: Counter[tuple[str, int]] = Counter()

    def add(self, value: Any) -> None:
        """Count this object's value, as the database gave it."""
        self.rows += 1
        try:
            scalar = None if value is None else self.encode(value)
        except Exception:  # noqa: BLE001 the host's field may raise anything
            return  # an event has null then, too
        if scalar is not None and scalar != "":
            self.values[value_text(scalar), hash(scalar)] += 1

    def profile(self, *, masked: bool, estimate: Estimate | None) -> FieldProfile:
        """What was counted; without the values if it is masked."""
        common = [] if masked else self.values.most_common(COMMONEST)
        listed = self.facts.kind == Kind.BOOLEAN or bool(labels_of_values(self.facts))
        return FieldProfile(
            self.facts.name,
            rows=self.rows,
            filled=self.values.total(),
            distinct=len(self.values),
            examples=() if listed else tuple(text for (text, _), _ in common[:EXAMPLES]),
            commonest=tuple(CommonValue(t, n) for (t, _), n in common) if listed else (),
            masked=masked,
            estimate=estimate,
        )


def value_text(value: Scalar) -> str:
    """A value as JSON, cut where it is long."""
    cut = bounded(value, LONGEST_EXAMPLE) if isinstance(value, str) else value
    return json.dumps(cut, ensure_ascii=False)


def labels_of_values(facts: AttributeFacts) -> dict[str, str]:
    """The labels of an attribute's choices by the text of their values, in the active language."""
    try:
        encode = encoder(facts)
        return {
            value_text(encode(value)): bounded(label, LONGEST_EXAMPLE)
            for value, label in facts.choices
        }
    except Exception:  # noqa: BLE001 the host's choices may be a function
        return {}
