"""The sinks that come with trackadmin, each a file: where events go.

A sink's class has ``write(event)`` and gets events at once, or ``deliver(events)`` and gets them
from a worker (:class:`trackadmin.outbox.RemoteSink`). Its libraries are imported when it is made:
the class itself can be imported wherever the setting ``SINKS`` is read.
"""
