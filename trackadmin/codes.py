"""Every code that trackadmin gives out, once: what it means, and what to do about it.

A code is stable: programs, logs and dashboards may rely on it, so it never changes its meaning.
``docs/codes.md`` is made from this file (``python -m tests.codes``).
"""

from __future__ import annotations

from enum import StrEnum


class _Code(StrEnum):
    """A code is its text. ``meaning`` and ``remedy`` are one or two sentences for developers."""

    _value_: str
    meaning: str
    remedy: str

    def __new__(cls, value: str, meaning: str, remedy: str) -> _Code:
        code = str.__new__(cls, value)
        code._value_ = value
        code.meaning, code.remedy = meaning, remedy
        return code


class ProblemCode(_Code):
    """What can be wrong with a map. An error stops a publish; a warning does not."""

    # A text, before it is a document.
    DOCUMENT_NOT_JSON = (
        "document.not_json",
        "The text of a map file or version is not JSON.",
        "Export the map again and use the file as it is.",
    )
    DOCUMENT_NOT_TEXT = (
        "document.not_text",
        "The text holds half a character, which no database can store.",
        "Export the map again and use the file as it is.",
    )
    DOCUMENT_TOO_LARGE = (
        "document.too_large",
        "The text is longer than any map may be.",
        "Split the map, or find out what made the file so large.",
    )
    DOCUMENT_TOO_DEEP = (
        "document.too_deep",
        "The JSON is nested too deeply.",
        "Export the map again and use the file as it is.",
    )
    FILE_LINE = (
        "file.line",
        "A line of a spreadsheet that was uploaded cannot be read.",
        "Correct the line, and upload the file again.",
    )
    DOCUMENT_DIGEST = (
        "document.digest",
        "The stored text of a version is not the one that was published.",
        "Find out who changed the table. Roll back to a version that loads, or publish again.",
    )
    DOCUMENT_NOT_CANONICAL = (
        "document.not_canonical",
        "The stored text of a version was not written by trackadmin.",
        "Find out who changed the table. Roll back to a version that loads, or publish again.",
    )
    DOCUMENT_DUPLICATE_KEY = (
        "document.duplicate_key",
        "An object of the JSON text has the same key twice.",
        "Keep one of the two.",
    )
    DOCUMENT_MISSING_KEY = (
        "document.missing_key",
        "An object of the map lacks a field that it must have.",
        "Add the field.",
    )
    DOCUMENT_UNKNOWN_KEY = (
        "document.unknown_key",
        "An object of the map has a field that trackadmin does not know.",
        "Remove the field. If a newer release wrote the file, upgrade trackadmin.",
    )
    DOCUMENT_UNKNOWN_FORMAT = (
        "document.unknown_format",
        "This release does not read documents of that format.",
        "If a newer release wrote it, upgrade trackadmin. Otherwise export the map again.",
    )
    DOCUMENT_WRONG_TYPE = (
        "document.wrong_type",
        "A field of the map has a value of the wrong type.",
        "Write a value of the type that the problem names.",
    )
    ENTRY_TWICE = (
        "entry.twice",
        "A map file lists the same attribute or child twice.",
        "Keep one of the two.",
    )

    # Names and values of an entry.
    NAME_INVALID = (
        "name.invalid",
        "A prefix, key, attribute or child has a name that cannot be an output name.",
        "Use ASCII letters, digits and single underscores, starting with a letter.",
    )
    NAME_TWICE = (
        "name.twice",
        "Two attributes give the same output name.",
        "Change one of the prefixes, or the name of one of the attributes.",
    )
    NAME_TWO_ROADS = (
        "name.two_roads",
        "Two children lead to the same output names.",
        "Give one of the children a prefix of its own (import --fix does).",
    )
    NAME_UNKNOWN = (
        "name.unknown",
        "There is nothing to rename at this place of the draft.",
        "Give a prefix, or a prefix and an attribute or a child.",
    )
    NAME_FORMER_TAKEN = (
        "name.former_taken",
        "A name that goes out by a former prefix belongs to something else as well.",
        "Choose another prefix or name, or remove the former prefix.",
    )
    UNTIL_INVALID = (
        "until.invalid",
        "The date until which a name stays is not a date.",
        "Write year, month and day: 2027-03-31.",
    )
    UNTIL_MISSING = (
        "until.missing",
        "A successor or a former prefix has no date until which the old name stays.",
        "Give the date, or remove the successor or the former prefix.",
    )
    UNTIL_ALONE = (
        "until.alone",
        "A tracked model or a child has a date, but no former prefix that stays until then.",
        "Give the former prefix, or remove the date.",
    )
    SUCCESSOR_UNKNOWN = (
        "successor.unknown",
        "The successor of a name is the name itself, or the map does not have it.",
        "Name another attribute of the tracked model, or another action of the map.",
    )
    SUCCESSOR_CYCLE = (
        "successor.cycle",
        "The successors of a name lead back to it.",
        "Remove one of the successors: the last name must stay.",
    )
    SUCCESSOR_DIFFERS = (
        "successor.differs",
        "A deprecated attribute and its successor have another source or another privacy.",
        "Make them the same, unless the two shall have different values.",
    )
    KEY_DEPRECATED = (
        "key.deprecated",
        "The key is deprecated, but new URLs have it.",
        "Choose another attribute as the key.",
    )
    NAME_DUE = (
        "name.due",
        "The date until which a deprecated name stays has passed. It still goes out.",
        "Remove it from the map when nobody needs it any more.",
    )
    NAME_LEAVES_EARLY = (
        "name.leaves_early",
        "The draft takes a deprecated name out of the map before its date.",
        "Keep it until then. In an emergency, publish with a note and let it leave early.",
    )
    DECISION_UNKNOWN = (
        "decision.unknown",
        "An attribute has a decision that does not exist.",
        "Use tracked or ignored.",
    )
    PRIVACY_UNKNOWN = (
        "privacy.unknown",
        "An attribute has a privacy that does not exist.",
        "Use one of those that the problem lists.",
    )
    PRIVACY_UNDECLARED = (
        "privacy.undeclared",
        "An attribute looks personal, and nobody has decided how it is sent.",
        "Decide: as it is, as a pseudonym, or not at all.",
    )
    POSITION_OUT_OF_RANGE = (
        "position.out_of_range",
        "A position is not one that the databases can store.",
        "Use a number from 0 to 2147483647.",
    )
    TEXT_INVALID = (
        "text.invalid",
        "A text holds a character that no database can store.",
        "Remove the character.",
    )
    VALUE_UNKNOWN = (
        "value.unknown",
        "A field has a value that is none of those that it may have.",
        "Use one of those that the problem lists.",
    )
    AGGREGATE_FIELD = (
        "aggregate.field",
        "A count or sum has a field that it must not have, or lacks one that it needs.",
        "Add the field or leave it out, as the problem says.",
    )
    CONDITION_INVALID = (
        "condition.invalid",
        "A condition of a count or sum compares with something that no field can have.",
        "Use a text, a whole number, or true or false, and at most three conditions.",
    )
    CHOICES_INVALID = (
        "choices.invalid",
        "The choices of an action's parameter do not fit its kind, or one of them is not possible.",
        "Give a parameter of the kind choice a list of texts of one line each, and no other "
        "parameter any.",
    )
    PARAMETER_NAME_RESERVED = (
        "parameter.name_reserved",
        "An action's parameter has a name that belongs to the map, so no event could have it.",
        "Give the parameter another name.",
    )
    ACTION_TAKEN = (
        "action.taken",
        "The map already has an action of this name.",
        "Choose another name.",
    )
    ACTION_MODEL_UNKNOWN = (
        "action.model_unknown",
        "An action brings a tracked model that the map does not have.",
        "Remove it from the action, or add the model to the map.",
    )
    OWNER_TOO_LONG = (
        "owner.too_long",
        "The owner of a tracked model is too long.",
        "Use at most 200 characters.",
    )
    PREFIX_TAKEN = (
        "prefix.taken",
        "The prefix belongs to another tracked model of the map.",
        "Choose another prefix.",
    )
    ORDER_MISMATCH = (
        "order.mismatch",
        "A new order of tracked models does not name each of them once.",
        "Open the list again: somebody may have added or deleted a tracked model.",
    )

    # Tracked models.
    MODEL_INVALID = (
        "model.invalid",
        "The label of a model is not an app and a class name.",
        'Write it in lower case, such as "shop.order".',
    )
    MODEL_UNKNOWN = (
        "model.unknown",
        "The site has no such model, or does not offer it.",
        "Give the app and the class name. A developer can offer the model by MODELS.",
    )
    MODEL_AMBIGUOUS = (
        "model.ambiguous",
        "Several models of the site have this class name.",
        "Give the app and the class name.",
    )
    MODEL_TWICE = (
        "model.twice",
        "The map tracks the model already.",
        "Track a model once in a map; a second map can track it differently.",
    )
    MAP_NOT_EMPTY = (
        "map.not_empty",
        "A map cannot start from a proposal because it has tracked models.",
        "Add tracked models one by one, or start with a new map.",
    )
    MODEL_EMPTY = (
        "model.empty",
        "A tracked model tracks nothing.",
        "Add an attribute or a child, or delete the tracked model.",
    )
    MODEL_GONE = (
        "model.gone",
        "The site no longer has the model.",
        "Remove the tracked model from the map, or bring the model back.",
    )
    MODEL_REFUSED = (
        "model.refused",
        "The site's settings do not offer the model.",
        "Remove the tracked model from the map, or change MODELS and EXCLUDE.",
    )
    MODEL_TOO_DEEP = (
        "model.too_deep",
        "The chain of children is too long.",
        "Include children without their own children.",
    )
    MODEL_TOO_MANY_NAMES = (
        "model.too_many_names",
        "The tracked model gives more output names than MAX_NAMES.",
        "Include children without their own children, remove some, or raise MAX_NAMES.",
    )
    MODEL_TOO_MANY_TABLES = (
        "model.too_many_tables",
        "Its objects cannot be read by one query, so each event takes several.",
        "Remove children that nobody needs.",
    )

    # Attributes, keys and lookups.
    ATTRIBUTE_DECIDED = (
        "attribute.decided",
        "Somebody else has tracked or ignored the attribute since the list was opened.",
        "Change the decision on the page of the tracked model.",
    )
    ATTRIBUTE_GONE = (
        "attribute.gone",
        "The site's code no longer has the attribute.",
        "Remove it from the map, or bring the attribute back.",
    )
    ATTRIBUTE_REFUSED = (
        "attribute.refused",
        "The site's settings do not offer the attribute.",
        "Remove it from the map, or change the settings that the problem names.",
    )
    ATTRIBUTE_SECRET = (
        "attribute.secret",
        "The attribute looks like a secret. Such a version is not loaded.",
        "Remove the attribute from the map.",
    )
    KEY_UNKNOWN = (
        "key.unknown",
        "The key is not an attribute of the tracked model.",
        "Choose one of its attributes.",
    )
    KEY_IGNORED = (
        "key.ignored",
        "The key is ignored, so no URL can use it.",
        "Track the attribute, or choose another key.",
    )
    KEY_PERSONAL = (
        "key.personal",
        "The key is pseudonymised or dropped, but URLs show it as it is.",
        "Send it as it is, or choose another key.",
    )
    KEY_NOT_UNIQUE = (
        "key.not_unique",
        "The database does not prove that the key is unique.",
        "Choose a unique attribute, or make this one unique.",
    )
    LOOKUP_IGNORED = (
        "lookup.ignored",
        "A lookup is ignored, so no URL can use it.",
        "Track the attribute, or do not use it as a lookup.",
    )
    LOOKUP_PERSONAL = (
        "lookup.personal",
        "A lookup is pseudonymised or dropped, but URLs show it as it is.",
        "Send it as it is, or choose another lookup.",
    )
    LOOKUP_COMPUTED = (
        "lookup.computed",
        "A lookup is computed, and the database cannot look for it.",
        "Choose a unique number, text or UUID.",
    )
    LOOKUP_KIND = (
        "lookup.kind",
        "Values of the lookup's kind cannot be written in a URL and read back exactly.",
        "Choose a unique number, text or UUID.",
    )
    LOOKUP_NOT_UNIQUE = (
        "lookup.not_unique",
        "Several objects may share a value of the lookup. A URL finds none of them then.",
        "Choose a unique number, text or UUID.",
    )
    LOOKUP_NO_INDEX = (
        "lookup.no_index",
        "The lookup's column has no index, so each URL that uses it reads the whole table.",
        "Add an index, or choose another lookup.",
    )

    # Children.
    CHILD_GONE = (
        "child.gone",
        "The model has no such relation to a single object.",
        "Remove the child from the map, or choose another relation.",
    )
    CHILD_NOT_TRACKED = (
        "child.not_tracked",
        "The child's model is not in the map.",
        "Add that model to the map, or remove the child.",
    )
    CHILD_EMPTY = (
        "child.empty",
        "The child gives no values.",
        "See what the problem says; remove the child if nobody needs it.",
    )
    CHILD_PREFIX_TAKEN = (
        "child.prefix_taken",
        "The prefix of the child belongs to another tracked model.",
        "Give the child a prefix that nothing else has.",
    )

    # Counts and sums.
    AGGREGATE_GONE = (
        "aggregate.gone",
        "The model has no such relation that holds many objects.",
        "Remove the count or sum from the map, or choose another relation.",
    )
    AGGREGATE_REFUSED = (
        "aggregate.refused",
        "The site's settings do not offer the relation, its model or a field of a count or sum.",
        "Remove it from the map, or change the settings that the problem names.",
    )
    AGGREGATE_FIELD_GONE = (
        "aggregate.field_gone",
        "The related model no longer has a field that a count or sum names.",
        "Choose another field, or bring the field back.",
    )
    AGGREGATE_KIND = (
        "aggregate.kind",
        "A count or sum names a field of a kind that cannot be used there.",
        "Choose one of the fields that the problem lists.",
    )
    AGGREGATE_VALUE = (
        "aggregate.value",
        "The field of a condition cannot have the value that it is compared with.",
        "Correct the value.",
    )

    # Versions and previews.
    MAP_REFUSED = (
        "map.refused",
        "The live version cannot be served. Sites serve the one before it.",
        "Publish the draft, or roll back.",
    )
    LIVE_BROKEN = (
        "live.broken",
        "The live version cannot be read, so a preview compares with nothing.",
        "Publish the draft, or roll back to another version.",
    )
    OBJECT_NOT_TRACKED = (
        "object.not_tracked",
        "The sample object's model is not in the draft, so a preview gives no values.",
        "Choose an object of a tracked model, or add the model to the map.",
    )
    PREVIEW_TIME_LIMIT = (
        "preview.time_limit",
        "The site's code took longer than PREVIEW_SECONDS, so the rest was not computed.",
        "Ask a developer whether the code is too slow to run for each event.",
    )
    LINK_FAILED = (
        "link.failed",
        "The link “What is tracked” on an object's admin page could not be made. The page shows "
        "none.",
        "Look at the error in the log.",
    )
    OTHER = (
        "other",
        "Problems of other kinds were found that are not shown.",
        "Correct those that are shown, and look again.",
    )


