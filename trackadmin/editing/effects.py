"""What publishing the draft would change for real objects. Writes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias

from django.db import router
from django.db.models import Model

from trackadmin.catalog import ModelFacts, catalog, label_of
from trackadmin.compiler import Snapshot
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.editing.building import build_document, problems_of
from trackadmin.editing.effect_plan import ChangedModel, changed_models, unoffered_models
from trackadmin.editing.effect_tally import NameEffect, Sizes, Tally, is_whole, lost_values
from trackadmin.editing.locking import AnyMap, find_map, write_database
from trackadmin.editing.partial_map import compile_what_can, live_snapshot
from trackadmin.editing.previewing import as_stored, databases_of
from trackadmin.editing.trial_transaction import trial_transaction
from trackadmin.editing.trying import MayView, MayViewAll, Trial, Tried, each_of, everything
from trackadmin.editing.url_queries import UrlCounter, UrlQueries
from trackadmin.exceptions import Problem, errors_of
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

logger = logging.getLogger("trackadmin")

#: For how many changed models objects are looked at, unless one is asked for.
MOST_MODELS = 20
#: How much longer, in seconds, a query may take than its object, so that both limits are passed.
A_BIT = 0.01


@dataclass(frozen=True, slots=True)
class Sampled:
    """Objects of one model that somebody may view, or why there are none."""

    objects: Sequence[Model] = ()
    why_not: Text | str = ""


#: Gives at most so many objects of a model.
SampleOf: TypeAlias = Callable[[ModelFacts, int], Sampled]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for the effect: the objects that they may view, and what of them they may see."""

    sample_of: SampleOf
    may_view: MayView = everything
    #: Without it, ``may_view`` is asked about each object that a number is computed of.
    may_view_all: MayViewAll | None = None
    #: Whether values that say something about a person are among the examples.
    personal: bool = False


@dataclass(frozen=True, slots=True)
class ModelEffect:
    """What the draft changes for the objects of one tracked model."""

    prefix: str
    #: Why no objects were looked at; empty if there were some.
    why_not: Text | str = ""
    names: tuple[NameEffect, ...] = ()
    #: How many names an object gives; ``None`` for the side that does not track it.
    names_before: int | None = None
    names_after: int | None = None
    #: How many objects were looked at, and how many there were to look at.
    objects: int = 0
    sampled: int = 0
    #: How many of those that were looked at could not be read at all.
    failed: int = 0
    sizes: Sizes | None = None
    url: UrlQueries | None = None
    #: Whether the draft has a key by which a URL names an object.
    has_key: bool = False
    #: What went wrong with the values.
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """What the draft changes for real objects."""

    models: tuple[ModelEffect, ...]
    #: The prefixes of further changed models, of which no objects were looked at.
    others: tuple[str, ...]
    #: Every tracked model of the draft and of the live version.
    prefixes: frozenset[str]
    #: Whether nothing was published yet.
    is_first: bool
    #: Why the live version cannot be read; ``None`` if it can, or if there is none.
    unreadable: Problem | None
    #: The errors of the draft. What they concern cannot be compiled, so its names look gone.
    errors: tuple[Problem, ...]


def effects(tracking_map: AnyMap, reader: Reader, *, only: str = "") -> Effects:
    """Flatten objects of each model that the draft changes, by the draft and by the live version.

    The models whose names differ most come first; of the others, only the prefixes are given.
    ``only`` is the prefix of the one model to look at. The site's own code runs no longer than
    ``EFFECT_SECONDS``, shared by the models, and what it writes is rolled back.
    """
    current = find_map(tracking_map)
    draft, problems = build_document(current), list[Problem]()
    live = live_snapshot(current, problems)
    snapshot, published = compile_what_can(draft, current.slug), _document(live)
    changed = changed_models(snapshot, live, draft)
    lost = [ModelEffect(each.prefix, each.why_not) for each in unoffered_models(draft, published)]
    chosen = [each for each in changed if only in ("", each.prefix)]
    chosen, others = chosen[:MOST_MODELS], chosen[MOST_MODELS:]
    looked_at = _Look(snapshot, live, reader).at_each(chosen)
    return Effects(
        models=(*looked_at, *(each for each in lost if only in ("", each.prefix))),
        others=tuple(each.prefix for each in others),
        prefixes=frozenset({*draft.models, *published.models}),
        is_first=live is None and not problems,
        unreadable=next(iter(problems), None),
        errors=tuple(errors_of(problems_of(current, draft))),
    )


