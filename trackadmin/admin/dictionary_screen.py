"""The dictionary of a map: every name that its events carry, with its meaning, and as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.page_parameters import (
    Unreadable,
    choice,
    listed,
    plain_name,
    text,
    whole_number,
)
from trackadmin.admin.row_places import row_address
from trackadmin.admin.screen import Screen
from trackadmin.document import PRIVACIES, ActionEntry
from trackadmin.document.value_labels import PRIVACY_LABELS
from trackadmin.editing import Dictionary, DictionaryLine, DictionaryName, Seen
from trackadmin.exceptions import DocumentError, NotPublished, UnknownVersion

#: Lines on one page.
ON_A_PAGE = 50
#: How many versions there are to choose from, the newest first.
MOST_SIDES = 100
DRAFT = "draft"
NAMES, ACTIONS = "names", "actions"
#: The files of the dictionary: how each is written, and its media type.
FILES = {
    "csv": (editing.dictionary_csv, "text/csv; charset=utf-8", "csv"),
    "markdown": (editing.dictionary_markdown, "text/markdown; charset=utf-8", "md"),
    "json": (editing.dictionary_json, "application/json", "json"),
}


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as the page shows it."""

    line: DictionaryLine
    #: Since which version, in words.
    since: object
    seen: Seen | None
    #: The row of the draft that makes it; empty for none.
    address: str
    parameters: Sequence[ShownLine] = ()


class DictionaryDoor(Screen):
    """What the page and its files have in common: the version that is asked for."""

    http_method_names = ["get", "head", "options"]

    @cached_property
    def side(self) -> str:
        """The version in the address: a number, or that of the draft."""
        asked = text(self.request.GET, "version")
        if asked not in ("", DRAFT) and whole_number(asked) is None:
            legal = _("Give the number of a version, or “%(draft)s”.") % {"draft": DRAFT}
            raise Unreadable("version", asked, legal)
        return asked

    @property
    def number(self) -> int | None:
        """The number of the version that is asked for; ``None`` for the live one."""
        return whole_number(self.side)

    @cached_property
    def dictionary(self) -> Dictionary:
        """The dictionary; that of the draft where nothing is published."""
        try:
            return editing.dictionary(self.tracking_map, self.number, draft=self.side == DRAFT)
        except NotPublished:
            return editing.dictionary(self.tracking_map, draft=True)
        except UnknownVersion as unknown:
            raise Http404(str(unknown)) from unknown


