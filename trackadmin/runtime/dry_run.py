"""What would become of a query, parameter by parameter. Nothing is counted, logged or sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trackadmin.codes import EventCode, Outcome
from trackadmin.compiler import SEPARATOR, Finding, Snapshot
from trackadmin.document.structure import (
    ACTION_PARAMETER,
    DROPPED,
    EVENT_ID,
    PSEUDONYMISED,
    SENDER_PARAMETERS,
    ParameterEntry,
)
from trackadmin.runtime.event_texts import text_of
from trackadmin.runtime.faults import SetAside, set_aside
from trackadmin.runtime.outcome_reasons import why
from trackadmin.runtime.parameters import (
    MAX_NAME,
    MAX_PARAMETERS,
    MAX_TEXT,
    Parameters,
    clean,
    read,
)
from trackadmin.runtime.resolve import one_by_one, reference_text
from trackadmin.runtime.values import Reference, Values
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: A URL, or its path: what is before the first question mark is no query.
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?/")
#: Browsers leave these out of a URL, wherever they are.
_LEFT_OUT_OF_URLS = str.maketrans("", "", "\r\n\t")


class Became(StrEnum):
    """What becomes of a parameter that is no reference; a reference has an :class:`Outcome`."""

    SENT = "sent"
    PSEUDONYMISED = "pseudonymised"
    RESERVED = "reserved"
    #: A later parameter has the same name.
    REPEATED = "repeated"
    LEFT_OUT = "left_out"
    #: It describes the sender, and is not a value of the event.
    USED = "used"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one parameter, and why."""

    name: str
    value: str
    became: Became | Outcome
    #: Empty where there is nothing to say.
    reason: Text | str = ""
    #: What the look-up of a reference raised.
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with the event: the finding, and the same in words."""

    finding: Finding
    words: Text


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a map makes of a query."""

    #: The values of the event.
    values: Values
    fates: tuple[Fate, ...]
    wrong: tuple[Wrong, ...]
    #: Whether the query has more parameters than are taken.
    too_many: bool


def query_of_url(text: str) -> str:
    """The query of a URL; the text itself if it is a query, with or without a question mark."""
    text = text.strip().translate(_LEFT_OUT_OF_URLS)
    before, mark, query = text.partition("?")
    if _ADDRESS.match(text) or (mark and "=" not in before and "&" not in before):
        return query.partition("#")[0]
    return text


def dry_run(snapshot: Snapshot, query: str) -> DryRun:
    """What this snapshot makes of a query string. Never raises, and leaves no trace."""
    with set_aside() as faults:
        given = read(query)
        values = one_by_one(snapshot, given)
        wrong = [Wrong(each, text_of(snapshot, values, each)) for each in values.wrong]
        fates = _Fates(snapshot, values, given, faults, wrong).told()
    too_many = len(given.names) > MAX_PARAMETERS
    return DryRun(values, tuple(fates), tuple(wrong), too_many)


class _Fates:
    """Says what became of each parameter, after the query was read."""

    def __init__(
        self,
        snapshot: Snapshot,
        values: Values,
        given: Parameters,
        faults: Sequence[SetAside],
        wrong: Sequence[Wrong],
    ) -> None:
        self._snapshot, self._values = snapshot, values
        self._given = [*zip(*given, strict=True)][:MAX_PARAMETERS]
        self._references = {(each.name, each.value): each for each in values.references}
        #: What was raised, by the place that the fault names.
        self._errors = {each.where: each.error for each in reversed(faults) if each.error}
        self._words = {each.finding: each.words for each in wrong}
        #: The last place of each name.
        self._last = {name: at for at, (name, _value) in enumerate(self._given)}

    def told(self) -> list[Fate]:
        """The fate of each parameter, in the order of the query."""
        return [self._fate(at, name, value) for at, (name, value) in enumerate(self._given)]

    def _fate(self, at: int, name: str, value: str) -> Fate:
        if not 0 < len(name) <= MAX_NAME:
            reason = _("A name has 1 to %(most)s characters.", most=str(MAX_NAME))
            return Fate(name[:MAX_NAME], value, Became.LEFT_OUT, reason)
        name = clean(name)
        if SEPARATOR in name:
            return self._fate_of_reference(name, value)
        if name in SENDER_PARAMETERS and self._last.get(name, at) == at:
            return Fate(name, value, *self._about_the_sender(name))
        if name in self._snapshot.reserved and name not in SENDER_PARAMETERS:
            return Fate(name, value, Became.RESERVED, self._reserved(name))
        if self._last.get(name, at) != at:
            reason = _("A later parameter has the same name, and the last one counts.")
            return Fate(name, value, Became.REPEATED, reason)
        return Fate(name, value, *self._passing(name, value))

    def _fate_of_reference(self, name: str, value: str) -> Fate:
        found = self._references[name, clean(reference_text(value))]
        error = self._errors.get(f"{self._snapshot.slug}: {name}")
        reason = why(self._snapshot, found, error)
        return Fate(name, value, found.outcome, reason or self._old_name(found), error)

    def _old_name(self, found: Reference) -> Text | str:
        return self._words.get(Finding(EventCode.NAME_DEPRECATED, found.name), "")

    def _reserved(self, name: str) -> Text:
        finding = Finding(EventCode.PARAMETER_RESERVED, name)
        return self._words.get(finding) or text_of(self._snapshot, self._values, finding)

    def _about_the_sender(self, name: str) -> tuple[Became, Text | str]:
        """What becomes of the event's id or the signature: it is good, or something is wrong."""
        wrong = [words for finding, words in self._words.items() if finding.name == name]
        if wrong:
            return Became.LEFT_OUT, wrong[0]
        if name == EVENT_ID:
            return Became.USED, _("It is the id of the event, which tells a repeated delivery.")
        return Became.USED, _("The signature is valid, so the event counts as signed.")

    def _passing(self, name: str, value: str) -> tuple[Became, Text | str]:
        """What becomes of a parameter that is neither a reference nor reserved."""
        entry = self._declared(name)
        if name not in self._values:
            if entry is not None and entry.privacy == DROPPED:
                return Became.LEFT_OUT, _("The action says that it is not sent.")
            return Became.LEFT_OUT, _("The parameters before it already fill the event.")
        if entry is not None and entry.privacy == PSEUDONYMISED:
            return Became.PSEUDONYMISED, _("The action says that it is sent as a pseudonym.")
        if len(value) > MAX_TEXT:
            return Became.SENT, _("It is cut to %(most)s characters.", most=str(MAX_TEXT))
        return Became.SENT, ""

    def _declared(self, name: str) -> ParameterEntry | None:
        action = self._snapshot.document.actions.get(str(self._values.get(ACTION_PARAMETER)))
        return action.parameters.get(name) if action else None
