"""A version of a map, compiled for this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Model
from django.utils.functional import LazyObject, cached_property

from trackadmin.catalog import Catalog, built_in_denied
from trackadmin.codes import ProblemCode
from trackadmin.compiler.event_checks import event_checks
from trackadmin.compiler.flatten_many import Branch
from trackadmin.compiler.host.instances import unwrapped
from trackadmin.compiler.lookups import SEPARATOR, Lookup
from trackadmin.compiler.matching import MatchedModel, Matching
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.problems import drift_of, host_problems, too_wide
from trackadmin.compiler.reserved import ReservedNames, reserved_parameters
from trackadmin.compiler.savepoints import contained
from trackadmin.compiler.sql.resolver import Resolver
from trackadmin.compiler.values.pseudonyms import pseudonymiser
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document import rule_problems, to_dict, validate
from trackadmin.document.structure import TRACKED, Document
from trackadmin.exceptions import DocumentError, Problem, errors_of
from trackadmin.texts import gettext as _


def compile_map(
    document: Document,
    catalog: Catalog,
    *,
    slug: str = DEFAULT_MAP,
    number: int = 0,
    digest: str = "",
    names_are_checked: bool = False,
    found: Iterable[Problem] | None = None,
) -> Snapshot:
    """Compile a document for the host that the catalog describes.

    What the host no longer has or allows is left out and listed in ``Snapshot.drift``. Raises
    :class:`DocumentError` for a document that could never have been published. Each model's code
    is made when it is first used. A document that comes from ``document.load`` has had its names
    checked there. ``found`` is what ``validate`` gives, or ``rule_problems`` for such a document,
    where the caller knows it.
    """
    if found is None:
        found = rule_problems(document) if names_are_checked else validate(document)
    problems = errors_of(found)
    problems += _secrets(document, catalog)
    if problems:
        raise DocumentError(_("The map cannot be compiled."), problems)
    return Snapshot(document, catalog, slug, number, digest)


class Snapshot:
    """A compiled map. It never changes; a newer version is another snapshot."""

    def __init__(
        self, document: Document, catalog: Catalog, slug: str, number: int, digest: str
    ) -> None:
        self.document, self.slug, self.number, self.digest = document, slug, number, digest
        self._matching = Matching(document, catalog)
        #: Which names of its events may say something about a person.
        self.personal_names = self._matching.personal_names
        #: The tracked models that the host offers, by prefix.
        self.by_prefix = _ByPrefix(self._matching, slug)
        self._classes = _Classes(self._matching, self.by_prefix)
        self._lookups: dict[str, Lookup] = {}
        #: Finds what the references of a query name.
        self.resolver = Resolver(self.by_prefix)
        #: The names under which no parameter of a query is taken.
        self.reserved = ReservedNames(document, self.by_prefix.names_of)
        #: What the map asks of its events; ``None`` if nothing.
        self.checks = event_checks(document, self.by_prefix.pseudonym)
        #: Functions that flatten several objects at once; see :class:`Branch`.
        self.branches = Branch(self._classes.find)

    def __repr__(self) -> str:
        return f"map {self.slug!r} version {self.number}"

    def find(self, obj: Any) -> CompiledModel | None:
        """The compiled model for an object or a class: its own or its nearest ancestor's.

        ``None`` where neither is tracked. A ``SimpleLazyObject`` is looked up to see what it is;
        whatever that raises comes through.
        """
        try:
            return self._classes.known[type(obj)]
        except KeyError:
            pass
        if issubclass(type(obj), LazyObject):
            with contained():
                obj = unwrapped(obj)
        return self._classes.find(obj if isinstance(obj, type) else type(obj))

    def lookup(self, reference: str) -> Lookup | None:
        """The lookup that a reference ``Prefix__name`` means, ``None`` if the map allows none."""
        found = self._lookups.get(reference)
        if found is not None:
            return found
        prefix, _, name = reference.partition(SEPARATOR)
        owner = self._matching.owner(prefix)
        compiled = self.by_prefix.get(owner)
        found = compiled.lookups.get(name) if compiled else None
        if found is not None:
            if prefix != owner:
                found = found.under(prefix, self.document.models[owner].until)
            self._lookups[reference] = found
        return found

    @cached_property
    def drift(self) -> tuple[Problem, ...]:
        """What the document has and the host has not, or no longer allows."""
        return tuple(drift_of(self._matching))

    def as_dict(self) -> dict[str, Any]:
        """The map as a plain dict, keyed by prefix."""
        return to_dict(self.document, label=self._cased)

    @property
    def source(self) -> str:
        """The text of every generated function."""
        return "\n\n".join(
            f"# {prefix}\n{compiled.source}" for prefix, compiled in self.by_prefix.items()
        )

    def compile_all(self) -> None:
        """Make the code of every model now and not on first use."""
        for compiled in self.by_prefix.values():
            compiled.compile()

    def prove(self) -> list[Problem]:
        """See that the code of every model can be made; gives everything that is wrong here.

        No code is kept: a map may have thousands of models.
        """
        return [
            *host_problems(self._matching, self._prove),
            *reserved_parameters(self.document, self.reserved),
        ]

    def _prove(self, matched: MatchedModel) -> tuple[Problem, ...]:
        compiled = self.by_prefix.make(matched)
        compiled.compile()
        return (*compiled.problems, *too_wide(compiled.node))

    def _cased(self, label: str) -> str:
        facts = self._matching.catalog.get(label)
        return facts.cased_label if facts else label


class _Classes:
    """Which tracked model the objects of a class are, kept for each class that was asked for.

    It does not know its snapshot, so that no circle keeps the snapshot's code alive.
    """

    def __init__(self, matching: Matching, by_prefix: Mapping[str, CompiledModel]) -> None:
        self._matching, self._by_prefix = matching, by_prefix
        self.known: dict[type, CompiledModel | None] = {}

    def find(self, cls: type) -> CompiledModel | None:
        """The compiled model for a class, ``None`` where neither it nor an ancestor is tracked."""
        if not issubclass(cls, Model):
            return None
        if cls not in self.known:
            compiled = self._by_prefix.get(self._matching.nearest(cls))
            self.known[cls] = compiled.for_class(cls) if compiled else None
        return self.known[cls]


class _ByPrefix(Mapping[str, CompiledModel]):
    """The tracked models that the host offers, each compiled when it is asked for."""

    def __init__(self, matching: Matching, title: str) -> None:
        self._matching = matching
        self._title = title
        self.pseudonym = pseudonymiser()
        self._compiled: dict[str, CompiledModel] = {}

    def __getitem__(self, prefix: str) -> CompiledModel:
        compiled = self._compiled.get(prefix)
        if compiled is None:
            matched = self._matching.get(prefix)
            if matched is None:
                raise KeyError(prefix)
            compiled = self._compiled[prefix] = self.make(matched)
        return compiled

    def names_of(self, prefix: str) -> tuple[str, ...]:
        """The names that a tracked model yields; none if the host does not offer it."""
        compiled = self.get(prefix)
        return compiled.names if compiled is not None else ()

    def make(self, matched: MatchedModel) -> CompiledModel:
        """Compile a tracked model and do not keep it."""
        return CompiledModel(self._matching, matched, self.pseudonym, self._title)

    def __iter__(self) -> Iterator[str]:
        return (prefix for prefix in self._matching.prefixes() if self._matching.offers(prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _secrets(document: Document, catalog: Catalog) -> Iterator[Problem]:
    """The sources on trackadmin's own deny list: no publish ever lets them through."""
    for prefix, entry in document.models.items():
        for name, attribute in entry.attributes.items():
            if attribute.decision == TRACKED and built_in_denied(attribute.source, entry.model):
                yield _secret(attribute.source, f"{prefix}.{name}")
        facts = catalog.get(entry.model) if entry.aggregates else None
        for name, aggregate in entry.aggregates.items():
            found = facts.collection(aggregate.relation) if facts else None
            if found is None or aggregate.decision != TRACKED:
                continue
            for source in (aggregate.field, aggregate.by, *aggregate.where):
                if built_in_denied(source, found.target):
                    yield _secret(source, f"{prefix}.{name}")


def _secret(source: str, where: str) -> Problem:
    what = _("%(name)s looks like a secret, and secrets are not tracked.", name=repr(source))
    return Problem(ProblemCode.ATTRIBUTE_SECRET, "error", where, what, _("Remove it from the map."))
