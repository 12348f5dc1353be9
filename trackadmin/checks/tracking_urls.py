"""The check of the addresses: whether a visitor who asks for the tracking URL gets it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve
from django.utils import translation

from trackadmin.checks.check_messages import info, warning
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.runtime.address import Inclusion, inclusions, is_tracking_view
from trackadmin.texts import gettext as _

#: What a URLconf says to include the tracking URL.
INCLUDE = 'path("t/", include("trackadmin.collect.urls"))'


def check_addresses(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether a visitor who asks for the tracking URL gets it, in each URLconf of the settings."""
    try:
        found = {urlconf: inclusions(urlconf) for urlconf in _urlconfs()}
        with translation.override(django_settings.LANGUAGE_CODE):
            hidden = [each for urlconf in found for each in _hidden(urlconf, found[urlconf])]
    except Exception:  # noqa: BLE001 a URLconf that is broken is reported by Django itself
        return []
    if not any(found.values()):
        message = _("No URLconf of the site includes the tracking URL.")
        hint = _(
            "Put %(include)s first in urlpatterns. If you track from Python only, add "
            "'trackadmin.W046' to SILENCED_SYSTEM_CHECKS.",
            include=INCLUDE,
        )
        return [warning("W046", message, hint)]
    return [*hidden, *(_without(urlconf) for urlconf, there in found.items() if not there)]


def _without(urlconf: str) -> CheckMessage:
    message = _("The URLconf '%(urlconf)s' does not include the tracking URL.", urlconf=urlconf)
    hint = _(
        "If its pages use %(tag)s, put %(include)s first in its urlpatterns.",
        tag="{% tracking_url %}",
        include=INCLUDE,
    )
    return info("W048", message, hint)


def _hidden(urlconf: str, there: Iterable[Inclusion]) -> Iterator[CheckMessage]:
    """The inclusions whose address leads to another view, or to another map."""
    for inclusion in there:
        try:
            address = inclusion.address(inclusion.map or DEFAULT_MAP, urlconf)
        except NoReverseMatch:
            continue  # what the address needs is only known in a request
        prefix = get_script_prefix().rstrip("/")
        try:
            match = resolve(address.removeprefix(prefix), urlconf)
        except Resolver404:
            continue
        where = {"address": address, "map": inclusion.map or DEFAULT_MAP, "urlconf": urlconf}
        other = match.kwargs.get("map", DEFAULT_MAP)
        if not is_tracking_view(match.func):
            message = _(
                "The tracking URL '%(address)s' of the map '%(map)s' in the URLconf '%(urlconf)s' "
                "is answered by the view '%(view)s' (route '%(route)s').",
                **where,
                view=match.view_name or repr(match.func),
                route=match.route,
            )
            hint = _(
                "Put the tracking URL before it in urlpatterns: the first one that matches answers."
            )
        elif inclusion.map and other != inclusion.map:
            message = _(
                "The tracking URL '%(address)s' of the map '%(map)s' in the URLconf '%(urlconf)s' "
                "is answered by the tracking URL of the map '%(other)s'.",
                **where,
                other=other,
            )
            hint = _(
                "Include each map's tracking URL with a namespace and at an address of its own."
            )
        else:
            continue
        yield warning("W047", message, hint)


def _urlconfs() -> list[Any]:
    """The site's URLconf, and those that settings of other packages name, such as django-hosts."""
    found: list[Any] = [django_settings.ROOT_URLCONF]
    for name in dir(django_settings):
        if "URLCONF" in name and isinstance(value := getattr(django_settings, name), str | dict):
            found += value.values() if isinstance(value, dict) else [value]
    hosts = getattr(django_settings, "ROOT_HOSTCONF", None)
    if hosts:
        found += [host.urlconf for host in import_module(hosts).host_patterns]
    return [*dict.fromkeys(each for each in found if isinstance(each, str))]
