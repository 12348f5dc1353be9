"""What usage says about an entry, as marks on its row in a form or a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import localize
from django.utils.translation import gettext_lazy

from trackadmin.codes import UsageCode
from trackadmin.editing import MONTH, UsageFinding

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

#: What a mark says.
WORDS: dict[UsageCode, StrPromise] = {
    UsageCode.NEVER_SEEN: gettext_lazy("never seen in %(days)s days"),
    UsageCode.ACTION_NEVER_SEEN: gettext_lazy("never seen in %(days)s days"),
    UsageCode.ALWAYS_EMPTY: gettext_lazy("always empty in %(days)s days"),
    UsageCode.LOOKUP_UNUSED: gettext_lazy("lookup not used in %(days)s days"),
}


@dataclass(frozen=True, slots=True)
class UsageMark:
    """A mark on a row."""

    words: str
    #: The id of the part of the page Usage that says what to do about it.
    anchor: str


def usage_marks(findings: Iterable[UsageFinding]) -> dict[str, list[UsageMark]]:
    """The marks of each entry, by its name within its tracked model or among the actions."""
    marks: dict[str, list[UsageMark]] = {}
    for each in findings:
        words = str(WORDS[each.code]) % {"days": localize(MONTH)}
        name = each.place.partition(".")[2]
        marks.setdefault(name, []).append(UsageMark(words, each.code.value))
    return marks
