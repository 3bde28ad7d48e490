"""Changes a table in the only way that SQLite has for constraints: building it anew."""

from __future__ import annotations

from sqlalchemy import Connection


def rebuild(connection: Connection, table: str, definition: str) -> None:
    """Replace a table by one of another definition; rows, indexes and triggers are kept.

    `definition` is what follows the name in CREATE TABLE. Columns that both have are copied, new
    ones get their default. Foreign keys must be off, or dropping the table would delete what
    refers to it.
    """
    dependents = (
        connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master "
            "WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL",
            (table,),
        )
        .scalars()
        .all()
    )
    connection.exec_driver_sql(f"CREATE TABLE new_{table} {definition}")
    kept = [
        name for name in _columns(connection, table) if name in _columns(connection, f"new_{table}")
    ]
    names = ", ".join(f'"{name}"' for name in kept)
    connection.exec_driver_sql(f"INSERT INTO new_{table} ({names}) SELECT {names} FROM {table}")
    last_id = connection.exec_driver_sql(
        "SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)
    ).scalar()
    connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql(f"ALTER TABLE new_{table} RENAME TO {table}")
    if last_id is not None:
        # Numbers of rows that were deleted are not given out again.
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, last_id))
    for sql in dependents:
        connection.exec_driver_sql(sql)


def _columns(connection: Connection, table: str) -> list[str]:
    rows = connection.exec_driver_sql(f"PRAGMA table_info({table})")
    return [str(row[1]) for row in rows]
