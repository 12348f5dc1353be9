"""Every operation on the draft and the versions, for the admin, the command and the API."""

from trackadmin.compiler.plan_names import Grace
from trackadmin.compiler.values.clean_text import bounded
from trackadmin.editing.approvals import (
    Agreement,
    ReviewStanding,
    WaitingReview,
    agreement,
    may_approve,
    remarks_of,
    waiting_reviews,
)
from trackadmin.editing.arrivals import Arrival
from trackadmin.editing.building import (
    action_row,
    build_document,
    draft_digest,
    draft_problems,
    draft_row,
)
from trackadmin.editing.changelog import Changelog, Release, changelog
from trackadmin.editing.changelog_texts import CHANGELOG_FORMATS, changelog_text
from trackadmin.editing.code_locks import WHOLE_MAP, code_locks, lock_to_code, unlock
from trackadmin.editing.contents import Contents, contents, readable_document
from trackadmin.editing.deadlines import Leaving, leaving, today
from trackadmin.editing.dictionary import Dictionary, DictionaryName, dictionary
from trackadmin.editing.dictionary_files import (
    dictionary_csv,
    dictionary_json,
    dictionary_markdown,
    since_in_words,
)
from trackadmin.editing.dictionary_lines import (
    DictionaryLine,
    LineKind,
    dictionary_lines,
    line_of_action,
    line_of_name,
    lines_of_parameters,
)
from trackadmin.editing.drafting import import_document, restore_draft
from trackadmin.editing.due import DueItem, DueKind, due_items
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
from trackadmin.editing.history_pages import EditKind, HistoryFilter, find_edits
from trackadmin.editing.importing_parts import import_parts, take_parts
from trackadmin.editing.kept_profiles import kept_profile
from trackadmin.editing.linting import Lint, NewName, Waived, give_new_name, lint
from trackadmin.editing.map_pictures import Arrow, Box, MapPicture, PartState, map_picture
from trackadmin.editing.map_states import MapState, NextStep, map_states
from trackadmin.editing.maps import add_map, delete_map, save_map
from trackadmin.editing.messages import CHOSEN_KINDS, tell
from trackadmin.editing.model_trees import ModelTree, TreeName, TreeNode, model_tree
from trackadmin.editing.name_sources import NameSource, SourceKind
from trackadmin.editing.notifying import notify
from trackadmin.editing.partial_map import snapshot_of
from trackadmin.editing.presence import (
    SAY_SECONDS,
    forget_presence,
    note_presence,
    others_editing,
)
from trackadmin.editing.previewing import Preview, PreviewRow, preview
from trackadmin.editing.profiling import Permits, Profile, profile
from trackadmin.editing.publishing import publish, roll_back
from trackadmin.editing.recipient_choice import (
    add_recipient,
    change_recipient,
    recipients,
    remove_recipient,
    retry_messages,
    send_test_message,
)
from trackadmin.editing.renaming import rename
from trackadmin.editing.reviewing import (
    approve,
    ask_for_changes,
    ask_for_review,
    comment_on,
    withdraw_request,
)
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
from trackadmin.editing.timeline import TimelineEntry, timeline
from trackadmin.editing.tracked_objects import TrackedName, TrackedObject, what_is_tracked
from trackadmin.editing.trying import Counted, Unshown
from trackadmin.editing.trying_urls import OutOfTime, Rights, UrlTrial, try_url
from trackadmin.editing.typed_events import TYPE_FORMATS, TypedEvents, typed_events
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
    live_versions,
    read_version,
    versions,
)
from trackadmin.editing.waiving import waive, withdraw
from trackadmin.models.recipients import MessageKind, unsent_messages

__all__ = [
    "ALL_ROWS",
    "CHANGELOG_FORMATS",
    "CHOSEN_KINDS",
    "MONTH",
    "PERIODS",
    "SAY_SECONDS",
    "TYPE_FORMATS",
    "WHOLE_MAP",
    "ActionExplanation",
    "Agreement",
    "Arrival",
    "Arrow",
    "BadLine",
    "Box",
    "Changelog",
    "CommonValue",
    "Contents",
    "Counted",
    "Dictionary",
    "DictionaryLine",
    "DictionaryName",
    "DueItem",
    "DueKind",
    "EditKind",
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
    "HistoryFilter",
    "InWords",
    "Leaving",
    "LineKind",
    "Lint",
    "MapPicture",
    "MapState",
    "MessageKind",
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
    "Release",
    "Review",
    "ReviewStanding",
    "Rights",
    "Sampled",
    "Saved",
    "Seen",
    "Sizes",
    "SourceInWords",
    "SourceKind",
    "StoredEntry",
    "TableSize",
    "TimelineEntry",
    "TrackedName",
    "TrackedObject",
    "TreeName",
    "TreeNode",
    "TypedEvents",
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
    "WaitingReview",
    "Waived",
    "action_row",
    "add_map",
    "add_recipient",
    "agreement",
    "approve",
    "as_it_last_was",
    "as_it_was",
    "ask_for_changes",
    "ask_for_review",
    "bounded",
    "build_document",
    "change_recipient",
    "changelog",
    "changelog_text",
    "code_locks",
    "comment_on",
    "contents",
    "decide",
    "delete_action",
    "delete_map",
    "delete_tracked_model",
    "dictionary",
    "dictionary_csv",
    "dictionary_json",
    "dictionary_lines",
    "dictionary_markdown",
    "diff",
    "draft_digest",
    "draft_problems",
    "draft_row",
    "draft_with",
    "due_items",
    "effects",
    "entry_diff",
    "entry_of",
    "event_in_words",
    "events_by_day",
    "explain_event",
    "explain_events",
    "find_edits",
    "findings_of_actions",
    "findings_of_model",
    "fix_draft",
    "fixes",
    "forget_presence",
    "get_version",
    "give_new_name",
    "history",
    "history_of_edit",
    "import_document",
    "import_parts",
    "in_utc",
    "kept_profile",
    "labels_of_values",
    "last_seen",
    "leaving",
    "line_of_action",
    "line_of_name",
    "lines_of_parameters",
    "lint",
    "live_token",
    "live_version",
    "live_versions",
    "lock_to_code",
    "map_picture",
    "map_states",
    "may_approve",
    "model_tree",
    "note_presence",
    "notify",
    "offered",
    "order_actions",
    "order_tracked_models",
    "others_editing",
    "preview",
    "profile",
    "proposals",
    "publish",
    "read_version",
    "readable_document",
    "recipients",
    "remarks_of",
    "remove_recipient",
    "rename",
    "restore_draft",
    "retry_messages",
    "review",
    "roll_back",
    "save_action",
    "save_map",
    "save_tracked_model",
    "send_test_message",
    "since_in_words",
    "snapshot_of",
    "start",
    "take_parts",
    "tell",
    "timeline",
    "today",
    "try_url",
    "typed_events",
    "undecided",
    "undecided_in",
    "undo",
    "unlock",
    "unsent_messages",
    "usage",
    "usage_by_name",
    "usage_findings",
    "value_owners",
    "versions",
    "waiting_reviews",
    "waive",
    "what_is_tracked",
    "withdraw",
    "withdraw_request",
]