class LintCode(_Code):
    """What could be better in a map. The setting LINT says how serious each is."""

    NAME = (
        "lint.name",
        "A prefix or the name of an attribute, count or sum does not follow the site's rule for "
        "names.",
        "Rename it, and keep the old name for a while. The setting LINT has the rule.",
    )
    DESCRIPTION = (
        "lint.description",
        "A tracked model, an attribute, a count or sum, an action or a parameter has no "
        "description.",
        "Say in a sentence what it means.",
    )
    OWNER = (
        "lint.owner",
        "A tracked model or an action has no owner.",
        "Name the team or the person to ask about it.",
    )
    LOOK_ALIKES = (
        "lint.look_alikes",
        "Two names look alike, or name the same objects by different keys, so that events cannot "
        "be joined.",
        "Use one name and one key everywhere.",
    )
    SAME_MEANING = (
        "lint.same_meaning",
        "One value goes out under two names, or two names have the same description.",
        "Keep one of the names, and deprecate the other one.",
    )
    PERSONAL_VALUES = (
        "lint.personal_values",
        "Values that are said not to be personal look like e-mail addresses, phone numbers or "
        "IBANs. Only their number is told.",
        "Decide how the attribute is sent: unchanged, as a pseudonym, or not at all.",
    )
    NOT_TRACKED = (
        "lint.not_tracked",
        "A model of the site is not in the map. It is only listed as undecided, and waiving it "
        "says that it is not for this map.",
        "Add it to the map, or say why it is not for it.",
    )


