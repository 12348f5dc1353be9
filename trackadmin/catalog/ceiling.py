"""The ceiling: what the host's settings let editors choose from.

The settings are read once, when a :class:`Ceiling` is made. Entries are ``"shop"`` (an app),
``"shop.Order"`` (a model) or ``"shop.Order.total"`` (a field, property or method). Apps and models
are named in any case, fields exactly.
"""

from __future__ import annotations

from collections.abc import Iterable

from trackadmin.catalog.deny import denied_model
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import label_of, labels, lineage
from trackadmin.conf import conf

#: Where the classes live whose tables keep the site running and say nothing of its business.
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
    """The settings ``MODELS``, ``EXCLUDE``, ``ALLOW`` and ``COMPUTED``, as they stood when made."""

    def __init__(self) -> None:
        models = conf.MODELS
        self.models = None if models is None else frozenset(_entry(e) for e in models)
        self.exclude = frozenset(_entry(e) for e in conf.EXCLUDE)
        self.allow = frozenset(_entry(e) for e in conf.ALLOW)
        self.computed = frozenset(_entry(e) for e in conf.COMPUTED)
        #: What the entries end with. Most names are not among them, and every name is asked about.
        self._excluded_names, self._computed_names = _names(self.exclude), _names(self.computed)

    def entries(self) -> list[tuple[str, tuple[str, ...], tuple[int, ...]]]:
        """Each setting's name, its entries, and how many parts an entry may have."""
        return [
            ("MODELS", tuple(sorted(self.models or ())), (1, 2)),
            ("EXCLUDE", tuple(sorted(self.exclude)), (1, 2, 3)),
            ("ALLOW", tuple(sorted(self.allow)), (2, 3)),
            ("COMPUTED", tuple(sorted(self.computed)), (3,)),
        ]

    def why_not_model(self, model: AnyModel) -> str:
        """Why the model is not offered, in words; an empty text where it is."""
        meta = model._meta
        if meta.auto_created:
            return "It only joins the two sides of a many-to-many relation."
        if meta.swapped:
            return f"The site uses {meta.swapped} in its place."
        if model.__module__.startswith(OWN):
            return "trackadmin does not track its own tables."
        return self._excluded(model) or self._not_listed(model) or self._machinery(model)

    def why_not_field(self, model: AnyModel, owner: type, *names: str) -> str:
        """Why ``EXCLUDE`` keeps the field of one of these names back, or an empty text.

        A field is kept back on every model that has it: proxies and multi-table children too. So is
        what a model has from an ancestor (the ``owner``) that is kept back as a whole.
        """
        if owner is not model and owner in lineage(model) and (reason := self._excluded(owner)):
            return reason
        listed = [name for name in names if name in self._excluded_names]
        for label in labels(model) if listed else ():
            entry = next((f"{label}.{n}" for n in listed if f"{label}.{n}" in self.exclude), "")
            if entry:
                return f"The site's settings keep it back (EXCLUDE has {entry!r})."
        return ""

    def lists_computed(self, model: AnyModel, name: str, owner: type) -> bool:
        """Whether ``COMPUTED`` lists this member, which the class ``owner`` defines.

        An entry for a model holds for its proxies and children, until one overrides the member.
        """
        return name in self._computed_names and any(
            f"{label_of(ancestor)}.{name}" in self.computed and issubclass(ancestor, owner)
            for ancestor in lineage(model)
        )

    def _excluded(self, model: AnyModel) -> str:
        for entry in (model._meta.app_label.lower(), *labels(model, same_table=True)):
            if entry in self.exclude:
                return f"The site's settings keep it back (EXCLUDE has {entry!r})."
        return ""

    def _not_listed(self, model: AnyModel) -> str:
        if self.models is None or {model._meta.app_label.lower(), label_of(model)} & self.models:
            return ""
        return f"The site's settings do not list it. A developer can add {_label(model)} to MODELS."

    def _machinery(self, model: AnyModel) -> str:
        label = label_of(model)
        if label in (self.models or ()) or label in self.allow:
            return ""
        way_out = f"A developer can add {_label(model)} to ALLOW."
        kept = any(cls.__module__.startswith(MACHINERY) for cls in model.__mro__)
        if kept or label in MACHINERY_MODELS:
            return f"It belongs to the machinery of the site. {way_out}"
        word = denied_model(model.__name__)
        return f"Its name says that it holds secrets ({word!r}). {way_out}" if word else ""


def _entry(text: str) -> str:
    """An entry with its app and model in lower case; a field stays as it is written."""
    label = text.split(".")
    return ".".join([part.lower() for part in label[:2]] + label[2:])


def _names(entries: Iterable[str]) -> frozenset[str]:
    return frozenset(entry.rpartition(".")[2] for entry in entries)


def _label(model: AnyModel) -> str:
    return repr(model._meta.label)
