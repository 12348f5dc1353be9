"""The small forms: a map's own lines, the note of a publish, the choice of a rollback."""

from __future__ import annotations

from django import forms

from trackadmin.admin.forms.seen import SeenField
from trackadmin.conf import conf
from trackadmin.models import TrackingMap

NOTE_LENGTH = 1000
#: What was on the page when it was opened: ``draft_digest`` and ``live_token`` of editing. Not
#: with ``$``, which lets a newline through.
DIGEST = r"\A[0-9a-f]{64}\Z"
LIVE = r"\A(?:0:|[1-9][0-9]{0,18}:[0-9a-f]{64})\Z"


class MapForm(forms.Form):
    """The name and the description of a map."""

    name = forms.CharField(max_length=200)
    description = forms.CharField(
        required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )
    seen = SeenField()


class AddMapForm(forms.Form):
    """A new map."""

    name = forms.CharField(max_length=200, help_text="What people call it.")
    slug = forms.SlugField(
        max_length=50,
        help_text="What code calls it: map=“shop”. Letters, digits and hyphens; it stays for good.",
    )
    description = forms.CharField(
        required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_slug(self) -> str:
        """A slug that no other map has."""
        slug: str = self.cleaned_data["slug"]
        if TrackingMap.objects.filter(slug=slug).exists():
            raise forms.ValidationError(f"There is a map {slug!r} already. Choose another slug.")
        return slug


class NoteForm(forms.Form):
    """What changes and why, in the editor's words."""

    note = forms.CharField(
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What changes and why, in a few words. It stays with the version.",
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["note"]
        field.required = conf.REQUIRE_NOTE
        field.error_messages["required"] = "Say in a few words what changes and why."


class PublishForm(NoteForm):
    """A note, the draft that was reviewed, and the version that it was compared with."""

    expected = forms.RegexField(DIGEST, strip=False, widget=forms.HiddenInput)
    expected_live = forms.RegexField(LIVE, strip=False, widget=forms.HiddenInput)


class RollBackForm(NoteForm):
    """A note, what was live and in the draft, and whether the draft goes back too."""

    expected = forms.RegexField(DIGEST, strip=False, widget=forms.HiddenInput)
    expected_live = forms.RegexField(LIVE, strip=False, widget=forms.HiddenInput)
    reset_draft = forms.BooleanField(required=False, label="Also reset the draft to this version")
