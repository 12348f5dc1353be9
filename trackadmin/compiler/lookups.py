"""References of a tracking URL: from text to a value, and from a value to an object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from django.db import Error, router
from django.db.models import Model, QuerySet

from trackadmin.catalog import AttributeFacts, Kind
from trackadmin.codes import Outcome
from trackadmin.compiler.failures import drop_broken
from trackadmin.compiler.host.managers import asking, rows_of
from trackadmin.compiler.query_tree import Along
from trackadmin.compiler.savepoints import contained
from trackadmin.compiler.types import Rows
from trackadmin.compiler.values.rules import RULES

#: What separates a prefix from an attribute in a reference.
SEPARATOR = "__"

#: A look-up by a column without an index reads a whole table. It counts as this many tables more.
SCAN_COST = 10


#: Gives two at most of these rows that somebody may see.
Visible: TypeAlias = Callable[[Rows], list[Any]]


class Malformed(Exception):
    """A text cannot be a value of the column that it is compared with."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result of looking for an object: the outcome, and the object if one was found."""

    status: Outcome
    obj: Any = None
    #: What was raised, where it was malformed or failed.
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """One reference that a map allows, ``BuyerProfile__uuid``."""

    #: The tracked model's prefix, and the output name of the attribute.
    prefix: str
    name: str
    model: type[Model]
    facts: AttributeFacts
    #: What is tracked of the objects; what comes along is loaded by the same query.
    along: Along | None = None
    #: What a look-up costs, in tables that are read.
    cost: int = 1
    #: The ISO date until which the name stays, where a URL should no longer use it: its attribute
    #: is deprecated, or the prefix that the URL has is a former one. Empty otherwise.
    until: str = ""
    #: The tracked model's former prefix, where that is the one that a URL has.
    former_prefix: str = ""
    #: Whether a URL must be signed to name an object by it.
    signed_only: bool = False
    #: The parameter that a URL has: prefix and name.
    reference: str = field(init=False)

    def __post_init__(self) -> None:
        prefix = self.former_prefix or self.prefix
        object.__setattr__(self, "reference", f"{prefix}{SEPARATOR}{self.name}")

    def under(self, prefix: str, until: str) -> Lookup:
        """The same lookup as old URLs have it, under the model's former prefix until a date."""
        return replace(self, former_prefix=prefix, until=min(until, self.until or until))

    @property
    def guessable(self) -> bool:
        """Whether a stranger could guess values: numbers, and what looks personal, as e-mail."""
        return self.facts.kind is Kind.INTEGER or self.facts.personal

    @property
    def source(self) -> str:
        """The name of the attribute on the model: its column's."""
        return self.facts.attname

    def parse(self, text: str, *, using: str | None = None) -> Any:
        """The value that the text stands for; ``ValueError`` where it is malformed.

        Strict: one spelling for each integer, the usual one of a UUID, and nothing that the
        field's column cannot hold. ``using`` is the alias of the database to be asked.
        """
        parse = self.parser(using or router.db_for_read(self.model))
        if type(text) is not str:
            raise ValueError(f"{self.reference} cannot be looked up by {text!r}.")
        return parse(text)

    def parser(self, alias: str) -> Callable[[str], Any]:
        """What :meth:`parse` does to a text, for many texts and one database."""
        parser = RULES[self.facts.kind].from_url
        if parser is None or self.facts.target is None:
            raise TypeError(f"{self.reference} is of a kind that no URL can carry.")
        return parser(self.facts.target, alias)

    def fetch(
        self, text: str, *, using: str | None = None, visible: Visible | None = None
    ) -> Fetched:
        """The one object that the text names, as the model's default manager shows it.

        One query, its children along with it. Never raises: what goes wrong is in the outcome.
        ``visible`` chooses among the objects those that somebody may see; the others do not count.
        """
        try:
            with contained():
                objects = self._find(text, using, visible)
        except Malformed as error:
            return Fetched(Outcome.MALFORMED, error=error.__cause__)
        except Exception as error:  # noqa: BLE001 the host's managers and routers may raise anything
            return Fetched(Outcome.FAILED, error=error)
        if len(objects) == 1:
            return Fetched(Outcome.FOUND, objects[0])
        return Fetched(Outcome.MANY if objects else Outcome.NONE)

    def text(self, obj: Model) -> str | None:
        """How a URL names the object; ``None`` if it has no value that a URL could carry."""
        try:
            with contained():
                scalar = RULES[self.facts.kind].encode(getattr(obj, self.source))
            text = None if scalar is None else str(scalar)
            return None if text is None or self.parse(text) is None else text
        except Exception:  # noqa: BLE001 a deferred value may have to be loaded
            return None

    def _find(self, text: str, using: str | None, visible: Visible | None) -> list[Any]:
        """Two objects at most that the manager, asked now, shows for this text."""
        rows = rows_of(self.model, using=using)
        try:
            value = self.parse(text, using=rows.db)
        except ValueError as error:
            raise Malformed from error
        with asking(self.model):
            found = _conditional(rows).filter(**{self.source: value})
        try:
            if visible is not None:
                return visible(found)
            return list((self.along.join(found) if self.along else found)[:2])
        except Error:
            drop_broken(rows.db)
            raise


def _conditional(rows: Rows) -> Rows:
    """The same rows, as a query that takes a condition: slices and unions take none."""
    if rows.query.is_sliced or rows.query.combinator:
        every: Rows = QuerySet(rows.model, using=rows.db)
        return every.filter(pk__in=rows.values("pk"))
    return rows.order_by()
