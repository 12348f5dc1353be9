"""The forms of the pages. Editing checks again what they check."""

from trackadmin.admin.forms.action import ActionForm
from trackadmin.admin.forms.entry import EntryForm
from trackadmin.admin.forms.notes import AddMapForm, MapForm, NoteForm, PublishForm, RollBackForm
from trackadmin.admin.forms.remark import RemarkForm

__all__ = [
    "ActionForm",
    "AddMapForm",
    "EntryForm",
    "MapForm",
    "NoteForm",
    "PublishForm",
    "RemarkForm",
    "RollBackForm",
]
