"""How the attributes of a tracked model are filled in the objects that the user may view."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin import editing
from trackadmin.admin.entry_screens import RowScreen
from trackadmin.admin.page_parameters import choice
from trackadmin.admin.viewer import Doing, HostFailed, host_code
from trackadmin.catalog import AttributeFacts, Kind, ModelFacts, catalog
from trackadmin.editing import MONTH, Exactness, FieldProfile, Profile, Seen, Unread
from trackadmin.runtime.place import place, schema_of

WHY_UNREAD = {
    Unread.COMPUTED: gettext_lazy("Not profiled: the site’s code computes it."),
    Unread.FAILED: gettext_lazy("It could not be read. Ask a developer to read the log."),
    Unread.LATE: gettext_lazy("Not read: the time was over."),
}
_YES_AND_NO = {"true": gettext_lazy("Yes"), "false": gettext_lazy("No")}


class ProfileScreen(RowScreen):
    """The profile of a tracked model; other pages show it in place."""

    template_name = "admin/trackadmin/profile.html"

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the profile that is kept, or read the data."""
        fresh = choice(request.GET, "fresh", ["1"]) == "1"
        row = self.tracked_model
        facts = catalog().get(row.model_label)
        shown = self._without_model() if facts is None else self._profiled(facts, fresh=fresh)
        return self.page(
            _("Profile of %(name)s") % {"name": row.prefix},
            (row.prefix, self.page_of_row("change")),
            tracked_model=row,
            facts=facts,
            **shown,
        )

    def _without_model(self) -> dict[str, Any]:
        return {"why_not": catalog().why_not(self.tracked_model.model_label)}

    def _profiled(self, facts: ModelFacts, *, fresh: bool) -> dict[str, Any]:
        if not self.viewer.may_view(facts.model, None):
            told = _("You may not view the objects of %(model)s.")
            return {"why_not": told % {"model": facts.cased_label}}
        try:
            found = self._profile(facts, fresh=fresh)
        except HostFailed as failed:
            return {"why_not": str(failed)}
        return {
            "profile": found,
            "source": source_in_words(found),
            "rows": [
                shown_field(facts.attributes[each.name], each, found) for each in found.fields
            ],
            "usage": self._usage(),
        }

    def _usage(self) -> dict[str, str]:
        """How the attributes that are live were seen in events, in words, by source."""
        live, usage = editing.live_version(self.tracking_map), editing.usage(self.tracking_map)
        published = editing.readable_document(live)[0] if live and usage.actions else None
        prefix = self.tracked_model.prefix
        if published is None or prefix not in published.models:
            return {}
        found = editing.usage_by_name(usage, published, prefix)
        attributes = published.models[prefix].attributes
        return {
            attributes[name].source: _usage_in_words(seen)
            for name, seen in ((place.partition(".")[2], seen) for place, seen in found.items())
            if name in attributes
        }

    def _profile(self, facts: ModelFacts, *, fresh: bool) -> Profile:
        viewer, model = self.viewer, facts.model
        with host_code(Doing.LIST, facts.cased_label):
            rows = viewer.listed_rows(model)
            return editing.kept_profile(
                facts,
                rows,
                whose=self._whose(rows),
                entry=self.entry,
                personal=self.may.personal,
                permits=self._permits(model) if viewer.decides_each(model) else None,
                fresh=fresh,
            )

    def _permits(self, model: Any) -> editing.Permits:
        return lambda obj: self.viewer.may_view_row(model, obj)

    def _whose(self, rows: QuerySet[Any]) -> Hashable | None:
        """The tables that are read and the person who asks; ``None`` if the place is not known."""
        try:
            where = (place(), schema_of(rows.db))
        except Exception:  # noqa: BLE001 the site's router or TENANT may raise anything
            return None
        return (*where, str(self.request.user.pk))


