"""SQL kept in files: a migration loads `sql/<name>.sql` and undoes it with `<name>.reverse.sql`."""

from pathlib import Path

from django.db.migrations import RunSQL


def run_sql(package_file: str, name: str) -> RunSQL:
    """The operation for `sql/<name>.sql` in the folder above the calling migration's folder."""
    folder = Path(package_file).resolve().parents[1] / "sql"
    return RunSQL(
        sql=(folder / f"{name}.sql").read_text(encoding="utf-8"),
        reverse_sql=(folder / f"{name}.reverse.sql").read_text(encoding="utf-8"),
    )


def again_sql(package_file: str, name: str) -> RunSQL:
    """`sql/<name>.sql` once more, for databases that ran an earlier text of it (its functions are
    `CREATE OR REPLACE`). Undoing leaves them as they are.
    """
    folder = Path(package_file).resolve().parents[1] / "sql"
    text = (folder / f"{name}.sql").read_text(encoding="utf-8")
    return RunSQL(sql=text, reverse_sql=RunSQL.noop)


def whole_sql(package_file: str, name: str) -> list[RunSQL]:
    """The functions of `sql/<name>.sql` in place of those that a database has of an earlier text of
    it, where they are not `CREATE OR REPLACE`.
    """
    folder = Path(package_file).resolve().parents[1] / "sql"
    clear = (folder / f"{name}.reverse.sql").read_text(encoding="utf-8")
    return [RunSQL(sql=clear, reverse_sql=RunSQL.noop), run_sql(package_file, name)]


def replace_sql(package_file: str, *names: str) -> RunSQL:
    """Before a migration that puts other functions in place of those of `names`: undoing brings
    the earlier ones back.
    """
    folder = Path(package_file).resolve().parents[1] / "sql"
    texts = [
        *(f"{name}.reverse.sql" for name in reversed(names)),
        *(f"{name}.sql" for name in names),
    ]
    reverse_sql = "\n".join((folder / text).read_text(encoding="utf-8") for text in texts)
    return RunSQL(sql=RunSQL.noop, reverse_sql=reverse_sql)
