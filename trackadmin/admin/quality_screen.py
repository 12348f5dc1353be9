"""What could be better in the draft: the list, waivers with their reasons, and fixes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.page_parameters import choice, matching, text
from trackadmin.admin.row_places import row_address
from trackadmin.admin.screen import Screen
from trackadmin.admin.viewer import Viewer
from trackadmin.codes import LintCode, ProblemCode
from trackadmin.conf import conf
from trackadmin.editing import Lint, NewName
from trackadmin.exceptions import InvalidMap, LintRefused, Problem, StaleForm, errors_first, few
from trackadmin.models.waivers import REASON_LENGTH

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

#: What the page calls each code.
TITLES: dict[str, StrPromise] = {
    LintCode.NAME: gettext_lazy("Naming rule"),
    LintCode.DESCRIPTION: gettext_lazy("No description"),
    LintCode.OWNER: gettext_lazy("No owner"),
    LintCode.LOOK_ALIKES: gettext_lazy("Look-alike names and keys"),
    LintCode.SAME_MEANING: gettext_lazy("One meaning under two names"),
    LintCode.PERSONAL_VALUES: gettext_lazy("Values that look personal"),
    LintCode.NOT_TRACKED: gettext_lazy("Model not for this map"),
    ProblemCode.OTHER: gettext_lazy("More"),
}
#: The input at the head of a tracked model's or an action's form where a problem is solved.
_FIELDS: dict[str, str] = {LintCode.OWNER: "owner", LintCode.NAME: "prefix"}
WAIVE, WITHDRAW, RENAME, VALUES = "waive", "withdraw", "rename", "values"


@dataclass(frozen=True, slots=True)
class LintLine:
    """A problem as the page shows it."""

    problem: Problem
    #: The page and the row where it can be solved; empty for none.
    address: str
    #: What one click would rename it to.
    new_name: NewName | None
    #: Whether it names one place, so that it can be waived.
    single: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The problems of one code and level."""

    level: str
    title: str
    lines: list[LintLine]


class QualityScreen(Screen):
    """What lint finds in the draft, by level; what is waived, with the reason."""

    template_name = "admin/trackadmin/quality.html"
    tab = "quality"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list; with the values of the host's rows only where somebody asks for them."""
        return self._list(with_values=bool(choice(request.GET, VALUES, ["1"])))

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Waive, take a waiver back, or rename as it was proposed."""
        code, place = text(request.POST, "code"), text(request.POST, "place")
        do = matching(request.POST, "do", f"{WAIVE}|{WITHDRAW}|{RENAME}")
        try:
            messages.success(request, self._done(do, code, place))
        except (LintRefused, InvalidMap, StaleForm) as refusal:
            messages.error(request, str(refusal))
        models_page = code == LintCode.NOT_TRACKED
        return self.go("undecided" if models_page else "quality", self.tracking_map.pk)

    def _done(self, do: str, code: str, place: str) -> str:
        """Do it; gives what to say about it."""
        current, by = self.tracking_map, self.request.user
        if do == RENAME:
            new = editing.give_new_name(current, place, code=code, by=by)
            self.log_change(current, f"Renamed {place} to {new.name}.")
            return _("The draft has the new name now. Publish to make it live.")
        if do == WITHDRAW:
            editing.withdraw(current, code, place, by=by)
            self.log_change(current, f"Took back the waiver of {code} at {place}.")
            return _("The waiver was taken back. The history says so.")
        reason = text(self.request.POST, "reason")
        editing.waive(current, code, place, reason=reason, by=by)
        self.log_change(current, f"Waived {code} at {place}.")
        return _("This was waived. The history has the reason.")

    def _list(self, *, with_values: bool) -> HttpResponse:
        found = editing.lint(self.tracking_map, self._reader() if with_values else None)
        groups = self._by_level(found)
        return self.page(
            _("Quality"),
            lint=found,
            groups=groups,
            count=len(found.problems),
            waived=[(each, _title(each.waiver.code)) for each in found.waived],
            reason_length=REASON_LENGTH,
            rows=conf.LINT["rows"],
            seconds=conf.LINT["seconds"],
            values_level=conf.LINT["personal_values"],
        )

    def _reader(self) -> editing.VisibleRows:
        """The rows that this person may view in the host's admin."""
        viewer = Viewer(self.model_admin.admin_site, self.request)

        def visible_rows(model: type[Model]) -> Any:
            return viewer.rows(model) if viewer.may_view(model, None) else None

        return editing.VisibleRows(visible_rows, viewer.may_view_row)

    def _by_level(self, found: Lint) -> list[Group]:
        """The problems by level, the most serious first, and then by what they are about."""
        pages, shown = self.entry_addresses(), defaultdict[tuple[str, str], list[Problem]](list)
        for problem in errors_first(few(found.problems)):
            shown[problem.level, problem.code].append(problem)
        places = {(each.code, each.where) for each in found.problems}
        return [
            Group(level, _title(code), list(_lines(those, found, pages, places)))
            for (level, code), those in shown.items()
        ]


def _title(code: str) -> str:
    return str(TITLES.get(code, code))


def _lines(
    problems: Iterable[Problem],
    found: Lint,
    pages: Mapping[str, str],
    places: Collection[tuple[str, str]],
) -> Iterator[LintLine]:
    for problem in problems:
        field = _FIELDS.get(problem.code, "description")
        yield LintLine(
            problem,
            row_address(problem.where, found.draft, pages, field),
            found.new_names.get((str(problem.code), problem.where)),
            (problem.code, problem.where) in places,
        )