class FaultCode(_Code):
    """What went wrong at run time without an exception: counted, and logged once for each place."""

    # Maps and versions.
    MAP_UNAVAILABLE = (
        "map.unavailable",
        "The database did not answer when it was asked for the live version. The last good "
        "version is served.",
        "Look at the database. The next request asks again, after a pause.",
    )
    MAP_REFUSED = (
        "map.refused",
        "A version cannot be served: its text was changed, or it names what must not be "
        "tracked. The one before it is served.",
        "Publish the draft, or roll back.",
    )
    MAP_OLDER = (
        "map.older",
        "The database gave an older version than the one that is served: a replica lags.",
        "Nothing, unless it goes on: then look at the replication.",
    )
    MAP_RESET = (
        "map.reset",
        "The versions were deleted, or restored from a backup. The version that is there now "
        "is served.",
        "Nothing, if somebody meant to. Otherwise restore the versions.",
    )
    MAP_DRIFT = (
        "map.drift",
        "The live version names something that the site's code no longer has. It is skipped.",
        "Remove it from the map, or bring it back.",
    )
    MAP_NOT_RECOVERED = (
        "map.not_recovered",
        "The bootstrap file could not be read, or the connection could not be mended.",
        "Look at BOOTSTRAP_FILE and at the database.",
    )
    MAP_NOT_PUBLISHED = (
        "map.not_published",
        "A map was asked for that has no version, or that does not exist.",
        "Publish the map, or correct its name.",
    )
    TENANT_UNKNOWN = (
        "tenant.unknown",
        "The setting TENANT did not say which tenant is current.",
        "Choose a tenant before the call, or let TENANT return None.",
    )
    CACHE_FAILED = (
        "cache.failed",
        "The shared cache did not answer. The database is asked instead.",
        "Look at the cache.",
    )

    # Objects that are given to the flattener.
    OBJECT_RAISED = (
        "object.raised",
        "An object raised an error when it was looked at.",
        "Look at the code of the lazy object.",
    )
    OBJECT_NOT_TRACKED = (
        "object.not_tracked",
        "An object was given whose model the live map does not track.",
        "Add its model to the map, or leave the object out.",
    )
    OBJECT_NO_KEY = (
        "object.no_key",
        "A URL cannot name the object: its tracked model has no key, or it is not saved.",
        "Give the tracked model a key, or save the object first.",
    )
    PREFIX_CONFLICT = (
        "prefix.conflict",
        "Two different objects would give the same names. The first one counts.",
        "Pass one of them under a prefix of its own.",
    )
    PREFIX_BAD = (
        "prefix.bad",
        "A keyword of tracking_values cannot be a prefix.",
        "Use ASCII letters, digits and single underscores, starting with a letter.",
    )

    # Values.
    ATTRIBUTE_RAISED = (
        "attribute.raised",
        "The site's code raised an error for an attribute. Its value is sent as null.",
        "Look at the code that the log names.",
    )
    CHILD_RAISED = (
        "child.raised",
        "The site's code or the database raised an error for a child. Its values are sent as null.",
        "Look at the code that the log names.",
    )
    AGGREGATE_FAILED = (
        "aggregate.failed",
        "The database, or the manager of the related objects, raised an error for a count or sum. "
        "Its value is sent as null.",
        "Look at the database's log, and at the manager of the related model.",
    )
    VALUE_UNENCODABLE = (
        "value.unencodable",
        "A value has no form in JSON. It is sent as null.",
        "Track another attribute, or give the value's class a useful text.",
    )
    STATEMENT_FAILED = (
        "statement.failed",
        "The statement for several references failed. They were looked up one by one, unless "
        "the database gave up waiting.",
        "Look at the database's log.",
    )
    MANAGER_RAISED = (
        "manager.raised",
        "The default manager of a model raised an error, so a reference was not looked up.",
        "Look at the manager. It must work without a tenant, or the tenant must be set.",
    )

    # References of a tracking URL.
    REFERENCE_NONE = (
        "reference.none",
        "No object has the value.",
        "Nothing, if links may be old.",
    )
    REFERENCE_MANY = (
        "reference.many",
        "Several objects have the value, so it names none of them.",
        "Use a unique attribute as the lookup.",
    )
    REFERENCE_MALFORMED = (
        "reference.malformed",
        "The value is not one that the column can hold.",
        "Look for the page that makes such links.",
    )
    REFERENCE_NOT_ALLOWED = (
        "reference.not_allowed",
        "The map has no such lookup.",
        "Look for the page that makes such links, or allow the lookup in the map.",
    )
    REFERENCE_NOT_SIGNED = (
        "reference.not_signed",
        "A reference was not looked up, because the URL must be signed and has no valid signature.",
        "Make the URL with signed=True. If strangers try, nothing.",
    )
    REFERENCE_TOO_MANY = (
        "reference.too_many",
        "The query has more references than MAX_REFERENCES.",
        "Send fewer, or raise MAX_REFERENCES.",
    )
    REFERENCE_CONFLICT = (
        "reference.conflict",
        "Two references give different values under the same names.",
        "Name each object once.",
    )
    REFERENCE_FAILED = (
        "reference.failed",
        "The database or the site's code raised an error.",
        "Look at the code that the log names.",
    )

    # Queries and bodies.
    QUERY_BAD_NAME = (
        "query.bad_name",
        "A parameter has a name that cannot go into an event.",
        "Use short names of printable characters.",
    )
    QUERY_TOO_LONG = (
        "query.too_long",
        "A query, name or value is longer than allowed. What is too long was left out.",
        "Send less.",
    )
    QUERY_TOO_MANY_PARAMETERS = (
        "query.too_many_parameters",
        "A query has too many parameters. The rest was left out.",
        "Send fewer.",
    )
    QUERY_UNENCODABLE = (
        "query.unencodable",
        "A query cannot be taken apart in its encoding.",
        "Send UTF-8.",
    )
    QUERY_UNREADABLE = (
        "query.unreadable",
        "Something other than a query was given.",
        "Give a QueryDict, a mapping or a string.",
    )
    COLLECT_BAD_BODY = (
        "collect.bad_body",
        "The body of a tracking request cannot be read.",
        "Send a form, or one JSON object.",
    )
    COLLECT_EMPTY = (
        "collect.empty",
        "A tracking request contained no data.",
        "Look for the page that sends it.",
    )
    COLLECT_ENCODED = (
        "collect.encoded",
        "The body of a tracking request is compressed, and is not read.",
        "Send it as it is.",
    )
    COLLECT_TOO_LARGE = (
        "collect.too_large",
        "The body of a tracking request is too large, and is not read.",
        "Send less.",
    )
    COLLECT_FAILED = (
        "collect.failed",
        "A tracking request could not be answered as usual. It got the usual answer.",
        "Look at the error in the log.",
    )

    # Events, sinks and pages.
    EVENT_REFUSED = (
        "event.refused",
        "The map refuses events with unknown actions or undeclared parameters, and no sink got "
        "such an event.",
        "Correct the page that sends it, or add the action or the parameter to the map.",
    )
    TRACK_FAILED = (
        "track.failed",
        "A call of track() raised an error, and its event was not sent.",
        "Look at the error in the log.",
    )
    EVENT_NOT_STORED = (
        "event.not_stored",
        "An event could not be stored in the database. Sinks that deliver from there do not "
        "get it.",
        "Check that the database runs and that all migrations are applied.",
    )
    EVENT_REPEATED = (
        "event.repeated",
        "An event came with the id of one that is stored. It is the same event, so it was not "
        "stored again.",
        "Nothing: browsers and mail programs repeat requests. Many of them mean that a page gives "
        "different events one id.",
    )
    USAGE_NOT_WRITTEN = (
        "usage.not_written",
        "What a process counted could not be written to the database. It is kept, and written "
        "later.",
        "Check that the database runs and that all migrations are applied.",
    )
    EVENT_GONE = (
        "event.gone",
        "Events were deleted from the database before a sink got them. They are counted as "
        "discarded.",
        "Find out who deletes them. 'manage.py trackadmin prune' leaves what is not delivered.",
    )
    EVENT_UNREADABLE = (
        "event.unreadable",
        "The text of a stored event is no event. It is a dead letter of each sink.",
        "Find out who changes stored events. Restore the text and retry, or discard it.",
    )
    BACKFILL_FAILED = (
        "backfill.failed",
        "A task could not write a range of a backfill.",
        "Look at the error in the log. The range is tried again unless that cannot help; then "
        "correct the cause, and use 'backfill --resume'.",
    )
    SINK_FAILED = (
        "sink.failed",
        "A sink raised an error. It did not get the event.",
        "Look at the sink's code and at what it writes to.",
    )
    SINK_SLOW = (
        "sink.slow",
        "A sink took longer than SINK_SECONDS.",
        "Make it faster, or let it only put the event into a queue.",
    )
    SINK_PAUSED = (
        "sink.paused",
        "A sink did not get an event because it had been slow or had failed.",
        "See sink.slow and sink.failed.",
    )
    SINK_NOT_MADE = (
        "sink.not_made",
        "A sink of the settings cannot be imported or made.",
        "Correct the SINKS setting.",
    )
    URL_NOT_INCLUDED = (
        "url.not_included",
        "A template asks for a tracking URL that the site does not include.",
        "Include trackadmin.collect.urls in the URLconf.",
    )
    URL_FAILED = (
        "url.failed",
        "A template's tracking URL could not be made. The page shows none.",
        "Look at the error in the log.",
    )
    URL_EXPIRY = (
        "url.expiry",
        "The expiry of a tracking URL is not one, so the URL was not signed.",
        "Give seconds, a timedelta or a time in the future, together with signed=True.",
    )
    LINK_FAILED = (
        "link.failed",
        "The link “What is tracked” on an object's admin page could not be made. The page shows "
        "none.",
        "Look at the error in the log.",
    )
    OTHER = (
        "other",
        "Faults of other codes that are not counted separately.",
        "Look at the log.",
    )


