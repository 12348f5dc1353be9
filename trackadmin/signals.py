"""The signals: a map has a new live version, somebody said something in a review, and one for
trackadmin's own use."""

from django.dispatch import Signal

#: Sent once the transaction of a publish or a rollback has committed.
#: Arguments: ``sender`` the ``MapVersion`` class, ``map`` the slug (str), ``number`` (int) and
#: ``digest`` (str) of the new live version.
map_published = Signal()

#: Sent once a review request or a remark about a draft is stored, after the commit: connect
#: here to tell people about reviews.
#: Arguments: ``sender`` the ``Remark`` class, ``map`` the slug (str), ``request`` and ``remark``
#: their numbers (int), and ``verdict`` (str): ask, comment, approve, changes or withdraw.
review_remarked = Signal()

#: Ours: versions were inserted without being saved one by one, perhaps in a transaction that is
#: still open. Arguments: ``sender`` the ``MapVersion`` class and ``using`` the database's alias.
versions_inserted = Signal()