def _document(live: Snapshot | None) -> Document:
    return live.document if live else Document()


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the objects of all models, for one person."""

    draft: Snapshot
    live: Snapshot | None
    reader: Reader

    def at_each(self, models: Sequence[ChangedModel]) -> list[ModelEffect]:
        """Each model gets its share of the time that is left, so that a slow one takes no more.

        Those with few names come first: what they leave goes to the others.
        """
        end, found = monotonic() + conf.EFFECT_SECONDS, dict[str, ModelEffect]()
        in_turn = sorted(models, key=lambda each: len(each.planned) + len(each.planned_live))
        for at, changed in enumerate(in_turn):
            now = monotonic()
            share = max(end - now, 0) / (len(models) - at)
            found[label_of(changed.model)] = self._at(changed, now + share)
        return [found[label_of(changed.model)] for changed in models]

    def _at(self, changed: ChangedModel, deadline: float) -> ModelEffect:
        tally = Tally(changed, personal=self.reader.personal)
        counter = UrlCounter(changed, self.draft, self.live)
        sampled, failed = self._sampled(changed, deadline), 0
        for obj in sampled.objects:
            if monotonic() >= deadline:
                break
            failed += not self._add_object(obj, tally, counter, deadline)
        return ModelEffect(
            changed.prefix,
            sampled.why_not,
            tally.name_effects(),
            len(changed.planned_live) if changed.live else None,
            len(changed.planned) if changed.draft else None,
            tally.objects + failed,
            len(sampled.objects),
            failed,
            tally.sizes(),
            counter.url_queries(),
            bool(changed.draft and changed.draft.key),
            tally.problems(),
        )

    def _sampled(self, changed: ChangedModel, deadline: float) -> Sampled:
        facts, seconds = catalog().get(label_of(changed.model)), deadline - monotonic()
        if facts is None or seconds <= 0:
            return Sampled(why_not=_no_time())
        try:
            databases = {write_database(), router.db_for_write(changed.model)}
            with trial_transaction(databases, seconds):
                found = self.reader.sample_of(facts, conf.EFFECT_OBJECTS)
        except Exception as error:  # noqa: BLE001 the host's code may raise anything
            return Sampled(why_not=_not_read(changed.model, error))
        if found.objects or found.why_not:
            return found
        return Sampled(why_not=_("There are no objects that you may view."))

    def _add_object(self, obj: Model, tally: Tally, counter: UrlCounter, deadline: float) -> bool:
        """Add what becomes of one object; whether its values could be read at all."""
        try:
            seconds = max(deadline - monotonic(), 0)
            with trial_transaction(databases_of(obj), seconds + A_BIT):
                new, old = self._tried_twice(as_stored(obj), counter, deadline)
        except Exception as error:  # noqa: BLE001 the host's code may raise anything
            _not_read(counter.changed.model, error)
            return False
        # After the time limit a value may be lost because the database ended its query.
        if monotonic() < deadline or not (lost_values(new) or lost_values(old)):
            tally.add_object(new, old)
        return True

    def _tried_twice(self, obj: Model, counter: UrlCounter, deadline: float) -> tuple[Tried, Tried]:
        reader, changed = self.reader, counter.changed
        all_of = reader.may_view_all or each_of(reader.may_view)
        trial = Trial(obj, reader.may_view, all_of, max(deadline - monotonic(), 0))
        # The draft first: its queries are counted with nothing loaded but the object.
        new, old = trial.tried(changed.draft), trial.tried(changed.live)
        # How many queries there are would tell about hidden objects.
        if is_whole(new, old) and not counter.is_done and monotonic() < deadline:
            counter.look_up(obj, new, old)
        return new, old


def _no_time() -> Text:
    return _("There was no time left to look at its objects.")


def _not_read(model: type[Model], error: Exception) -> Text:
    """The log has the error, and the page only its type: its text may have hidden values."""
    label = model._meta.label
    logger.exception("Objects of %s could not be read for the effect", label)
    return _(
        "Reading the objects of %(model)s raised %(error)s. Ask a developer to read the log.",
        model=label,
        error=type(error).__name__,
    )
