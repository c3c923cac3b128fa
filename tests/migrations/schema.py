"""What tests of migrations ask of a schema, and how they bring one to a revision in between."""

import psycopg
from alembic import command

from services.store import migrate
from tests.conftest import TestDatabase


def bring_to(database: TestDatabase, revision: str) -> None:
    """The database is at this revision, as a program of that day would have left it."""
    engine = migrate._engine(database.owner_url)
    try:
        with engine.connect() as connection:
            config = migrate._config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def set_revision(database: TestDatabase, revision: str) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE alembic_version SET version_num = %s", (revision,))


def described(database: TestDatabase) -> list[tuple[str, ...]]:
    """Every column, constraint and index of the schema, as PostgreSQL itself would print it."""
    with psycopg.connect(database.admin_url) as connection:
        columns = connection.execute(
            "SELECT c.relname::text, 'column', a.attname::text,"
            " format_type(a.atttypid, a.atttypmod),"
            "  concat(a.attnotnull, ' ', a.attgenerated, ' ', pg_get_expr(d.adbin, d.adrelid))"
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            "  AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum"
        ).fetchall()
        constraints = connection.execute(
            "SELECT conrelid::regclass::text, 'constraint', conname::text,"
            # What stood there before a constraint is no part of the schema.
            "  regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', ''), ''"
            " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
            # Triggers that may wait for the end of a transaction stand there too.
            "  AND contype <> 't' ORDER BY 1, 3"
        ).fetchall()
        indexes = connection.execute(
            "SELECT tablename::text, 'index', indexname::text, indexdef, ''"
            " FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 3"
        ).fetchall()
    return [*columns, *constraints, *indexes]
