"""Who hears of what happens to a map: the recipients, and what was sent to them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import get_script_prefix
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.forms.recipient import (
    CHANNEL_NAMES,
    KIND_NAMES,
    NewRecipientForm,
    RecipientForm,
)
from trackadmin.admin.page_parameters import matching, number, query_of
from trackadmin.admin.screen import Screen
from trackadmin.admin.shown_messages import unsent_rows, waits_too_long
from trackadmin.models import Message, Recipient
from trackadmin.models.recipients import WEBHOOK

ADD, CHANGE, REMOVE, TEST, RETRY = "add", "change", "remove", "test", "retry_message"
#: How many messages that did not arrive the page shows.
MOST_UNSENT = 20


class MessagesScreen(Screen):
    """The recipients of a map. Addresses are for those who may change the map."""

    template_name = "admin/trackadmin/messages.html"
    to_read = "choose_recipients"
    to_write = "choose_recipients"
    tab = "messages"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list, with the form of a new recipient or of the one that ``recipient`` names."""
        chosen = self._chosen()
        return self._recipients_page(self._form(chosen), chosen)

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Add, change or remove a recipient, send it a test message, or retry one."""
        do = matching(request.POST, "do", f"{ADD}|{CHANGE}|{REMOVE}|{TEST}|{RETRY}")
        if do == RETRY:
            return self._retried(number(request.POST, "message"))
        chosen = None if do == ADD else self._chosen()
        if chosen is None and do != ADD:
            raise Http404(_("There is no such recipient."))
        if chosen is None or do == CHANGE:
            return self._saved(chosen)
        if do == TEST:
            editing.send_test_message(chosen)
            words = _("A test message to %(address)s waits for a worker.")
        else:
            self.log_change(self.tracking_map, f"Removed a recipient of messages: {chosen}.")
            editing.remove_recipient(chosen)
            words = _("No more messages go to %(address)s.")
        messages.success(request, words % {"address": chosen.shown_address})
        return self.go("messages", self.tracking_map.pk)

    def _retried(self, pk: int | None) -> HttpResponse:
        own = self._unsent.filter(pk=pk or 0)
        if editing.retry_messages(own.values_list("pk", flat=True)):
            messages.success(self.request, _("The message waits for a worker again."))
        return self.go("messages", self.tracking_map.pk)

    @property
    def _unsent(self) -> QuerySet[Message]:
        return editing.unsent_messages().filter(recipient__map=self.tracking_map)

    def _chosen(self) -> Recipient | None:
        wanted = number(query_of(self.request), "recipient")
        if wanted is None:
            return None
        found = editing.recipients(self.tracking_map).filter(pk=wanted).first()
        if found is None:
            raise Http404(_("There is no such recipient."))
        return found

    def _form(self, chosen: Recipient | None, sent: Any = None) -> RecipientForm:
        if chosen is not None:
            given = {name: getattr(chosen, name) for name in ("kinds", "language", "site")}
            return RecipientForm(sent, initial=given)
        site = self.request.build_absolute_uri(get_script_prefix()).rstrip("/")
        kinds = [str(kind) for kind in editing.CHOSEN_KINDS]
        return NewRecipientForm(
            sent, initial={"kinds": kinds, "language": get_language(), "site": site}
        )

    def _saved(self, chosen: Recipient | None) -> HttpResponse:
        form = self._form(chosen, self.request.POST)
        if form.is_valid():
            if chosen is not None:
                editing.change_recipient(chosen, **form.cleaned_data)
                return self._tell_saved(chosen, "Changed")
            try:
                with transaction.atomic():
                    added = editing.add_recipient(self.tracking_map, **form.cleaned_data)
            except IntegrityError:
                form.add_error("address", _("This address gets messages already."))
            else:
                if added.channel == WEBHOOK:
                    # This once: afterwards nobody sees it again.
                    return self._recipients_page(self._form(None), None, secret=added.secret)
                return self._tell_saved(added, "Added")
        return self._recipients_page(form, chosen)

    def _tell_saved(self, row: Recipient, done: str) -> HttpResponse:
        self.log_change(self.tracking_map, f"{done} a recipient of messages: {row}.")
        words = _("Messages go to %(address)s now. Send a test message to see one.")
        messages.success(self.request, words % {"address": row.shown_address})
        return self.go("messages", self.tracking_map.pk)

    def _recipients_page(
        self, form: RecipientForm, chosen: Recipient | None, **context: Any
    ) -> HttpResponse:
        return self.page(
            _("Messages"),
            form=form,
            chosen=chosen,
            recipients=self._recipient_rows(),
            unsent=unsent_rows(self._unsent[:MOST_UNSENT]),
            nobody_sends=waits_too_long(self._unsent),
            **context,
        )

    def _recipient_rows(self) -> list[dict[str, Any]]:
        rows = editing.recipients(self.tracking_map).annotate(
            sent=Count("messages", filter=Q(messages__sent_at__isnull=False)),
            waiting=Count("messages", filter=Q(messages__due_at__isnull=False)),
            dead=Count(
                "messages",
                filter=Q(messages__due_at__isnull=True, messages__sent_at__isnull=True),
            ),
            last=Max("messages__sent_at"),
        )
        return [
            {
                "row": each,
                "channel": str(CHANNEL_NAMES.get(each.channel, each.channel)).partition(":")[0],
                "kinds": [name for kind, name in KIND_NAMES.items() if kind in each.kinds],
            }
            for each in rows
        ]