class EventCode(_Code):
    """What is wrong with an event: stamped on it with a name, and counted."""

    ACTION_UNKNOWN = (
        "action.unknown",
        "The map has no such action, or the event has none.",
        "Correct the action's name, or add the action to the map.",
    )
    ACTION_NOT_LIVE = (
        "action.not_live",
        "The action is only planned.",
        "Make the action live, or do not send it yet.",
    )
    ACTION_MISSING_MODEL = (
        "action.missing_model",
        "The action must bring an object of this tracked model, and none came along.",
        "Give the object, or make the model optional for the action.",
    )
    ACTION_MISSING_PARAMETER = (
        "action.missing_parameter",
        "The action must have this parameter, and the event has no value for it.",
        "Give the parameter, or make it optional.",
    )
    ACTION_UNEXPECTED_MODEL = (
        "action.unexpected_model",
        "The event brings an object under a prefix that the action does not list.",
        "Leave the object out, or add the model to the action.",
    )
    PARAMETER_WRONG_KIND = (
        "parameter.wrong_kind",
        "A parameter's value is not of the kind that the map declares. It is sent as it came.",
        "Correct the value, or change the kind.",
    )
    PARAMETER_UNDECLARED = (
        "parameter.undeclared",
        "The action does not declare this parameter.",
        "Correct the parameter's name, or add it to the action.",
    )
    PARAMETER_RESERVED = (
        "parameter.reserved",
        "A parameter has a name that belongs to the map, so its value was not taken.",
        "Give the parameter another name.",
    )
    NAME_DEPRECATED = (
        "name.deprecated",
        "The event uses an action or a reference by a name that leaves the map some day.",
        "Use the name that takes its place.",
    )
    SIGNATURE_INVALID = (
        "signature.invalid",
        "The signature of the URL is not the site's, or belongs to other references, another "
        "action or another map. The event counts as one of an open URL.",
        "Nothing, if strangers try. Otherwise look for a page that changes signed URLs, or for a "
        "key that is missing in SECRET_KEY_FALLBACKS.",
    )
    SIGNATURE_EXPIRED = (
        "signature.expired",
        "The signature of the URL was valid until a time that has passed. The event counts as one "
        "of an open URL.",
        "Nothing, if links may be old. Otherwise let them be valid for longer.",
    )
    EVENT_ID_INVALID = (
        "event_id.invalid",
        "The id that the sender gave the event is not a UUID. The event has an id of the server's.",
        "Send a UUID, such as that of crypto.randomUUID(), or no id.",
    )


