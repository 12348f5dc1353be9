"""The draft beside the live version: the changes, the problems, and what can be fixed."""

from __future__ import annotations

from dataclasses import dataclass

from trackadmin import compiler
from trackadmin.codes import FixCode
from trackadmin.compiler import Fix
from trackadmin.document import Diff, Document
from trackadmin.editing.building import build_document, problems_of
from trackadmin.editing.contents import readable_document
from trackadmin.editing.deadlines import Leaving, leaving
from trackadmin.editing.fixes import offered
from trackadmin.editing.kept_problems import digest_of, problems_by
from trackadmin.editing.versions import diff, live_version
from trackadmin.exceptions import Problem, errors_of
from trackadmin.models import MapVersion, TrackingMap


@dataclass(frozen=True, slots=True)
class Review:
    """One reading of a draft; its digest, differences and problems belong together."""

    draft: Document
    #: What is live; empty before the first publish.
    published: Document
    live: MapVersion | None
    difference: Diff
    problems: list[Problem]
    #: The entries of the live version that the code no longer has.
    drift: list[Problem]
    #: Why the live version cannot be served; empty where it can.
    unreadable: str
    #: What can be fixed with one click.
    fixes: list[Fix]
    #: The deprecated names that the draft ends before their date.
    leaving: list[Leaving]

    @property
    def digest(self) -> str:
        """The digest of the draft. Only a form asks for it: writing a large draft takes a while."""
        return digest_of(self.draft)

    @property
    def count(self) -> int:
        """How many differences there are."""
        return len(self.difference.changes)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop a publish."""
        return errors_of(self.problems)

    @property
    def only_prefixes(self) -> bool:
        """Whether all fixes are prefixes of children."""
        return all(fix.code == FixCode.CHILD_PREFIX for fix in self.fixes)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to publish."""
        return self.live is not None and not self.difference and not self.unreadable


def review(tracking_map: TrackingMap) -> Review:
    """Read the draft and the live version once, and compare them."""
    draft = build_document(tracking_map)
    live = live_version(tracking_map)
    published, unreadable = readable_document(live) if live else (Document(), "")
    problems = problems_of(tracking_map, draft)
    return Review(
        draft=draft,
        published=published,
        live=live,
        difference=diff(published, draft),
        problems=problems,
        drift=problems_by(compiler.drift, published),
        unreadable=unreadable,
        fixes=offered(tracking_map, draft, problems),
        leaving=leaving(tracking_map, live, draft),
    )
