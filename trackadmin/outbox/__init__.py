"""Accepted events on their way to remote sinks, at least once and accounted for; messages."""

from trackadmin.outbox.accounts import SinkAccount, accounts
from trackadmin.outbox.dead_letters import (
    dead_letters,
    discard,
    discard_all,
    retry,
    retry_all,
)
from trackadmin.outbox.message_worker import Fate, SettledMessage, send_messages
from trackadmin.outbox.outgoing import NotTaken, Outgoing
from trackadmin.outbox.pruning import Pruned, prune
from trackadmin.outbox.reconciling import NOT_COUNTABLE, CountableSink, Reconciled, reconcile
from trackadmin.outbox.remote_sink import RemoteSink, Taken, TryLater
from trackadmin.outbox.running import SinkTally, drain, remote_sinks, run
from trackadmin.outbox.settling import Settled
from trackadmin.outbox.worker import Worker

__all__ = [
    "NOT_COUNTABLE",
    "CountableSink",
    "Fate",
    "NotTaken",
    "Outgoing",
    "Pruned",
    "Reconciled",
    "RemoteSink",
    "Settled",
    "SettledMessage",
    "SinkAccount",
    "SinkTally",
    "Taken",
    "TryLater",
    "Worker",
    "accounts",
    "dead_letters",
    "discard",
    "discard_all",
    "drain",
    "prune",
    "reconcile",
    "remote_sinks",
    "retry",
    "retry_all",
    "run",
    "send_messages",
]
