"""The one signal: a map has a new live version."""

from django.dispatch import Signal

#: Sent once the transaction of a publish or a rollback has committed.
#: Arguments: ``sender`` the ``MapVersion`` class, ``map`` the slug (str), ``number`` (int) and
#: ``digest`` (str) of the new live version.
map_published = Signal()
