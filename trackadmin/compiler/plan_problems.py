"""The problems of a plan: two paths to one name, children that give nothing, and too much."""

from __future__ import annotations

from trackadmin.codes import ProblemCode
from trackadmin.exceptions import Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def two_paths(name: str, first: str, second: str, child: str = "", prefix: str = "") -> Problem:
    """Two paths to one name, or to names that start with it.

    ``child`` is the one that can get a prefix, such as ``prefix``.
    """
    what = _what_two_paths_give(name, first, second)
    if child:
        remedy = _(
            "Give one of the children a prefix of its own, for example '%(prefix)s' for %(child)s.",
            prefix=prefix,
            child=child,
        )
    else:
        remedy = _(
            "Give one of the children a prefix of its own, or give the attribute another name."
        )
    return Problem(ProblemCode.NAME_TWO_ROADS, "error", child or second, what, remedy)


def _what_two_paths_give(name: str, first: str, second: str) -> Text:
    if name.endswith("_"):
        return _(
            "Two paths lead to names that start with '%(name)s': %(first)s and %(second)s.",
            name=name,
            first=first,
            second=second,
        )
    return _(
        "Two paths lead to the name '%(name)s': %(first)s and %(second)s.",
        name=name,
        first=first,
        second=second,
    )


def former_taken(name: str, first: str, second: str) -> Problem:
    """Two paths to one name, which at least one of them has by a former prefix."""
    what = _what_two_paths_give(name, first, second)
    remedy = _(
        "One of them has it by a former prefix. Choose another prefix or name, or remove the "
        "former prefix."
    )
    return Problem(ProblemCode.NAME_FORMER_TAKEN, "error", second, what, remedy)


def leads_back(path: str, prefix: str) -> Problem:
    """A child that leads to the model it starts from."""
    return Problem(
        ProblemCode.CHILD_EMPTY,
        "warning",
        path,
        _("The child leads back to '%(prefix)s' itself, so it gives no values.", prefix=prefix),
        _("Give the child a prefix of its own, or remove it."),
    )


def nothing_alone(path: str) -> Problem:
    """A child without its own children, whose model tracks no attributes."""
    return Problem(
        ProblemCode.CHILD_EMPTY,
        "warning",
        path,
        _(
            "The child comes without its own children and its model tracks no attributes, so it "
            "gives no values."
        ),
        _("Include its own children, or remove it."),
    )


def too_many_names(path: str, limit: int) -> Problem:
    """A tracked model gives more names than ``MAX_NAMES``."""
    what = _(
        "With all its children, the tracked model gives more than %(limit)s names (MAX_NAMES).",
        limit=limit,
    )
    return Problem(ProblemCode.MODEL_TOO_MANY_NAMES, "error", path, what, _FEWER)


def too_many_objects(path: str, limit: int) -> Problem:
    """A tracked model leads to more objects than ``MAX_NAMES``."""
    what = _(
        "With all its children, the tracked model leads to more than %(limit)s objects "
        "(MAX_NAMES).",
        limit=limit,
    )
    return Problem(ProblemCode.MODEL_TOO_MANY_NAMES, "error", path, what, _FEWER)


def too_deep(path: str, limit: int) -> Problem:
    """A tracked model has too long a chain of related objects."""
    what = _(
        "With all its children, the tracked model has a chain of more than %(limit)s related "
        "objects.",
        limit=limit,
    )
    return Problem(ProblemCode.MODEL_TOO_DEEP, "error", path, what, _FEWER)


_FEWER = _(
    "Include children without their own children, or remove children and attributes that nobody "
    "needs."
)