class Outcome(_Code):
    """The result of a reference of a tracking URL."""

    FOUND = (
        "found",
        "One object has the value. Its values are in the event.",
        "Nothing.",
    )
    NONE = (
        "none",
        "No object has the value.",
        "Nothing, if links may be old.",
    )
    MANY = (
        "many",
        "Several objects have the value, so it names none of them.",
        "Use a unique attribute as the lookup.",
    )
    MALFORMED = (
        "malformed",
        "The value is not one that the column can hold.",
        "Look for the page that makes such links.",
    )
    NOT_ALLOWED = (
        "not_allowed",
        "The map has no such lookup, or the query has too many references.",
        "Allow the lookup in the map, or look for the page that makes such links.",
    )
    NOT_SIGNED = (
        "not_signed",
        "The map or the site demands a valid signature for the reference, and the URL has none.",
        "Make the URL with signed=True.",
    )
    CONFLICT = (
        "conflict",
        "Another reference of the query gives other values under the same names.",
        "Name each object once.",
    )
    FAILED = (
        "failed",
        "The database or the site's code raised an error.",
        "Look at the log.",
    )


class FixCode(_Code):
    """What ``import --fix`` changes in a map."""

    CHILD_PREFIX = (
        "child.prefix",
        "A child got a prefix, because two children led to the same names.",
        "Check that the prefix suits you.",
    )
    CHILD_ALONE = (
        "child.alone",
        "A child is included without its own children now, because the tracked model gave too many "
        "names.",
        "Check whether somebody needs the values that are no longer sent.",
    )
    CHILD_REMOVED = (
        "child.removed",
        "A child was removed, because its model is not in the map.",
        "Add that model to the map, if you want the child.",
    )
    CHILD_RENAMED = (
        "child.renamed",
        "A child that was named by its column has the name of its relation now.",
        "Nothing.",
    )


