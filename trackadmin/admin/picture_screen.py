"""The picture of a map, and of one tracked model's tree, each with a table of the same facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.page_parameters import choice, text
from trackadmin.admin.picture_facts import Compared, map_facts, tree_facts
from trackadmin.admin.screen import Screen
from trackadmin.document.value_labels import PRIVACY_LABELS
from trackadmin.editing import Arrow, Box, MapPicture, TreeName, TreeNode
from trackadmin.texts import Text

#: So many boxes can still be told apart. A larger map is drawn in parts.
MOST_BOXES = 150
#: What the page may show.
MAP, TREE = VIEWS = ("map", "tree")


@dataclass(frozen=True, slots=True)
class Told:
    """An arrow in the table: the model at its other end, with the address of its page."""

    arrow: Arrow
    other: str
    address: str
    compared: Compared


@dataclass(frozen=True, slots=True)
class BoxRow:
    """A box in the table."""

    box: Box
    address: str
    compared: Compared
    brings: list[Told] = field(default_factory=list)
    comes_with: list[Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NameRow:
    """A name in the table of a tree."""

    name: TreeName
    privacy: Text
    compared: Compared
    #: The privacy that the live version has; empty where it has the same, or not the name.
    privacy_before: Text | str


class PictureScreen(Screen):
    """The map, a part of it, or the tree of one tracked model."""

    http_method_names = ["get", "head", "options"]
    tab = "map"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The page."""
        prefix = text(request.GET, "model")
        app = text(request.GET, "app")
        if choice(request.GET, "view", VIEWS, MAP) == TREE:
            return self._tree(prefix)
        return self._map(prefix, app)

    @cached_property
    def _addresses(self) -> Mapping[str, str]:
        """The page of each tracked model of the draft, by prefix."""
        return self.entry_addresses()

    def _map(self, prefix: str, app: str) -> HttpResponse:
        whole = editing.map_picture(self.tracking_map)
        part = self._part_asked_for(whole, prefix, app)
        too_many = len(part.boxes) > MOST_BOXES
        title = _("Picture of %(map)s") % {"map": self.tracking_map}
        shown = MapPicture((), ()) if too_many else part
        self.template_name = "admin/trackadmin/picture.html"
        return self.page(
            title,
            chosen=prefix,
            app=app,
            apps=whole.apps(),
            prefixes=[box.prefix for box in whole.boxes],
            in_draft=prefix in self._addresses,
            count=len(part.boxes),
            limit=MOST_BOXES,
            too_many=too_many,
            rows=self._rows(shown),
            facts=map_facts(shown, title, self._addresses),
        )

    def _part_asked_for(self, whole: MapPicture, prefix: str, app: str) -> MapPicture:
        """What was asked for: around a tracked model, of an app, or the whole map."""
        if (prefix and not whole.has(prefix)) or (app and app not in whole.apps()):
            raise Http404(_("This map has no such tracked model or app."))
        if prefix:
            return whole.around(prefix)
        return whole.of_app(app) if app else whole

    def _rows(self, picture: MapPicture) -> list[BoxRow]:
        rows = {
            box.prefix: BoxRow(box, self._addresses.get(box.prefix, ""), Compared(box.state))
            for box in picture.boxes
        }
        for arrow in picture.arrows:
            rows[arrow.start].brings.append(self._arrow_row(arrow, arrow.end))
            if arrow.end:
                rows[arrow.end].comes_with.append(self._arrow_row(arrow, arrow.start))
        return list(rows.values())

    def _arrow_row(self, arrow: Arrow, other: str) -> Told:
        return Told(arrow, other, self._addresses.get(other, ""), Compared(arrow.state))

    def _tree(self, prefix: str) -> HttpResponse:
        if prefix not in self._addresses:
            raise Http404(_("This map has no such tracked model or app."))
        tree = editing.model_tree(self.tracking_map, prefix)
        nodes = list(tree.top.nodes()) if tree else []
        title = _("Where the names of %(prefix)s come from") % {"prefix": prefix}
        self.template_name = "admin/trackadmin/tree.html"
        return self.page(
            title,
            (_("Picture"), self.address("picture", self.tracking_map.pk)),
            prefix=prefix,
            address=self._addresses[prefix],
            tree=tree,
            nodes=[self._node_row(node) for node in nodes],
            count=sum(len(node.names) for node in nodes),
            drawn=0 < len(nodes) <= MOST_BOXES,
            limit=MOST_BOXES,
            facts=tree_facts(tree, title, self._addresses) if tree else {},
        )

    def _node_row(self, node: TreeNode) -> tuple[TreeNode, str, list[NameRow]]:
        """A node for the table, with the page of its model."""
        names = [_name_row(each) for each in node.names]
        return node, self._addresses.get(node.prefix, ""), names


def _name_row(name: TreeName) -> NameRow:
    before = PRIVACY_LABELS[name.before.privacy] if name.before and name.other_privacy else ""
    return NameRow(name, PRIVACY_LABELS[name.meaning.privacy], Compared(name.state), before)
