"""The ceiling: what the host's settings let editors choose from.

A :class:`Ceiling` reads the settings once, when it is made. Entries are ``"shop"`` (an app),
``"shop.Order"`` (a model) or ``"shop.Order.total"`` (a field, property or method). The case of
apps and models does not matter, that of fields does.
"""

from __future__ import annotations

from collections.abc import Iterable

from trackadmin.catalog.deny import denied_model
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import app_of, label_of, labels, lineage
from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.conf import conf
from trackadmin.texts import gettext as _

#: The modules of classes whose tables keep the site running and say nothing about its business.
MACHINERY = (
    "django.contrib.contenttypes.",
    "django.contrib.sessions.",
    "django.contrib.admin.",
    "reversion.",
    "admin_interface.",
)
MACHINERY_MODELS = frozenset({"auth.permission"})
OWN = "trackadmin."


class Ceiling:
    """The settings ``MODELS``, ``EXCLUDE``, ``ALLOW`` and ``COMPUTED`` at the time it was made."""

    def __init__(self) -> None:
        models = conf.MODELS
        self.models = None if models is None else frozenset(_lower_case(e) for e in models)
        self.exclude = frozenset(_lower_case(e) for e in conf.EXCLUDE)
        self.allow = frozenset(_lower_case(e) for e in conf.ALLOW)
        self.computed = frozenset(_lower_case(e) for e in conf.COMPUTED)
        #: The last parts of the entries. Every name is looked up, and most are not among them.
        self._excluded_names, self._computed_names = (
            _last_parts(self.exclude),
            _last_parts(self.computed),
        )

    def entries(self) -> list[tuple[str, tuple[str, ...], tuple[int, ...]]]:
        """Each setting's name, its entries, and how many parts an entry may have."""
        return [
            ("MODELS", tuple(sorted(self.models or ())), (1, 2)),
            ("EXCLUDE", tuple(sorted(self.exclude)), (1, 2, 3)),
            ("ALLOW", tuple(sorted(self.allow)), (2, 3)),
            ("COMPUTED", tuple(sorted(self.computed)), (3,)),
        ]

    def why_not_model(self, model: AnyModel) -> Refusal | None:
        """Why the model is not offered; ``None`` where it is."""
        meta = model._meta
        if meta.auto_created:
            why = _("It only joins the two sides of a many-to-many relation.")
            return Refusal(RefusalCode.JOIN_TABLE, why)
        if meta.swapped:
            why = _("The site uses %(model)s instead.", model=meta.swapped)
            return Refusal(RefusalCode.SWAPPED, why)
        if model.__module__.startswith(OWN):
            return Refusal(RefusalCode.OWN_TABLE, _("trackadmin does not track its own tables."))
        return self._excluded(model) or self._not_listed(model) or self._machinery(model)

    def why_not_field(self, model: AnyModel, owner: type, *names: str) -> Refusal | None:
        """Why ``EXCLUDE`` forbids the field of one of these names; ``None`` where it does not.

        A field is excluded on every model that has it, including proxies and multi-table children.
        What a model inherits from an excluded model (the ``owner``) is excluded too.
        """
        if owner is not model and owner in lineage(model) and (reason := self._excluded(owner)):
            return reason
        listed = [name for name in names if name in self._excluded_names]
        for label in labels(model) if listed else ():
            entry = next((f"{label}.{n}" for n in listed if f"{label}.{n}" in self.exclude), "")
            if entry:
                return _excluded_by(entry)
        return None

    def lists_computed(self, model: AnyModel, name: str, owner: type) -> bool:
        """Whether ``COMPUTED`` lists this member, which the class ``owner`` defines.

        An entry for a model also covers its proxies and children, unless one overrides the member.
        """
        return name in self._computed_names and any(
            f"{label_of(ancestor)}.{name}" in self.computed and issubclass(ancestor, owner)
            for ancestor in lineage(model)
        )

    def _excluded(self, model: AnyModel) -> Refusal | None:
        for entry in (app_of(model), *labels(model, same_table=True)):
            if entry in self.exclude:
                return _excluded_by(entry)
        return None

    def _not_listed(self, model: AnyModel) -> Refusal | None:
        if self.models is None or {app_of(model), label_of(model)} & self.models:
            return None
        return Refusal(
            RefusalCode.NOT_LISTED,
            _("The site's settings do not list it."),
            _("A developer can add '%(model)s' to MODELS.", model=model._meta.label),
        )

    def _machinery(self, model: AnyModel) -> Refusal | None:
        label = label_of(model)
        if label in (self.models or ()) or label in self.allow:
            return None
        remedy = _("A developer can add '%(name)s' to ALLOW.", name=model._meta.label)
        kept = any(cls.__module__.startswith(MACHINERY) for cls in model.__mro__)
        if kept or label in MACHINERY_MODELS:
            why = _("It is an internal table of the site.")
            return Refusal(RefusalCode.MACHINERY, why, remedy)
        word = denied_model(model.__name__)
        if not word:
            return None
        why = _("Its name says that it holds secrets ('%(word)s').", word=word)
        return Refusal(RefusalCode.SECRET, why, remedy)


def _lower_case(text: str) -> str:
    """An entry with its app and model in lower case; a field stays as it is written."""
    label = text.split(".")
    return ".".join([part.lower() for part in label[:2]] + label[2:])


def _last_parts(entries: Iterable[str]) -> frozenset[str]:
    return frozenset(entry.rpartition(".")[2] for entry in entries)


def _excluded_by(entry: str) -> Refusal:
    why = _("The site's settings exclude it (EXCLUDE has '%(entry)s').", entry=entry)
    return Refusal(RefusalCode.EXCLUDED, why)