class FastPath(_Code):
    """What trackadmin does fast where nothing is unusual. Leaving one costs speed, no values."""

    KNOWN_QUERY = (
        "known_query",
        "A kind of URL seen before. When left, each parameter is looked at.",
        "Look for a router that raises, or a database that is away.",
    )
    KNOWN_LOOKUPS = (
        "known_lookups",
        "One kept statement for all references of a URL. When left, a statement is put together.",
        "Look for a router that changes its mind, or a field of the site that raises.",
    )
    STATEMENT = (
        "statement",
        "One statement for several references. When left, each reference is looked up on its own.",
        "Look at the database's log.",
    )
    ALL_VALUES = (
        "all_values",
        "All values of a row in one dict. When left, each reference is read on its own.",
        "Look for a field of the site whose from_db_value raises.",
    )
    ROW = (
        "row",
        "The values of a row by generated code. When left, they are read one by one.",
        "Look for a field of the site whose from_db_value raises.",
    )
    FLATTEN = (
        "flatten",
        "The values of an object by generated code. When left, they are read one by one.",
        "Nothing for lazy or deferred objects. Otherwise look for attributes that raise.",
    )
    CURSOR = (
        "cursor",
        "A statement without Django's cursor. When left, Django's cursor runs it.",
        "Nothing in a transaction or while somebody watches queries, as with DEBUG.",
    )
    AGGREGATES = (
        "aggregates",
        "All counts and sums of an object by one query. When left, each takes a query of its own.",
        "Look at the database's log, and at the managers of the related models.",
    )
    CHILDREN = (
        "children",
        "A child with its own children by one query. When left, each is loaded by itself.",
        "Look at the managers of the related models.",
    )


