"""The pages of a tracked model: choose the host's model, edit it, delete it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property

from trackadmin import editing
from trackadmin.admin.differences import faults, grouped
from trackadmin.admin.forms import EntryForm
from trackadmin.admin.screen import Screen
from trackadmin.admin.suggestions import models_left, suggested_entry
from trackadmin.catalog import ModelFacts, catalog
from trackadmin.document import Diff, Document, ModelEntry
from trackadmin.exceptions import InvalidMap, StaleForm
from trackadmin.models import TrackedModel, TrackingMap

#: In the address of the adding form: show what was sent and do not save it yet.
DELETED = "deleted"


class EntryScreen(Screen):
    """What adding and changing share: the form, the attempt to save it, the page."""

    template_name = "admin/trackadmin/tracked_model.html"
    tab = "map"

    @cached_property
    def draft(self) -> Document:
        """The map as it is in the draft."""
        return editing.build_document(self.tracking_map)

    def attempt(self, form: EntryForm, tracked_model: TrackedModel | None) -> TrackedModel | None:
        """Save the form; ``None`` with the problems in the form if it was refused."""
        if not form.is_valid():
            return None
        try:
            return editing.save_tracked_model(
                self.tracking_map,
                form.prefix,
                form.as_entry(),
                tracked_model=tracked_model,
                seen=form.seen,
                by=self.request.user,
            )
        except InvalidMap as refusal:
            form.refuse(refusal.problems)
            return None

    def entry_page(
        self, form: EntryForm, title: str, *crumbs: tuple[str, str], **context: Any
    ) -> HttpResponse:
        """The form in its page; a refused one keeps what the user wrote."""
        return self.page(
            title,
            *crumbs,
            form=form,
            problems=faults(form.problems),
            relations=[(row, self._target_of(row.facts.target)) for row in form.relations],
            **context,
        )

    def _target_of(self, label: str) -> dict[str, Any]:
        """How the model at the end of a relation stands in this map."""
        facts = catalog().get(label)
        labels = [label, *(facts.ancestors if facts else ())]
        row = next((self._rows[name] for name in labels if name in self._rows), None)
        return {"label": facts.cased_label if facts else label, "offered": facts, "row": row}

    @cached_property
    def _rows(self) -> dict[str, TrackedModel]:
        return {row.model_label: row for row in self.tracking_map.tracked_models.all()}


class AddScreen(EntryScreen):
    """Choose a model of the host that is not tracked yet, then fill in its form."""

    to_read = "add_model"
    to_write = "add_model"

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The map named in the address; the only one there is where none is named."""
        wanted = self.request.GET.get("map", "")
        maps = TrackingMap.objects.all()
        found = maps.filter(pk=int(wanted)).first() if wanted.isdecimal() else maps.first()
        if found is None:
            raise Http404("There is no such tracking map.")
        return found

    def get(self, request: HttpRequest) -> HttpResponse:
        """The choice of a model, or the form of the chosen one."""
        facts = self._chosen()
        if facts is None:
            return self._choice()
        entry = suggested_entry(facts, self._next_position())
        form = EntryForm(facts, facts.name, entry)
        return self._form_page(form, facts)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Add the tracked model."""
        facts = catalog().get(request.GET.get("model", ""))
        if facts is None:
            return self._choice()
        entry = ModelEntry(model=facts.label, position=self._next_position())
        form = EntryForm(facts, facts.name, entry, data=request.POST)
        deleted = DELETED in request.GET
        added = None if deleted else self.attempt(form, None)
        if added is None:
            return self._form_page(form, facts, deleted=deleted)
        self.model_admin.log_addition(request, added, "Added to the tracking map.")
        messages.success(request, f"{added.prefix} is now in the draft. Publish to go live.")
        return self.go("change", added.map_id)

    def _chosen(self) -> ModelFacts | None:
        facts = catalog().get(self.request.GET.get("model", ""))
        return None if facts is None or facts.label in self._rows else facts

    def _choice(self) -> HttpResponse:
        self.template_name = "admin/trackadmin/choose_model.html"
        wanted = self.request.GET.get("model", "")
        return self.page(
            "Add a tracked model",
            groups=models_left(self._rows),
            wanted=wanted,
            tracked_already=self._rows.get(wanted.lower()),
            why_not=catalog().why_not(wanted) if wanted else "",
        )

    def _next_position(self) -> int:
        return max((row.position for row in self._rows.values()), default=-1) + 1

    def _form_page(self, form: EntryForm, facts: ModelFacts, **context: Any) -> HttpResponse:
        return self.entry_page(
            form,
            f"Add {facts.name}",
            adding=True,
            writable=True,
            facts=facts,
            action=add_address(self, self.tracking_map.pk, facts.label),
            **context,
        )


def add_address(screen: Screen, map_id: int, label: str, **more: str) -> str:
    """The address of the form that adds a host model to a map."""
    query = urlencode({"map": map_id, "model": label, **more})
    return f"{screen.address('add', model='trackedmodel')}?{query}"


class RowScreen(EntryScreen):
    """What the pages of one tracked model share: its row and its entry in the draft."""

    @cached_property
    def tracked_model(self) -> TrackedModel:
        """The row of the page's address; another address is a 404."""
        rows = TrackedModel.objects.select_related("map")
        found = rows.filter(pk=self.kwargs["object_id"]).first()
        if found is None:
            raise Http404("There is no such tracked model. It may have been deleted.")
        return found

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The map it stands in."""
        return self.tracked_model.map

    @cached_property
    def entry(self) -> ModelEntry:
        """The tracked model as the draft has it now."""
        label = self.tracked_model.model_label
        for entry in self.draft.models.values():
            if entry.model == label:
                return entry
        raise Http404("The tracked model has just been deleted.")

    def alone(self, prefix: str, entry: ModelEntry) -> Document:
        """A document of this tracked model only, for comparing."""
        return Document(models={prefix: entry})


class ChangeScreen(RowScreen):
    """The one form of a tracked model."""

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The form as the draft has it."""
        return self._form_page(self._form())

    def post(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Save the form; refused input comes back in the page."""
        if not TrackedModel.objects.filter(pk=object_id).exists():
            return self._deleted(request)
        before = self.alone(self.tracked_model.prefix, self.entry)
        form = self._form(request)
        try:
            saved = self.attempt(form, self.tracked_model)
        except StaleForm as stale:
            return (
                self._deleted(request) if stale.current is None else self._stale_page(form, stale)
            )
        if saved is None:
            return self._form_page(form)
        self._tell(saved, editing.diff(before, self.alone(form.prefix, form.as_entry())))
        if "_continue" in request.POST:
            return self.go("change", saved.pk, model="trackedmodel")
        return self.go("change", saved.map_id)

    def _form(self, request: HttpRequest | None = None) -> EntryForm:
        row = self.tracked_model
        facts = catalog().get(row.model_label)
        data = request.POST if request else None
        return EntryForm(facts, row.prefix, self.entry, seen=row.lock_version, data=data)

    def _form_page(self, form: EntryForm, **context: Any) -> HttpResponse:
        row = self.tracked_model
        return self.entry_page(
            form,
            row.prefix,
            tracked_model=row,
            facts=form.facts,
            why_not=catalog().why_not(row.model_label),
            writable=self.may.change_model,
            **context,
        )

    def _deleted(self, request: HttpRequest) -> HttpResponse:
        """Somebody deleted it meanwhile: what was written goes to the form that adds it again."""
        tracking_map, label = request.POST.get("map", ""), request.POST.get("model", "")
        if not tracking_map.isdecimal() or catalog().get(label) is None:
            raise Http404("There is no such tracked model. It may have been deleted.")
        address = add_address(self, int(tracking_map), label, **{DELETED: "1"})
        # 307: the browser sends the same form there.
        return HttpResponse(status=307, headers={"Location": address})

    def _stale_page(self, form: EntryForm, stale: StaleForm) -> HttpResponse:
        """What the others changed, what this form would change now, and the form as it was."""
        data = self.request.POST.copy()
        data["seen"] = str(stale.current)
        again = EntryForm(
            form.facts, self.tracked_model.prefix, self.entry, seen=stale.current, data=data
        )
        missed = max((stale.current or 0) - (stale.seen or 0), 1)
        now = self.alone(self.tracked_model.prefix, self.entry)
        would = editing.diff(now, self.alone(form.prefix, form.as_entry()))
        return self._form_page(
            again,
            stale=stale,
            missed=[
                (entry, grouped(entry.changes))
                for entry in editing.history(self.tracked_model, limit=missed)
            ],
            would=grouped(would),
        )

    def _tell(self, saved: TrackedModel, changes: Diff) -> None:
        if not changes:
            messages.info(self.request, f"{saved.prefix} is as it was: nothing was changed.")
            return
        words = " ".join(change.words() for change in changes.changes)
        self.model_admin.log_change(self.request, saved, words)
        messages.success(
            self.request, f"{saved.prefix} is saved in the draft. Publish to make it live."
        )


class DeleteScreen(RowScreen):
    """Say what goes with a tracked model, then delete it from the draft."""

    template_name = "admin/trackadmin/delete_tracked_model.html"
    to_read = "delete_model"
    to_write = "delete_model"

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What goes."""
        return self._confirmation()

    def post(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Delete it, unless somebody saved it meanwhile."""
        row = self.tracked_model
        seen = request.POST.get("seen", "")
        pk, number = row.pk, int(seen) if seen.isascii() and seen.isdecimal() else None
        try:
            editing.delete_tracked_model(row, seen=number, by=request.user)
        except StaleForm as stale:
            if stale.current is not None:
                row.refresh_from_db()
            return self._confirmation(stale=stale)
        row.pk = pk
        self.log_deletion(row)
        messages.success(request, f"{row.prefix} is gone from the draft. History brings it back.")
        return self.go("change", row.map_id)

    def _confirmation(self, **context: Any) -> HttpResponse:
        row = self.tracked_model
        change = self.address("change", row.pk, model="trackedmodel")
        return self.page(
            f"Delete {row.prefix}?",
            (row.prefix, change),
            tracked_model=row,
            entry=self.entry,
            parents=self._parents(),
            **context,
        )

    def _parents(self) -> list[tuple[str, str]]:
        """The (prefix, accessor) pairs that let this one come along now."""
        label = self.tracked_model.model_label
        found = []
        for prefix, entry in self.draft.models.items():
            facts = catalog().get(entry.model)
            for accessor in entry.children:
                relation = facts.relations.get(accessor) if facts else None
                if relation is not None and relation.target == label:
                    found.append((prefix, accessor))
        return found
