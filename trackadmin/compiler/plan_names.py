"""How the names of a plan are made: of prefixes, and of former prefixes until their date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from trackadmin.compiler.matching import MatchedAttribute, MatchedChild, MatchedModel


@dataclass(frozen=True, slots=True)
class Grace:
    """The grace period of a deprecated name, which an entry of the map gives it."""

    #: The ISO date until which the name stays in the map.
    until: str
    #: The entry that has the date: ``Order``, ``Order.buyer`` or ``Order.total``.
    place: str
    #: The name that takes its place; "" for none.
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """How names are made at one node: today's first, then those with a former prefix."""

    #: Before each name of the node itself, the underscore included; deprecated for a former prefix.
    starts: Mapping[str, Grace | None]
    #: What its children inherit.
    bases: Mapping[str, Grace | None]

    def below(self, prefixes: Sequence[Prefix]) -> Names:
        """The names of a child that has these prefixes."""
        starts: dict[str, Grace | None] = {}
        bases: dict[str, Grace | None] = {}
        for base, old in self.bases.items():
            for prefix in prefixes:
                start, grace = f"{base}{prefix.text}_", _earlier(old, prefix.grace)
                starts.setdefault(start, grace)
                bases.setdefault(start if prefix.inherited else base, grace)
        return Names(starts, bases)

    @property
    def today(self) -> str:
        """The start that is not deprecated; "" for none."""
        return next((start for start, grace in self.starts.items() if grace is None), "")


class Prefix(NamedTuple):
    """A prefix of a child."""

    text: str
    #: Whether the names of its own children have it, too.
    inherited: bool
    grace: Grace | None = None


def _earlier(one: Grace | None, other: Grace | None) -> Grace | None:
    """What comes first: a name leaves with the first of its parts."""
    return min((each for each in (one, other) if each), key=lambda each: each.until, default=None)


def starts_of_top(matched: MatchedModel) -> dict[str, Grace | None]:
    """What the names of a tracked model start with: its prefix, and its former one."""
    former = {f"{each.text}_": each.grace for each in _formers(matched)}
    return {f"{matched.prefix}_": None, **former}


def _formers(matched: MatchedModel) -> list[Prefix]:
    entry = matched.entry
    grace = Grace(entry.until, matched.prefix)
    return [Prefix(entry.former_prefix, False, grace)] if entry.former_prefix else []


def prefixes_of(
    child: MatchedChild, target: MatchedModel, entered: tuple[str, ...]
) -> list[Prefix]:
    """The prefixes of a child, today's first, without those that were entered: a circle ends there.

    A former prefix that is its model's own means that it had none.
    """
    plain = [Prefix(child.tracked_as, False), *_formers(target)]
    today = [Prefix(child.prefix, True)] if child.prefix else plain
    grace, former = Grace(child.until, child.place), child.former_prefix
    before: list[Prefix] = []
    if child.place in entered:
        pass  # in a circle; its names were never made of both prefixes
    elif former in [each.text for each in plain]:
        own = plain if child.prefix else []
        before = [Prefix(each.text, False, _earlier(grace, each.grace)) for each in own]
    elif former:
        before = [Prefix(former, True, grace)]
    is_open = child.tracked_as not in entered
    return [p for p in (*today, *before) if p.text not in entered and (p.inherited or is_open)]


def grace_of_attribute(
    attribute: MatchedAttribute, prefix: str, today: str, of_start: Grace | None
) -> Grace | None:
    """The grace period of an output, by its attribute or by the start of its name."""
    entry = attribute.entry
    own = Grace(entry.until, f"{prefix}.{attribute.name}") if entry.until else None
    found, its_successor = _earlier(own, of_start), entry.successor if own else attribute.name
    if found and today and its_successor:
        return replace(found, successor=today + its_successor)
    return found


def grace_of(name: str, today: str, of_start: Grace | None) -> Grace | None:
    """The grace period of a name that is deprecated by its start alone."""
    return replace(of_start, successor=today + name) if of_start and today else of_start
