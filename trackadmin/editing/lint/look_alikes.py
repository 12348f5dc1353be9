"""Names that look alike, and objects that are named by different keys, so that nothing joins."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import ForeignKey, Model

from trackadmin.catalog import AttributeFacts, Catalog
from trackadmin.catalog.words import words
from trackadmin.codes import LintCode
from trackadmin.compiler.matching import Matching
from trackadmin.document import Document, ModelEntry
from trackadmin.editing.lint.lasting import (
    lasting_attributes,
    lasting_names,
    lasting_prefixes,
)
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.editing.lint.naming_rule import is_possible
from trackadmin.exceptions import Level, Problem
from trackadmin.texts import gettext as _

#: Words that mean the same as another one at the end of a name.
SYNONYMS = {"pk": "id", "identifier": "id", "guid": "uuid", "nr": "number", "num": "number"}
#: The last words of names that name an object: ``mfr_slug``.
KEY_WORDS = frozenset({"id", "uuid", "slug", "code", "key"})


@dataclass(frozen=True, slots=True)
class Pointer:
    """An attribute that names an object of a model: ``mfr_id``."""

    #: The prefix or the label of the model that it leads to, or else what its name calls that.
    to: str
    #: By what it names the object: ``id``.
    by: str
    #: Where it is, and the tracked model that it is in.
    place: str
    prefix: str
    name: str


def look_alikes(answers: ModelAnswers, catalog: Catalog, level: Level) -> Iterator[Problem]:
    """Names that differ only in spelling, and objects that are named by different keys."""
    document = answers.document
    yield from _spellings(lasting_prefixes(document), level)
    yield from _spellings(answers.each(_names_with_places), level)
    by_target: dict[str, list[Pointer]] = defaultdict(list)
    for pointer in _Pointers(answers, catalog):
        by_target[pointer.to].append(pointer)
    for target, pointers in by_target.items():
        entry = document.models.get(target)
        yield from _unsent(entry, pointers, level) if entry else _apart(pointers, level)


# Spelling ----------------------------------------------------------------------------------------


def usual_names(answers: ModelAnswers) -> dict[str, str]:
    """By place, the commonest spelling of the name of an attribute, a count or a sum, where that
    can be given: it is free and follows the naming rule.
    """
    spelled = _spelled_otherwise(answers.each(_names_with_places))
    found = {place: usual for place, _name, usual, _other in spelled}
    return {
        place: usual
        for place, usual in found.items()
        if is_possible(usual, "attribute", _beside(answers.document, place))
    }


def _names_with_places(prefix: str, entry: ModelEntry) -> Iterator[tuple[str, str]]:
    return ((place, name) for place, name, _each in lasting_names(prefix, entry))


def _beside(document: Document, place: str) -> set[str]:
    entry = document.models[place.partition(".")[0]]
    return {*entry.attributes, *entry.aggregates}


def _spellings(named: Iterable[tuple[str, str]], level: Level) -> Iterator[Problem]:
    for place, name, usual, other in _spelled_otherwise(named):
        yield _spelled(place, name, usual, other, level)


def _spelled_otherwise(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """Each place and name that is spelled otherwise than usual, with the usual name and a place
    of that: all but the commonest spelling; of two that are as common, all but the first.
    """
    places: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for place, name in named:
        places[_simplified(name)][name].append(place)
    for spelled in places.values():
        usual = max(spelled, key=lambda name: len(spelled[name]))
        for name in spelled.keys() - {usual}:
            for place in spelled[name]:
                yield place, name, usual, spelled[usual][0]


@lru_cache(4096)  # the models of a map share many names
def _simplified(name: str) -> str:
    """The name without case, underscores and synonyms."""
    *most, last = words(name) or ("",)
    return "".join([*most, SYNONYMS.get(last, last)])


def _spelled(place: str, name: str, usual: str, other: str, level: Level) -> Problem:
    what = _(
        "'%(name)s' means the same as '%(usual)s' of %(other)s and is spelled differently.",
        name=name,
        usual=usual,
        other=other,
    )
    remedy = _("Use one spelling everywhere, or names that cannot be confused.")
    return Problem(LintCode.LOOK_ALIKES, level, place, what, remedy)


# Keys --------------------------------------------------------------------------------------------


class _Pointers:
    """The pointers of a document, model by model."""

    def __init__(self, answers: ModelAnswers, catalog: Catalog) -> None:
        self.answers, self.catalog = answers, catalog
        document = self.document = answers.document
        self.matching = Matching(document, catalog)
        #: What a name may call a model: its prefix, or its class, in small letters.
        self.called = self._classes() | {_simplified(prefix): prefix for prefix in document.models}

    def __iter__(self) -> Iterator[Pointer]:
        for prefix, name, key in self.answers.each(_possible_keys, self.catalog):
            to = self._of(key.model) if key.model else self.called.get(key.called, key.called)
            if to != prefix and not self._comes_along(prefix, self.document.models[prefix], to):
                yield Pointer(to, key.by, f"{prefix}.{name}", prefix, name)

    def _classes(self) -> dict[str, str]:
        """The models by their classes; without classes of one name, which a name cannot tell."""
        models = self.catalog.models()
        often = Counter(_simplified(each.name) for each in models)
        return {
            called: self._of(each.model)
            for each in models
            if often[called := _simplified(each.name)] == 1
        }

    def _of(self, model: type[Model]) -> str:
        """The prefix that the model is tracked under; its label where it is not tracked."""
        return self.matching.nearest(model) or model._meta.label_lower

    def _comes_along(self, prefix: str, entry: ModelEntry, to: str) -> bool:
        """Whether the values of the object are in the event anyway."""
        matched = self.matching.get(prefix) if entry.children else None
        return matched is not None and any(c.tracked_as == to for c in matched.children)


@dataclass(frozen=True, slots=True)
class _Key:
    """What an attribute leads to: the model, or else what its name calls that; and by what."""

    model: type[Model] | None
    called: str
    by: str


def _possible_keys(
    prefix: str, entry: ModelEntry, catalog: Catalog
) -> Iterator[tuple[str, str, _Key]]:
    """The attributes of a model that may name another object."""
    model = catalog.get(entry.model)
    for name, each in lasting_attributes(entry):
        key = _key_of(name, model.attribute(each.source) if model else None)
        if key.model or key.called:
            yield prefix, name, key


def _key_of(name: str, facts: AttributeFacts | None) -> _Key:
    """What an attribute leads to; the code knows better than the name."""
    field = facts.field if facts and not facts.refused else None
    if isinstance(field, ForeignKey):
        return _Key(field.related_model, "", _simplified(field.target_field.attname))
    return _Key(None, *_key_in(name))


@lru_cache(4096)  # as above
def _key_in(name: str) -> tuple[str, str]:
    """What a name that ends in a word for a key calls its objects, and the key."""
    *subject, last = words(name) or ("",)
    by = SYNONYMS.get(last, last)
    return ("".join(subject), by) if subject and by in KEY_WORDS else ("", "")


def _unsent(entry: ModelEntry, pointers: Iterable[Pointer], level: Level) -> Iterator[Problem]:
    """Pointers by something that the tracked model itself does not send."""
    sent = _keys_of(entry)
    for each in pointers:
        if sent and each.by not in sent:
            what = _(
                "'%(name)s' names an object of %(model)s by its %(key)s, and %(model)s does not "
                "send its %(key)s. Nobody can join the two.",
                name=each.name,
                model=each.to,
                key=each.by,
            )
            remedy = _(
                "Track %(key)s on %(model)s, or include %(model)s here as a related object.",
                key=each.by,
                model=each.to,
            )
            yield Problem(LintCode.LOOK_ALIKES, level, each.place, what, remedy)


def _keys_of(entry: ModelEntry) -> set[str]:
    """Everything that a tracked model sends, by source and by name."""
    return {
        _simplified(text)
        for name, each in lasting_attributes(entry)
        for text in (name, each.source)
    }


def _apart(pointers: Iterable[Pointer], level: Level) -> Iterator[Problem]:
    """Pointers to the same objects that have no key in common with those before them."""
    keys: Mapping[str, list[Pointer]] = defaultdict(list)
    for each in pointers:
        keys[each.prefix].append(each)
    first, *others = keys.values()
    known = {each.by for each in first}
    for those in others:
        if known & {each.by for each in those}:
            known |= {each.by for each in those}
            continue
        what = _(
            "'%(name)s' names the same objects as %(other)s, by another key. Nobody can join the "
            "two.",
            name=those[0].name,
            other=first[0].place,
        )
        remedy = _("Send the same key in both places.")
        yield Problem(LintCode.LOOK_ALIKES, level, those[0].place, what, remedy)
