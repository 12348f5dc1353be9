"""Where on which page the row is that a problem names."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

from trackadmin.catalog import catalog
from trackadmin.document import ActionEntry, Document, ModelEntry, in_order

#: The places of actions begin with it.
_ACTIONS = "actions"


def row_address(where: str, document: Document, pages: Mapping[str, str], field: str) -> str:
    """The address of the page of a place, with the anchor of its row; empty for no page.

    ``pages`` is what ``Screen.entry_addresses`` gives, and ``field`` the input of the head of the
    form, where the place is a tracked model or an action itself.
    """
    head, _dot, rest = where.partition(".")
    if head == _ACTIONS:
        head, _dot, rest = rest.partition(".")
        page, action = pages.get(f"{_ACTIONS}.{head}", ""), document.actions.get(head)
        anchor = _of_parameter(rest, action) if rest and action else f"id_{field}"
    else:
        page, entry = pages.get(head, ""), document.models.get(head)
        anchor = _of_model(rest, entry) if rest and entry else f"id_{field}"
    return f"{page}#{anchor}" if page else ""


def _of_parameter(name: str, action: ActionEntry) -> str:
    names = [each for each, _parameter in in_order(action.parameters)]
    return f"p-{names.index(name)}" if name in names else "parameters"


def _of_model(name: str, entry: ModelEntry) -> str:
    if name in entry.attributes:
        return _of_attribute(name, entry)
    if name in entry.aggregates:
        names = [each for each, _aggregate in in_order(entry.aggregates)]
        return f"g-{names.index(name) + 1}"
    return f"c-{name}"


def _of_attribute(name: str, entry: ModelEntry) -> str:
    """Its row is called by its source; the second one of the same source has a number."""
    model = catalog().get(entry.model)

    def source_of(name: str) -> str:
        facts = model.attribute(entry.attributes[name].source) if model else None
        return facts.name if facts else entry.attributes[name].source

    names = [each for each, _attribute in in_order(entry.attributes)]
    before = sum(
        source_of(each) == source_of(name) for each in takewhile(lambda n: n != name, names)
    )
    return f"a-{source_of(name)}" + (f"-{before + 1}" if before else "")
