"""Accepted events on their way to remote sinks: at least once, and accounted for."""

from trackadmin.outbox.remote_sink import RemoteSink, Taken, TryLater
from trackadmin.outbox.worker import Worker

__all__ = ["RemoteSink", "Taken", "TryLater", "Worker"]
