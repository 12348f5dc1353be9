"""Every operation on the draft and the versions, for the admin, the command and the API."""

from trackadmin.compiler.plan_names import Grace
from trackadmin.compiler.values.clean_text import bounded
from trackadmin.editing.arrivals import Arrival
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
from trackadmin.editing.effect_plan import NameKind
from trackadmin.editing.effect_tally import Example, NameEffect, Sizes
from trackadmin.editing.effects import Effects, ModelEffect, Reader, Sampled, effects
from trackadmin.editing.event_explanation import (
    ActionExplanation,
    EventExplainer,
    EventExplanation,
    NameExplanation,
    NameState,
    explain_event,
)
from trackadmin.editing.event_lines import BadLine, explain_events
from trackadmin.editing.explanation_texts import (
    EventInWords,
    InWords,
    NameInWords,
    SourceInWords,
    event_in_words,
)
from trackadmin.editing.field_profiles import CommonValue, FieldProfile, Unread, labels_of_values
from trackadmin.editing.fixes import fix_draft, fixes, offered
from trackadmin.editing.history import (
    HistoryEntry,
    as_it_last_was,
    as_it_was,
    history,
    history_of_edit,
    undo,
)
from trackadmin.editing.kept_profiles import kept_profile
from trackadmin.editing.linting import Lint, NewName, Waived, give_new_name, lint
from trackadmin.editing.map_pictures import Arrow, Box, MapPicture, PartState, map_picture
from trackadmin.editing.map_states import MapState, NextStep, map_states
from trackadmin.editing.maps import add_map, delete_map, save_map
from trackadmin.editing.model_trees import ModelTree, TreeName, TreeNode, model_tree
from trackadmin.editing.name_sources import NameSource, SourceKind
from trackadmin.editing.partial_map import snapshot_of
from trackadmin.editing.previewing import Preview, PreviewRow, preview
from trackadmin.editing.profiling import Permits, Profile, profile
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
from trackadmin.editing.table_sizes import Estimate, Exactness, TableSize
from trackadmin.editing.tables import Head, HeadEntry, entry_diff, entry_of
from trackadmin.editing.tracked_objects import TrackedName, TrackedObject, what_is_tracked
from trackadmin.editing.trying import Counted, Unshown
from trackadmin.editing.trying_urls import OutOfTime, Rights, UrlTrial, try_url
from trackadmin.editing.undecided import Undecided, UndecidedAttribute, undecided, undecided_in
from trackadmin.editing.unsaved import draft_with
from trackadmin.editing.url_queries import UrlQueries
from trackadmin.editing.usage import MONTH, PERIODS, Seen, Usage, events_by_day, last_seen, usage
from trackadmin.editing.usage_findings import (
    UsageFinding,
    findings_of_actions,
    findings_of_model,
    usage_by_name,
    usage_findings,
)
from trackadmin.editing.utc import in_utc
from trackadmin.editing.value_owners import value_owners
from trackadmin.editing.value_scan import ALL_ROWS, ValueScan, VisibleRows
from trackadmin.editing.versions import (
    diff,
    get_version,
    live_token,
    live_version,
    read_version,
    versions,
)
from trackadmin.editing.waiving import waive, withdraw

__all__ = [
    "ALL_ROWS",
    "MONTH",
    "PERIODS",
    "ActionExplanation",
    "Arrival",
    "Arrow",
    "BadLine",
    "Box",
    "CommonValue",
    "Contents",
    "Counted",
    "Effects",
    "Estimate",
    "EventExplainer",
    "EventExplanation",
    "EventInWords",
    "Exactness",
    "Example",
    "FieldProfile",
    "Grace",
    "Head",
    "HeadEntry",
    "HistoryEntry",
    "InWords",
    "Leaving",
    "Lint",
    "MapPicture",
    "MapState",
    "ModelEffect",
    "ModelTree",
    "NameEffect",
    "NameExplanation",
    "NameInWords",
    "NameKind",
    "NameSource",
    "NameState",
    "NewName",
    "NextStep",
    "OutOfTime",
    "PartState",
    "Permits",
    "Preview",
    "PreviewRow",
    "Profile",
    "Proposal",
    "Reader",
    "Review",
    "Rights",
    "Sampled",
    "Saved",
    "Seen",
    "Sizes",
    "SourceInWords",
    "SourceKind",
    "StoredEntry",
    "TableSize",
    "TrackedName",
    "TrackedObject",
    "TreeName",
    "TreeNode",
    "Undecided",
    "UndecidedAttribute",
    "Unread",
    "Unshown",
    "UrlQueries",
    "UrlTrial",
    "Usage",
    "UsageFinding",
    "ValueScan",
    "VisibleRows",
    "Waived",
    "action_row",
    "add_map",
    "as_it_last_was",
    "as_it_was",
    "bounded",
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
    "draft_with",
    "effects",
    "entry_diff",
    "entry_of",
    "event_in_words",
    "events_by_day",
    "explain_event",
    "explain_events",
    "findings_of_actions",
    "findings_of_model",
    "fix_draft",
    "fixes",
    "get_version",
    "give_new_name",
    "history",
    "history_of_edit",
    "import_document",
    "in_utc",
    "kept_profile",
    "labels_of_values",
    "last_seen",
    "leaving",
    "lint",
    "live_token",
    "live_version",
    "map_picture",
    "map_states",
    "model_tree",
    "offered",
    "order_actions",
    "order_tracked_models",
    "preview",
    "profile",
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
    "snapshot_of",
    "start",
    "today",
    "try_url",
    "undecided",
    "undecided_in",
    "undo",
    "usage",
    "usage_by_name",
    "usage_findings",
    "value_owners",
    "versions",
    "waive",
    "what_is_tracked",
    "withdraw",
]
