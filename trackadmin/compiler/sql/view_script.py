"""The script that makes or replaces views, keeps who may read them, and says what prevents it.

It is one statement of PostgreSQL's own language, so that any client can run it, against any copy of
the database. A view whose columns only grew is replaced. Otherwise it is dropped and made again,
with its owner, its privileges, its options and its comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trackadmin.compiler.sql.sql_view import View

_SCRIPT = """BEGIN;

DO {quote}
DECLARE
    wanted record;
    kept record;
    command text;
    commands text[];
    dependents text;
BEGIN
    -- Views that the map no longer gives would stay as they are.
    FOREACH command IN ARRAY ARRAY[{dropped}]::text[] LOOP
        BEGIN
            EXECUTE format('DROP VIEW IF EXISTS %I', command);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            GET STACKED DIAGNOSTICS dependents = PG_EXCEPTION_DETAIL;
            RAISE EXCEPTION 'The view % cannot be dropped: others depend on it.', command
                USING DETAIL = dependents, HINT = 'Drop those first.';
        END;
    END LOOP;
{put}END
{quote};

COMMIT;"""

_PUT = """    FOR wanted IN SELECT * FROM (VALUES
{views}
    ) AS views (name, query) LOOP
        commands := ARRAY[]::text[];
        SELECT c.oid, c.relname, c.relowner, c.reloptions, obj_description(c.oid) AS comment
            INTO kept FROM pg_class c
            WHERE c.relname = wanted.name AND c.relkind = 'v'
            AND c.relnamespace = current_schema()::regnamespace;
        IF kept.oid IS NOT NULL THEN
            -- Replacing a view removes its options.
            SELECT commands || coalesce(array_agg(
                format('ALTER VIEW %I SET (%s)', wanted.name, option)), ARRAY[]::text[])
                INTO commands FROM unnest(kept.reloptions) AS option;
        END IF;
        BEGIN
            EXECUTE format('CREATE OR REPLACE VIEW %I AS %s', wanted.name, wanted.query);
        EXCEPTION WHEN invalid_table_definition THEN
            SELECT commands || coalesce(array_agg(format('GRANT %s ON %I TO %s%s',
                a.privilege_type, wanted.name,
                {grantee},
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)), ARRAY[]::text[])
                INTO commands FROM pg_class c, aclexplode(c.relacl) AS a
                WHERE c.oid = kept.oid AND a.grantee <> c.relowner;
            -- If a column is gone, so is what was granted on it.
            SELECT commands || coalesce(array_agg(format(
                'DO $do$ BEGIN GRANT %s (%I) ON %I TO %s; '
                'EXCEPTION WHEN undefined_column THEN NULL; END $do$',
                a.privilege_type, t.attname, wanted.name,
                {grantee}
                )), ARRAY[]::text[])
                INTO commands FROM pg_attribute t, aclexplode(t.attacl) AS a
                WHERE t.attrelid = kept.oid AND NOT t.attisdropped;
            IF kept.comment IS NOT NULL THEN
                commands := commands || format(
                    'COMMENT ON VIEW %I IS %L', wanted.name, kept.comment);
            END IF;
            IF kept.relowner <> current_user::regrole::oid THEN
                commands := commands || format('ALTER VIEW %I OWNER TO %s', wanted.name,
                    quote_ident(pg_get_userbyid(kept.relowner)));
            END IF;
            BEGIN
                EXECUTE format('DROP VIEW %I', wanted.name);
            EXCEPTION WHEN dependent_objects_still_exist THEN
                GET STACKED DIAGNOSTICS dependents = PG_EXCEPTION_DETAIL;
                RAISE EXCEPTION 'The columns of the view % changed, so it must be made again, '
                    'and others depend on it.', wanted.name
                    USING DETAIL = dependents,
                    HINT = 'Drop those first, run this script, and make them again.';
            END;
            EXECUTE format('CREATE VIEW %I AS %s', wanted.name, wanted.query);
            -- What the schema grants by default may have been revoked.
            FOR command IN SELECT format('REVOKE ALL ON %I FROM %s', wanted.name, {grantee})
                FROM pg_class c, aclexplode(c.relacl) AS a
                WHERE c.relname = wanted.name AND c.relnamespace = current_schema()::regnamespace
                AND a.grantee <> c.relowner
            LOOP
                EXECUTE command;
            END LOOP;
        END;
        FOREACH command IN ARRAY commands LOOP
            EXECUTE command;
        END LOOP;
    END LOOP;
"""


#: The name of a role in a list of privileges; 0 is everybody.
_GRANTEE = "CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END"


def script(views: Sequence[View], dropped: Iterable[str]) -> str:
    """The script that puts the views in place, and drops those with the other names, if any."""
    texts = "".join(view.query for view in views)
    inner, outer = _quote("view", texts), _quote("trackadmin", texts)
    rows = ",\n".join(
        f"{_comments(view)}    ('{view.name}', {inner}\n{view.query}\n{inner})" for view in views
    )
    put = _PUT.replace("{grantee}", _GRANTEE).replace("{views}", rows) if views else ""
    names = ", ".join(f"'{name}'" for name in dropped)
    # Not format(): the text of a query may hold braces.
    return _SCRIPT.replace("{quote}", outer).replace("{dropped}", names).replace("{put}", put)


def _comments(view: View) -> str:
    return "".join(f"    -- {view.name}: {each}\n" for each in view.left_out)


def _quote(tag: str, text: str) -> str:
    """A dollar quote that the text does not hold."""
    while f"${tag}$" in text:
        tag += "_"
    return f"${tag}$"
