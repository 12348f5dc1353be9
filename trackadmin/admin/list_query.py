"""Checks the parameters of Django's own lists, which answer some bad values with a 500."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.contrib.admin.options import IS_FACETS_VAR, IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from trackadmin.admin.page_parameters import Unreadable, number, text
from trackadmin.admin.screen import AnyAdmin

#: Each word of a search is a condition of its own, and databases limit their number.
LONGEST_SEARCH = 200
_ORDER = re.compile(r"-?[0-9]{1,2}(?:\.-?[0-9]{1,2})*", re.ASCII)
_FLAGS = (ALL_VAR, IS_POPUP_VAR, IS_FACETS_VAR, TO_FIELD_VAR)


def check_list_query(query: QueryDict, model_admin: AnyAdmin) -> None:
    """Raise :class:`Unreadable` for a parameter that the list does not have or cannot read."""
    filters = set(_filters(model_admin))
    for name in query:
        if name in filters or name == PAGE_VAR:
            number(query, name)
        elif name == ORDER_VAR:
            _check_order(text(query, name), model_admin)
        elif name == SEARCH_VAR:
            check_search(text(query, name))
        elif name in _FLAGS:
            text(query, name)
        else:
            known = [SEARCH_VAR, PAGE_VAR, ORDER_VAR, ALL_VAR, *sorted(filters)]
            legal = _("This list has the parameters %(names)s.") % {"names": ", ".join(known)}
            raise Unreadable(name, query.get(name, ""), legal)


def check_search(words: str) -> None:
    """Raise :class:`Unreadable` for text that a database cannot search for."""
    if "\x00" in words:
        raise Unreadable(SEARCH_VAR, words, _("Leave out the NUL character."))
    if len(words) > LONGEST_SEARCH:
        legal = _("Search for at most %(count)s characters.") % {"count": LONGEST_SEARCH}
        raise Unreadable(SEARCH_VAR, words, legal)


def refuse_missing_page(response: HttpResponse) -> None:
    """Raise a 404 for a page that the list does not have, where Django shows another page."""
    if isinstance(response, HttpResponseRedirect) and response.url.endswith(f"?{ERROR_FLAG}=1"):
        raise Http404(_("There is no such page."))
    shown = getattr(response, "context_data", None) or {}
    changelist = shown.get("cl")
    if changelist and not 1 <= changelist.page_num <= changelist.paginator.num_pages:
        raise Http404(_("There is no such page."))


def _filters(model_admin: AnyAdmin) -> Iterator[str]:
    for name in model_admin.list_filter:
        yield f"{name}__id__exact"


def _check_order(order: str, model_admin: AnyAdmin) -> None:
    columns = len(model_admin.list_display)
    if _ORDER.fullmatch(order):
        chosen = [abs(int(each)) for each in order.split(".")]
        if all(column <= columns for column in chosen):
            return
    if order:  # Django's own links send an empty one to order by nothing
        legal = _("Give columns from 0 to %(last)s, such as 1.-2.") % {"last": columns}
        raise Unreadable(ORDER_VAR, order, legal)
