"""The setting ``SINKS``, read: what each sink is called, what it may have, and how it delivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import cached_property
from django.utils.module_loading import import_string

from trackadmin.conf import conf
from trackadmin.runtime.event import Event
from trackadmin.runtime.state import at_reset

#: How many events a remote sink gets at once, and how many times a delivery may fail before its
#: events become dead letters, unless the sink's settings say otherwise.
BATCH_SIZE, ATTEMPTS = 100, 12


@dataclass(frozen=True, eq=False)
class ConfiguredSink:
    """One sink of the settings."""

    name: str
    #: The dotted path of its class.
    backend: str
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Whether it may have values that say something about a person.
    personal: bool = False
    #: The actions that it wants; ``None`` for all events.
    actions: frozenset[str] | None = None
    batch_size: int = BATCH_SIZE
    attempts: int = ATTEMPTS

    @cached_property
    def identity(self) -> str:
        """The class and its options, as a text: another text is another object."""
        return f"{self.name} {self.backend} {self.options!r}"

    def wants(self, event: Event) -> bool:
        """Whether its settings ask for events of this action."""
        return self.actions is None or event.action in self.actions

    def permitted(self, event: Event) -> Event:
        """The event as the sink may have it."""
        return event if self.personal or not event.personal else event.without(event.personal)

    def make(self) -> Any:
        """A new object of its class. Raises whatever importing and making it raises."""
        return import_string(self.backend)(**self.options)


@dataclass(frozen=True, slots=True)
class ConfiguredSinks:
    """All sinks of the settings, by the way they deliver."""

    #: They get each event at once, in the request: they have a method ``write``.
    at_once: tuple[ConfiguredSink, ...]
    #: They get stored events from a worker: they have a method ``deliver``.
    remote: tuple[ConfiguredSink, ...]
    #: Whether events are stored: for a remote sink, or because a sink says ``stores``.
    stored: bool
    #: All of them, in the order of the settings, also those that are the table itself.
    every: tuple[ConfiguredSink, ...] = ()

    def remote_named(self, name: str) -> ConfiguredSink | None:
        """The remote sink of this name."""
        return next((each for each in self.remote if each.name == name), None)


def configured_sinks() -> ConfiguredSinks:
    """The sinks of the setting ``SINKS``. They are read again when the setting is another object.

    Nothing is made yet. A class that cannot be imported counts as one that delivers at once, and is
    reported when an event comes.
    """
    global _kept
    setting = conf.SINKS
    if _kept is None or _kept[0] is not setting:
        _kept = setting, _by_delivery(setting)
    return _kept[1]


_kept: tuple[Any, ConfiguredSinks] | None = None


@at_reset
def _forget() -> None:
    global _kept
    _kept = None


def _by_delivery(setting: Any) -> ConfiguredSinks:
    named = setting if isinstance(setting, Mapping) else None
    sinks = (
        [
            ConfiguredSink(path, path, personal=True, batch_size=_batch_size(path))
            for path in setting
        ]
        if named is None
        else [_from_entry(name, entry) for name, entry in named.items()]
    )
    classes = [(sink, _class_of(sink.backend)) for sink in sinks]
    remote = tuple(sink for sink, cls in classes if hasattr(cls, "deliver"))
    stores = [sink for sink, cls in classes if getattr(cls, "stores", False)]
    at_once = tuple(sink for sink in sinks if sink not in remote and sink not in stores)
    return ConfiguredSinks(at_once, remote, bool(remote or stores), tuple(sinks))


def _from_entry(name: str, entry: Mapping[str, Any]) -> ConfiguredSink:
    actions = entry.get("ACTIONS")
    return ConfiguredSink(
        name,
        entry["BACKEND"],
        dict(entry.get("OPTIONS", {})),
        bool(entry.get("PERSONAL", False)),
        None if actions is None else frozenset(actions),
        int(entry.get("BATCH_SIZE") or _batch_size(entry["BACKEND"])),
        int(entry.get("ATTEMPTS", ATTEMPTS)),
    )


def _batch_size(path: str) -> int:
    """What the sink's class asks for where the settings do not say."""
    size = getattr(_class_of(path), "batch_size", None)
    # A class of the site's own may have anything there.
    return size if isinstance(size, int) and size > 0 else BATCH_SIZE


def _class_of(path: str) -> Any:
    try:
        return import_string(path)
    except Exception:  # noqa: BLE001 reported where the sink is made
        return None
