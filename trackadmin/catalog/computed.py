"""The attributes that are properties and methods of a host model.

Only those that the host's code marks with ``@trackable``, or that its settings list in
``COMPUTED``, are offered. None of them is run or called to find out.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.db import models

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.deny import denied
from trackadmin.catalog.facts import AttributeFacts
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import label_of
from trackadmin.catalog.marks import function_of, mark_of
from trackadmin.catalog.privacy import name_is_personal
from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.catalog.words import why_not_plain
from trackadmin.texts import gettext as _

if sys.version_info >= (3, 14):
    import annotationlib


def class_member(model: AnyModel, name: str) -> tuple[type, object] | None:
    """The nearest class that defines this name, and the member as the class has it, unread."""
    for cls in model.__mro__:
        if name in vars(cls):
            return cls, vars(cls)[name]
    return None


def is_computed(member: object) -> bool:
    """Whether a member of a class is a property or a method, so that code gives the value."""
    return function_of(member) is not None


def is_descriptor(model: AnyModel, name: str) -> bool:
    """Whether a descriptor of a package, not one of Django's, gives the value of this name."""
    found = class_member(model, name)
    if found is None or name in {field.name for field in model._meta.get_fields()}:
        return False
    member = found[1]
    return hasattr(type(member), "__get__") and not type(member).__module__.startswith("django.")


def has_computed(model: AnyModel, name: str) -> bool:
    """Whether this name of the model is a property or a method."""
    found = class_member(model, name)
    return found is not None and is_computed(found[1])


def computed_names(model: AnyModel, ceiling: Ceiling) -> Iterator[str]:
    """The names of the properties and methods that are marked or listed, ancestors' first."""
    for cls in reversed(model.__mro__):
        for name, member in vars(cls).items():
            if not (mark_of(member) or ceiling.lists_computed(model, name, cls)):
                continue
            found = class_member(model, name)
            # Neither overridden further down nor a field, a manager, a constant.
            if found and found[0] is cls and (is_computed(member) or is_descriptor(model, name)):
                yield name


def computed_facts(name: str, model: AnyModel, ceiling: Ceiling) -> AttributeFacts:
    """The facts of a property, a method or any other member of the class."""
    owner, member = class_member(model, name) or (object, None)
    mark = mark_of(member)
    doc = inspect.getdoc(function_of(member)) if is_computed(member) else None
    return AttributeFacts(
        name=name,
        type_text=_("Computed"),
        help=mark.description if mark and mark.description else (doc or "").partition("\n")[0],
        computed=True,
        personal=name_is_personal(name, model),
        refused=_refused(name, model, ceiling, owner, member),
    )


def _refused(
    name: str, model: AnyModel, ceiling: Ceiling, owner: type, member: object
) -> Refusal | None:
    descriptor = not is_computed(member) and is_descriptor(model, name)
    if not is_computed(member) and not descriptor:
        why = _("It is not a field, a property or a method.")
        return why_not_plain(name) or Refusal(RefusalCode.NO_ATTRIBUTE, why)
    return (
        why_not_plain(name)
        or _unmarked(name, model, ceiling, owner, member)
        or (None if descriptor else _unfit(member))
        or denied(name, label_of(model))
        or ceiling.why_not_field(model, owner, name)
    )


def _unmarked(
    name: str, model: AnyModel, ceiling: Ceiling, owner: type, member: object
) -> Refusal | None:
    if name in vars(models.Model):  # also where it is overridden: save() is still save()
        why = _("It is an internal part of Django. Only fields and the site's code are offered.")
        return Refusal(RefusalCode.DJANGO, why)
    if mark_of(member) or ceiling.lists_computed(model, name, owner):
        return None
    return Refusal(
        RefusalCode.UNMARKED,
        _("It is a property or a method that the site's code does not mark."),
        _(
            "A developer can put @trackable on it or, if the code belongs to a package, add "
            "'%(name)s' to COMPUTED.",
            name=f"{model._meta.label}.{name}",
        ),
    )


def _unfit(member: object) -> Refusal | None:
    """Why it cannot be read as one value of one object."""
    function = function_of(member)
    if isinstance(member, classmethod | staticmethod):
        why = _("It is a class method or a static method, so it says nothing about one object.")
        return Refusal(RefusalCode.OF_CLASS, why)
    if getattr(function, "alters_data", False):
        return Refusal(RefusalCode.CHANGES_DATA, _("It changes data."))
    if iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        why = _("It is asynchronous (async def). Only ordinary properties and methods can be read.")
        return Refusal(RefusalCode.ASYNCHRONOUS, why)
    if inspect.isgeneratorfunction(function):
        why = _("It gives many values, one after the other. Only single values can be tracked.")
        return Refusal(RefusalCode.MANY_VALUES, why)
    if _needs_arguments(function):
        why = _("It needs arguments. Only methods without arguments can be tracked.")
        return Refusal(RefusalCode.NEEDS_ARGUMENTS, why)
    return None


def _needs_arguments(function: Any) -> bool:
    """Whether a call with only the instance would fail; true where that is unknown."""
    if isinstance(function, functools.partialmethod):
        function = functools.partial(function.func, *function.args, **function.keywords)
    elif not isinstance(function, FunctionType):
        return False  # something built in that a property reads with, e.g. an attrgetter
    try:
        _signature(function).bind(None)
    except (TypeError, ValueError):
        return True
    return False


def _signature(function: Any) -> inspect.Signature:
    if sys.version_info >= (3, 14):  # else it would run the annotations, which may name anything
        return inspect.signature(function, annotation_format=annotationlib.Format.STRING)
    return inspect.signature(function)
