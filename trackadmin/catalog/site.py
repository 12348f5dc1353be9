"""The catalog of the whole site: which models the host offers, and the facts of each."""

from __future__ import annotations

import difflib
from typing import Any

from django.apps import apps
from django.core.signals import setting_changed

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import lineage, model_of
from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.catalog.strays import Stray, strays
from trackadmin.codes import ProblemCode
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.texts import gettext as _


class Catalog:
    """What the host offers, under the settings at the time it was made.

    The facts of a model are determined when they are first needed, and kept.
    """

    def __init__(self) -> None:
        self._ceiling = Ceiling()
        self._facts: dict[AnyModel, ModelFacts] = {}
        self._refusals: dict[AnyModel, Refusal | None] = {}

    def models(self) -> list[ModelFacts]:
        """The models that may be tracked, by app and name."""
        offered = [self._of(model) for model in apps.get_models() if not self._refusal(model)]
        return sorted(offered, key=lambda facts: (facts.app_label, facts.name))

    def get(self, label: str) -> ModelFacts | None:
        """The facts of the model of this label, in any case; ``None`` if it is not offered."""
        model = model_of(label)
        return None if model is None or self._refusal(model) else self._of(model)

    def of_objects(self, label: str) -> ModelFacts | None:
        """The facts of a model whose objects may be tracked, as what they are or as an ancestor.

        ``None`` where neither the model nor a model that it descends from is offered.
        """
        model = model_of(label)
        if model is None or all(self._refusal(each) for each in lineage(model)):
            return None
        return self._of(model)

    def why_not(self, label: str) -> Refusal | None:
        """Why the model of this label is not offered; ``None`` where it is."""
        model = model_of(label)
        return self._no_such_model(label) if model is None else self._refusal(model)

    def find(self, name: str) -> str:
        """The lower-case label for a label (in any case) or a class name (exactly as written).

        Only one offered model may have that class name. Otherwise raises :class:`DocumentError`,
        which says which models have it, or why the model is not offered.
        """
        if facts := self.get(name):
            return facts.label
        named = [facts for facts in self.models() if facts.name == name]
        if len(named) == 1:
            return named[0].label
        problem = _ambiguous(name, named) if named else self._unknown_model(name)
        summary = _("The model '%(name)s' cannot be determined.", name=name)
        raise DocumentError(summary, [problem])

    def strays(self) -> list[Stray]:
        """The entries of the settings that have no effect on this site."""
        return list(strays(self._ceiling, self._of))

    def _unknown_model(self, name: str) -> Problem:
        kept_back = (m._meta.label for m in apps.get_models() if m.__name__ == name)
        label = next(kept_back, name)
        refusal = self.why_not(label) or self._no_such_model(label)
        fix = _('Give "model" with an app and a class name, such as "shop.Order".')
        return Problem(ProblemCode.MODEL_UNKNOWN, "error", name, refusal.sentences, fix)

    def _no_such_model(self, label: str) -> Refusal:
        why = _("The site has no model '%(label)s'.", label=label)
        near = self._near(label)
        remedy = _("Did you mean '%(label)s'?", label=near) if near else None
        return Refusal(RefusalCode.UNKNOWN, why, remedy)

    def _near(self, name: str) -> str:
        """The cased label of the offered model whose label or class name is most like this one."""
        spoken = {f.name.lower(): f.cased_label for f in self.models()}
        spoken |= {f.label: f.cased_label for f in self.models()}
        close = difflib.get_close_matches(name.lower(), spoken, n=1, cutoff=0.7)
        return spoken[close[0]] if close else ""

    def _of(self, model: AnyModel) -> ModelFacts:
        if model not in self._facts:
            self._facts[model] = ModelFacts(model, self._ceiling)
        return self._facts[model]

    def _refusal(self, model: AnyModel) -> Refusal | None:
        if model not in self._refusals:
            self._refusals[model] = self._ceiling.why_not_model(model)
        return self._refusals[model]


_current: list[Catalog] = []


def catalog() -> Catalog:
    """The catalog of this process; made again after the settings have changed."""
    if not _current:
        _current[:] = [Catalog()]
    return _current[0]


def forget_catalog(*, setting: str, **kwargs: Any) -> None:
    """Receiver of ``setting_changed``: what is offered depends on these settings."""
    if setting in ("TRACKADMIN", "INSTALLED_APPS", "AUTH_USER_MODEL"):
        _current.clear()


setting_changed.connect(forget_catalog, dispatch_uid="trackadmin.catalog")


def _ambiguous(name: str, named: list[ModelFacts]) -> Problem:
    labels = [facts.cased_label for facts in named]
    what = _(
        "Several models are called '%(name)s': %(models)s.", name=name, models=", ".join(labels)
    )
    fix = _('Say which one: "model": "%(model)s".', model=labels[0])
    return Problem(ProblemCode.MODEL_AMBIGUOUS, "error", name, what, fix)
