"""An admin for tracking maps, and the runtime that host sites track with."""

# Django imports this package before any model exists, so it imports nothing.
__version__ = "0.1.0"
