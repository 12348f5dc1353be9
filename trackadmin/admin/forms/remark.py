"""The form of a remark about a draft: words, and the draft that the page showed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from trackadmin.admin.forms.notes import DIGEST
from trackadmin.models.review_requests import REMARK_PLACE_LENGTH, WORDS_LENGTH


class RemarkForm(forms.Form):
    """What somebody says of the draft, or of one place in it."""

    words = forms.CharField(
        label=_("Your words"),
        required=False,
        max_length=WORDS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    place = forms.CharField(
        required=False, max_length=REMARK_PLACE_LENGTH, widget=forms.HiddenInput
    )
    reviewed = forms.RegexField(DIGEST, strip=False, widget=forms.HiddenInput)
