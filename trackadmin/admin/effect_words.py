"""What the effect of a draft is, in the words of the page that shows it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.formats import localize
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin.admin.differences import Fault, faults
from trackadmin.admin.preview_result import Status, counted_in_status
from trackadmin.editing import Example, ModelEffect, NameEffect
from trackadmin.texts import enumeration

#: How many names of one model the page shows.
MOST_NAMES = 100
#: How many characters of a value it shows.
LONGEST_VALUE = 120


@dataclass(frozen=True, slots=True)
class ShownExample:
    """Two values as JSON, empty for the side without the name, and which of them is masked."""

    before: str
    after: str
    masked_before: bool
    masked_after: bool


@dataclass(frozen=True, slots=True)
class ShownName:
    """A row of the table: a name, and what is said about it."""

    name: str
    status: Status
    sentences: list[str]
    examples: list[ShownExample]


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A changed model, and what is said about it."""

    prefix: str
    #: Why no objects were looked at; empty if there were some.
    why_not: str
    #: How many names are new, changed and gone.
    counts: str
    facts: list[str]
    #: What was not reached or failed.
    lacks: list[str]
    names: list[ShownName]
    #: How many further names there are.
    more: int
    problems: list[Fault]


def shown_model(effect: ModelEffect, addresses: Mapping[str, str]) -> ShownModel:
    """What the page says of a model."""
    return ShownModel(
        effect.prefix,
        str(effect.why_not),
        ", ".join(_counts(effect)),
        list(_facts(effect)),
        [text for text in (_not_reached(effect), _unread(effect)) if text],
        [_shown_name(each) for each in effect.names[:MOST_NAMES]],
        max(len(effect.names) - MOST_NAMES, 0),
        faults(effect.problems, addresses),
    )


def _facts(effect: ModelEffect) -> Iterator[str]:
    if effect.names:
        yield _name_counts(effect)
    if effect.objects > effect.failed:
        yield _size(effect)
        yield _url(effect)
        if effect.url is not None:
            yield from map(str, effect.url.reasons)
        yield from _whole_ones(effect)


def _whole_ones(effect: ModelEffect) -> Iterator[str]:
    """Which objects size and queries come from, where it is not all that were looked at."""
    known, whole = effect.objects - effect.failed, effect.sizes.objects if effect.sizes else 0
    if 0 < whole < known:
        words = ngettext(
            "Size and queries come from %(count)s of %(known)s objects only. The others have "
            "values that you may not see or that took too long.",
            "Size and queries come from %(count)s of %(known)s objects only. The others have "
            "values that you may not see or that took too long.",
            whole,
        )
        yield words % _localized(count=whole, known=known)
    if effect.sizes and effect.sizes.masked:
        yield _("Personal values are left out of the size, because you may not see them.")


def _counts(effect: ModelEffect) -> Iterator[str]:
    found = Counter[str](each.kind for each in effect.names)
    for status in Status:
        if count := found[status]:
            yield counted_in_status(status, count)


def _name_counts(effect: ModelEffect) -> str:
    """How many names an object gives."""
    before, after = effect.names_before or 0, effect.names_after or 0
    words = ngettext("%(before)s name → %(after)s", "%(before)s names → %(after)s", before)
    return words % _localized(before=before, after=after)


def _size(effect: ModelEffect) -> str:
    sizes = effect.sizes
    if sizes is None:
        return _(
            "Size not known: each object has values that you may not see or that took too long."
        )
    words = ngettext(
        "%(before)s → %(after)s bytes as JSON, for %(count)s object",
        "%(before)s → %(after)s bytes as JSON, the median of %(count)s objects",
        sizes.objects,
    )
    return words % _localized(before=sizes.before, after=sizes.after, count=sizes.objects)


def _url(effect: ModelEffect) -> str:
    """How many queries a tracking URL takes, and which computed names are the reason."""
    url = effect.url
    if url is None:
        return _(
            "Queries of a tracking URL not known: each object has values that you may not see or "
            "that took too long."
        )
    before, after, names = url.before, url.after, enumeration(url.computed)
    if after is None:
        words = _without_draft(before, has_key=effect.has_key)
    elif before is None:
        words = _of_new(after, computed=bool(names))
    elif names and before != after:
        words = _because(before, more=after > before)
    else:
        words = ngettext(
            "A tracking URL of %(model)s: %(before)s query → %(after)s",
            "A tracking URL of %(model)s: %(before)s queries → %(after)s",
            before,
        )
    return words % _localized(model=effect.prefix, before=before, after=after, names=str(names))


