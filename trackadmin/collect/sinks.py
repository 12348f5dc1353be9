"""Where the settings of sites have named the log since before sinks had a room of their own."""

from trackadmin.runtime.delivery import Sink
from trackadmin.sinks.log import LogSink

__all__ = ["LogSink", "Sink"]
