"""Every setting of trackadmin, read from ``settings.TRACKADMIN`` whenever it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from trackadmin.exceptions import SettingError
from trackadmin.texts import gettext as _

#: Every key that ``TRACKADMIN`` may have, with its default.
DEFAULTS: dict[str, Any] = {
    "STRICT": None,
    "REFRESH_SECONDS": 1.0,
    "MODELS": None,
    "EXCLUDE": (),
    "ALLOW": (),
    "DENY_WORDS": (),
    "COMPUTED": (),
    "PERSONAL_WORDS": (),
    "NOT_PERSONAL": (),
    "MAX_TEXT_LENGTH": 10_000,
    "CONSTANT_MANAGERS": (),
    "CONTEXT": None,
    "PSEUDONYM_KEYS": None,
    "REQUIRE_NOTE": False,
    "SINK_SECONDS": 2.0,
    "ORIGINS": (),
    "GUESSABLE_KEYS": None,
    "SINKS": ("trackadmin.collect.sinks.LogSink",),
    "EVENTS_DATABASE": None,
    "EVENTS_KEPT_DAYS": 30,
    "IDENTITY": None,
    "USAGE_SECONDS": 60.0,
    "HEALTH_TOKEN": None,
    "HEALTH_LAG_SECONDS": 900.0,
    "READER_TOKENS": {},
    "BOOTSTRAP_FILE": None,
    "TOKEN_CACHE": None,
    "HARMLESS_LOADING": (),
    "TENANT": None,
    "MAX_NAMES": 1000,
    "MAX_REFERENCES": 10,
    "MAX_TABLES": 64,
    "PREVIEW_SECONDS": 2.0,
    "PROFILE_ROWS": 1000,
    "PROFILE_MILLISECONDS": 2000,
    "PROFILE_KEPT_SECONDS": 600,
    "EFFECT_OBJECTS": 20,
    "EFFECT_SECONDS": 5.0,
    "LINT": {},
    "DUE": {},
    "REVIEWS": {},
    "MESSAGES": {},
}

#: The keys of MESSAGES: from whom e-mails come, and which hosts of the own network may get some.
MESSAGES: dict[str, Any] = {"FROM": None, "INTERNAL_HOSTS": ()}

#: What REVIEWS says without a word of the site: nobody has to approve.
REVIEW_RULES: dict[str, Any] = {
    "APPROVALS": 0,
    "LAST_EDITOR_MAY_APPROVE": False,
    "ROLLBACKS": False,
}

#: Characters of a reader's token. Whoever has it reads every map that it is for.
SHORTEST_READER_TOKEN = 32


@dataclass(frozen=True, slots=True)
class ReaderSetting:
    """What the settings say about one reader."""

    token: str | Callable[[], str] = field(repr=False)
    #: The maps that it may see; ``None`` for all.
    maps: frozenset[str] | None


#: What GUESSABLE_KEYS may be, in a word.
OPEN_KEYS, SIGNED_KEYS = "open", "signed"

#: The levels that a rule of LINT may have, the mildest first.
LINT_LEVELS = OFF, HINT, WARNING, ERROR = ("off", "hint", "warning", "error")
#: The level of each rule of LINT.
LINT_RULES: dict[str, str] = {
    "name": HINT,
    "description": HINT,
    "owner": HINT,
    "look_alikes": HINT,
    "same_meaning": HINT,
    "personal_values": WARNING,
}
#: Regular expressions of LINT that a whole name must match.
LINT_PATTERNS: dict[str, str] = {
    "prefix": r"[A-Z][A-Za-z0-9]*",
    "attribute": r"[a-z][a-z0-9]*(_[a-z0-9]+)*",
}
#: How many rows of a model LINT reads, and how long it may take for all models.
LINT_LIMITS: dict[str, float] = {"rows": 500, "seconds": 2.0}


#: After how many days something is due; ``None`` for never.
DUE_DAYS: dict[str, int | None] = {"WAIVER_DAYS": 365, "UNDECIDED_DAYS": 30}


class Settings:
    """The settings as properties; the meaning of each is in ``docs/settings.md``.

    Nothing is kept between two reads, so ``override_settings`` works.
    """

    def raw(self) -> dict[str, Any]:
        """The dict the host wrote, unchecked."""
        raw = getattr(django_settings, "TRACKADMIN", {})
        if not isinstance(raw, dict):
            what = _("TRACKADMIN must be a dict, not %(type)s.", type=type(raw).__name__)
            raise SettingError(what)
        return raw

    def _get(self, key: str) -> Any:
        return self.raw().get(key, DEFAULTS[key])

    @property
    def STRICT(self) -> bool:
        """Whether a caller's mistake raises; by default where ``DEBUG`` is on."""
        strict = self._get("STRICT")
        return bool(django_settings.DEBUG) if strict is None else bool(strict)

    @property
    def REFRESH_SECONDS(self) -> float:
        """How long, in seconds, a process serves a version before it asks for a newer one."""
        return float(self._get("REFRESH_SECONDS"))

    @property
    def MODELS(self) -> tuple[str, ...] | None:
        """What may be tracked: ``"shop"`` (an app) or ``"shop.Order"``; ``None`` for all."""
        models = self._get("MODELS")
        return None if models is None else tuple(models)

    @property
    def EXCLUDE(self) -> tuple[str, ...]:
        """What may not be tracked: ``"shop"``, ``"shop.Order"`` or ``"shop.Order.field"``."""
        return tuple(self._get("EXCLUDE"))

    @property
    def ALLOW(self) -> tuple[str, ...]:
        """Fields that the deny list refuses by mistake: ``"shop.Order.session_minutes"``."""
        return tuple(self._get("ALLOW"))

    @property
    def DENY_WORDS(self) -> tuple[str, ...]:
        """Words that keep a field from being tracked, in addition to the built-in ones."""
        return tuple(self._get("DENY_WORDS"))

    @property
    def COMPUTED(self) -> tuple[str, ...]:
        """Properties and methods of third parties' models that may be tracked."""
        return tuple(self._get("COMPUTED"))

    @property
    def HARMLESS_LOADING(self) -> tuple[str, ...]:
        """Code that runs when objects are loaded and changes no value: ``"shop.Order"``."""
        return tuple(self._get("HARMLESS_LOADING"))

    @property
    def CONSTANT_MANAGERS(self) -> tuple[str, ...]:
        """Models whose default manager always gives the same query: ``"shop.Order"``."""
        return tuple(self._get("CONSTANT_MANAGERS"))

    @property
    def CONTEXT(self) -> Any:
        """A function, or its dotted path, that makes the context in which values are looked up."""
        return self._get("CONTEXT")

    @property
    def PERSONAL_WORDS(self) -> tuple[str, ...]:
        """Words that make a field's name look personal, in addition to the built-in ones."""
        return tuple(self._get("PERSONAL_WORDS"))

    @property
    def NOT_PERSONAL(self) -> tuple[str, ...]:
        """Fields that only look personal: ``"shop.Order.street_type"``."""
        return tuple(self._get("NOT_PERSONAL"))

    @property
    def MAX_TEXT_LENGTH(self) -> int:
        """The longest text of an event, in characters; longer ones are cut and end in ``…``."""
        return int(self._get("MAX_TEXT_LENGTH"))

    @property
    def PSEUDONYM_KEYS(self) -> dict[str, str]:
        """Key ids and secrets of the pseudonyms; the last one signs. Default: ``SECRET_KEY``."""
        keys = self._get("PSEUDONYM_KEYS")
        return dict(keys) if keys else {"default": django_settings.SECRET_KEY}

    @property
    def REQUIRE_NOTE(self) -> bool:
        """Whether a publish or a rollback needs a note."""
        return bool(self._get("REQUIRE_NOTE"))

    @property
    def SINKS(self) -> Any:
        """What receives each event: dotted paths of classes, or a dict of named sinks."""
        return self._get("SINKS")

    @property
    def EVENTS_DATABASE(self) -> str | None:
        """The alias that events are stored with; ``None`` for the one that the router names."""
        alias = self._get("EVENTS_DATABASE")
        return None if alias is None else str(alias)

    @property
    def EVENTS_KEPT_DAYS(self) -> float:
        """How long, in days, events that are delivered stay in the database."""
        return float(self._get("EVENTS_KEPT_DAYS"))

    @property
    def USAGE_SECONDS(self) -> float:
        """After how many seconds a process writes what it counted; 0 if nothing is counted."""
        return float(self._get("USAGE_SECONDS"))

    @property
    def IDENTITY(self) -> str | None:
        """The output name whose value is a person's id, for sinks; ``None`` for no such name."""
        name = self._get("IDENTITY")
        return None if name is None else str(name)

    @property
    def HEALTH_TOKEN(self) -> str | None:
        """What a program must send to learn how the tracking is; ``None`` for no program."""
        token = self._get("HEALTH_TOKEN")
        return None if token is None else str(token)

    @property
    def HEALTH_LAG_SECONDS(self) -> float | None:
        """How long, in seconds, an event may wait for its sink before the site is not healthy."""
        seconds = self._get("HEALTH_LAG_SECONDS")
        return None if seconds is None else float(seconds)

    @property
    def SINK_SECONDS(self) -> float | None:
        """How long, in seconds, a sink may delay a request before it gets no events for a while."""
        seconds = self._get("SINK_SECONDS")
        return None if seconds is None else float(seconds)

    @property
    def ORIGINS(self) -> tuple[str, ...]:
        """The other origins whose pages may send JSON to the tracking URL; ``"*"`` for all."""
        origins = self._get("ORIGINS")
        return (origins,) if isinstance(origins, str) else tuple(origins)

    @property
    def GUESSABLE_KEYS(self) -> str | None:
        """Whether a URL that is not signed may use a key that can be guessed: ``"open"`` or
        ``"signed"``; ``None`` where nobody has decided, which is open."""
        given = self._get("GUESSABLE_KEYS")
        said = {True: OPEN_KEYS, False: SIGNED_KEYS}
        return said[given] if isinstance(given, bool) else given

    @property
    def READER_TOKENS(self) -> dict[str, ReaderSetting]:
        """The programs that may read maps and dictionaries, each with its token, by name."""
        found = {}
        for name, given in self._get("READER_TOKENS").items():
            its = given if isinstance(given, dict) else {"TOKEN": given}
            maps = its.get("MAPS")
            token = its.get("TOKEN", "")
            found[name] = ReaderSetting(token, None if maps is None else frozenset(maps))
        return found

    @property
    def BOOTSTRAP_FILE(self) -> str | None:
        """A published document on disk, used if the database cannot be reached at start."""
        path = self._get("BOOTSTRAP_FILE")
        return None if path is None else str(path)

    @property
    def TOKEN_CACHE(self) -> str | None:
        """The alias of a shared cache for the number and digest of the newest version."""
        alias = self._get("TOKEN_CACHE")
        return None if alias is None else str(alias)

    @property
    def TENANT(self) -> Callable[[], Any] | None:
        """Returns the key of the current tenant, where neither database nor schema says it."""
        ask = self._get("TENANT")
        found: Callable[[], Any] | None = import_string(ask) if isinstance(ask, str) else ask
        return found

    @property
    def MAX_NAMES(self) -> int:
        """How many names one tracked model may give, including those of its children."""
        return int(self._get("MAX_NAMES"))

    @property
    def MAX_REFERENCES(self) -> int:
        """How many references one tracking URL may have; others are not looked up."""
        return int(self._get("MAX_REFERENCES"))

    @property
    def MAX_TABLES(self) -> int:
        """How many tables the references of one tracking URL may read together."""
        return int(self._get("MAX_TABLES"))

    @property
    def PREVIEW_SECONDS(self) -> float:
        """How long, in seconds, one preview may run the host's own code."""
        return float(self._get("PREVIEW_SECONDS"))

    @property
    def PROFILE_ROWS(self) -> int:
        """How many objects of a model one profile reads."""
        return int(self._get("PROFILE_ROWS"))

    @property
    def PROFILE_MILLISECONDS(self) -> int:
        """How long, in milliseconds, one profile may read."""
        return int(self._get("PROFILE_MILLISECONDS"))

    @property
    def PROFILE_KEPT_SECONDS(self) -> float:
        """How long, in seconds, a profile is kept for the person who asked for it."""
        return float(self._get("PROFILE_KEPT_SECONDS"))

    @property
    def EFFECT_OBJECTS(self) -> int:
        """At how many objects of each changed model the review looks."""
        return int(self._get("EFFECT_OBJECTS"))

    @property
    def EFFECT_SECONDS(self) -> float:
        """How long, in seconds, the review may look at real objects, those of all models."""
        return float(self._get("EFFECT_SECONDS"))

    @property
    def LINT(self) -> dict[str, Any]:
        """The level of each rule of lint, the patterns of names, and how many rows it may read."""
        return {**LINT_RULES, **LINT_PATTERNS, **LINT_LIMITS, **self._get("LINT")}

    @property
    def DUE(self) -> dict[str, Any]:
        """After how many days a waiver and what is undecided are due; ``None`` for never."""
        return {**DUE_DAYS, **self._get("DUE")}

    @property
    def REVIEWS(self) -> dict[str, Any]:
        """How many people must approve a draft before it is published, and who."""
        return {**REVIEW_RULES, **self._get("REVIEWS")}

    @property
    def MESSAGES(self) -> dict[str, Any]:
        """From whom e-mails come, and which hosts of the own network may get messages."""
        return {**MESSAGES, **self._get("MESSAGES")}


conf = Settings()
