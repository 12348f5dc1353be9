"""The list of what nobody has decided about; several decisions are saved together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import editing
from trackadmin.admin.differences import faults
from trackadmin.admin.forms.undecided_list import UndecidedForm, UndecidedRow, row_of
from trackadmin.admin.page_parameters import listed
from trackadmin.admin.screen import Screen
from trackadmin.exceptions import InvalidMap, StaleForm
from trackadmin.models.waivers import REASON_LENGTH

#: Attributes on one page. Each sends at most four fields, and Django reads at most 1,000.
ON_A_PAGE = 100
#: Models that are not in the map, on each page.
MODELS_SHOWN = 200
#: The field of a row that says what was decided.
_DECISION = re.compile(r"a-(?P<where>[A-Za-z0-9_]+-[A-Za-z0-9_]+)-decision", re.ASCII)


class UndecidedScreen(Screen):
    """Attributes of the map's tracked models that are neither tracked nor ignored."""

    template_name = "admin/trackadmin/undecided.html"
    tab = "undecided"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list, a page at a time."""
        page = listed(request.GET, self._undecided.attributes, ON_A_PAGE)
        return self._page(UndecidedForm(page.object_list), listed=page)

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Save all decisions, or none."""
        form, gone = self._sent(request.POST)
        decisions = form.as_entries() if form.is_valid() else None
        if decisions is None:
            return self._page(form)
        try:
            saved = editing.decide(self.tracking_map, decisions, by=request.user)
        except InvalidMap as refusal:
            form.refuse(refusal.problems)
            return self._page(form)
        except StaleForm as stale:
            messages.error(request, str(stale))
            return self.go("undecided", map_id)
        for each in saved:
            self.log_change(each.row, *each.changes.changes)
        self._say_what_was_saved(sum(map(len, decisions.values())), gone)
        return self.go("undecided", map_id)

    @cached_property
    def _undecided(self) -> editing.Undecided:
        return editing.undecided(self.tracking_map)

    def _sent(self, data: QueryDict) -> tuple[UndecidedForm, list[str]]:
        """The rows that were sent, and decisions about attributes that are decided by now."""
        sent = {match["where"] for name in data if (match := _DECISION.fullmatch(name))}
        found = {row_of(each): each for each in self._undecided.attributes}
        form = UndecidedForm([each for row, each in found.items() if row in sent], data=data)
        gone = sorted(sent - found.keys())
        return form, [where for where in gone if data.get(f"a-{where}-decision")]

    def _say_what_was_saved(self, count: int, gone: list[str]) -> None:
        if gone:
            told = _(
                "These were decided or deleted in the meantime, and are as the other person left "
                "them: %(names)s."
            )
            names = ", ".join(where.replace("-", ".", 1) for where in gone)
            messages.warning(self.request, told % {"names": names})
        if not count:
            messages.info(self.request, _("Nothing was decided, so nothing was saved."))
            return
        told = ngettext(
            "%(count)s decision was saved in the draft. Publish to make it live.",
            "%(count)s decisions were saved in the draft. Publish to make them live.",
            count,
        )
        messages.success(self.request, told % {"count": count})

    @cached_property
    def _row_keys(self) -> dict[str, int]:
        return dict(self.tracking_map.tracked_models.values_list("prefix", "pk"))

    def _profiled(self, undecided: editing.UndecidedAttribute) -> int | None:
        """The key of the tracked model if the user may view its objects."""
        visible = self.viewer.may_view(undecided.model.model, None)
        return self._row_keys.get(undecided.prefix) if visible else None

    def _groups(
        self, form: UndecidedForm
    ) -> Iterator[tuple[editing.UndecidedAttribute, list[UndecidedRow], int | None, bool]]:
        """Each group with the key of its tracked model, and whether the profile's link is here."""
        linked = set[str]()
        for first, rows in form.groups:
            yield first, rows, self._profiled(first), first.prefix not in linked
            linked.add(first.prefix)

    def _page(self, form: UndecidedForm, **context: object) -> HttpResponse:
        left, arrivals = self._undecided.models, self._undecided.arrivals
        return self.page(
            _("Undecided"),
            form=form,
            groups=list(self._groups(form)),
            undecided=self._undecided,
            models=[(each, arrivals.get(each.label)) for each in left[:MODELS_SHOWN]],
            problems=faults(form.problems, self.entry_addresses()),
            writable=self.may_here.change_model,
            reason_length=REASON_LENGTH,
            **context,
        )
