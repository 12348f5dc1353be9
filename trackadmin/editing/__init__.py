"""Every operation on the draft and the versions, for the admin, the command and the API."""

from trackadmin.compiler.plan_names import Grace
from trackadmin.editing.building import (
    action_row,
    build_document,
    draft_digest,
    draft_problems,
    draft_row,
)
from trackadmin.editing.contents import Contents, contents, readable_document
from trackadmin.editing.deadlines import Leaving, leaving, today
from trackadmin.editing.drafting import import_document, restore_draft
from trackadmin.editing.event_explanation import (
    ActionExplanation,
    EventExplainer,
    EventExplanation,
    NameExplanation,
    NameState,
    explain_event,
)
from trackadmin.editing.fixes import fix_draft, fixes, offered
from trackadmin.editing.history import HistoryEntry, as_it_was, history, undo
from trackadmin.editing.maps import add_map, delete_map, save_map
from trackadmin.editing.name_sources import NameSource, SourceKind
from trackadmin.editing.previewing import Preview, PreviewRow, preview
from trackadmin.editing.publishing import publish, roll_back
from trackadmin.editing.renaming import rename
from trackadmin.editing.reviews import Review, review
from trackadmin.editing.revision_reader import StoredEntry
from trackadmin.editing.saving import (
    Saved,
    decide,
    delete_action,
    delete_tracked_model,
    order_actions,
    order_tracked_models,
    save_action,
    save_tracked_model,
)
from trackadmin.editing.starting import Proposal, proposals, start
from trackadmin.editing.tables import Head, HeadEntry, entry_diff, entry_of
from trackadmin.editing.tracked_objects import TrackedName, TrackedObject, what_is_tracked
from trackadmin.editing.trying import Counted, Unshown
from trackadmin.editing.undecided import Undecided, UndecidedAttribute, undecided
from trackadmin.editing.utc import in_utc
from trackadmin.editing.versions import (
    diff,
    get_version,
    live_token,
    live_version,
    read_version,
    versions,
)

__all__ = [
    "ActionExplanation",
    "Contents",
    "Counted",
    "EventExplainer",
    "EventExplanation",
    "Grace",
    "Head",
    "HeadEntry",
    "HistoryEntry",
    "Leaving",
    "NameExplanation",
    "NameSource",
    "NameState",
    "Preview",
    "PreviewRow",
    "Proposal",
    "Review",
    "Saved",
    "SourceKind",
    "StoredEntry",
    "TrackedName",
    "TrackedObject",
    "Undecided",
    "UndecidedAttribute",
    "Unshown",
    "action_row",
    "add_map",
    "as_it_was",
    "build_document",
    "contents",
    "decide",
    "delete_action",
    "delete_map",
    "delete_tracked_model",
    "diff",
    "draft_digest",
    "draft_problems",
    "draft_row",
    "entry_diff",
    "entry_of",
    "explain_event",
    "fix_draft",
    "fixes",
    "get_version",
    "history",
    "import_document",
    "in_utc",
    "leaving",
    "live_token",
    "live_version",
    "offered",
    "order_actions",
    "order_tracked_models",
    "preview",
    "proposals",
    "publish",
    "read_version",
    "readable_document",
    "rename",
    "restore_draft",
    "review",
    "roll_back",
    "save_action",
    "save_map",
    "save_tracked_model",
    "start",
    "today",
    "undecided",
    "undo",
    "versions",
    "what_is_tracked",
]
