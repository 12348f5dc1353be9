"""The loader of one map: when to ask for a version, what to believe, what to serve meanwhile."""

from __future__ import annotations

import random
import threading
from math import inf
from time import monotonic

from trackadmin.codes import FaultCode
from trackadmin.compiler import Snapshot
from trackadmin.conf import conf
from trackadmin.exceptions import DocumentError
from trackadmin.runtime import store, tokens
from trackadmin.runtime.bootstrap import read_bootstrap
from trackadmin.runtime.compiled_version import compiled_version
from trackadmin.runtime.faults import rearm, report
from trackadmin.runtime.place import ONLY, Place
from trackadmin.runtime.store import Published, Token

#: Longest pause, in seconds, between two attempts while the database cannot be asked.
MAX_PAUSE = 30.0
#: How long, in seconds, a thread waits for another one that loads a map for the first time.
FIRST_LOAD_SECONDS = 30.0
#: How many refused versions a new process skips to find an older one that it can load.
MAX_STEPS_BACK = 100
#: A map with more models is examined for drift not when it is loaded, but at the next refresh: a
#: load only takes time for the models that are used, an examination for all of them.
MAX_EXAMINED_AT_LOAD = 100


class Loader:
    """One map's snapshot in this process.

    Until :attr:`fresh_until`, :attr:`snapshot` may be served without asking.
    """

    __slots__ = (
        "_failures",
        "_loading",
        "_lock",
        "_published",
        "_refused",
        "_retry_at",
        "_table_at",
        "_unexamined",
        "_writer_at",
        "_writer_pause",
        "fresh_until",
        "overdue",
        "place",
        "slug",
        "snapshot",
        "unpublished",
        "where",
    )

    def __init__(self, slug: str, place: Place = ONLY) -> None:
        self.slug, self.place = slug, place
        #: The map's name in the log.
        self.where = place.named(slug)
        self.snapshot: Snapshot | None = None
        #: By ``time.monotonic``, in seconds. Without a snapshot it is never in the future.
        self.fresh_until = -inf
        #: Whether a refresh was due when no SQL was allowed.
        self.overdue = False
        #: Whether the database was asked and has no version of the map.
        self.unpublished = False
        self._retry_at = -inf
        self._failures = 0
        self._refused: Token | None = None
        self._unexamined = False
        #: When the database that versions are written to may be asked next, and the pause after
        #: that.
        self._writer_at, self._writer_pause = -inf, 0.0
        #: When the table must be asked, whatever a shared cache says.
        self._table_at = -inf
        #: How many publishes this process has noticed.
        self._published = 0
        #: The thread that is loading for the first time.
        self._loading: int | None = None
        self._lock = threading.Lock()

    def serve(self) -> Snapshot | None:
        """The snapshot to serve now, refreshed first if that is due and allowed here.

        One thread asks the database while the others use the old snapshot. ``None`` if nothing
        could be loaded yet. Never raises.
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
        """Ask again at the next call, as there may be a new version."""
        self._published += 1
        self.fresh_until = self._retry_at = self._writer_at = -inf

    def renew_lock(self) -> None:
        """Make a new lock. A fork copied the lock but not the thread that held it."""
        self._lock = threading.Lock()
        self._loading = None

    def _load_first(self) -> None:
        """Load while other threads wait. Does nothing if this thread is loading already."""
        if self._loading == threading.get_ident() or monotonic() < self._retry_at:
            return
        if store.in_event_loop():
            report(FaultCode.MAP_UNAVAILABLE, f"{self.where} (called in an event loop)")
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
        except Exception as error:  # noqa: BLE001 in any case the last good snapshot is served
            self._failures += 1
            pause = min(MAX_PAUSE, max(pause, 0.1) * 2 ** min(self._failures, 10))
            report(FaultCode.MAP_UNAVAILABLE, self.where, error)
            self._recover()
        else:
            self._failures = 0
            rearm(FaultCode.MAP_UNAVAILABLE, self.where)
        # This thread may have missed what was published while it was asking.
        self._wait(pause if published == self._published else 0)

    def _wait(self, pause: float) -> None:
        # Randomly shorter, so that processes that started together do not ask together.
        until = monotonic() + pause * random.uniform(0.9, 1)  # noqa: S311 not a secret
        self._retry_at = until
        self.fresh_until = until if self.snapshot is not None else -inf

    def _look(self) -> None:
        """Ask for the newest version, and load it if it is new."""
        if self.snapshot is None:
            self._table_at = monotonic() + tokens.CACHE_SECONDS
            self._take(store.newest(self.slug))
            return
        held = Token(self.snapshot.number, self.snapshot.digest)
        token = self._newest_token()
        if token is not None and token in (held, self._refused):
            self._writer_at, self._writer_pause = -inf, 0.0
            self._report_drift()
            return
        published = None
        if token is not None and token.number > held.number:
            published = store.version(self.slug, token.number)
        if published is None:
            self._look_where_written(held)
        else:
            self._adopt(published)

    def _newest_token(self) -> Token | None:
        """The token from the shared cache, or now and then from the table.

        A cache may keep a token longer than it should.
        """
        ask_table = monotonic() >= self._table_at
        if ask_table:
            self._table_at = monotonic() + tokens.CACHE_SECONDS
        return tokens.newest_token(self.slug, ask_table=ask_table)

    def _look_where_written(self, held: Token) -> None:
        """Find out why the version held is newer than any that was found.

        A replica that lags does not have it yet. But if the database that versions are written to
        does not have it either, the table was emptied or restored, and its content of now counts.
        That database is asked less and less often, because all processes that read from the
        replica ask it.
        """
        if monotonic() < self._writer_at:
            report(FaultCode.MAP_OLDER, self.where)
            return
        try:
            writer = store.writer()
            if store.in_transaction(writer):
                report(FaultCode.MAP_OLDER, self.where)
                return
            newest = store.newest(self.slug, writer)
        except Exception as error:  # noqa: BLE001 it is down or unknown: keep the snapshot
            report(FaultCode.MAP_UNAVAILABLE, f"{self.where} (where versions are written)", error)
            self._leave_writer_alone()
            self._mend_connection()
            return
        self._leave_writer_alone()
        if newest is not None and newest.token == held:
            report(FaultCode.MAP_OLDER, self.where)
        else:
            if newest is None or newest.number <= held.number:
                report(FaultCode.MAP_RESET, self.where)
            self._writer_at, self._writer_pause = -inf, 0.0
            self._take(newest, writer)
        tokens.repair(self.slug, None if newest is None else newest.token)

    def _leave_writer_alone(self) -> None:
        self._writer_pause = min(MAX_PAUSE, max(2 * self._writer_pause, conf.REFRESH_SECONDS, 0.1))
        self._writer_at = monotonic() + self._writer_pause

    def _take(self, newest: Published | None, *database: str) -> None:
        """Serve this version, or else the newest older one that can be served.

        ``None`` means that there is no version. Older ones are read from ``database``, by default
        from the one that the router names.
        """
        self.unpublished = newest is None
        if newest is None:
            self.snapshot = None
            return
        if newest.token == self._refused:
            return
        published: Published | None = newest
        for _ in range(MAX_STEPS_BACK):
            if published is None or self._adopt(published):
                break
            published = store.before(self.slug, published.number, *database)
        if self.snapshot is None or self.snapshot.number != newest.number:
            self._refused = newest.token

    def _adopt(self, published: Published) -> bool:
        """Check, compile and serve a version. Returns whether it can be served."""
        where = f"{self.where} version {published.number}"
        try:
            snapshot = compiled_version(published, self.slug)
        except DocumentError as error:
            self._refused = published.token
            report(FaultCode.MAP_REFUSED, where, error)
            return False
        self.snapshot, self.unpublished = snapshot, False
        self._unexamined = True
        if len(snapshot.document.models) <= MAX_EXAMINED_AT_LOAD:
            self._report_drift()
        return True

    def _report_drift(self) -> None:
        """Report once what the version names and the host no longer has. Looks at every model."""
        if self.snapshot is not None and self._unexamined:
            self._unexamined = False
            drift = self.snapshot.drift
            if drift:
                where = f"{self.where} version {self.snapshot.number}"
                report(FaultCode.MAP_DRIFT, where, details=drift)

    def _recover(self) -> None:
        """Recover from a failure: serve the bootstrap file if there is no snapshot, and drop a
        connection that is dead.
        """
        try:
            if self.snapshot is None and conf.BOOTSTRAP_FILE is not None:
                published = read_bootstrap(conf.BOOTSTRAP_FILE, self.slug)
                if published is not None:
                    self._adopt(published)
        except Exception as error:  # noqa: BLE001 the database is down already; do not fail
            report(FaultCode.MAP_NOT_RECOVERED, self.where, error)
        self._mend_connection()

    def _mend_connection(self) -> None:
        try:
            store.drop_broken_connection()
        except Exception as error:  # noqa: BLE001 as above
            report(FaultCode.MAP_NOT_RECOVERED, self.where, error)


class Private(Loader):
    """Serves one transaction the versions that only it can see: it has not committed them."""

    __slots__ = ("_database",)

    def __init__(self, slug: str, place: Place, database: str) -> None:
        """``database`` is the alias of the transaction's connection."""
        super().__init__(slug, place)
        self._database = database

    def _look(self) -> None:
        self._take(store.newest(self.slug, self._database), self._database)


class Unknown(Loader):
    """Represents a map that does not exist, and never asks."""

    __slots__ = ()

    def __init__(self, slug: str, place: Place) -> None:
        super().__init__(slug, place)
        self.unpublished = True

    def serve(self) -> None:
        """Nothing."""
        return


class Pinned(Loader):
    """Serves the given snapshot and never asks; for tests."""

    __slots__ = ()

    def __init__(self, slug: str, snapshot: Snapshot) -> None:
        super().__init__(slug)
        self.snapshot = snapshot
        self.fresh_until = inf

    def expire(self) -> None:
        """A pinned snapshot stays."""
