"""The form of a recipient: how it is reached, what it hears of, in which language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from trackadmin.conf import conf
from trackadmin.editing import CHOSEN_KINDS, MessageKind
from trackadmin.models.recipients import ADDRESS_LENGTH, EMAIL, SITE_LENGTH, SLACK, WEBHOOK

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

CHANNEL_NAMES: dict[str, StrPromise] = {
    EMAIL: _("E-mail"),
    WEBHOOK: _("Webhook: signed JSON to a URL"),
    SLACK: _("Slack: the URL of an incoming webhook"),
}
#: By the text that is stored.
KIND_NAMES: dict[str, StrPromise] = {
    MessageKind.PUBLISH: _("A version is published"),
    MessageKind.ROLLBACK: _("A version is rolled back"),
    MessageKind.DRIFT: _("The site’s code no longer has what is tracked"),
    MessageKind.REVIEW: _("Somebody asks for a review"),
    MessageKind.DUE: _("A date has come"),
    MessageKind.TEST: _("Test message"),
}


class RecipientForm(forms.Form):
    """What can be changed of a recipient."""

    kinds = forms.MultipleChoiceField(
        label=_("What it hears of"),
        choices=[(str(kind), KIND_NAMES[kind]) for kind in CHOSEN_KINDS],
        widget=forms.CheckboxSelectMultiple,
    )
    language = forms.ChoiceField(label=_("Language"))
    site = forms.URLField(
        label=_("Address of this site"),
        max_length=SITE_LENGTH,
        assume_scheme="https",
        help_text=_("Links in messages begin with it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]

    def clean_site(self) -> str:
        """Without the slash at its end."""
        return str(self.cleaned_data["site"]).rstrip("/")


class NewRecipientForm(RecipientForm):
    """How it is reached, too: that cannot be changed later."""

    field_order = ("channel", "address")

    channel = forms.ChoiceField(
        label=_("Channel"), choices=[*CHANNEL_NAMES.items()], widget=forms.RadioSelect
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=ADDRESS_LENGTH,
        help_text=_(
            "An e-mail address, or a URL with https. A URL is not shown in full again: whoever "
            "knows it may write there."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """An address that fits the channel."""
        data = super().clean() or {}
        address = data.get("address")
        if address and data.get("channel") == EMAIL:
            try:
                validate_email(address)
            except forms.ValidationError as error:
                self.add_error("address", error)
        elif address and data.get("channel"):
            self._check_url(address)
        return data

    def _check_url(self, address: str) -> None:
        try:
            url = forms.URLField(assume_scheme="https").clean(address)
        except forms.ValidationError as error:
            self.add_error("address", error)
            return
        scheme, _sep, rest = str(url).partition("://")
        internal = any(rest.startswith(str(host)) for host in conf.MESSAGES["INTERNAL_HOSTS"])
        if "@" in rest.partition("/")[0] or (scheme != "https" and not internal):
            self.add_error("address", _("Give a URL with https, without a user name."))
