"""Tags of our own admin pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy

from trackadmin import editing

register = template.Library()

SHOWN = "trackadmin.breadcrumbs"
#: The seconds of each unit of time, largest first, and the words for that long ago.
UNITS = (
    (31_536_000, ngettext_lazy("%(count)s year ago", "%(count)s years ago", "count")),
    (2_592_000, ngettext_lazy("%(count)s month ago", "%(count)s months ago", "count")),
    (86_400, ngettext_lazy("%(count)s day ago", "%(count)s days ago", "count")),
    (3_600, ngettext_lazy("%(count)s hour ago", "%(count)s hours ago", "count")),
    (60, ngettext_lazy("%(count)s minute ago", "%(count)s minutes ago", "count")),
)


@register.simple_tag(takes_context=True)
def breadcrumbs(context: Context) -> SafeString | str:
    """Render the breadcrumbs at the first call in a page, and nothing at later calls.

    The page calls it in the block that Django's admin has for them, and again above its content
    for an admin whose base template has no such block.
    """
    if context.render_context.get(SHOWN) or context.template is None:
        return ""
    context.render_context[SHOWN] = True
    page = context.template.engine.get_template("admin/trackadmin/includes/breadcrumbs.html")
    return page.render(context)


@register.simple_tag(takes_context=True)
def map_states(context: Context) -> list[editing.MapState]:
    """How each map stands for this reader, for the app's page in the admin."""
    return editing.map_states(context["request"].user)


@register.simple_tag(takes_context=True)
def event_link(context: Context, maps: Mapping[str, int], event: Any) -> str:
    """The page of an accepted event; "" if its map is gone, or is not for the reader."""
    pk = maps.get(event.map)
    if pk is None:
        return ""
    page = reverse(
        "admin:trackadmin_trackingmap_events",
        args=[pk],
        current_app=getattr(context.get("request"), "current_app", None),
    )
    return f"{page}?event={event.number}"


@register.filter
def value_named(values: Mapping[str, Any], name: str) -> Any:
    """The value of this name; empty for none."""
    return values.get(name, "") if values else ""


@register.filter
def day(text: str) -> str:
    """An ISO date of a map in the reader's format; a text that is no date stays as it is."""
    try:
        return date_format(date.fromisoformat(text), "DATE_FORMAT")
    except ValueError:
        return text


@register.filter
def ago(moment: datetime) -> str:
    """How long ago it was, in the largest unit that fits, such as "3 days ago".

    Django's ``timesince`` gives only the length, and in German "ago" changes the words of it.
    """
    passed = int((timezone.now() - moment).total_seconds())
    for seconds, words in UNITS:
        if passed >= seconds:
            return str(words % {"count": passed // seconds})
    return gettext("just now")
