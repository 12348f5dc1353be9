"""The policy of one map's snapshot: when to ask, what to believe, what to serve meanwhile."""

from __future__ import annotations

import random
import threading
from math import inf
from time import monotonic

from trackadmin.catalog import catalog
from trackadmin.compiler import Snapshot, compile_map
from trackadmin.conf import conf
from trackadmin.document import load
from trackadmin.exceptions import DocumentError
from trackadmin.runtime import store, tokens
from trackadmin.runtime.bootstrap import read_bootstrap
from trackadmin.runtime.faults import rearm, report
from trackadmin.runtime.store import Published, Token

#: Longest pause, in seconds, between two tries while the database cannot be asked.
MAX_PAUSE = 30.0
#: How long, in seconds, a thread waits for the one that loads a map for the first time.
FIRST_LOAD_SECONDS = 30.0
#: How many refused versions a new process steps back over to find one that it can load.
MAX_STEPS_BACK = 100
#: A map of more models is examined for drift with the first question after its load: to load it
#: takes time for the models that are used, to examine it for all of them.
MAX_EXAMINED_AT_LOAD = 100


class Loader:
    """One map's snapshot in this process.

    :attr:`snapshot` may be served without asking while the clock is below :attr:`fresh_until`.
    """

    __slots__ = (
        "_failures",
        "_loading",
        "_lock",
        "_published",
        "_refused",
        "_retry_at",
        "_unexamined",
        "fresh_until",
        "overdue",
        "slug",
        "snapshot",
        "unpublished",
    )

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.snapshot: Snapshot | None = None
        #: On the clock of ``time.monotonic``, in seconds; never in the future without a snapshot.
        self.fresh_until = -inf
        #: Whether a refresh was due where no SQL was allowed.
        self.overdue = False
        #: Whether the database was asked and has no version.
        self.unpublished = False
        self._retry_at = -inf
        self._failures = 0
        self._refused: Token | None = None
        self._unexamined = False
        #: How often this process heard of a publish.
        self._published = 0
        #: The thread that loads for the first time.
        self._loading: int | None = None
        self._lock = threading.Lock()

    def serve(self) -> Snapshot | None:
        """The snapshot to serve now, brought up to date if that is due and allowed here.

        One thread asks the database while the others go on with the old snapshot. ``None`` if
        nothing could be loaded yet. Never raises.
        """
        if monotonic() < self.fresh_until:
            return self.snapshot
        if self.snapshot is None:
            self._load_first()
        elif store.in_event_loop() or store.in_transaction():
            self.overdue = True
        elif self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self.snapshot

    def expire(self) -> None:
        """Ask again at the next call: there may be a new version."""
        self._published += 1
        self.fresh_until = self._retry_at = -inf

    def renew_lock(self) -> None:
        """Forget who held the lock: it was copied by a fork, and its holder was not."""
        self._lock = threading.Lock()
        self._loading = None

    def _load_first(self) -> None:
        """Load with the other threads waiting; nothing where this very thread is at it already."""
        if self._loading == threading.get_ident() or monotonic() < self._retry_at:
            return
        if store.in_event_loop():
            report("map.unavailable", f"{self.slug} (called in an event loop)")
        elif self._lock.acquire(timeout=FIRST_LOAD_SECONDS):
            try:
                self._loading = threading.get_ident()
                if self.snapshot is None and monotonic() >= self._retry_at:
                    self._refresh()
            finally:
                self._loading = None
                self._lock.release()

    def _refresh(self) -> None:
        published, pause = self._published, conf.REFRESH_SECONDS
        self.overdue = False
        try:
            self._look()
        except Exception as error:  # noqa: BLE001 whatever it is, the last good snapshot serves on
            self._failures += 1
            pause = min(MAX_PAUSE, max(pause, 0.1) * 2 ** min(self._failures, 10))
            report("map.unavailable", self.slug, error)
            self._recover()
        else:
            self._failures = 0
            rearm("map.unavailable", self.slug)
        # What was published while this thread was looking may have been missed.
        self._wait(pause if published == self._published else 0)

    def _wait(self, pause: float) -> None:
        # Shorter by chance, so that processes that started together do not ask together.
        until = monotonic() + pause * random.uniform(0.9, 1)  # noqa: S311 no secret
        self._retry_at = until
        self.fresh_until = until if self.snapshot is not None else -inf

    def _look(self) -> None:
        """Ask for the newest version, and load it if it is news."""
        if self.snapshot is None:
            self._look_first()
            return
        token = tokens.newest_token(self.slug)
        held = Token(self.snapshot.number, self.snapshot.digest)
        if token is None or token.number < held.number:
            # A replica that lags behind, most likely.
            report("map.older", self.slug)
        elif token in (held, self._refused):
            self._report_drift()
        else:
            published = store.version(self.slug, token.number)
            if published is None:
                report("map.older", self.slug)
            else:
                self._adopt(published)

    def _look_first(self) -> None:
        published = store.newest(self.slug)
        self.unpublished = published is None
        if published is None or published.token == self._refused:
            return
        newest = published.token
        for _ in range(MAX_STEPS_BACK):
            if self._adopt(published):
                break
            published = store.before(self.slug, published.number)
            if published is None:
                break
        if self.snapshot is None or self.snapshot.number != newest.number:
            self._refused = newest

    def _adopt(self, published: Published) -> bool:
        """Check, compile and serve a version; whether it is one that can be served."""
        where = f"{self.slug} version {published.number}"
        try:
            document = load(published.document, published.digest)
            snapshot = compile_map(
                document,
                catalog(),
                slug=self.slug,
                number=published.number,
                digest=published.digest,
            )
        except DocumentError as error:
            self._refused = published.token
            report("map.refused", where, error)
            return False
        self.snapshot, self.unpublished = snapshot, False
        self._unexamined = True
        if len(document.models) <= MAX_EXAMINED_AT_LOAD:
            self._report_drift()
        return True

    def _report_drift(self) -> None:
        """Say once what the version has and the host has not; it looks at every model."""
        if self.snapshot is not None and self._unexamined:
            self._unexamined = False
            drift = "\n".join(map(str, self.snapshot.drift))
            if drift:
                where = f"{self.slug} version {self.snapshot.number}"
                report("map.drift", where, detail=drift)

    def _recover(self) -> None:
        """After a failure: serve the bootstrap file if nothing is held, and mend the connection."""
        try:
            if self.snapshot is None and conf.BOOTSTRAP_FILE is not None:
                published = read_bootstrap(conf.BOOTSTRAP_FILE, self.slug)
                if published is not None:
                    self._adopt(published)
            store.drop_broken_connection()
        except Exception as error:  # noqa: BLE001 the database is away already; nothing may break
            report("map.not_recovered", self.slug, error)


class Pinned(Loader):
    """Serves one given snapshot and asks nobody; for tests."""

    __slots__ = ()

    def __init__(self, slug: str, snapshot: Snapshot) -> None:
        super().__init__(slug)
        self.snapshot = snapshot
        self.fresh_until = inf

    def expire(self) -> None:
        """A pinned snapshot stays."""
