"""One rule for each kind of value: all that differs from kind to kind on the way to an event.

To add a kind, add it and its traits to ``catalog/kinds.py`` and its rule to ``RULES``. No column
has a default: ``None`` says that the kind has no such thing, so none can be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

from trackadmin.catalog import AttributeFacts, Kind, url_texts
from trackadmin.catalog.url_texts import Parser
from trackadmin.compiler.values import (
    encoders,
    in_line,
    sqlite_values,
    stored_values,
    view_expressions,
)
from trackadmin.compiler.values.encoders import Encode
from trackadmin.compiler.values.in_line import Assigned, InLine
from trackadmin.compiler.values.sqlite_values import Shortcut
from trackadmin.compiler.values.stored_values import Loader
from trackadmin.compiler.values.view_expressions import Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is done with the values of one kind."""

    #: Makes a scalar of any value that has this kind.
    encode: Encode
    #: The generated code for a value that was loaded; ``None`` where each value is encoded.
    loaded: InLine | None
    #: The generated code for a value that may have been assigned.
    assigned: Assigned
    #: Gives what a load would give for an assigned value, by one of Django's own fields.
    stored: Loader
    #: The same, by a field with conversions of its own.
    stored_by_own: Loader
    #: Whether a field that may not be null stores an empty text for nothing.
    empty_text: bool
    #: Converts and encodes what SQLite's driver gives in one step; ``None``: Django converts it.
    sqlite: Shortcut | None
    #: Reads the text of a URL; ``None`` where no URL can name an object by such a value.
    from_url: Parser | None
    #: What PostgreSQL computes to the same text; ``None`` where SQL alone cannot write it.
    view: Expression | None
    #: The type of the column in a file whose columns have types.
    column: type[int | float | bool | str]


RULES: dict[Kind, Rule] = {
    Kind.INTEGER: Rule(
        encode=encoders.as_integer,
        loaded=in_line.INTEGER,
        assigned=in_line.always(in_line.INTEGER),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=url_texts.integer,
        view=view_expressions.as_it_is,
        column=int,
    ),
    Kind.FLOAT: Rule(
        encode=encoders.as_float,
        loaded=in_line.FLOAT,
        assigned=in_line.always(in_line.FLOAT),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.finite,
        column=float,
    ),
    Kind.DECIMAL: Rule(
        encode=encoders.as_decimal,
        loaded=in_line.DECIMAL,
        assigned=in_line.assigned_decimal,
        stored=stored_values.decimal,
        stored_by_own=stored_values.own_decimal,
        empty_text=False,
        sqlite=sqlite_values.decimal,
        from_url=None,
        view=view_expressions.finite_text,
        column=str,
    ),
    Kind.BOOLEAN: Rule(
        encode=encoders.as_boolean,
        loaded=in_line.BOOLEAN,
        assigned=in_line.always(in_line.BOOLEAN),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=sqlite_values.boolean,
        from_url=None,
        view=view_expressions.as_it_is,
        column=bool,
    ),
    Kind.TEXT: Rule(
        encode=encoders.as_text,
        loaded=in_line.TEXT,
        assigned=in_line.always(in_line.TEXT),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=url_texts.text,
        view=view_expressions.bounded_text,
        column=str,
    ),
    Kind.IP_ADDRESS: Rule(
        encode=encoders.as_text,
        loaded=in_line.TEXT,
        assigned=in_line.always(None),
        stored=stored_values.ip_address,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.host,
        column=str,
    ),
    Kind.UUID: Rule(
        encode=encoders.as_uuid,
        loaded=in_line.UUID,
        assigned=in_line.always(in_line.UUID),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=sqlite_values.uuid_text,
        from_url=url_texts.uuid_value,
        view=view_expressions.short_text,
        column=str,
    ),
    Kind.DATE: Rule(
        encode=encoders.encode,
        loaded=in_line.DATE,
        assigned=in_line.always(in_line.DATE),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.date,
        column=str,
    ),
    Kind.TIME: Rule(
        encode=encoders.encode,
        loaded=in_line.TIME,
        assigned=in_line.always(in_line.TIME),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.time,
        column=str,
    ),
    Kind.DATETIME: Rule(
        encode=encoders.encode,
        loaded=in_line.AWARE,
        assigned=in_line.assigned_datetime,
        stored=stored_values.datetime_value,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=sqlite_values.datetime_text,
        from_url=None,
        view=view_expressions.datetime,
        column=str,
    ),
    Kind.DURATION: Rule(
        encode=encoders.encode,
        loaded=None,
        assigned=in_line.always(None),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.duration,
        column=str,
    ),
    Kind.FILE: Rule(
        encode=encoders.as_file,
        loaded=in_line.TEXT,
        assigned=in_line.assigned_file,
        stored=stored_values.as_it_is,
        stored_by_own=stored_values.as_it_is,
        empty_text=True,
        sqlite=None,
        from_url=None,
        view=view_expressions.short_text,
        column=str,
    ),
    Kind.JSON: Rule(
        encode=encoders.as_json,
        loaded=in_line.JSON,
        assigned=in_line.always(in_line.JSON),
        stored=stored_values.json_value,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=None,
        column=str,
    ),
    Kind.OTHER: Rule(
        encode=encoders.encode,
        loaded=None,
        assigned=in_line.always(None),
        stored=stored_values.prepared,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=None,
        column=str,
    ),
    Kind.BINARY: Rule(
        encode=encoders.encode,
        loaded=None,
        assigned=in_line.always(None),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=None,
        column=str,
    ),
}

#: All that the expressions name, the encoders included.
IN_LINE_NAMES: dict[str, object] = {
    **{
        name: value
        for code in (*(rule.loaded for rule in RULES.values()), in_line.NAIVE)
        for name, value in (code.names if code else {}).items()
    },
    **{rule.encode.__name__: rule.encode for rule in RULES.values()},
}


def source_of_loaded(kind: Kind) -> str:
    """The expression that encodes a value ``v`` that was loaded."""
    rule = RULES[kind]
    return _calling(rule.loaded, rule.encode.__name__)


def source_of_assigned(facts: AttributeFacts, rule: str) -> str:
    """The expression for a value ``v`` that may have been assigned; ``rule`` names the function
    for unusual values.
    """
    return _calling(RULES[facts.kind].assigned(facts), rule)


def _calling(code: InLine | None, rule: str) -> str:
    return f"{rule}(v)" if code is None else code.text.replace("RULE", rule)
