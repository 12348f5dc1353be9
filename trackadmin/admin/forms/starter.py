"""The form of a proposal: one box for each model, and boxes for what to leave out of it.

What is left out is sent, and not what is kept: Django reads at most 1,000 fields of a form, and a
site may have thousands of attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.http import QueryDict
from django.utils.functional import cached_property

from trackadmin.admin.page_parameters import choices
from trackadmin.catalog import AttributeFacts, RelationFacts, catalog
from trackadmin.editing import Proposal

#: Models on the page, so that as many parts again can be left out of them.
MOST_MODELS = 500


@dataclass(frozen=True, slots=True)
class Part:
    """An attribute or a child of a proposed model."""

    facts: AttributeFacts | RelationFacts
    #: The value that says to leave it out.
    value: str
    left_out: bool
    #: Of a child: the prefix of the model that it leads to; empty if the page does not list it.
    target: str = ""


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """A proposed model as the page shows it."""

    proposal: Proposal
    ticked: bool
    attributes: list[Part]
    children: list[Part]

    @property
    def attribute_count(self) -> int:
        """How many attributes it has, with the key."""
        return len(self.attributes) + bool(self.proposal.key)

    @property
    def part_names(self) -> list[str]:
        """Everything that comes along, by name: the key first."""
        parts = (*self.attributes, *self.children)
        key = [self.proposal.key] if self.proposal.key else []
        return key + [each.value.partition(":")[2] for each in parts]


class StarterForm:
    """The proposals that were found, and what was ticked of them."""

    def __init__(self, proposals: list[Proposal], data: QueryDict | None = None) -> None:
        self.proposals, self.more = proposals[:MOST_MODELS], len(proposals[MOST_MODELS:])
        self._by_label = {each.model.label: each for each in self.proposals}
        self.ticked = {each.model.label for each in self.proposals if each.suggested}
        self.left_out: set[str] = set()
        if data is not None:
            self.ticked = choices(data, "model", self._by_label)
            parts = {value for each in self.proposals for value in _what_can_go(each)}
            self.left_out = choices(data, "leave", parts)

    def selected(self) -> list[Proposal]:
        """What was ticked, without what is to be left out."""
        return [
            each.without({part.partition(":")[2] for part in self.left_out & {*_what_can_go(each)}})
            for label, each in self._by_label.items()
            if label in self.ticked
        ]

    @cached_property
    def groups(self) -> list[tuple[str, bool, list[ProposedLine]]]:
        """The lines of each app, with its name and whether it comes from a package."""
        found: dict[str, list[ProposedLine]] = {}
        for each in self.proposals:
            found.setdefault(each.model.app_label, []).append(self._proposed_line(each))
        return [
            (str(apps.get_app_config(app).verbose_name), lines[0].proposal.from_a_package, lines)
            for app, lines in found.items()
        ]

    def _proposed_line(self, proposal: Proposal) -> ProposedLine:
        label = proposal.model.label
        return ProposedLine(
            proposal,
            label in self.ticked,
            [self._made_part(label, each.name, each) for each in proposal.attributes],
            [self._made_part(label, each.accessor, each) for each in proposal.children],
        )

    def _made_part(self, label: str, name: str, facts: AttributeFacts | RelationFacts) -> Part:
        value = f"{label}:{name}"
        target = self._prefix_of(facts.target) if isinstance(facts, RelationFacts) else ""
        return Part(facts, value, value in self.left_out, target)

    def _prefix_of(self, label: str) -> str:
        facts = catalog().of_objects(label)
        lineage: Iterable[str] = (facts.label, *facts.ancestors) if facts else ()
        found = (self._by_label[each].prefix for each in lineage if each in self._by_label)
        return next(found, "")


def _what_can_go(proposal: Proposal) -> Iterator[str]:
    """The values that say what to leave out of a proposal."""
    names = [each.name for each in proposal.attributes]
    for name in names + [each.accessor for each in proposal.children]:
        yield f"{proposal.model.label}:{name}"
