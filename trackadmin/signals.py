"""The signal that a map has a new live version, and one for trackadmin's own use."""

from django.dispatch import Signal

#: Sent once the transaction of a publish or a rollback has committed.
#: Arguments: ``sender`` the ``MapVersion`` class, ``map`` the slug (str), ``number`` (int) and
#: ``digest`` (str) of the new live version.
map_published = Signal()

#: Ours: versions were inserted without being saved one by one, perhaps in a transaction that is
#: still open. Arguments: ``sender`` the ``MapVersion`` class and ``using`` the database's alias.
versions_inserted = Signal()