def _because(before: int, *, more: bool) -> str:
    if more:
        return ngettext(
            "A tracking URL of %(model)s: %(before)s query → %(after)s, because the site’s code "
            "computes %(names)s",
            "A tracking URL of %(model)s: %(before)s queries → %(after)s, because the site’s code "
            "computes %(names)s",
            before,
        )
    return ngettext(
        "A tracking URL of %(model)s: %(before)s query → %(after)s, because the site’s code no "
        "longer computes %(names)s",
        "A tracking URL of %(model)s: %(before)s queries → %(after)s, because the site’s code no "
        "longer computes %(names)s",
        before,
    )


def _of_new(after: int, *, computed: bool) -> str:
    if computed and after > 1:
        return ngettext(
            "A tracking URL of %(model)s: %(after)s query, because the site’s code computes "
            "%(names)s",
            "A tracking URL of %(model)s: %(after)s queries, because the site’s code computes "
            "%(names)s",
            after,
        )
    return ngettext(
        "A tracking URL of %(model)s: %(after)s query",
        "A tracking URL of %(model)s: %(after)s queries",
        after,
    )


def _without_draft(before: int | None, *, has_key: bool) -> str:
    if has_key:
        return _("Queries of a tracking URL not known: no object was found by its key.")
    if before is None:
        return _("No tracking URL can name an object, because the model has no key.")
    return ngettext(
        "A tracking URL of %(model)s took %(before)s query. By the draft, no URL can name an "
        "object.",
        "A tracking URL of %(model)s took %(before)s queries. By the draft, no URL can name an "
        "object.",
        before,
    )


def _not_reached(effect: ModelEffect) -> str:
    if effect.objects == effect.sampled:
        return ""
    words = ngettext(
        "The time limit was reached after %(objects)s of %(count)s object.",
        "The time limit was reached after %(objects)s of %(count)s objects.",
        effect.sampled,
    )
    return words % _localized(objects=effect.objects, count=effect.sampled)


def _unread(effect: ModelEffect) -> str:
    if not effect.failed:
        return ""
    words = ngettext(
        "%(count)s object could not be read. Ask a developer to read the log.",
        "%(count)s objects could not be read. Ask a developer to read the log.",
        effect.failed,
    )
    return words % _localized(count=effect.failed)


def _shown_name(each: NameEffect) -> ShownName:
    return ShownName(
        each.name,
        Status(each.kind),
        list(_sentences(each)),
        [_shown_example(example, each) for example in each.examples],
    )


def _sentences(each: NameEffect) -> Iterator[str]:
    """On how many objects it changed, is filled, or is not known."""
    if each.known:
        if each.kind == "changed":
            yield _("changed on %(count)s of %(known)s") % _localized(
                count=each.changed, known=each.known
            )
        yield _filled(each) % _localized(
            before=each.filled_before, after=each.filled_after, known=each.known
        )
    looked_at = each.known + each.hidden + each.late
    if each.hidden:
        words = _("not visible to you on %(count)s of %(known)s")
        yield words % _localized(count=each.hidden, known=looked_at)
    if each.late:
        words = _("not computed on %(count)s of %(known)s: time limit")
        yield words % _localized(count=each.late, known=looked_at)
    if each.masked_before or each.masked_after:
        yield _("personal, so examples are masked")


def _filled(each: NameEffect) -> str:
    if each.filled_before is None:
        return _("filled on %(after)s of %(known)s")
    if each.filled_after is None:
        return _("was filled on %(before)s of %(known)s")
    return _("filled on %(before)s of %(known)s → %(after)s of %(known)s")


def _shown_example(example: Example, each: NameEffect) -> ShownExample:
    return ShownExample(
        "" if each.kind == "new" else _json_text(example.before),
        "" if each.kind == "gone" else _json_text(example.after),
        each.masked_before,
        each.masked_after,
    )


def _json_text(value: object) -> str:
    """A text keeps its quotes, so that 1 and "1" look different."""
    return Truncator(json.dumps(value, ensure_ascii=False)).chars(LONGEST_VALUE)


def _localized(**values: object) -> dict[str, object]:
    return {name: localize(value) for name, value in values.items()}
