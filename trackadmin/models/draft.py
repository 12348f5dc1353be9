"""The draft: the rows that editors change. Nothing here is ever served to a site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.conf import settings
from django.db import connections, models, router
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document.names import LONGEST, LONGEST_LABEL
from trackadmin.document.structure import (
    ACCEPT,
    COUNT,
    DECISIONS,
    FUNCTIONS,
    HANDLINGS,
    PRIVACIES,
    TRACKED,
    UNDECLARED,
)
from trackadmin.document.value_labels import (
    DECISION_LABELS,
    FUNCTION_LABELS,
    HANDLING_LABELS,
    PRIVACY_LABELS,
)
from trackadmin.document.value_rules import LONGEST_OWNER
from trackadmin.texts import Text

M = TypeVar("M", bound=models.Model)

#: The words of the map that ``migrate`` adds.
DEFAULT_WORDS = {"name": "Default map"}

NAME_LENGTH = LONGEST
LABEL_LENGTH = LONGEST_LABEL
#: Longest name of a map for people, and for code.
MAP_NAME_LENGTH, SLUG_LENGTH = 200, 50

#: An ISO date: ``2026-12-31``.
DATE_LENGTH = 10


def choices_of(labels: Mapping[str, Text]) -> list[tuple[str, Any]]:
    """The choices of a column: values with their labels."""
    return [(value, lazystr(label)) for value, label in labels.items()]


DECISION_CHOICES = choices_of(DECISION_LABELS)
PRIVACY_CHOICES = choices_of(PRIVACY_LABELS)
HANDLING_CHOICES = choices_of(HANDLING_LABELS)

# Columns that were added later have a default in the database too: while a new release is rolled
# out, processes of the older one insert rows without them.


def _former_name(length: int = NAME_LENGTH) -> Any:
    return models.CharField(max_length=length, blank=True, default="", db_default="")


def _until() -> Any:
    return models.CharField(max_length=DATE_LENGTH, blank=True, default="", db_default="")


def _handling() -> Any:
    return models.CharField(
        max_length=20, choices=HANDLING_CHOICES, default=ACCEPT, db_default=ACCEPT
    )


def _signed_only() -> Any:
    return models.BooleanField(default=False, db_default=False)


class EditorsManager(models.Manager[M]):
    """Reads where it writes, so that a lagging replica does not hide what an editor just saved.

    Sites do not read drafts; for versions the runtime names its database itself.
    """

    def get_queryset(self) -> models.QuerySet[M]:
        """The rows in the database that the router gives for writing, unless one is named."""
        alias = self._db or router.db_for_write(self.model)
        return super().get_queryset().using(alias)

    def get_by_natural_key(self, *key: object) -> M:
        """The row that ``natural_key`` names, for ``loaddata``."""
        names: tuple[str, ...] = self.model.NATURAL_KEY  # type: ignore[attr-defined]
        return self.get(**dict(zip(names, key, strict=True)))


def natural_key_of(row: models.Model) -> tuple[Any, ...]:
    """What names the row in every database: the values of its model's ``NATURAL_KEY``."""
    return tuple(_value(row, *path.split("__")) for path in row.NATURAL_KEY)  # type: ignore[attr-defined]


def _value(row: models.Model, name: str, *further: str) -> Any:
    if not further:
        return getattr(row, name)
    field: Any = row._meta.get_field(name)
    parent = row._state.fields_cache.get(name)
    if parent is None:
        # The database that the row is in: a replica may not have the parent yet.
        alias = row._state.db or router.db_for_write(type(row))
        parent = field.related_model._base_manager.using(alias).get(pk=getattr(row, field.attname))
    return _value(parent, *further)


