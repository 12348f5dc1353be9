"""Runs code of the host in one language and one time zone, the same for every visitor."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

from django.conf import settings
from django.utils import timezone, translation


def one_language() -> AbstractContextManager[Any]:
    """Activate the site's own language and time zone, so that values do not depend on the visitor.

    They are the settings ``LANGUAGE_CODE`` and ``TIME_ZONE``. Where they are active already, this
    costs two comparisons.
    """
    language, zone = settings.LANGUAGE_CODE, timezone.get_default_timezone()
    foreign = settings.USE_I18N and translation.get_language() != language
    elsewhere = settings.USE_TZ and timezone.get_current_timezone() is not zone
    if not foreign and not elsewhere:
        return nullcontext()
    stack = ExitStack()
    if foreign:
        stack.enter_context(translation.override(language))
    if elsewhere:
        stack.enter_context(timezone.override(zone))
    return stack
