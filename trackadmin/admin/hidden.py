"""Which values of a preview come from related objects that the user may not view."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db.models import Model

from trackadmin.document import Document
from trackadmin.editing.salvaging import compile_what_can


def hidden_names(
    document: Document, obj: Model, may_view: Callable[[type[Model]], bool]
) -> Mapping[str, str]:
    """The output names that come from models which may not be viewed, with those models' labels.

    The object itself was picked by what the user may view; what comes along with it was not.
    """
    compiled = compile_what_can(document, "").find(obj)
    if compiled is None:
        return {}
    nodes = [node for node in compiled.node.walk() if node is not compiled.node]
    return {
        output.name: node.model._meta.label
        for node in nodes
        if not may_view(node.model)
        for output in node.outputs
    }