class TrackingMap(models.Model):
    """The root of a map: its name, and the counters that order every write to it."""

    slug = models.SlugField(
        max_length=SLUG_LENGTH, unique=True, help_text=_("The name that code uses: map=“default”.")
    )
    name = models.CharField(max_length=MAP_NAME_LENGTH)
    description = models.TextField(blank=True)
    #: What happens to an event whose action the map does not have.
    unknown_actions = _handling()
    #: What happens to an event with parameters that its action does not declare.
    undeclared_parameters = _handling()
    signed_only = _signed_only()
    #: Grows with the first statement of every edit and every publish: the lock of the map.
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    #: Grows when somebody saves the map's own name or description.
    lock_version = models.PositiveIntegerField(default=0, editable=False)
    #: Who changed the draft last; ``None`` for code. They cannot approve it.
    last_editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    objects = EditorsManager["TrackingMap"]()
    NATURAL_KEY = ("slug",)

    class Meta:
        ordering = ["name", "slug"]
        verbose_name = _("tracking map")
        permissions = [
            ("publish_trackingmap", "Can publish and roll back tracking maps"),
            ("roll_back_trackingmap", "Can roll back tracking maps"),
            ("review_trackingmap", "Can review drafts: approve, and ask for changes"),
            ("override_review", "Can publish without the approvals that the site asks for"),
            ("view_personal_values", "Can see personal values of sample objects"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(unknown_actions__in=HANDLINGS)
                & models.Q(undeclared_parameters__in=HANDLINGS),
                name="trackadmin_handling_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.slug

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)


class TrackedModel(models.Model):
    """A model of the host site in the draft of a map."""

    map = models.ForeignKey(TrackingMap, models.CASCADE, related_name="tracked_models")
    prefix = models.CharField(
        max_length=NAME_LENGTH, help_text=_("Starts every name of this model, e.g. BuyerProfile.")
    )
    #: ``app_label.modelname``, in lower case. A label and not a foreign key to ContentType: ids
    #: differ between databases, and removing stale content types would delete these rows.
    model_label = models.CharField(_("model"), max_length=LABEL_LENGTH)
    key = models.CharField(
        max_length=NAME_LENGTH,
        blank=True,
        help_text=_("The attribute by which a tracking URL names an object."),
    )
    owner = models.CharField(
        max_length=LONGEST_OWNER,
        blank=True,
        help_text=_("Who to ask about it: a team or a person."),
    )
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)
    former_prefix = _former_name()
    until = _until()
    signed_only = _signed_only()
    #: Grows with every save; a form that saw an older one is refused.
    lock_version = models.PositiveIntegerField(default=0, editable=False)

    objects = EditorsManager["TrackedModel"]()
    NATURAL_KEY = ("map__slug", "prefix")

    class Meta:
        ordering = ["map", "position", "prefix"]
        verbose_name = _("tracked model")
        constraints = [
            models.UniqueConstraint(fields=["map", "prefix"], name="trackadmin_prefix_once"),
            models.UniqueConstraint(fields=["map", "model_label"], name="trackadmin_model_once"),
            models.CheckConstraint(
                condition=~models.Q(prefix="") & ~models.Q(model_label=""),
                name="trackadmin_model_named",
            ),
        ]

    def __str__(self) -> str:
        return self.prefix

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save. Labels are stored in lower case."""
        self.model_label = self.model_label.lower()
        super().save(*args, **kwargs)


class TrackedAttribute(models.Model):
    """An attribute of a tracked model, with what the team decided about it."""

    tracked_model = models.ForeignKey(TrackedModel, models.CASCADE, related_name="attributes")
    source = models.CharField(max_length=NAME_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    decision = models.CharField(max_length=20, choices=DECISION_CHOICES, default=TRACKED)
    lookup = models.BooleanField(default=False)
    privacy = models.CharField(max_length=20, choices=PRIVACY_CHOICES, default=UNDECLARED)
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)
    successor = _former_name()
    until = _until()

    objects = EditorsManager["TrackedAttribute"]()
    NATURAL_KEY = ("tracked_model__map__slug", "tracked_model__prefix", "name")

    class Meta:
        ordering = ["tracked_model", "position", "name"]
        verbose_name = _("tracked attribute")
        constraints = [
            models.UniqueConstraint(
                fields=["tracked_model", "name"], name="trackadmin_attribute_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(source=""),
                name="trackadmin_attribute_named",
            ),
            models.CheckConstraint(
                condition=models.Q(decision__in=DECISIONS), name="trackadmin_decision_known"
            ),
            models.CheckConstraint(
                condition=models.Q(privacy__in=PRIVACIES), name="trackadmin_privacy_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save. An attribute without a name gets that of its source."""
        self.name = self.name or self.source
        super().save(*args, **kwargs)


