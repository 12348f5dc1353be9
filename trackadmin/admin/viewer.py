"""Whether a user may view an object of the host: by its admin, or by Django's permissions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet, TextChoices
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing

logger = logging.getLogger("trackadmin")

#: Of how many objects a host's admin that decides object by object is asked.
MOST_ASKED = 100
#: How many characters of an object's own text a page shows.
LONGEST_LABEL = 200


class HostFailed(Exception):
    """Code of the host raised an error.

    It is in the log and not on the page, since it may hold values that the reader may not see.
    """


class Doing(TextChoices):
    """What code of the host was asked for, and what a page says if it failed."""

    SEARCH = (
        "search",
        gettext_lazy("The search of %(model)s raised %(error)s. Ask a developer to read the log."),
    )
    ADMIN = (
        "admin",
        gettext_lazy("The admin of %(model)s raised %(error)s. Ask a developer to read the log."),
    )
    LIST = (
        "list",
        gettext_lazy("The list of %(model)s raised %(error)s. Ask a developer to read the log."),
    )
    VALUES = (
        "values",
        gettext_lazy("The values of %(model)s raised %(error)s. Ask a developer to read the log."),
    )


@contextmanager
def host_code(doing: Doing, model: str) -> Iterator[None]:
    """Run code of the host; whatever it raises becomes :class:`HostFailed`."""
    try:
        yield
    except (HostFailed, Http404, PermissionDenied):
        raise
    except Exception as error:
        logger.exception("The %s of %s failed in the preview", doing.value, model)
        values = {"model": model, "error": type(error).__name__}
        raise HostFailed(doing.label % values) from error


def label_of(obj: Model) -> str:
    """The object's own text, as a page can have it; its model and key if there is none."""
    try:
        return editing.bounded(str(obj), LONGEST_LABEL).strip() or f"{type(obj).__name__} {obj.pk}"
    except Exception as error:  # noqa: BLE001 the host's code may raise anything
        return _("%(model)s %(key)s (its text raised %(error)s)") % {
            "model": type(obj).__name__,
            "key": obj.pk,
            "error": type(error).__name__,
        }


@dataclass(slots=True)
class _Answer:
    yes: bool = False


@contextmanager
def _closed_on_error(model: type[Model]) -> Iterator[_Answer]:
    """An answer that is no if code of the host raises; the error is logged."""
    answer = _Answer()
    try:
        yield answer
    except Exception:
        logger.exception("Whether an object of %s may be viewed is not known", model._meta.label)
        answer.yes = False


