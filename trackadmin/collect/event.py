"""Where sites may import an event from, since before ``track`` made events as well."""

from trackadmin.runtime import Event

__all__ = ["Event"]
