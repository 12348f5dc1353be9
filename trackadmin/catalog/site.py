"""The catalog of the whole site: which models the host offers, and the facts of each."""

from __future__ import annotations

import difflib
from typing import Any

from django.apps import apps
from django.core.signals import setting_changed

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import model_of
from trackadmin.catalog.model import ModelFacts
from trackadmin.catalog.strays import Stray, strays
from trackadmin.exceptions import DocumentError, Problem


class Catalog:
    """What the host offers, under the settings as they stood when it was made.

    Facts are found out model by model, when they are asked for, and kept.
    """

    def __init__(self) -> None:
        self._ceiling = Ceiling()
        self._facts: dict[AnyModel, ModelFacts] = {}
        self._reasons: dict[AnyModel, str] = {}

    def models(self) -> list[ModelFacts]:
        """The models that may be tracked, by app and name."""
        offered = [self._of(model) for model in apps.get_models() if not self._reason(model)]
        return sorted(offered, key=lambda facts: (facts.app_label, facts.name))

    def get(self, label: str) -> ModelFacts | None:
        """The facts of the model of this label, in any case; ``None`` if it is not offered."""
        model = model_of(label)
        return None if model is None or self._reason(model) else self._of(model)

    def why_not(self, label: str) -> str:
        """Why the model of this label is not offered, in words; an empty text where it is."""
        model = model_of(label)
        if model is not None:
            return self._reason(model)
        near = self._near(label)
        return f"The site has no model {label!r}." + (f" Is it {near!r}?" if near else "")

    def find(self, name: str) -> str:
        """The lower-case label for a label (in any case) or a class name (exactly as written).

        A class name must be that of one offered model only. Raises :class:`DocumentError` that
        says which models it may be, or why the one it names is not offered.
        """
        if facts := self.get(name):
            return facts.label
        named = [facts for facts in self.models() if facts.name == name]
        if len(named) == 1:
            return named[0].label
        problem = _ambiguous(name, named) if named else self._unknown(name)
        raise DocumentError(f"There is no telling which model {name!r} is.", [problem])

    def strays(self) -> list[Stray]:
        """The entries of the settings that have no effect on this site."""
        return list(strays(self._ceiling, self._of))

    def _unknown(self, name: str) -> Problem:
        kept_back = (m._meta.label for m in apps.get_models() if m.__name__ == name)
        why = self.why_not(next(kept_back, name))
        fix = 'Give "model" with an app and a class name, such as "shop.Order".'
        return Problem("model.unknown", "error", name, why, fix)

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

    def _reason(self, model: AnyModel) -> str:
        if model not in self._reasons:
            self._reasons[model] = self._ceiling.why_not_model(model)
        return self._reasons[model]


_current: list[Catalog] = []


def catalog() -> Catalog:
    """The catalog of this process; made anew after the settings have changed."""
    if not _current:
        _current[:] = [Catalog()]
    return _current[0]


def forget_catalog(*, setting: str, **kwargs: Any) -> None:
    """Receiver of ``setting_changed``: what is offered hangs on these settings."""
    if setting in ("TRACKADMIN", "INSTALLED_APPS", "AUTH_USER_MODEL"):
        _current.clear()


setting_changed.connect(forget_catalog, dispatch_uid="trackadmin.catalog")


def _ambiguous(name: str, named: list[ModelFacts]) -> Problem:
    labels = [facts.cased_label for facts in named]
    what = f"Several models are called {name!r}: {', '.join(labels)}."
    fix = f'Say which one: "model": "{labels[0]}".'
    return Problem("model.ambiguous", "error", name, what, fix)
