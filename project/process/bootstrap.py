"""Roles and the template database, made by the cluster's superuser; run again it changes nothing.

| role | may | used by |
|---|---|---|
| geobill_owner | define tables, make databases for tests | migrations, tests |
| geobill_app | read and write rows, as far as migrations leave it | everything that runs |
| geobill_radius | call `radius.authorize` and `radius.lend`, nothing else | FreeRADIUS |

`geobill_template` holds the extensions that only a superuser may make and the default privileges,
so every database made from it (`geobill`, and one for each test worker) is alike.
"""

import os
from pathlib import Path

import psycopg
from psycopg import sql

OWNER, APP, TEMPLATE = "geobill_owner", "geobill_app", "geobill_template"
RADIUS = "geobill_radius"
EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
DEFAULT_PRIVILEGES = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES",
    "GRANT USAGE, SELECT ON SEQUENCES",
    "GRANT EXECUTE ON FUNCTIONS",
)


def secret(name: str) -> str:
    """A password from `GEOBILL_<NAME>_PASSWORD`, `…_FILE`, or the secrets folder."""
    variable = f"GEOBILL_{name.upper()}_PASSWORD"
    if os.environ.get(variable):
        return os.environ[variable]
    default = Path(os.environ.get("GEOBILL_VAR", "var")) / "secrets" / name
    return Path(os.environ.get(f"{variable}_FILE") or default).read_text().strip()


def connect(database: str) -> psycopg.Connection:
    """A superuser's connection that commits each statement."""
    return psycopg.connect(
        host=os.environ.get("GEOBILL_DB_HOST", "127.0.0.1"),
        port=os.environ.get("GEOBILL_DB_PORT") or os.environ.get("GEOBILL_PG_PORT", "54329"),
        user=os.environ.get("GEOBILL_DB_SUPERUSER", "geobill_super"),
        password=secret("db_superuser"),
        dbname=database,
        autocommit=True,
    )


def make_role(connection: psycopg.Connection, *, name: str, password: str, options: str) -> None:
    """Make the role or set its password and options again."""
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
            verb,
            sql.Identifier(name),
            sql.SQL(options),  # type: ignore[arg-type]
            sql.Literal(password),
        )
    )


def make_database(connection: psycopg.Connection, *, name: str, template: str) -> None:
    """Make a database that belongs to the owner, if there is none of that name."""
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if not known:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
            )
        )


def fill_template() -> None:
    """Extensions, and what geobill_app may do with whatever the owner makes later."""
    with connect(TEMPLATE) as connection:
        for extension in EXTENSIONS:
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
            )
        for grant in DEFAULT_PRIVILEGES:
            connection.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} {} TO {}").format(
                    sql.Identifier(OWNER),
                    sql.SQL(grant),
                    sql.Identifier(APP),
                )
            )


def main() -> None:
    """Make whatever of roles, template and database is missing."""
    with connect("postgres") as connection:
        make_role(
            connection, name=OWNER, password=secret("db_owner"), options="NOSUPERUSER CREATEDB"
        )
        make_role(connection, name=APP, password=secret("db_app"), options="NOSUPERUSER NOCREATEDB")
        make_role(
            connection, name=RADIUS, password=secret("db_radius"), options="NOSUPERUSER NOCREATEDB"
        )
        # Lets the owner act as the running system in a test, and end FreeRADIUS' sessions.
        connection.execute(
            sql.SQL("GRANT {}, {} TO {}").format(
                sql.Identifier(APP), sql.Identifier(RADIUS), sql.Identifier(OWNER)
            )
        )
        make_database(connection, name=TEMPLATE, template="template1")
        connection.execute(
            sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(TEMPLATE))
        )
    fill_template()
    with connect("postgres") as connection:
        name = os.environ.get("GEOBILL_DB_NAME", "geobill")
        make_database(connection, name=name, template=TEMPLATE)


if __name__ == "__main__":
    main()