class DictionaryScreen(DictionaryDoor):
    """The page: it can be searched, and has a link to each name."""

    template_name = "admin/trackadmin/dictionary.html"
    tab = "dictionary"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The names or the actions, a page at a time."""
        query = request.GET
        show = choice(query, "show", [NAMES, ACTIONS], NAMES)
        name = text(query, "name")
        wanted = _Wanted(
            text(query, "q").strip(),
            plain_name(query, "model"),
            choice(query, "privacy", ["", *PRIVACIES]),
            choice(query, "deprecated", ["", "1"]) == "1",
        )
        names = [each for each in self.dictionary.every_name if wanted.has_name(each)]
        actions = [each for each in self.dictionary.actions if wanted.has_action(*each)]
        found: Any = actions if show == ACTIONS else names
        page = self._page_with(name, names) if name else listed(query, found, ON_A_PAGE)
        rows: Any = self._action_rows if show == ACTIONS else self._name_rows
        return self.page(
            _("Dictionary"),
            dictionary=self.dictionary,
            show=show,
            asked=self.side,
            wanted=wanted,
            name=name,
            listed=page,
            rows=[*rows(page.object_list)],
            counts={NAMES: len(names), ACTIONS: len(actions)},
            counted=bool(self.usage.actions),
            privacies=[(each, str(PRIVACY_LABELS[each])) for each in PRIVACIES],
            sides=self._sides(),
            kept=self._query_start({**self._asked_for, "show": show if show == ACTIONS else ""}),
            kept_without_show=self._query_start(self._asked_for),
            version=self._query_start({"version": self.side}),
        )

    @cached_property
    def usage(self) -> editing.Usage:
        """How often the names and actions were seen."""
        return editing.usage(self.tracking_map)

    @property
    def _asked_for(self) -> dict[str, str]:
        names = ("version", "q", "model", "privacy", "deprecated")
        return {each: text(self.request.GET, each) for each in names}

    def _query_start(self, parameters: Mapping[str, str]) -> str:
        """The parameters as the start of an address' query; "" without any."""
        given = {name: value for name, value in parameters.items() if value}
        return f"{urlencode(given)}&" if given else ""

    def _page_with(self, name: str, names: Sequence[DictionaryName]) -> Any:
        """The page that has the name; a 404 if none has it."""
        place = next((at for at, each in enumerate(names) if each.name == name), None)
        if place is None:
            raise Http404(_("The map has no such name."))
        query = self.request.GET.copy()
        query["page"] = str(place // ON_A_PAGE + 1)
        return listed(query, names, ON_A_PAGE)

    def _name_rows(self, names: Sequence[DictionaryName]) -> Iterator[ShownLine]:
        for each in names:
            line = editing.line_of_name(self.dictionary, each)
            yield self._shown_line(line, self.usage.names.get(each.name), line.place)

    def _action_rows(self, actions: Sequence[tuple[str, ActionEntry]]) -> Iterator[ShownLine]:
        for name, entry in actions:
            line = editing.line_of_action(self.dictionary, name, entry)
            parameters = [
                self._shown_line(
                    each, self.usage.parameters.get(each.name), f"actions.{each.place}"
                )
                for each in editing.lines_of_parameters(self.dictionary, name, entry)
            ]
            seen = self.usage.actions.get(name)
            yield self._shown_line(line, seen, f"actions.{name}", parameters)

    def _shown_line(
        self, line: DictionaryLine, seen: Seen | None, place: str, below: Sequence[ShownLine] = ()
    ) -> ShownLine:
        address = row_address(place, self.dictionary.document, self._pages, "prefix")
        return ShownLine(line, editing.since_in_words(line), seen, address, below)

    @cached_property
    def _pages(self) -> Mapping[str, str]:
        return self.entry_addresses()

    def _sides(self) -> list[tuple[str, str]]:
        """The versions to choose from, and the draft."""
        numbers = editing.versions(self.tracking_map).values_list("number", flat=True)
        found = [
            (str(number), _("Version %(number)s") % {"number": number})
            for number in numbers[:MOST_SIDES]
        ]
        if self.side not in ("", DRAFT) and self.side not in dict(found):
            found.append((self.side, _("Version %(number)s") % {"number": self.side}))
        return [*found, (DRAFT, _("The draft"))]


class DictionaryFile(DictionaryDoor):
    """The dictionary, or the types of its events, as a file."""

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The file in the format that is asked for. It has no value of any object."""
        wanted = choice(request.GET, "format", [*FILES, *editing.TYPE_FORMATS], "csv")
        if wanted in editing.TYPE_FORMATS:
            return self._types_file(wanted)
        write, media_type, ending = FILES[wanted]
        # A program reads JSON, in whatever language somebody downloaded it.
        with translation.override(None if wanted == "json" else translation.get_language()):
            content = write(self.dictionary)
        # Spreadsheets know by the mark that a file is UTF-8.
        content = f"\ufeff{content}" if wanted == "csv" else content
        number = self.dictionary.number
        of = f"version-{number}" if number else DRAFT
        return _download(content, f"{self.tracking_map.slug}-dictionary-{of}.{ending}", media_type)

    def _types_file(self, wanted: str) -> HttpResponse:
        number, draft = self.dictionary.number, self.dictionary.number is None
        try:
            found = editing.typed_events(self.tracking_map, wanted, number, draft=draft)
        except DocumentError as error:
            raise Http404(str(error)) from error
        return _download(found.text, found.file_name, found.media_type)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the page is to list."""

    words: str
    model: str
    privacy: str
    deprecated: bool

    def has_name(self, each: DictionaryName) -> bool:
        """Whether a name is among it."""
        return (
            self.model in ("", each.of_model)
            and self.privacy in ("", each.source.privacy)
            and not (self.deprecated and each.given.grace is None)
            and (not self.words or self._has(each.search_texts()))
        )

    def has_action(self, name: str, entry: ActionEntry) -> bool:
        """Whether an action, or a parameter of it, is."""
        parameters = entry.parameters.items()
        texts = [name, entry.description, entry.owner]
        return (
            (not self.model or self.model in entry.brings)
            and (not self.privacy or any(p.privacy == self.privacy for _name, p in parameters))
            and not (self.deprecated and not entry.until)
            and self._has([*texts, *(t for n, p in parameters for t in (n, p.description))])
        )

    def _has(self, texts: Sequence[str]) -> bool:
        """Whether each word that is searched for is in one of the texts."""
        folded = [each.casefold() for each in texts]
        return all(any(word in each for each in folded) for word in self.words.casefold().split())


def _download(content: str, name: str, media_type: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=media_type, headers=headers)
