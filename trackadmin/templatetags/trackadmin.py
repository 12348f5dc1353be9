"""``{% load trackadmin %}``: tracking URLs in a template."""

from __future__ import annotations

from typing import Any

from django import template

from trackadmin.codes import FaultCode
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import NoTrackingURL
from trackadmin.runtime import tracking_query
from trackadmin.runtime.address import tracking_address
from trackadmin.runtime.faults import report
from trackadmin.runtime.query import check_link

register = template.Library()


@register.simple_tag
def tracking_url(*objects: Any, map: str = DEFAULT_MAP, **params: Any) -> str:
    """The tracking URL that names the objects by their keys, with the given parameters.

    ``{% tracking_url buyer company action="signup_click" %}``; with ``as url`` at its end it goes
    into a variable. Variables that do not exist are left out. The address is the one where
    ``trackadmin.collect.urls`` is included; for another map, the one whose namespace is the
    map's slug. If the active URLconf has no such address, the tag gives an empty text, which is
    counted and logged. When strict, it raises :class:`NoTrackingURL`, and :class:`WrongEvent` for
    an action or a parameter that the live map does not take as it is.
    """
    if conf.STRICT:
        check_link(params, map)
    # A variable that does not exist is an empty text in a template.
    known = [obj for obj in objects if not (isinstance(obj, str) and not obj)]
    query = tracking_query(*known, map=map, **params)
    try:
        address = tracking_address(map)
    except Exception as error:
        if conf.STRICT:
            raise
        missing = isinstance(error, NoTrackingURL)
        report(FaultCode.URL_NOT_INCLUDED if missing else FaultCode.URL_FAILED, map, error)
        return ""
    return f"{address}?{query}" if query else address
