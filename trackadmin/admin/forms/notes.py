"""The small forms: of a map, of a publish and of a rollback."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trackadmin.admin.forms.seen import SeenField
from trackadmin.conf import conf
from trackadmin.document.structure import ACCEPT, MARK, REFUSE
from trackadmin.models import TrackingMap
from trackadmin.models.draft import MAP_NAME_LENGTH, SLUG_LENGTH

NOTE_LENGTH = 1000
#: What was on the page when it was opened: ``draft_digest`` and ``live_token`` of editing. Not
#: with ``$``, which also matches before a newline.
DIGEST = r"\A[0-9a-f]{64}\Z"
LIVE = r"\A(?:0:|[1-9][0-9]{0,18}:[0-9a-f]{64})\Z"


class MapForm(forms.Form):
    """The name and the description of a map, and what it does with what it does not know."""

    name = forms.CharField(label=_("Name"), max_length=MAP_NAME_LENGTH)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    #: Not required: a page that was opened before an upgrade does not send them.
    unknown_actions = forms.ChoiceField(
        label=_("Unknown actions"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (ACCEPT, _("Accept: an action that the map does not have is sent on like any other.")),
            (MARK, _("Accept and mark: it is sent on, and the event says that it is unknown.")),
            (REFUSE, _("Refuse: it is not sent on. It is counted, so that you can see it.")),
        ],
        help_text=_("What happens to an event whose action this map does not list."),
    )
    undeclared_parameters = forms.ChoiceField(
        label=_("Undeclared parameters"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (ACCEPT, _("Accept: a parameter that the action does not declare is sent on.")),
            (MARK, _("Accept and mark: it is sent on, and the event names the parameter.")),
            (REFUSE, _("Refuse: the whole event is not sent on. It is counted.")),
        ],
        help_text=_(
            "What happens to an event with a parameter that its action does not list. The "
            "parameters of unknown actions are not checked."
        ),
    )
    signed_only = forms.BooleanField(
        label=_("Only signed URLs may name objects"),
        required=False,
        help_text=_(
            "A tracking URL that the site did not sign then names no object of any model. Ask a "
            "developer before you turn it on: links that were sent without a signature bring "
            "nothing any more."
        ),
    )
    seen = SeenField(label=_("Edit"))


class AddMapForm(forms.Form):
    """A new map."""

    name = forms.CharField(
        label=_("Name"), max_length=MAP_NAME_LENGTH, help_text=_("What people call it.")
    )
    slug = forms.SlugField(
        label=_("Slug"),
        max_length=SLUG_LENGTH,
        help_text=_(
            "What code calls it: map=“shop”. Letters, digits and hyphens. It cannot be changed "
            "later."
        ),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_slug(self) -> str:
        """A slug that no other map has."""
        slug: str = self.cleaned_data["slug"]
        if TrackingMap.objects.filter(slug=slug).exists():
            message = gettext("There is already a map '%(slug)s'. Choose another slug.")
            raise forms.ValidationError(message % {"slug": slug})
        return slug


class NoteForm(forms.Form):
    """What changes and why, in the editor's words."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What changes and why, in a few words. The version keeps it."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["note"]
        field.required = conf.REQUIRE_NOTE
        field.error_messages["required"] = _("Say in a few words what changes and why.")


class PublishForm(NoteForm):
    """A note, the reviewed draft, and the version that it was compared with."""

    expected = forms.RegexField(DIGEST, strip=False, widget=forms.HiddenInput)
    expected_live = forms.RegexField(LIVE, strip=False, widget=forms.HiddenInput)
    leave_early = forms.BooleanField(
        required=False, label=_("Let these names leave before their date"), label_suffix=""
    )
    override = forms.BooleanField(
        required=False, label=_("Publish without the approvals"), label_suffix=""
    )


class RollBackForm(NoteForm):
    """A note, the live version and the draft, and whether to reset the draft too."""

    expected = forms.RegexField(DIGEST, strip=False, widget=forms.HiddenInput)
    expected_live = forms.RegexField(LIVE, strip=False, widget=forms.HiddenInput)
    reset_draft = forms.BooleanField(
        required=False, label=_("Also reset the draft to this version"), label_suffix=""
    )
    override = forms.BooleanField(
        required=False, label=_("Roll back without the approvals"), label_suffix=""
    )
    #: The button that leaves what is live as it is.
    only_draft = forms.BooleanField(required=False)
