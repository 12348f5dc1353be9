"""Paste a tracking URL, and see what becomes of it. Nothing is saved, sent or logged."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from traceback import extract_tb
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.count_costs import counted_in_words
from trackadmin.admin.differences import faults
from trackadmin.admin.page_parameters import LONGEST_PASTED, text
from trackadmin.admin.preview_result import counts_of, shown_row, sinks_of, values_as_json
from trackadmin.admin.preview_screens import PreviewBase
from trackadmin.admin.viewer import HostFailed
from trackadmin.codes import EventCode, Outcome
from trackadmin.editing import Rights, Unshown, UrlTrial
from trackadmin.runtime.dry_run import Became, DryRun, Fate, Wrong, dry_run, query_of_url
from trackadmin.runtime.event_texts import refused_words

logger = logging.getLogger("trackadmin")

#: What becomes of a parameter, in a word or two.
LABELS: dict[str, Any] = {
    Became.SENT: gettext_lazy("sent as it is"),
    Became.PSEUDONYMISED: gettext_lazy("sent as a pseudonym"),
    Became.RESERVED: gettext_lazy("reserved name"),
    Became.REPEATED: gettext_lazy("repeated"),
    Became.LEFT_OUT: gettext_lazy("left out"),
    Became.USED: gettext_lazy("says who sends it"),
    Outcome.FOUND: gettext_lazy("found"),
    Outcome.NONE: gettext_lazy("not found"),
    Outcome.MANY: gettext_lazy("several found"),
    Outcome.MALFORMED: gettext_lazy("malformed"),
    Outcome.NOT_ALLOWED: gettext_lazy("not allowed"),
    Outcome.NOT_SIGNED: gettext_lazy("not signed"),
    Outcome.CONFLICT: gettext_lazy("conflict"),
    Outcome.FAILED: gettext_lazy("failed"),
}
#: What somebody may paste.
EXAMPLE = "/t/?action=signup&User__id=1"
#: What needs no attention.
FINE = {Became.SENT, Became.PSEUDONYMISED, Became.USED, Outcome.FOUND}


@dataclass(frozen=True, slots=True)
class ShownFate:
    """What becomes of a parameter, as the page shows it."""

    label: str
    reason: str
    fine: bool


@dataclass(frozen=True, slots=True)
class ShownParameter:
    """A parameter, and what becomes of it in the draft and in the live version."""

    name: str
    value: str
    draft: ShownFate
    #: ``None`` if there is no live version that can be read.
    live: ShownFate | None


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One thing that is wrong with the event, and where: in the draft, live, or in both."""

    code: str
    words: str
    where: str


class TryUrlScreen(PreviewBase):
    """What the draft and the live version make of a URL.

    It is sent as a POST, which writes nothing: the address of a page reaches logs and histories,
    and a URL may hold personal values.
    """

    template_name = "admin/trackadmin/try_url.html"
    tab = "preview"
    to_write = "view"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The empty form."""
        return self._answer("")

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """What becomes of the pasted URL."""
        pasted = text(request.POST, "url", most=LONGEST_PASTED)
        query = query_of_url(pasted)
        if not query.strip("?&"):
            return self._answer(pasted, nothing=True)
        try:
            trial = self._url_trial(query)
        except Exception as error:  # noqa: BLE001 the host's code may raise anything
            # Neither its text nor its frames: they may hold what was pasted.
            name, where = type(error).__name__, extract_tb(error.__traceback__)[-1]
            logger.error("Trying a URL raised %s at %s:%s", name, where.filename, where.lineno)
            return self._answer(pasted, failed=name)
        return self._answer(pasted, **self._what_became(trial))

    def _url_trial(self, query: str) -> UrlTrial[DryRun]:
        viewer = self.viewer
        rights = Rights(viewer.may_view, viewer.may_view_all, viewer.visible)
        return editing.try_url(
            self.tracking_map,
            lambda snapshot: dry_run(snapshot, query),
            rights,
            document=self.draft,
        )

    def _answer(self, pasted: str, **context: Any) -> HttpResponse:
        return self.page(_("Try a URL"), way="url", pasted=pasted, example=EXAMPLE, **context)

    def _what_became(self, trial: UrlTrial[DryRun]) -> dict[str, Any]:
        preview, live = trial.preview, trial.live
        return {
            "parameters": list(_parameters(trial)),
            "too_many": trial.draft.too_many,
            "findings": list(_findings(trial)),
            "refused": str(refused_words()),
            "refused_by_draft": trial.draft.values.refused,
            "refused_by_live": live is not None and live.values.refused,
            "live": live,
            "preview": preview,
            "problems": faults(preview.problems, self.entry_addresses()),
            "rows": [shown_row(row, preview) for row in preview.rows],
            "counted": [counted_in_words(each) for each in preview.counted],
            "hidden": preview.hidden,
            "json": values_as_json(preview),
            "counts": list(counts_of(preview)),
            "sinks": sinks_of(preview),
        }


def _parameters(trial: UrlTrial[DryRun]) -> Iterator[ShownParameter]:
    live = trial.live.fates if trial.live else ()
    for at, fate in enumerate(trial.draft.fates):
        beside = _shown_fate(live[at]) if live else None
        yield ShownParameter(fate.name, fate.value, _shown_fate(fate), beside)


def _shown_fate(fate: Fate) -> ShownFate:
    return ShownFate(str(LABELS[fate.became]), _reason(fate), fate.became in FINE)


def _reason(fate: Fate) -> str:
    if fate.became is Outcome.NONE:
        return _("There is no such object, or you may not view it.")
    if isinstance(fate.error, HostFailed):
        return str(fate.error)
    if isinstance(fate.error, editing.OutOfTime):
        return _("It was not looked up, because the site’s code had already run for too long.")
    return str(fate.reason)


def _findings(trial: UrlTrial[DryRun]) -> Iterator[ShownFinding]:
    """What is wrong with either event; what is the same in both is told once."""
    draft = _all_in_words(trial.draft, trial.preview.unshown)
    live = _all_in_words(trial.live, trial.preview.live_unshown)
    for each in dict.fromkeys([*draft, *live]):
        one = _("draft") if each in draft else _("live")
        yield ShownFinding(*each, _("draft and live") if each in draft and each in live else one)


def _all_in_words(read: DryRun | None, unshown: Mapping[str, Unshown]) -> list[tuple[str, str]]:
    return [_in_words(each, unshown) for each in read.wrong] if read else []


def _in_words(wrong: Wrong, unshown: Mapping[str, Unshown]) -> tuple[str, str]:
    """The code and the words. Whether a hidden object came along is not told."""
    code, name = wrong.finding
    hidden = any(
        each.startswith(f"{name}_") and why is Unshown.HIDDEN for each, why in unshown.items()
    )
    if code is EventCode.ACTION_MISSING_MODEL and hidden:
        words = _("Whether the event brings %(model)s cannot be told: you may not view it.")
        return code.value, words % {"model": name}
    return code.value, str(wrong.words)