#: The fault of each outcome but ``found``.
FAULTS: dict[Outcome, FaultCode] = {
    outcome: FaultCode[f"REFERENCE_{outcome.name}"]
    for outcome in Outcome
    if outcome is not Outcome.FOUND
}


class UsageCode(_Code):
    """What usage says about a map, on the page Usage."""

    NEVER_SEEN = (
        "usage.never_seen",
        "No event of the last 30 days had the name.",
        "Ask who needs the attribute. If nobody does, deprecate or ignore it.",
    )
    ALWAYS_EMPTY = (
        "usage.always_empty",
        "The name came in events, but never with a value.",
        "Find out whether the site fills the field. If not, deprecate or ignore the attribute.",
    )
    LOOKUP_UNUSED = (
        "usage.lookup_unused",
        "No tracking URL of the last 30 days named an object by this lookup.",
        "Take the lookup away, unless a link somewhere has it.",
    )
    ACTION_NEVER_SEEN = (
        "usage.action_never_seen",
        "No event of the last 30 days had the action.",
        "Find out whether the site sends it. If not, deprecate or delete it.",
    )
    ACTION_UNDECLARED = (
        "usage.action_undeclared",
        "Events had an action that the map does not declare.",
        "Add the action to the map, or correct the page that sends it.",
    )
    PARAMETER_DISGUISED = (
        "usage.parameter_disguised",
        "Events had a parameter that nobody declared and that is called like a tracked attribute.",
        "Name the object with a reference instead: its values then come along under their names.",
    )


class Subject(StrEnum):
    """What a count of usage is about."""

    #: A name of an object's value.
    NAME = "name"
    ACTION = "action"
    #: A parameter that names an object.
    REFERENCE = "reference"
    #: Any other parameter.
    PARAMETER = "parameter"
