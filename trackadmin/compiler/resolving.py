"""From the references of a URL to their values: one statement for all in one database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import connections, router

from trackadmin.compiler.careful import Fault, Values
from trackadmin.compiler.joining import refusal
from trackadmin.compiler.lookups import Lookup, Outcome, Status
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.savepoints import contained
from trackadmin.compiler.statements import VENDORS, Part, RowFound, Statement

#: How many combinations of references keep their joined statement. A site's pages use a few;
#: a visitor who makes up more pushes the oldest out.
MAX_STATEMENTS = 256


@dataclass(frozen=True, slots=True)
class Resolved:
    """What came of one reference: how it went, and the values where it was found."""

    status: Status
    values: Values | None = None
    #: The object's key, to tell whether two references name the same one.
    pk: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A reference whose text was read: what to look for, and where."""

    at: int
    lookup: Lookup
    alias: str
    value: Any


class Resolver:
    """Finds what references name. One for each snapshot; it keeps the compiled statements."""

    def __init__(self, by_prefix: Mapping[str, CompiledModel]) -> None:
        self._by_prefix = by_prefix
        self._parts: dict[tuple[str, str], Part | None] = {}
        self._statements: OrderedDict[tuple[str, ...], Statement] = OrderedDict()

    def resolve(self, wanted: Sequence[tuple[Lookup, str]], fault: Fault) -> list[Resolved]:
        """What came of each reference and its text, in the same order. Never raises."""
        results: list[Resolved] = [_NOT_ASKED] * len(wanted)
        together: dict[str, list[Asked]] = {}
        for at, (lookup, text) in enumerate(wanted):
            try:
                alias = router.db_for_read(lookup.model)
                asked = Asked(at, lookup, alias, lookup.parse(text, using=alias))
            except ValueError as error:
                results[at] = Resolved("malformed", error=error)
            except Exception as error:  # noqa: BLE001 the host's routers may raise anything
                results[at] = Resolved("failed", error=error)
            else:
                together.setdefault(alias, []).append(asked)
        for alias, some in together.items():
            self._in_one_database(alias, some, results, wanted, fault)
        return results

    def refusal(self, lookup: Lookup) -> str:
        """Why a reference is answered by loading an object; "" where rows of a query will do."""
        alias = router.db_for_read(lookup.model)
        compiled = self._compiled(lookup)
        return _refusal(compiled, alias)

    def statement(self, lookups: Sequence[Lookup]) -> str:
        """The SQL that finds these references of one database, for people to read."""
        alias = router.db_for_read(lookups[0].model)
        parts = [part for lookup in lookups if (part := self._part(lookup, alias))]
        return self._statement(parts).sql if parts else ""

    def _in_one_database(
        self,
        alias: str,
        asked: list[Asked],
        results: list[Resolved],
        wanted: Sequence[tuple[Lookup, str]],
        fault: Fault,
    ) -> None:
        # In the order of their names, so that a URL's order makes no statement of its own.
        asked.sort(key=lambda each: each.lookup.reference)
        rows = [(each, part) for each in asked if (part := self._part(each.lookup, alias))]
        if rows:
            try:
                found = self._run([part for _, part in rows], [e.value for e, _ in rows], fault)
            except Exception:  # noqa: BLE001 one that fails must not take the others along
                rows = []
            else:
                for (each, _), row in zip(rows, found, strict=True):
                    results[each.at] = _of_row(row)
        done = {each.at for each, _ in rows}
        for each in asked:
            if each.at not in done:
                results[each.at] = self._load(each.lookup, wanted[each.at][1], alias, fault)

    def _run(self, parts: list[Part], values: list[Any], fault: Fault) -> list[RowFound]:
        statement = self._statement(parts)
        with nullcontext() if connections[statement.alias].autocommit else contained():
            return statement.run(values, fault)

    def _load(self, lookup: Lookup, text: str, alias: str, fault: Fault) -> Resolved:
        outcome: Outcome = lookup.fetch(text, using=alias)
        if outcome.status != "found":
            return Resolved(outcome.status, error=outcome.error)
        values = self._compiled(lookup).flatten(outcome.obj, fault)
        return Resolved("found", values, outcome.obj.pk)

    def _compiled(self, lookup: Lookup) -> CompiledModel:
        return self._by_prefix[lookup.reference.partition("__")[0]]

    def _part(self, lookup: Lookup, alias: str) -> Part | None:
        key = (lookup.reference, alias)
        if key not in self._parts:
            self._parts[key] = self._make_part(lookup, alias)
        return self._parts[key]

    def _make_part(self, lookup: Lookup, alias: str) -> Part | None:
        compiled = self._compiled(lookup)
        if _refusal(compiled, alias):
            return None
        title = f"{compiled.title}: {lookup.reference}"
        try:
            return Part(lookup, compiled.node, alias, compiled.pseudonym, title)
        except Exception:  # noqa: BLE001 a manager that the ORM cannot turn into rows: load instead
            return None

    def _statement(self, parts: list[Part]) -> Statement:
        key = (parts[0].alias, *(part.lookup.reference for part in parts))
        statement = self._statements.get(key)
        if statement is None:
            statement = self._statements[key] = Statement(parts)
            while len(self._statements) > MAX_STATEMENTS:
                self._statements.popitem(last=False)
        return statement


_NOT_ASKED = Resolved("failed")


def _refusal(compiled: CompiledModel, alias: str) -> str:
    if connections[alias].vendor not in VENDORS:
        return f"the statement is not proven on {connections[alias].vendor}"
    return refusal(compiled.node, alias)


def _of_row(row: RowFound) -> Resolved:
    if row.count == 1:
        return Resolved("found", row.values, row.pk)
    return Resolved("many" if row.count else "none")