class TrackedChild(models.Model):
    """A relation of a tracked model to one object, whose values are sent too."""

    tracked_model = models.ForeignKey(TrackedModel, models.CASCADE, related_name="children")
    accessor = models.CharField(max_length=NAME_LENGTH)
    prefix = models.CharField(max_length=NAME_LENGTH, blank=True)
    position = models.PositiveIntegerField(default=0)
    alone = models.BooleanField(
        _("by itself"),
        default=False,
        db_default=False,
        help_text=_("Comes along without its own children."),
    )
    former_prefix = _former_name()
    until = _until()

    objects = EditorsManager["TrackedChild"]()
    NATURAL_KEY = ("tracked_model__map__slug", "tracked_model__prefix", "accessor")

    class Meta:
        ordering = ["tracked_model", "position", "accessor"]
        verbose_name = _("tracked child")
        verbose_name_plural = _("tracked children")
        constraints = [
            models.UniqueConstraint(
                fields=["tracked_model", "accessor"], name="trackadmin_child_once"
            ),
            models.CheckConstraint(condition=~models.Q(accessor=""), name="trackadmin_child_named"),
        ]

    def __str__(self) -> str:
        return self.accessor

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)


class TrackedAggregate(models.Model):
    """A count, a sum or the like of the many objects that a tracked model is related to."""

    tracked_model = models.ForeignKey(TrackedModel, models.CASCADE, related_name="aggregates")
    name = models.CharField(max_length=NAME_LENGTH)
    relation = models.CharField(max_length=NAME_LENGTH)
    function = models.CharField(max_length=20, choices=choices_of(FUNCTION_LABELS), default=COUNT)
    field = models.CharField(max_length=NAME_LENGTH, blank=True)
    by = models.CharField(max_length=NAME_LENGTH, blank=True)
    #: Name of a field of the related model to the value that it must have.
    where = models.JSONField(default=dict, blank=True)
    decision = models.CharField(max_length=20, choices=DECISION_CHOICES, default=TRACKED)
    privacy = models.CharField(max_length=20, choices=PRIVACY_CHOICES, default=UNDECLARED)
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)

    objects = EditorsManager["TrackedAggregate"]()
    NATURAL_KEY = ("tracked_model__map__slug", "tracked_model__prefix", "name")

    class Meta:
        ordering = ["tracked_model", "position", "name"]
        verbose_name = _("tracked aggregate")
        constraints = [
            models.UniqueConstraint(
                fields=["tracked_model", "name"], name="trackadmin_aggregate_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(relation=""),
                name="trackadmin_aggregate_named",
            ),
            models.CheckConstraint(
                condition=models.Q(function__in=FUNCTIONS)
                & models.Q(decision__in=DECISIONS)
                & models.Q(privacy__in=PRIVACIES),
                name="trackadmin_aggregate_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)


def create_default_map(*, using: str, apps: Apps = global_apps, **kwargs: Any) -> None:
    """Receiver of ``post_migrate``, so that the map also comes back after a ``flush``.

    ``apps`` is what has been migrated so far. That may be another app only, or an older state of
    this one, which lacks columns that the code has.
    """
    try:
        model: Any = apps.get_model("trackadmin", "TrackingMap")
    except LookupError:
        return
    # A flush and a faked migration know of tables that are not there.
    there = connections[using].introspection.table_names
    if router.allow_migrate_model(using, model) and model._meta.db_table in there():
        model._default_manager.using(using).get_or_create(slug=DEFAULT_MAP, defaults=DEFAULT_WORDS)