class Viewer:
    """What a request's user may view in the host's admin, or by permission if it has none."""

    def __init__(self, site: AdminSite, request: HttpRequest) -> None:
        self.site, self.request = site, request

    def admin_of(self, model: type[Model]) -> ModelAdmin[Any] | None:
        """The host's admin of this very model."""
        try:
            return self.site.get_model_admin(model)
        except NotRegistered:
            return None

    def rows(self, model: type[Model]) -> QuerySet[Any]:
        """The rows that the host's admin lists for the user, or those of the model's manager."""
        admin = self.admin_of(model)
        return admin.get_queryset(self.request) if admin else model._default_manager.all()

    def listed_rows(self, model: type[Model]) -> QuerySet[Any]:
        """The rows that the user may view, unless :meth:`decides_each` says to ask about each."""
        rows = self.rows(model)
        parent = None if self.admin_of(model) else self._registered_parent(model)
        if parent is None:
            return rows
        return rows.filter(pk__in=self.rows(parent).using(rows.db).values("pk"))

    def decides_each(self, model: type[Model]) -> bool:
        """Whether the host's admin may decide for each object whether the user may view it."""
        deciding = self._deciding(model)
        admin = self.admin_of(deciding) if deciding else None
        own_way = ModelAdmin.has_view_permission
        return admin is not None and type(admin).has_view_permission is not own_way

    def permits(self, model: type[Model], obj: Model | None = None) -> bool:
        """Whether the user has the permission, for this object or for the model.

        It does not say that the object is among :meth:`rows`.
        """
        if admin := self.admin_of(model):
            return admin.has_view_permission(self.request, obj)
        parent = self._registered_parent(model)
        if parent is not None and not self.permits(parent, obj):
            return False
        if parent is not None and model._meta.concrete_model is parent._meta.concrete_model:
            return True  # the very same rows
        return self._has_permission(model, obj)

    def may_view_row(self, model: type[Model], obj: Model) -> bool:
        """Whether the user may view this object, which is among :meth:`rows`.

        If only a parent of the model has an admin, the object must be in that admin's list too.
        If the host's admin raises an error, the user may not view it.
        """
        with _closed_on_error(model) as answer:
            answer.yes = self._may_view_row(model, obj)
        return answer.yes

    def may_view(self, model: type[Model], obj: Model | None) -> bool:
        """Whether the user may view this object, or objects of the model if none is given.

        If the host's admin raises an error, the user may not view it.
        """
        with _closed_on_error(model) as answer:
            answer.yes = all(self._may_view(each, obj) for each in self._classes(model, obj))
        return answer.yes

    def may_view_all(self, rows: QuerySet[Any]) -> bool:
        """Whether the user may view each of these objects, so that a number may tell about them.

        If the host's admin raises an error, the user may not view them.
        """
        model = rows.model
        with _closed_on_error(model) as answer:
            answer.yes = self.permits(model) and self._lists_all(rows) and self._permits_all(rows)
        return answer.yes

    def may_view_every(self, model: type[Model]) -> bool:
        """Whether the user may view each object of the model, known without asking the database.

        It is no if the host's admin decides about each object, lists only some of them, or raises.
        """
        with _closed_on_error(model) as answer:
            each = self.decides_each(model)
            answer.yes = self.permits(model) and not each and self._lists_every(model)
        return answer.yes

    def _lists_every(self, model: type[Model]) -> bool:
        """Whether the list of the host's admin has no condition that the model's own has not."""
        deciding = self._deciding(model)
        if deciding is None:
            return True
        listed, every = self.rows(deciding).query, deciding._default_manager.all().query
        whole = not listed.is_sliced and not listed.combinator
        return bool(whole and listed.where == every.where)

    def visible(self, rows: QuerySet[Any]) -> list[Any]:
        """Two at most of these objects that the user may view.

        Raises :class:`HostFailed` if the host's admin cannot say which objects it lists.
        """
        model = rows.model
        if not self.may_view(model, None):
            return []
        if deciding := self._deciding(model):
            with host_code(Doing.LIST, deciding._meta.label):
                listed = self.rows(deciding).using(rows.db).values("pk")
            rows = rows.filter(pk__in=listed)
        return [*islice((each for each in rows[:MOST_ASKED] if self.may_view(model, each)), 2)]

    def _lists_all(self, rows: QuerySet[Any]) -> bool:
        """Whether the host's admin lists all of them, or that of the nearest parent does."""
        deciding = self._deciding(rows.model)
        if deciding is None:
            return True
        return not rows.exclude(pk__in=self.rows(deciding).using(rows.db).values("pk")).exists()

    def _permits_all(self, rows: QuerySet[Any]) -> bool:
        """Whether an admin that decides for each object permits all of them; a few are asked."""
        if not self.decides_each(rows.model):
            return True
        found = list(rows[: MOST_ASKED + 1])
        return len(found) <= MOST_ASKED and all(self.permits(rows.model, each) for each in found)

    def _deciding(self, model: type[Model]) -> type[Model] | None:
        """The model, or its nearest parent, that has an admin."""
        return model if self.admin_of(model) else self._registered_parent(model)

    def _classes(self, model: type[Model], obj: Model | None) -> set[type[Model]]:
        """The model, and the object's own class if that has an admin of its own."""
        return {model} if obj is None or not self.admin_of(type(obj)) else {model, type(obj)}

    def _may_view(self, model: type[Model], obj: Model | None) -> bool:
        if obj is None:
            return self.permits(model)
        return self._may_view_row(model, obj) and self._lists(model, obj)

    def _may_view_row(self, model: type[Model], obj: Model) -> bool:
        parent = None if self.admin_of(model) else self._registered_parent(model)
        return self.permits(model, obj) and (parent is None or self._lists(parent, obj))

    def _lists(self, model: type[Model], obj: Model) -> bool:
        key = getattr(obj, model._meta.pk.attname, None)
        return key is not None and bool(self.rows(model).filter(pk=key).exists())

    def _registered_parent(self, model: type[Model]) -> type[Model] | None:
        """The nearest model that it inherits from, or is a proxy of, with an admin."""
        parents = [each for each in model.__mro__[1:] if hasattr(each, "_meta")]
        return next((each for each in parents if self.admin_of(each)), None)

    def _has_permission(self, model: type[Model], obj: Model | None) -> bool:
        user: Any = self.request.user
        names = [
            f"{model._meta.app_label}.{get_permission_codename(action, model._meta)}"
            for action in ("view", "change")
        ]
        return any(
            user.has_perm(name) or (obj is not None and user.has_perm(name, obj)) for name in names
        )
