"""What people call the tables and their columns, in the language that is active.

The names are given to the models when the app is ready. In the classes each of them would be a
migration.
"""

from __future__ import annotations

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trackadmin.models.actions import TrackedAction, TrackedParameter
from trackadmin.models.code_lock import CodeLock
from trackadmin.models.draft import (
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackingMap,
)
from trackadmin.models.recipients import Message, Recipient
from trackadmin.models.review_requests import Remark, ReviewRequest
from trackadmin.models.versions import MapVersion
from trackadmin.models.waivers import Waiver

PLURALS = {
    TrackingMap: _("tracking maps"),
    TrackedModel: _("tracked models"),
    TrackedAttribute: _("tracked attributes"),
    TrackedChild: _("tracked children"),
    TrackedAggregate: _("tracked aggregates"),
    TrackedAction: _("actions"),
    TrackedParameter: _("parameters"),
    MapVersion: _("map versions"),
    Waiver: _("waivers"),
    ReviewRequest: _("review requests"),
    Remark: _("remarks"),
    Recipient: _("recipients"),
    Message: _("messages"),
    CodeLock: _("locks"),
}
#: Better words than the field's name. A column of this name means the same in each table.
COLUMNS = {
    "accessor": _("relation"),
    "action": _("action"),
    "author": _("author"),
    "brings": _("models that come along"),
    "by": _("date or number that tells the newest"),
    "choices": _("choices"),
    "code": _("code"),
    "created_at": _("created at"),
    "decision": _("decision"),
    "description": _("description"),
    "digest": _("digest"),
    "document": _("document"),
    "field": _("field"),
    "former_prefix": _("former prefix"),
    "function": _("function"),
    "key": _("key"),
    "kind": _("kind"),
    "last_editor": _("last editor"),
    "left_early": _("names that left early"),
    "lookup": _("lookup"),
    "map": _("map"),
    "model_label": _("model"),
    "name": _("name"),
    "note": _("note"),
    "number": _("number"),
    "overridden": _("published without approval"),
    "owner": _("owner"),
    "place": _("place"),
    "position": _("position"),
    "prefix": _("prefix"),
    "privacy": _("privacy"),
    "reason": _("reason"),
    "relation": _("relation"),
    "request": _("review request"),
    "required": _("required"),
    "restores": _("restores"),
    "signed_only": _("only by signed URLs"),
    "slug": _("slug"),
    "source": _("source"),
    "state": _("state"),
    "successor": _("successor"),
    "tracked_model": _("tracked model"),
    "undeclared_parameters": _("undeclared parameters"),
    "unknown_actions": _("unknown actions"),
    "until": _("stays until"),
    "verdict": _("verdict"),
    "version": _("version"),
    "where": _("conditions"),
    "words": _("words"),
}
_translated = lazy(gettext, str)


def name_models() -> None:
    """Give each model its plural and each column its name."""
    for model, plural in PLURALS.items():
        model._meta.verbose_name_plural = plural
        for field in model._meta.fields:
            if field.name in COLUMNS:
                field.verbose_name = COLUMNS[field.name]
            elif not isinstance(field.verbose_name, Promise):
                # The words that Django makes of the field's name, in the catalog's translation.
                field.verbose_name = _translated(field.verbose_name)
