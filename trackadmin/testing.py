"""For the tests of host sites: a map without a database, and a clean start.

::

    from trackadmin.testing import override_map, reset

    MAP = {"Order": {"model": "shop.Order", "attributes": ["number"], "key": "number"}}

    @override_map(MAP)
    def test_order_is_tracked():
        assert tracking_values(Order(number="7")) == {"Order_number": "7"}

::

    from trackadmin.testing import captured_events

    def test_a_click_is_tracked(client):
        with captured_events() as events:
            client.get("/t/?action=click")
        assert [event.action for event in events] == ["click"]

A test that publishes a map needs none of this: what it publishes is served at once. When its
transaction is rolled back, or its database flushed, the next test sees its own map or none.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from contextlib import ContextDecorator, contextmanager, suppress
from types import TracebackType
from typing import Any

from trackadmin.catalog import catalog
from trackadmin.compiler import Snapshot, check, compile_map
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document import digest, dump, from_dict
from trackadmin.exceptions import InvalidMap, errors_of
from trackadmin.runtime import Event, current, delivery, state
from trackadmin.runtime.loader import Pinned
from trackadmin.texts import gettext as _


def reset() -> None:
    """Forget all that this process keeps: loaded maps, overrides, counted faults, sinks."""
    state.reset()


@contextmanager
def captured_events() -> Iterator[list[Event]]:
    """The events that are sent in the block: by ``track`` and by the tracking URL.

    No sink gets them. They are taken from all threads of the process, in their order. Blocks may be
    nested: each list gets every event that is sent while its block lasts. An event that the map
    refuses is in none; ``event_counts`` has it.
    """
    events: list[Event] = []
    delivery.capture(events)
    try:
        yield events
    finally:
        delivery.release(events)


def _tracked_events() -> Iterator[list[Event]]:
    """The events that are sent in the test: a fixture for pytest, see :func:`captured_events`."""
    with captured_events() as events:
        yield events


with suppress(ImportError):  # a site may test without pytest
    import pytest

    #: Import it in ``conftest.py``; a test that has it as an argument gets the list.
    tracked_events = pytest.fixture(_tracked_events, name="tracked_events")


class override_map(ContextDecorator):
    """Serve this map instead of the published one, without using the database.

    A context manager, and a decorator of test functions and of Django's test case classes. ``data``
    has the form of a map file: ``{"Order": {"model": "shop.Order", "attributes": ["number"],
    "children": [], "key": "number"}}``. The override is in force in all threads of the process, and
    publishing does not end it. Raises :class:`DocumentError` for data of another form and
    :class:`InvalidMap` for a map that could not be published.

    ``with override_map(…) as snapshot`` gives the snapshot.
    """

    def __init__(self, data: Mapping[str, Any], slug: str = DEFAULT_MAP) -> None:
        self.data, self.slug = data, slug
        self._before: list[Pinned | None] = []

    def __enter__(self) -> Snapshot:
        offered = catalog()
        document = from_dict(self.data, offered.find)
        errors = errors_of(check(document, offered))
        if errors:
            raise InvalidMap(_("The map of override_map() has errors."), errors)
        snapshot = compile_map(document, offered, slug=self.slug, digest=digest(dump(document)))
        self._before.append(current.pin(self.slug, snapshot))
        return snapshot

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        current.unpin(self.slug, self._before.pop())

    def __call__(self, decorated: Any) -> Any:
        """Decorate a function, a coroutine function or a test case class."""
        if isinstance(decorated, type):
            return self._decorate_class(decorated)
        if inspect.iscoroutinefunction(decorated):
            return self._decorate_coroutine(decorated)
        return super().__call__(decorated)

    def _decorate_class(self, cls: Any) -> Any:
        if not hasattr(cls, "setUpClass"):
            raise TypeError(
                f"{cls.__name__} is not a test case class. Decorate its functions or use a fixture."
            )
        original = cls.setUpClass

        def set_up_class(inner: Any) -> None:
            inner.enterClassContext(override_map(self.data, self.slug))
            original.__func__(inner)

        cls.setUpClass = classmethod(set_up_class)
        return cls

    def _decorate_coroutine(self, function: Any) -> Any:
        @functools.wraps(function)
        async def inner(*args: Any, **kwargs: Any) -> Any:
            with override_map(self.data, self.slug):
                return await function(*args, **kwargs)

        return inner
