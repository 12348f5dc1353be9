"""Tags of our own admin pages."""

from __future__ import annotations

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

register = template.Library()

SHOWN = "trackadmin.breadcrumbs"


@register.simple_tag(takes_context=True)
def breadcrumbs(context: Context) -> SafeString | str:
    """Render the breadcrumbs the first time it is called in a page, and nothing after that.

    The page calls it in the block that Django's admin has for them, and again above its content
    for an admin whose base template has no such block.
    """
    if context.render_context.get(SHOWN) or context.template is None:
        return ""
    context.render_context[SHOWN] = True
    page = context.template.engine.get_template("admin/trackadmin/includes/breadcrumbs.html")
    return page.render(context)
