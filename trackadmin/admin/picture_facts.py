"""What a picture shows, as data for the script that draws it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin.document.changes import MARKS
from trackadmin.editing import Arrow, Box, MapPicture, ModelTree, PartState, TreeNode

#: Names in a box of a tree; the table has all.
NAMES_IN_A_BOX = 12


class Compared(TextChoices):
    """How a part of a picture differs from the live version."""

    SAME = PartState.SAME, gettext_lazy("same")
    NEW = PartState.NEW, gettext_lazy("new")
    CHANGED = PartState.CHANGED, gettext_lazy("changed")
    DELETED = PartState.DELETED, gettext_lazy("deleted")


#: The marks of those that differ, for people who do not see the colour.
_MARKS = {
    PartState.NEW: MARKS["added"],
    PartState.CHANGED: MARKS["changed"],
    PartState.DELETED: MARKS["removed"],
}


def map_facts(picture: MapPicture, title: str, addresses: Mapping[str, str]) -> dict[str, Any]:
    """Boxes for tracked models, which lead to their pages, and arrows for what comes along."""
    return {
        "title": title,
        "boxes": [_box(box, addresses.get(box.prefix, "")) for box in picture.boxes],
        "arrows": [_arrow(arrow) for arrow in picture.arrows if arrow.end],
    }


def tree_facts(tree: ModelTree, title: str, addresses: Mapping[str, str]) -> dict[str, Any]:
    """A box for each object, with the names that it gives, and an arrow for each step."""
    nodes = list(tree.top.nodes())
    return {
        "title": title,
        "boxes": [_node(node, addresses.get(node.prefix, "")) for node in nodes],
        "arrows": [_tree_arrow(node, child) for node in nodes for child in node.children],
    }


def _words_line(words: str, kind: str = "plain") -> dict[str, str]:
    return {"words": words, "kind": kind}


def _difference(state: PartState) -> Iterator[dict[str, str]]:
    if state != PartState.SAME:
        yield _words_line(f"{_MARKS[state]} {Compared(state).label}", "state")


def _box(box: Box, address: str) -> dict[str, Any]:
    told = [_words_line(box.prefix, "title"), _words_line(box.label), *_difference(box.state)]
    if not box.in_code:
        told.append(_words_line(_("not in the code"), "state"))
    return {
        "id": box.prefix,
        "state": box.state,
        "href": address,
        "name": ", ".join(each["words"] for each in told),
        "lines": told,
    }


def _arrow(arrow: Arrow) -> dict[str, Any]:
    told = [_words_line(arrow.accessor, "title")]
    told += [_words_line(f"{prefix}_…") for prefix in (arrow.prefix, arrow.former_prefix) if prefix]
    told += [_words_line(_("alone"), "state")] if arrow.alone else []
    return {
        "start": arrow.start,
        "end": arrow.end,
        "state": arrow.state,
        "alone": arrow.alone,
        "lines": [*told, *_difference(arrow.state)],
    }


def _node(node: TreeNode, address: str) -> dict[str, Any]:
    differs = any(each.state != PartState.SAME for each in node.names)
    state = PartState.CHANGED if differs else PartState.SAME
    head = [_words_line(node.prefix, "title"), _words_line(node.label)]
    told = [node.path, node.prefix, node.label, *(each["words"] for each in _difference(state))]
    return {
        "id": node.path,
        "state": state,
        "href": address,
        "name": ", ".join(told),
        "lines": [*head, *_name_lines(node)],
    }


def _name_lines(node: TreeNode) -> Iterator[dict[str, str]]:
    for each in node.names[:NAMES_IN_A_BOX]:
        if each.state == PartState.SAME:
            yield _words_line(each.name, "name")
        for told in _difference(each.state):
            yield _words_line(f"{told['words']}: {each.name}", "state")
    if (left := len(node.names) - NAMES_IN_A_BOX) > 0:
        words = ngettext("%(count)s more name", "%(count)s more names", left)
        yield _words_line(words % {"count": left})


def _tree_arrow(node: TreeNode, child: TreeNode) -> dict[str, Any]:
    told = [_words_line(child.accessor, "title")]
    return {
        "start": node.path,
        "end": child.path,
        "state": PartState.SAME,
        "alone": child.alone,
        "lines": [*told, _words_line(_("alone"), "state")] if child.alone else told,
    }
