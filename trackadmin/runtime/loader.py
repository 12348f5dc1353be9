"""The policy of one map's snapshot: when to ask, what to believe, what to serve meanwhile."""

from __future__ import annotations

import random
import threading
from math import inf
from time import monotonic

from trackadmin.catalog import catalog
from trackadmin.codes import FaultCode
from trackadmin.compiler import Snapshot, compile_map
from trackadmin.conf import conf
from trackadmin.document import load
from trackadmin.exceptions import DocumentError
from trackadmin.runtime import store, tokens
from trackadmin.runtime.bootstrap import read_bootstrap
from trackadmin.runtime.faults import rearm, report
from trackadmin.runtime.place import ONLY, Place
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
        #: When the writing database may be asked what the reading one does not know, and how long
        #: it is left alone after that.
        self._writer_at, self._writer_pause = -inf, 0.0
        #: When the table has to be asked, whatever a shared cache says.
        self._table_at = -inf
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
        self.fresh_until = self._retry_at = self._writer_at = -inf

    def renew_lock(self) -> None:
        """Forget who held the lock: it was copied by a fork, and its holder was not."""
        self._lock = threading.Lock()
        self._loading = None

    def _load_first(self) -> None:
        """Load with the other threads waiting; nothing where this very thread is at it already."""
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
        except Exception as error:  # noqa: BLE001 whatever it is, the last good snapshot serves on
            self._failures += 1
            pause = min(MAX_PAUSE, max(pause, 0.1) * 2 ** min(self._failures, 10))
            report(FaultCode.MAP_UNAVAILABLE, self.where, error)
            self._recover()
        else:
            self._failures = 0
            rearm(FaultCode.MAP_UNAVAILABLE, self.where)
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
        """As a shared cache has it, but now and then as the table has it: what a cache was given
        for a while it may keep for ever.
        """
        ask_table = monotonic() >= self._table_at
        if ask_table:
            self._table_at = monotonic() + tokens.CACHE_SECONDS
        return tokens.newest_token(self.slug, ask_table=ask_table)

    def _look_where_written(self, held: Token) -> None:
        """The version held is newer than all that were found: see who is right.

        A replica that lags does not have it yet. But if the database that versions are written to
        does not have it either, the table was emptied or restored, and what is there now counts.
        That database is asked less and less often: all processes behind the replica want to know.
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
        except Exception as error:  # noqa: BLE001 it is away or has no name: the snapshot serves on
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
        """Serve this version, or the newest one before it that can be served; ``None`` for none.

        Older ones are looked for in ``database``, by default where the router says.
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
        """Check, compile and serve a version; whether it is one that can be served."""
        where = f"{self.where} version {published.number}"
        try:
            document = load(published.document, published.digest)
            snapshot = compile_map(
                document,
                catalog(),
                slug=self.slug,
                number=published.number,
                digest=published.digest,
                names_are_checked=True,
            )
        except DocumentError as error:
            self._refused = published.token
            report(FaultCode.MAP_REFUSED, where, error)
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
            drift = "; ".join(map(str, self.snapshot.drift))
            if drift:
                where = f"{self.where} version {self.snapshot.number}"
                report(FaultCode.MAP_DRIFT, where, detail=drift)

    def _recover(self) -> None:
        """After a failure: serve the bootstrap file if nothing is held, and mend the connection."""
        try:
            if self.snapshot is None and conf.BOOTSTRAP_FILE is not None:
                published = read_bootstrap(conf.BOOTSTRAP_FILE, self.slug)
                if published is not None:
                    self._adopt(published)
        except Exception as error:  # noqa: BLE001 the database is away already; nothing may break
            report(FaultCode.MAP_NOT_RECOVERED, self.where, error)
        self._mend_connection()

    def _mend_connection(self) -> None:
        try:
            store.drop_broken_connection()
        except Exception as error:  # noqa: BLE001 as above
            report(FaultCode.MAP_NOT_RECOVERED, self.where, error)


class Private(Loader):
    """Serves one transaction what it has written itself and not committed; nobody else sees it."""

    __slots__ = ("_database",)

    def __init__(self, slug: str, place: Place, database: str) -> None:
        """``database`` is the alias of the transaction's connection."""
        super().__init__(slug, place)
        self._database = database

    def _look(self) -> None:
        self._take(store.newest(self.slug, self._database), self._database)


class Unknown(Loader):
    """Stands for a map that does not exist, and asks nobody."""

    __slots__ = ()

    def __init__(self, slug: str, place: Place) -> None:
        super().__init__(slug, place)
        self.unpublished = True

    def serve(self) -> None:
        """Nothing."""
        return


class Pinned(Loader):
    """Serves one given snapshot and asks nobody; for tests."""

    __slots__ = ()

    def __init__(self, slug: str, snapshot: Snapshot) -> None:
        super().__init__(slug)
        self.snapshot = snapshot
        self.fresh_until = inf

    def expire(self) -> None:
        """A pinned snapshot stays."""
