"""Every name that the objects of a document give to events, with the entry that makes each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from trackadmin.catalog import AttributeFacts, Kind, in_words
from trackadmin.compiler.aggregates import MatchedAggregate
from trackadmin.compiler.matching import MatchedChild, MatchedModel, Matching
from trackadmin.compiler.plan import Aggregate, Node, Output, plan
from trackadmin.compiler.plan_names import Grace
from trackadmin.document import AggregateEntry, AttributeEntry


@dataclass(frozen=True, slots=True)
class GivenName:
    """A name that goes out, and what makes it."""

    name: str
    #: The tracked model of the object that has the value, and the entry's name there.
    matched: MatchedModel
    entry_name: str
    entry: AttributeEntry | AggregateEntry
    kind: Kind
    #: From object to object: ``Order.buyer.user.email``.
    path: str
    #: The label of the first model, and the accessors from there to the object.
    way: tuple[str, ...]
    grace: Grace | None
    pseudonymised: bool
    #: Whether its value goes out as it is and may say something about a person.
    personal: bool
    #: Whether the object may be missing; then all of its names are null.
    may_miss: bool
    #: What the host says of the attribute, or of the count or sum.
    facts: AttributeFacts | MatchedAggregate

    @property
    def place(self) -> str:
        """The entry: ``User.email``."""
        return f"{self.matched.prefix}.{self.entry_name}"


def given_names(matching: Matching, prefix: str) -> Iterator[GivenName]:
    """What an object of a tracked model gives, its related objects included.

    Nothing where the host does not offer the model.
    """
    if matched := matching.get(prefix):
        top = _Place(matched, (matched.entry.model,), False)
        yield from _of_node(matching, plan(matching, matched).top, top)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node is: its tracked model, how to get there, and whether it may be missing."""

    matched: MatchedModel
    way: tuple[str, ...]
    may_miss: bool


def _of_node(matching: Matching, node: Node, place: _Place) -> Iterator[GivenName]:
    for output in node.outputs:
        yield _given(place, output.path, output.name, output.grace, output)
    for aggregate in node.aggregates:
        for name, grace in aggregate.given:
            yield _given(place, aggregate.path, name, grace, aggregate)
    by_accessor = {each.accessor: each for each in place.matched.children}
    for child in node.children:
        led = by_accessor[child.accessor]
        if target := matching.get(led.tracked_as):
            may_miss = place.may_miss or _may_miss(led)
            below = _Place(target, (*place.way, child.accessor), may_miss)
            yield from _of_node(matching, child, below)


def _given(
    place: _Place, path: str, name: str, grace: Grace | None, made: Output | Aggregate
) -> GivenName:
    entry_name = path.rpartition(".")[2]
    model = place.matched.entry
    is_output = isinstance(made, Output)
    facts = made.facts if isinstance(made, Output) else made.matched
    return GivenName(
        name=name,
        matched=place.matched,
        entry_name=entry_name,
        entry=model.attributes[entry_name] if is_output else model.aggregates[entry_name],
        kind=facts.kind,
        path=path,
        way=place.way,
        grace=grace,
        pseudonymised=made.pseudonymised,
        personal=made.personal,
        may_miss=place.may_miss,
        facts=facts,
    )


def _may_miss(child: MatchedChild) -> bool:
    """Whether there may be no object: by its column, or because a manager hides it."""
    manager: Any = child.model._base_manager
    return child.relation.nullable or type(manager) is not models.Manager


def meaning_of(given: GivenName, description: str) -> tuple[str, bool]:
    """What a name means by the map's description, and whether only the host's code says it."""
    if description:
        return description, False
    facts = given.facts
    if isinstance(facts, AttributeFacts):
        return facts.help_text or _title_of_host(facts), True
    return in_words(facts.entry, given.matched.facts), True


def _title_of_host(facts: AttributeFacts) -> str:
    """The name for people, if it says more than the attribute's own."""
    title = facts.verbose_name
    return "" if title.casefold() == facts.name.replace("_", " ").casefold() else title
