"""What the pages of one tracked model or one action share: its row, its form, trying to save it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin import editing
from trackadmin.admin.differences import faults, grouped
from trackadmin.admin.forms import EntryForm
from trackadmin.admin.forms.aggregate_list import ASKS
from trackadmin.admin.object_panel import PREVIEW, ObjectPanel
from trackadmin.admin.page_parameters import choice, matching, number, query_of
from trackadmin.admin.screen import Screen
from trackadmin.catalog import catalog
from trackadmin.document import Diff, Document
from trackadmin.editing import SAY_SECONDS, Head, HeadEntry, Saved
from trackadmin.exceptions import InvalidMap, StaleForm
from trackadmin.models import TrackedModel, TrackingMap

#: A parameter of the form that adds a model or an action: show what was sent without saving it.
DELETED = "deleted"
#: Beside it: the key of the deleted row. What its form did not send is as the row was.
WAS = "was"
#: A parameter of the form: show it again, with this done, without saving it.
SHOW = "_show"
#: A parameter of the script: answer with this part of the page only.
PART = "_part"
#: The parts of a tracked model's page, with their templates.
PARTS = {
    "aggregates": "admin/trackadmin/includes/aggregates.html",
    PREVIEW: "admin/trackadmin/includes/object_panel.html",
}


class FormScreen(Screen):
    """A page with the form of a tracked model or an action."""

    tab = "map"
    #: What the form may ask for instead of being saved, as a pattern.
    asks = ""

    @cached_property
    def asked(self) -> str:
        """What the form asks for instead of being saved; empty if it is to be saved.

        Who may not change anything asks without sending the form.
        """
        return matching(query_of(self.request), SHOW, self.asks)

    @cached_property
    def draft(self) -> Document:
        """The draft of the map."""
        return editing.build_document(self.tracking_map)

    @cached_property
    def published(self) -> Document:
        """The live map; empty if there is none, or none that can be read."""
        live = editing.live_version(self.tracking_map)
        return editing.readable_document(live)[0] if live else Document()

    def attempt(self, form: Any, row: Head | None) -> Saved[Any] | None:
        """Save the form. If it is refused, put the problems into the form and return ``None``."""
        if not form.is_valid():
            return None
        try:
            return self.save(form, row)
        except InvalidMap as refusal:
            form.refuse(refusal.problems)
            return None

    def save(self, form: Any, row: Head | None) -> Saved[Any]:
        """Write the form to the row; ``None`` adds one."""
        raise NotImplementedError

    def deleted_entry(self, head: type[Head]) -> Any:
        """The entry of the deleted row that the address names; ``None`` where it names none."""
        pk = number(self.request.GET, WAS)
        return None if pk is None else editing.as_it_last_was(self.tracking_map, head, pk)

    def query_of_deleted(self) -> dict[str, str]:
        """What the next address says of the deleted row."""
        pk = number(self.request.GET, WAS)
        return {} if pk is None else {WAS: str(pk)}


class HeadScreen(Screen):
    """A page of one tracked model or action, whose key is in its address."""

    #: What the names of its pages have in common.
    model = "trackedmodel"

    #: Gives the row with a key.
    row_of: Callable[[int], Head | None]
    #: What a 404 says.
    no_row: object

    @cached_property
    def row(self) -> Head | None:
        """The row of the page's address; ``None`` if there is none."""
        return self.row_of(self.kwargs["object_id"])

    @property
    def head_row(self) -> Head:
        """The row of the page's address; a 404 if there is none."""
        if self.row is None:
            raise Http404(str(self.no_row))
        return self.row

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The map that has it."""
        return self.head_row.map

    @cached_property
    def entry(self) -> Any:
        """The row as the draft has it."""
        return editing.entry_of(self.head_row)

    def page_of_row(self, page: str, *args: object) -> str:
        """The address of one of its pages."""
        return self.address(page, self.head_row.pk, *args, model=self.model)

    def presence(self) -> dict[str, Any]:
        """The line that says who else has its form open, and how the script asks again."""
        address = self.page_of_row("presence")
        return {"words": self.presence_words(), "address": address, "seconds": SAY_SECONDS}

    def presence_words(self) -> str:
        """Who else has its form open, in words; empty for nobody."""
        names = editing.others_editing(self.head_row, self.request.user)
        if not names:
            return ""
        who = ngettext(
            "%(names)s has this form open now.", "%(names)s have this form open now.", len(names)
        )
        saved = _("Nothing is overwritten unasked: who saves last sees first what others changed.")
        return f"{who % {'names': ', '.join(names)}} {saved}"

    def would_change(self, name: str, entry: HeadEntry) -> Diff:
        """What it would change to write this entry to the row."""
        return editing.entry_diff({str(self.head_row): self.entry}, name, entry)


class ChangeHeadScreen(HeadScreen, FormScreen):
    """The form of a tracked model or an action that the draft has."""

    #: Gives the form with what was sent, or what the draft has, and the edit that it shows.
    form_of_row: Callable[..., Any]
    #: Gives the page with a form.
    form_page: Callable[..., HttpResponse]
    #: Gives the address of the form that adds what somebody deleted, or raises a 404.
    address_to_add_again: Callable[[], str]

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the form with what the draft has."""
        return self.form_page(self.form_of_row())

    def post(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Save the form, or show it again with what was wrong."""
        if self.row is None:
            return self._deleted()
        form = self.form_of_row(request.POST)
        if self.asked:
            return self.form_page(form)
        try:
            saved = self.attempt(form, self.head_row)
        except StaleForm as stale:
            return self._deleted() if stale.current is None else self._stale_page(form, stale)
        if saved is None:
            return self.form_page(form)
        self._tell(saved)
        if "_continue" in request.POST:
            return self.go("change", saved.row.pk, model=self.model)
        return self.go_back(saved.row.map_id)

    def go_back(self, map_id: int) -> HttpResponse:
        """A redirect to the list that the row is in."""
        return self.go("change", map_id)

    def _deleted(self) -> HttpResponse:
        """Send the input to the form that adds it again, since somebody deleted it."""
        # 307: the browser sends the same form there.
        return HttpResponse(status=307, headers={"Location": self.address_to_add_again()})

    def _stale_page(self, form: Any, stale: StaleForm) -> HttpResponse:
        """Show what others changed, what this form would change now, and the form as it was."""
        data = self.request.POST.copy()
        data["seen"] = str(stale.current)
        missed = max((stale.current or 0) - (stale.seen or 0), 1)
        return self.form_page(
            self.form_of_row(data, stale.current),
            stale=stale,
            missed=[
                (entry, grouped(entry.changes))
                for entry in editing.history(self.head_row, limit=missed)
            ],
            would=grouped(self.would_change(form.chosen_name, form.as_entry())),
        )

    def _tell(self, saved: Saved[Any]) -> None:
        name = {"prefix": saved.row}
        if not saved.changes:
            told = _("Nothing was changed: %(prefix)s is as it was.") % name
            messages.info(self.request, told)
            return
        self.log_change(saved.row, *saved.changes.changes)
        told = _("Saved %(prefix)s in the draft. Publish to make it live.")
        messages.success(self.request, told % name)


class EntryScreen(FormScreen):
    """What adding and changing a tracked model share."""

    template_name = "admin/trackadmin/tracked_model.html"
    asks = f"{ASKS}|{PREVIEW}"

    def save(self, form: EntryForm, row: Any) -> Saved[Any]:
        """Write the form to the row; ``None`` adds one."""
        return editing.save_tracked_model(
            self.tracking_map,
            form.prefix,
            form.as_entry(),
            tracked_model=row,
            seen=form.seen,
            by=self.request.user,
        )

    def entry_page(
        self, form: EntryForm, title: str, *crumbs: tuple[str, str], **context: Any
    ) -> HttpResponse:
        """The page with the form. A refused form keeps what the user wrote."""
        part = choice(query_of(self.request), PART, [*PARTS])
        self.template_name = PARTS.get(part, self.template_name)
        # A part has no list of relations, which asks for all models of the map.
        relations = [] if part else [(r, self.target_of(r.facts.target)) for r in form.relations]
        return self.page(
            title,
            *crumbs,
            form=form,
            asked=self.asked,
            problems=faults(form.problems),
            relations=relations,
            object_panel=self._object_panel(form),
            **context,
        )

    def changed_row(self) -> TrackedModel | None:
        """The row that the form changes; ``None`` if it adds one."""
        return None

    def _object_panel(self, form: EntryForm) -> dict[str, Any]:
        """What a real object would send by the form; only as far as somebody asks for it."""
        if form.facts is None:
            return {}
        panel = ObjectPanel(self, form.facts)
        if self.asked != PREVIEW:
            return {"remembered": panel.remembered}
        return panel.answer(form, self.changed_row())

    def target_of(self, label: str) -> dict[str, Any]:
        """The model that a relation leads to, and how this map tracks it."""
        facts = catalog().get(label)
        labels = [label, *(facts.ancestors if facts else ())]
        row = next(
            (self._tracked_rows[name] for name in labels if name in self._tracked_rows), None
        )
        return {"label": facts.cased_label if facts else label, "offered": facts, "row": row}

    @cached_property
    def _tracked_rows(self) -> dict[str, TrackedModel]:
        return {row.model_label: row for row in self.tracking_map.tracked_models.all()}


class RowScreen(HeadScreen, EntryScreen):
    """What the pages of one tracked model share."""

    row_of = staticmethod(editing.draft_row)
    no_row = gettext_lazy("There is no such tracked model. It may have been deleted.")

    @property
    def tracked_model(self) -> Any:
        """The row of the page's address; a 404 if there is none."""
        return self.head_row

    def changed_row(self) -> TrackedModel | None:
        """The row of the page's address."""
        row: TrackedModel = self.tracked_model
        return row


def add_address(screen: Screen, map_id: int, label: str, **more: str) -> str:
    """The address of the form that adds a host model to a map."""
    query = urlencode({"map": map_id, "model": label, **more})
    return f"{screen.address('add', model='trackedmodel')}?{query}"