@dataclass(frozen=True, slots=True)
class ShownField:
    """The profile of one attribute as the page shows it."""

    facts: AttributeFacts
    field: FieldProfile
    #: Why nothing is shown; empty where something is.
    why_unread: str
    #: The length of the bar, from 0 to 100.
    bar: int
    filled: str
    distinct: str
    #: Its commonest values and their shares, in words.
    shares: list[tuple[str, str]]
    estimate: str


def shown_field(facts: AttributeFacts, field: FieldProfile, found: Profile) -> ShownField:
    """The profile of an attribute in words."""
    return ShownField(
        facts,
        field,
        why_unread=str(WHY_UNREAD[field.unread]) if field.unread else "",
        bar=round(100 * field.filled / field.rows) if field.rows else 0,
        filled=_("%(percent)s filled") % {"percent": percent(field.filled, field.rows)},
        distinct=_distinct_in_words(field.distinct, whole=found.complete),
        shares=list(_shares(facts, field)),
        estimate=_estimate_in_words(field),
    )


def _usage_in_words(seen: list[Seen]) -> str:
    count = sum(each.seen[MONTH] for each in seen)
    if not count:
        return _("In no event of the last 30 days.")
    filled = count - sum(each.empty[MONTH] for each in seen)
    told = ngettext(
        "In one event of the last 30 days, %(percent)s with a value.",
        "In %(count)s events of the last 30 days, %(percent)s with a value.",
        count,
    )
    return told % {"count": localize(count), "percent": percent(filled, count)}


def percent(part: float, whole: float) -> str:
    """A share in percent. Only nothing is 0%, and only all is 100%."""
    share = 100 * part / whole if whole else 0
    if 0 < share < 1:
        return _("less than 1%")
    if 99 < share < 100:
        return _("more than 99%")
    return _("%(share)s%%") % {"share": localize(round(share))}


def source_in_words(found: Profile) -> str:
    """What the profile is from: how many of how many objects, and how long that took."""
    values = {"count": localize(found.rows), "seconds": localize(round(found.seconds, 2))}
    if found.complete:
        told = ngettext(
            "From the only object that you may view, read in %(seconds)s s.",
            "From all %(count)s objects that you may view, read in %(seconds)s s.",
            found.rows,
        )
        return told % values
    if found.size is None:
        return _("From the last %(count)s objects, read in %(seconds)s s.") % values
    values["all"] = localize(found.size.count)
    return _of_size(found.size.exactness) % values


def _of_size(exactness: Exactness) -> str:
    match exactness:
        case Exactness.EXACT:
            return _("From the last %(count)s of %(all)s objects, read in %(seconds)s s.")
        case Exactness.ABOUT:
            return _("From the last %(count)s of about %(all)s objects, read in %(seconds)s s.")
        case Exactness.AT_LEAST:
            return _("From the last %(count)s of more than %(all)s objects, read in %(seconds)s s.")


def _distinct_in_words(count: int, *, whole: bool) -> str:
    if whole:
        told = ngettext("%(count)s different value", "%(count)s different values", count)
    else:
        told = ngettext(
            "at least %(count)s different value", "at least %(count)s different values", count
        )
    return told % {"count": localize(count)}


def _shares(facts: AttributeFacts, field: FieldProfile) -> Iterator[tuple[str, str]]:
    if field.commonest:
        labels: dict[str, object] = {**_YES_AND_NO} if facts.kind == Kind.BOOLEAN else {}
        labels |= editing.labels_of_values(facts)
        for each in field.commonest:
            yield str(labels.get(each.text, each.text)), percent(each.count, field.rows)


def _estimate_in_words(field: FieldProfile) -> str:
    if field.estimate is None:
        return ""
    told = _(
        "The database’s own estimate for the whole table: %(percent)s not null, "
        "about %(count)s different values."
    )
    return told % {
        "percent": percent(field.estimate.not_null, 1),
        "count": localize(field.estimate.distinct),
    }
