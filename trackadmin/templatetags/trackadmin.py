"""``{% load trackadmin %}``: tracking URLs, and the link to what is tracked of an object."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from django import template
from django.forms.widgets import Script
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

from trackadmin.catalog import catalog, key_text
from trackadmin.codes import FaultCode
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import NoTrackingURL
from trackadmin.runtime import tracking_query
from trackadmin.runtime.address import COLLECT, PIXEL, tracking_address
from trackadmin.runtime.faults import report
from trackadmin.runtime.query import check_link

register = template.Library()


@register.simple_tag
def tracking_url(
    *objects: Any,
    map: str = DEFAULT_MAP,
    signed: bool = False,
    expires: Any = None,
    **params: Any,
) -> str:
    """The tracking URL that names the objects by their keys, with the given parameters.

    ``{% tracking_url buyer company action="signup_click" %}``; with ``as url`` at its end it goes
    into a variable. Variables that do not exist are left out. ``signed=True`` binds the objects and
    the action to the site, and ``expires=86400`` for that many seconds. The address is the one
    where ``trackadmin.collect.urls`` is included; for another map, the one whose namespace is the
    map's slug. If the active URLconf has no such address, the tag gives an empty text, which is
    counted and logged. When strict, it raises :class:`NoTrackingURL`, :class:`WrongExpiry`, and
    :class:`WrongEvent` for an action or a parameter that the live map does not take as it is.
    """
    return _url(COLLECT, objects, map, params, signed=signed, expires=expires)


@register.simple_tag
def tracking_pixel(
    *objects: Any,
    map: str = DEFAULT_MAP,
    signed: bool = False,
    expires: Any = None,
    **params: Any,
) -> str:
    """The tracking URL of an image that cannot be seen, for e-mails. Takes what ``tracking_url``
    takes. ``<img src="https://www.example.com{% tracking_pixel buyer action='mail_open' %}"
    alt="">``.
    """
    return _url(PIXEL, objects, map, params, signed=signed, expires=expires)


def _url(
    view: str, objects: tuple[Any, ...], map: str, params: dict[str, Any], **signature: Any
) -> str:
    if conf.STRICT:
        check_link(params, map)
    # A variable that does not exist is an empty text in a template.
    known = [obj for obj in objects if not (isinstance(obj, str) and not obj)]
    query = tracking_query(*known, map=map, **signature, **params)
    try:
        address = tracking_address(map, view)
    except Exception as error:
        if conf.STRICT:
            raise
        missing = isinstance(error, NoTrackingURL)
        report(FaultCode.URL_NOT_INCLUDED if missing else FaultCode.URL_FAILED, map, error)
        return ""
    return f"{address}?{query}" if query else address


@register.simple_tag
def tracking_script(nonce: str = "") -> Script:
    """The script that sends what a page marks with ``data-track``.

    ``nonce`` is for a content security policy that asks for one: ``nonce=csp_nonce``.
    """
    attributes = {"nonce": nonce} if nonce else {}
    return Script("trackadmin/track.js", defer=True, **attributes)


@register.inclusion_tag("admin/trackadmin/includes/tracked_link.html", takes_context=True)
def what_is_tracked(context: Context) -> dict[str, str]:
    """The entry "What is tracked" for the tools of an object's page in the admin.

    It is on each page by itself where trackadmin stands before the admin in ``INSTALLED_APPS``. A
    site with a template of its own for these tools puts ``{% what_is_tracked %}`` into its list.
    Empty for who may not view tracking maps, and for an object that no map can track. It sends no
    query, and no error gets out: it stands on a page of the site.
    """
    try:
        return {"address": _page_about(context)}
    except Exception as error:  # noqa: BLE001 the site's code may raise anything
        report(FaultCode.LINK_FAILED, "what_is_tracked", error)
        return {"address": ""}


def _page_about(context: Context) -> str:
    """The address of our page about the object that the page shows; empty where there is none."""
    request = context.get("request") or getattr(context, "request", None)
    opts, obj = context.get("opts"), context.get("original")
    if request is None or opts is None or obj is None or obj.pk is None:
        return ""
    may = (f"trackadmin.{action}_trackingmap" for action in ("view", "change"))
    if not any(request.user.has_perm(permission) for permission in may):
        return ""
    if catalog().of_objects(opts.label_lower) is None:
        return ""
    try:
        page = reverse(
            "admin:trackadmin_trackingmap_tracked",
            current_app=getattr(request, "current_app", None),
        )
    except NoReverseMatch:
        return ""  # this admin site does not have our pages
    asked = {"model": opts.label_lower, "object": key_text(obj)}
    return f"{page}?{urlencode(asked, quote_via=quote)}"
