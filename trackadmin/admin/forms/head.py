"""The top of a tracked model's page: its prefix, its owner, what it stands for, its key."""

from __future__ import annotations

from django import forms

from trackadmin.admin.forms.names import name_refusal
from trackadmin.admin.forms.seen import SeenField
from trackadmin.models.draft import NAME_LENGTH


class HeadForm(forms.Form):
    """What is said about the tracked model itself."""

    #: Whose the fields are; empty where their own labels tell it.
    said = ""

    prefix = forms.CharField(  # type: ignore[assignment] # Django takes fields out of the class
        max_length=NAME_LENGTH, help_text="Starts every name of this model, e.g. BuyerProfile_uuid."
    )
    owner = forms.CharField(
        max_length=200, required=False, help_text="Who to ask about it: a team or a person."
    )
    description = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What it stands for, for those who read the data.",
    )
    #: The row of the attribute that names an object in a URL.
    key = forms.CharField(required=False)
    seen = SeenField(required=False)

    def clean_prefix(self) -> str:
        """A prefix that a map can hold."""
        prefix: str = self.cleaned_data["prefix"]
        if why := name_refusal(prefix):
            raise forms.ValidationError(why)
        return prefix
