"""Whether a relation reads and joins the row that its column names, as Django's own does."""

from __future__ import annotations

from typing import Any

from django.db.models import ForeignKey, OneToOneField
from django.db.models.fields import related_descriptors
from django.db.models.fields.related_descriptors import ReverseOneToOneDescriptor

#: The methods by which a relation may read or join other rows than its column names.
_OF_RELATIONS = (
    *("get_extra_restriction", "get_extra_descriptor_filter", "get_forward_related_filter"),
    *("get_reverse_related_filter", "get_joining_fields", "get_joining_columns"),
    *("get_path_info", "get_reverse_path_info", "get_attname", "get_local_related_value"),
)


def is_usual_relation(field: Any) -> bool:
    """Whether a foreign key joins, and reads, the row that its column names and nothing else."""
    base = OneToOneField if isinstance(field, OneToOneField) else ForeignKey
    usual = isinstance(field, base) and all(
        getattr(type(field), name, None) is getattr(base, name, None) for name in _OF_RELATIONS
    )
    # Some packages change Django's own classes for all models.
    return usual and all(
        getattr(vars(cls)[name], "__code__", None) is code for cls, name, code in _READERS
    )


#: The methods that read a related object, with their code; ``None`` for one that was changed before
#: this file was imported.
_READERS = tuple(
    (cls, name, code if code.co_filename == related_descriptors.__file__ else None)
    for cls in (related_descriptors.ForwardManyToOneDescriptor, ReverseOneToOneDescriptor)
    for name in ("__get__", "get_queryset")
    if (code := vars(cls)[name].__code__)
)
