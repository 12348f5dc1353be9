"""The top of a tracked model's page: its prefix, owner, description and key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trackadmin.admin.forms.name_errors import name_refusal
from trackadmin.admin.forms.old_name import OldNameForm
from trackadmin.admin.forms.seen import SeenField
from trackadmin.document.value_rules import LONGEST_OWNER
from trackadmin.models.draft import NAME_LENGTH


class HeadForm(OldNameForm):
    """The fields of the tracked model itself."""

    #: What the fields belong to; empty where their own labels say it.
    said = ""

    prefix = forms.CharField(  # type: ignore[assignment] # Django takes fields out of the class
        label=_("Prefix"),
        max_length=NAME_LENGTH,
        help_text=_("Every name of this model starts with it, e.g. BuyerProfile_uuid."),
    )
    owner = forms.CharField(
        max_length=LONGEST_OWNER,
        required=False,
        label=_("Owner"),
        help_text=_("The team or person to ask about it."),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What it means, for people who read the data."),
    )
    signed_only = forms.BooleanField(
        label=_("Only signed URLs may name its objects"),
        required=False,
        help_text=_(
            "A tracking URL that the site did not sign then names no object of this model. Links "
            "that were sent without a signature bring nothing any more."
        ),
    )
    #: The row of the attribute that names an object in a URL.
    key = forms.CharField(label=_("Key"), required=False)
    seen = SeenField(label=_("Edit"), required=False)

    def __init__(self, *args: Any, old_name: str = "", former: str = "", **kwargs: Any) -> None:
        """``old_name`` is the saved prefix, and ``former`` the one that it had before."""
        self._old_name = old_name
        super().__init__(*args, **kwargs)
        self.name_dates(former)

    @property
    def old_name(self) -> str:
        """The saved prefix."""
        return self._old_name

    @property
    def new_name(self) -> str:
        """The prefix."""
        return str(self.cleaned_data["prefix"])

    def clean_prefix(self) -> str:
        """A prefix that a map can have."""
        prefix: str = self.cleaned_data["prefix"]
        if why := name_refusal(prefix):
            raise forms.ValidationError(why)
        return prefix
