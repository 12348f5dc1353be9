"""The sentences about the differences of two documents; ``changes`` chooses among them."""

from __future__ import annotations

from trackadmin.document.structure import (
    DEPRECATED,
    DROPPED,
    IGNORED,
    OPTIONAL,
    PLANNED,
    PSEUDONYMISED,
    REQUIRED,
    SENT,
)
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: Of what was added or removed. They may use its fields.
ADDED: dict[str, Text] = {
    "model": _("The model %(model)s was added."),
    "attribute": _("The attribute was added."),
    "child": _("The child was added."),
    "aggregate": _("The count or sum was added."),
    "action": _("The action was added."),
    "parameter": _("The parameter was added."),
}

REMOVED: dict[str, Text] = {
    "model": _("The model %(model)s was removed."),
    "attribute": _("The attribute was removed."),
    "child": _("The child was removed."),
    "aggregate": _("The count or sum was removed."),
    "action": _("The action was removed."),
    "parameter": _("The parameter was removed."),
}

MOVED = {
    "attributes": _("The order of the attributes changed."),
    "children": _("The order of the children changed."),
    "models": _("The order of the tracked models changed."),
    "aggregates": _("The order of the counts and sums changed."),
    "actions": _("The order of the actions changed."),
    "parameters": _("The order of the parameters changed."),
}

RENUMBERED = {
    "attributes": _("The attributes have new positions in the same order."),
    "children": _("The children have new positions in the same order."),
    "models": _("The tracked models have new positions in the same order."),
    "aggregates": _("The counts and sums have new positions in the same order."),
    "actions": _("The actions have new positions in the same order."),
    "parameters": _("The parameters have new positions in the same order."),
}

RENAMED = {
    ("model", "prefix"): (
        _("The prefix changed from %(old)s to %(new)s."),
        _("Names that began with %(old)s_ begin with %(new)s_ now."),
    ),
    ("attribute", "name"): (
        _("The attribute %(old)s was renamed to %(new)s."),
        _("%(outer)s_%(old)s is %(outer)s_%(new)s now."),
    ),
}

#: What an added entry has that most entries do not have: where a field has one of these values.
NOTES: tuple[tuple[str, tuple[object, ...], Text], ...] = (
    ("decision", (IGNORED,), _("It is ignored.")),
    ("privacy", (SENT,), _("It is personal and is sent as it is.")),
    ("privacy", (PSEUDONYMISED,), _("It is personal and is sent as a pseudonym.")),
    ("privacy", (DROPPED,), _("It is personal and is left out.")),
    ("lookup", (True,), _("URLs can use it as a lookup.")),
    ("alone", (True,), _("It comes without its own children.")),
    ("required", (True,), _("Events must have it.")),
    ("signed_only", (True,), _("URLs must be signed to name its objects.")),
    ("state", (PLANNED,), _("It is planned.")),
    ("state", (DEPRECATED,), _("It is deprecated.")),
)

#: What else an added entry says, in the words of a change from nothing.
TOLD = ("former_prefix", "successor", "until")

#: By need, with the prefixes as ``names``.
BRINGS = {
    REQUIRED: _("It must bring %(names)s."),
    OPTIONAL: _("It may bring %(names)s."),
}

#: Fields that hold values by name: a value was added, was removed, or changed.
OBJECTS = {
    "where": (
        _("It looks only at objects whose %(name)s is %(new)s now."),
        _("It no longer looks only at objects whose %(name)s is %(old)s."),
        _("It looks at objects whose %(name)s is %(new)s now, and not %(old)s."),
    ),
}
NOT_BROUGHT = _("It no longer brings %(name)s.")

#: By field: a new value, no value any more, another value.
FIELDS = {
    "key": (
        _("The key was set to %(new)s."),
        _("The key %(old)s was removed."),
        _("The key changed from %(old)s to %(new)s."),
    ),
    "owner": (
        _("The owner was set to %(new)s."),
        _("The owner %(old)s was removed."),
        _("The owner changed from %(old)s to %(new)s."),
    ),
    "description": (
        _("The description was set to %(new)s."),
        _("The description %(old)s was removed."),
        _("The description changed from %(old)s to %(new)s."),
    ),
    "name": (
        _("The name was set to %(new)s."),
        _("The name %(old)s was removed."),
        _("The name changed from %(old)s to %(new)s."),
    ),
    "model": 3 * (_("The model changed from %(old)s to %(new)s."),),
    "source": 3 * (_("The source changed from %(old)s to %(new)s."),),
    "decision": 3 * (_("The decision changed from “%(old)s” to “%(new)s”."),),
    "privacy": 3 * (_("The privacy changed from “%(old)s” to “%(new)s”."),),
    "position": 3 * (_("The position changed from %(old)s to %(new)s."),),
    "relation": 3 * (_("The relation changed from %(old)s to %(new)s."),),
    "function": 3 * (_("The function changed from “%(old)s” to “%(new)s”."),),
    "field": (
        _("The field was set to %(new)s."),
        _("The field %(old)s was removed."),
        _("The field changed from %(old)s to %(new)s."),
    ),
    "by": (
        _("The latest object is the one with the greatest %(new)s."),
        _("The latest object no longer depends on %(old)s."),
        _("The latest object is the one with the greatest %(new)s now, and not %(old)s."),
    ),
    "successor": (
        _("Its successor is %(new)s."),
        _("It has no successor any more."),
        _("Its successor is %(new)s now, and not %(old)s."),
    ),
    "until": (
        _("It is deprecated and stays until %(new)s."),
        _("It is no longer deprecated."),
        _("It stays until %(new)s now, and not until %(old)s."),
    ),
    "former_prefix": (
        _("Its names also go out under the former prefix %(new)s."),
        _("Its names no longer go out under the former prefix %(old)s."),
        _("The former prefix changed from %(old)s to %(new)s."),
    ),
    "state": 3 * (_("The state changed from “%(old)s” to “%(new)s”."),),
    "kind": 3 * (_("The kind changed from “%(old)s” to “%(new)s”."),),
    "choices": 3 * (_("The choices changed from %(old)s to %(new)s."),),
    "unknown_actions": 3
    * (_("What happens with unknown actions changed from “%(old)s” to “%(new)s”."),),
    "undeclared_parameters": 3
    * (_("What happens with undeclared parameters changed from “%(old)s” to “%(new)s”."),),
}

#: The same for a tracked model and a child, of which only the former prefix is deprecated.
FORMER_UNTIL = (
    _("The former prefix is deprecated and stays until %(new)s."),
    _("No former prefix stays any more."),
    _("The former prefix stays until %(new)s now, and not until %(old)s."),
)

#: For a field without sentences of its own.
ANY_FIELD = (
    _("%(field)s was set to %(new)s."),
    _("%(field)s: %(old)s was removed."),
    _("%(field)s changed from %(old)s to %(new)s."),
)

#: By the new value.
YES_OR_NO = {
    "lookup": {
        True: _("URLs can use it as a lookup now."),
        False: _("URLs can no longer use it as a lookup."),
    },
    "required": {
        True: _("Events must have it now."),
        False: _("Events may leave it out now."),
    },
    "signed_only": {
        True: _("URLs must be signed now to name its objects."),
        False: _("URLs no longer have to be signed to name its objects."),
    },
}
