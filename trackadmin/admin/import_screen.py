"""Import a map file or a spreadsheet into the draft, change by change; export both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import editing
from trackadmin.admin.differences import faults
from trackadmin.admin.forms.notes import DIGEST
from trackadmin.admin.map_spreadsheet import read_spreadsheet, spreadsheet
from trackadmin.admin.page_parameters import choice, matching, text
from trackadmin.admin.screen import Screen
from trackadmin.catalog import catalog
from trackadmin.document import DiffPart, Document, MapFile, examine, to_dict
from trackadmin.exceptions import DocumentError, DraftChanged, InvalidMap

#: Bytes of a file that a page takes. A larger map is for the command.
LARGEST_FILE = 1_000_000
#: Parts that a page lists: Django refuses a form with more than 1,000 fields.
MOST_PARTS = 900
READ, TAKE = "read", "take"
CSV, JSON = FORMATS = ("csv", "json")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent, or sent again."""

    name: str
    text: str

    @property
    def is_table(self) -> bool:
        """Whether it is a spreadsheet and no map file."""
        return not self.text.lstrip("\ufeff \r\n\t").startswith("{")

    def map_file(self, draft: Document) -> MapFile:
        """The map that it has. Raises :class:`DocumentError` if it has none."""
        if self.is_table:
            return read_spreadsheet(self.text, draft)
        return examine(self.text.removeprefix("\ufeff"), catalog().find)


class ImportScreen(Screen):
    """A file's changes with a tick each, which become one edit of the draft."""

    template_name = "admin/trackadmin/import.html"
    to_write = "change_draft"
    tab = "import"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The form."""
        return self._upload_page()

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """List what a file would change, or take what is ticked."""
        if matching(request.POST, "do", f"{READ}|{TAKE}") == READ:
            return self._listed(self._uploaded())
        name = text(request.POST, "name", most=200)
        upload = Upload(name, text(request.POST, "text", most=LARGEST_FILE))
        return self._take_ticked(upload, request.POST.getlist("part"))

    @cached_property
    def _draft(self) -> Document:
        return editing.build_document(self.tracking_map)

    def _uploaded(self) -> Upload | str:
        """The file, or why it cannot be read."""
        sent = self.request.FILES.get("file")
        if sent is None:
            return _("Choose a file first.")
        if (sent.size or 0) > LARGEST_FILE:
            return _("The file is larger than 1 MB. A developer can import it with the command.")
        try:
            read = sent.read().decode("utf-8")
        except UnicodeDecodeError:
            return _("The file is not UTF-8. Save it as “CSV UTF-8” or as UTF-8, and try again.")
        if "\x00" in read:
            return _("The file is not a text. Choose a map file (JSON) or a spreadsheet (CSV).")
        return Upload((sent.name or "")[:200], read)

    def _listed(self, upload: Upload | str) -> HttpResponse:
        if isinstance(upload, str):
            return self._upload_page(refused=upload)
        try:
            file = upload.map_file(self._draft)
        except DocumentError as error:
            return self._upload_page(refused=error.summary, problems=faults(error.problems))
        if file.problems:
            return self._upload_page(
                refused=_("The file has errors. Nothing was changed."),
                problems=faults(file.problems),
            )
        found = editing.import_parts(self.tracking_map, file)
        if len(found) > MOST_PARTS:
            words = _(
                "The file has more than %(count)s changes. A developer can import it with the "
                "command."
            )
            return self._upload_page(refused=words % {"count": MOST_PARTS})
        return self._choice(upload, found, {part.key for part in found})

    def _choice(
        self, upload: Upload, found: list[DiffPart], ticked: set[str], **context: Any
    ) -> HttpResponse:
        expected = editing.draft_digest(self.tracking_map)
        parts = [(part, part.key in ticked) for part in found]
        context = {"upload": upload, "parts": parts, "expected": expected, **context}
        return self._upload_page(**context)

    def _take_ticked(self, upload: Upload, ticked: list[str]) -> HttpResponse:
        try:
            file = upload.map_file(self._draft)
            done = editing.take_parts(
                self.tracking_map,
                file,
                ticked,
                expected=matching(self.request.POST, "expected", DIGEST),
                source=upload.name or _("a file"),
                by=self.request.user,
            )
        except DraftChanged:
            found = editing.import_parts(self.tracking_map, file)
            refused = _(
                "Somebody changed the draft in the meantime. Nothing was changed: look "
                "at the list again."
            )
            return self._choice(upload, found, {*ticked}, refused=refused)
        except InvalidMap as refusal:
            found = editing.import_parts(self.tracking_map, file)
            problems = faults(refusal.problems)
            return self._choice(
                upload, found, {*ticked}, refused=refusal.summary, problems=problems
            )
        except DocumentError as error:
            return self._upload_page(refused=error.summary, problems=faults(error.problems))
        self._tell_how_many(len(done.changes))
        return self.go("change", self.tracking_map.pk)

    def _tell_how_many(self, count: int) -> None:
        if not count:
            messages.info(self.request, _("Nothing was ticked, so nothing was changed."))
            return
        self.log_change(self.tracking_map, f"Imported {count} changes from a file.")
        words = ngettext(
            "%(count)s change was imported into the draft. You can undo it in the history.",
            "%(count)s changes were imported into the draft. You can undo them in the history.",
            count,
        )
        messages.success(self.request, words % {"count": count})

    def _upload_page(self, **context: Any) -> HttpResponse:
        return self.page(_("Import and export"), **context)


class ExportScreen(Screen):
    """The draft as a file: a map file, or a spreadsheet of its attributes."""

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The file."""
        form = choice(request.GET, "format", FORMATS, JSON)
        draft = editing.build_document(self.tracking_map)
        name = f"{self.tracking_map.slug}-draft.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if form == CSV:
            return HttpResponse(spreadsheet(draft), content_type="text/csv", headers=headers)
        body = json.dumps(to_dict(draft, _cased_label), indent=2, ensure_ascii=False)
        return HttpResponse(body, content_type="application/json", headers=headers)


def _cased_label(label: str) -> str:
    facts = catalog().get(label)
    return facts.cased_label if facts else label
