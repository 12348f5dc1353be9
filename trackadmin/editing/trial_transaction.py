"""A transaction in which the host's objects are read for a limited time, and nothing stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from django.db import connections, transaction

_STATEMENT_TIMEOUT = (
    "SELECT set_config('statement_timeout', %s, true) FROM pg_settings "
    "WHERE name = 'statement_timeout' AND (setting::bigint = 0 OR setting::bigint > %s)"
)


@contextmanager
def trial_transaction(aliases: Iterable[str], seconds: float) -> Iterator[None]:
    """Roll back, at the end, what the host's code writes to these databases.

    PostgreSQL cancels each statement that takes longer than ``seconds``.
    """
    with ExitStack() as stack:
        for alias in sorted(set(aliases)):
            stack.enter_context(transaction.atomic(using=alias))
            stack.callback(transaction.set_rollback, True, using=alias)
            limit_statements(alias, seconds)
        yield


def limit_statements(alias: str, seconds: float) -> None:
    """Let PostgreSQL cancel statements that take longer, until the transaction is over.

    A lower limit of the site stays.
    """
    if connections[alias].vendor == "postgresql":
        most = max(int(seconds * 1000), 1)
        with connections[alias].cursor() as cursor:
            cursor.execute(_STATEMENT_TIMEOUT, [str(most), most])
