"""The addresses of the tracking URL, wherever the host's URLconf includes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import NoReverseMatch, URLResolver, get_resolver, get_urlconf, reverse

from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import NoTrackingURL

#: Where the views of the tracking URL and of its pixel are defined. This room must not import them,
#: so it has their names.
_MODULE = "trackadmin.collect.views"
COLLECT, PIXEL = "collect", "pixel"


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One place in a URLconf that includes the tracking URL."""

    #: For ``reverse``: ``api:trackadmin:collect``.
    name: str
    #: The map whose events arrive there; empty if the address names the map.
    map: str

    def address(self, map: str, urlconf: Any = None) -> str:
        """The address for a map. Raises :class:`NoReverseMatch` if it cannot be made."""
        return reverse(self.name, urlconf, kwargs=None if self.map else {"map": map})


def tracking_address(map: str = DEFAULT_MAP, view: str = COLLECT) -> str:
    """The address at which the active URLconf includes ``trackadmin.collect.urls`` for a map.

    ``view`` is ``collect``, or ``pixel`` for the image. Raises :class:`NoTrackingURL` if the active
    URLconf has none that can be reversed.
    """
    for inclusion in inclusions(get_urlconf(), view):
        if inclusion.map in (map, ""):
            try:
                return inclusion.address(map)
            except NoReverseMatch:
                continue
    raise NoTrackingURL(map, get_urlconf())


def inclusions(urlconf: Any = None, view: str = COLLECT) -> tuple[Inclusion, ...]:
    """Every inclusion in a URLconf, by default the site's own; the shortest names first."""
    return _inclusions(get_resolver(urlconf), view)


def is_tracking_view(view: object, name: str = COLLECT) -> bool:
    """Whether this is the view of the tracking URL, with or without decorators."""
    return (getattr(view, "__module__", ""), getattr(view, "__qualname__", "")) == (_MODULE, name)


# Django keeps the resolvers too, and makes new ones if the URLconf is overridden.
@lru_cache(maxsize=64)
def _inclusions(resolver: URLResolver, view: str) -> tuple[Inclusion, ...]:
    found = _walk(resolver, view, (), {})
    return tuple(sorted(found, key=lambda inclusion: inclusion.name.count(":")))


def _walk(
    resolver: URLResolver, view: str, outer: tuple[str, ...], given: Mapping[str, Any]
) -> Iterator[Inclusion]:
    """The inclusions of a resolver; ``given`` is what its address or include gives the view."""
    for pattern in resolver.url_patterns:
        names = dict.fromkeys(pattern.pattern.regex.groupindex, "")
        if isinstance(pattern, URLResolver):
            inner = (*outer, pattern.namespace) if pattern.namespace else outer
            yield from _walk(pattern, view, inner, {**given, **names, **pattern.default_kwargs})
        elif pattern.name and is_tracking_view(pattern.callback, view):
            map = {"map": DEFAULT_MAP, **given, **names, **pattern.default_args}["map"]
            yield Inclusion(":".join((*outer, pattern.name)), str(map))
