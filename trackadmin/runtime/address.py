"""The address of the tracking URL, wherever the host's URLs include it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import NoReverseMatch, get_resolver, get_urlconf, reverse

from trackadmin.exceptions import NoTrackingURL
from trackadmin.runtime.current import DEFAULT_MAP


def tracking_address(map: str = DEFAULT_MAP) -> str:
    """The address at which the active URLconf includes ``trackadmin.collect.urls`` for a map.

    The namespace is the map's slug, ``trackadmin`` for the default map; it may be nested in
    others. Raises :class:`NoTrackingURL` where the active URLconf has none that can be reversed.
    """
    namespace = "trackadmin" if map == DEFAULT_MAP else map
    for path in _namespaces(namespace):
        try:
            return reverse(f"{path}:collect")
        except NoReverseMatch:
            continue
    raise NoTrackingURL(map, get_urlconf())


def _namespaces(namespace: str) -> Iterator[str]:
    """The namespace itself, then each place where it is nested in another."""
    yield namespace
    yield from _nested(get_resolver(get_urlconf()), namespace, ())


def _nested(resolver: Any, namespace: str, outer: tuple[str, ...]) -> Iterator[str]:
    for name, (_, inner) in resolver.namespace_dict.items():
        path = (*outer, name)
        if name == namespace and outer:
            yield ":".join(path)
        yield from _nested(inner, namespace, path)
