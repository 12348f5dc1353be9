"""The draft beside the live version: what a map's page and the publish page both show."""

from __future__ import annotations

from dataclasses import dataclass

from trackadmin import editing
from trackadmin.admin.differences import Group, changed_prefixes, grouped
from trackadmin.catalog import catalog
from trackadmin.compiler import Fix, check, drift
from trackadmin.document import Diff, Document, digest, dump, load
from trackadmin.exceptions import DocumentError, Problem, errors_of
from trackadmin.models import MapVersion, TrackingMap


@dataclass(frozen=True, slots=True)
class Review:
    """One reading of a draft; digest, differences and problems belong together."""

    draft: Document
    #: What is live; empty before the first publish.
    published: Document
    digest: str
    live: MapVersion | None
    difference: Diff
    problems: list[Problem]
    #: What the live version names and the code no longer has.
    drift: list[Problem]
    #: Why the live version cannot be served; empty where it can.
    unreadable: str
    #: What can be put right with one click.
    fixes: list[Fix]

    @property
    def groups(self) -> list[Group]:
        """The differences by tracked model."""
        return grouped(self.difference)

    @property
    def count(self) -> int:
        """How many differences there are."""
        return len(self.difference.changes)

    @property
    def changed(self) -> set[str]:
        """The prefixes of the tracked models that differ from the live version."""
        return changed_prefixes(self.difference)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop a publish."""
        return errors_of(self.problems)

    @property
    def only_prefixes(self) -> bool:
        """Whether all that one click can put right are prefixes of children."""
        return all(fix.code == "child.prefix" for fix in self.fixes)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to publish."""
        return self.live is not None and not self.difference and not self.unreadable


def review(tracking_map: TrackingMap) -> Review:
    """Read the draft and the live version once, and compare them."""
    draft = editing.build_document(tracking_map)
    live = editing.live_version(tracking_map)
    published, unreadable = read(live) if live else (Document(), "")
    problems = check(draft, catalog())
    return Review(
        draft=draft,
        published=published,
        digest=digest(dump(draft)),
        live=live,
        difference=editing.diff(published, draft),
        problems=problems,
        drift=drift(published, catalog()),
        unreadable=unreadable,
        fixes=editing.offered(tracking_map, draft, problems),
    )


def read(version: MapVersion) -> tuple[Document, str]:
    """A version's document; an empty one and the reason if it is not what was published."""
    try:
        return load(version.document, version.digest), ""
    except DocumentError as error:
        return Document(), error.summary
