"""The author of an edit: a signed-in user, or nobody."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

#: A user, ``request.user`` if nobody is signed in, or ``None`` for code and commands.
Person = AbstractBaseUser | AnonymousUser | None


def author_id(by: Person) -> Any:
    """The key of the user to remember, or ``None``."""
    return by.pk if by is not None and by.is_authenticated else None
