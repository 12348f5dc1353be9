"""Which names of an event may say something about a person."""

from __future__ import annotations

from collections.abc import Iterable

from trackadmin.document.structure import ACTION_PARAMETER, NONE, PSEUDONYMISED, Document


class PersonalNames:
    """What one map says about the names of its events.

    A name that the map does not know, such as that of a parameter that nobody declared, counts as
    personal, because its value may be anything. A pseudonym does not.
    """

    def __init__(self, document: Document) -> None:
        self._known: dict[str, bool] = {ACTION_PARAMETER: False}
        for entry in document.actions.values():
            for name, parameter in entry.parameters.items():
                self.learn(name, personal=parameter.privacy not in (NONE, PSEUDONYMISED))
        #: The names of parameters that an action declares.
        self.declared = frozenset(self._known)

    def learn(self, name: str, *, personal: bool) -> None:
        """Learn a name, when the model that gives it is compiled: before any event has it."""
        self._known[name] = personal or self._known.get(name, False)

    def among(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that are personal."""
        known = self._known
        return tuple([name for name in names if known.get(name, True)])

    def knows(self, name: str) -> bool:
        """Whether the map has the name: of an object's value, or of a declared parameter."""
        return name in self._known
