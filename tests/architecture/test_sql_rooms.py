"""SQL stands in few rooms, and every list is cut into pages where the caller's entities are put in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from tests.architecture.sources import modules, nodes

SQL_ROOMS = (
    *("encours/postgres/", "encours/ledger/", "encours/replay/", "encours/projection/", "encours/reading/"),
    *(f"{service}_svc/read_models/" for service in ("invoice", "dunning", "risk", "reporting")),
    "encours/testing/",
)
"""Rooms that may talk to a database."""

STORES = frozenset(
    {
        "invoice_svc/imports/store.py",
        "invoice_svc/clock/jobs.py",
        "invoice_svc/bank/marks.py",
        "invoice_svc/sync/comparing.py",
        "invoice_svc/sync/store.py",
        "encours/mail/attempts.py",
        "dunning_svc/backtest/store.py",
        "risk_svc/backtest/store.py",
        "dunning_svc/inbox/messages.py",
        "reporting_svc/exports/store.py",
        "reporting_svc/exports/layouts/tables.py",
        "reporting_svc/jobs/forecast_store.py",
        "reporting_svc/webhooks/store.py",
        "encours/service/long_work_store.py",
        "encours/cli/audit/sql.py",
    }
)
"""Modules that keep tables of their own, read the ledger's, or write files by SQL, outside of these rooms."""

PAGES_ARE_CUT_IN = "encours/reading/where.py"

ASKING = frozenset({"fetch", "fetchrow", "fetchval", "fetchmany", "execute", "executemany", "cursor"})
SQL_TEXT = re.compile(
    r"\s*(select\s.+\sfrom\s|select\s[\w.]+\(|insert\sinto\s|update\s[\w.{}]+\s.*set\s|delete\sfrom\s|with\s\w+\sas\s"
    r"|create\s(table|schema|index|role|database)\s|alter\s(table|role)\s|drop\s(table|schema)\s|truncate\s|lock\stable\s)",
    re.DOTALL,
)


def _asks(node: ast.AST) -> bool:
    """A call of a connection's method. A command that executes its use case is none."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING):
        return False
    return ast.unparse(node.func.value) not in {"cmd", "here"}


def _text(node: ast.AST) -> str:
    """The text of a string or f-string, with its inserted values left out."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def sql_in(found: Iterable[ast.AST]) -> list[int]:
    """Lines that hold SQL or hand it to a connection."""
    return sorted({node.lineno for node in found if _asks(node) or SQL_TEXT.match(_text(node))})  # type: ignore[attr-defined]


def test_sql_stands_in_its_rooms_and_in_stores() -> None:
    found = [
        f"{name}:{line}"
        for name, path in modules()
        if not name.startswith(SQL_ROOMS) and name not in STORES
        for line in sql_in(nodes(path))
    ]
    assert found == []


def test_every_store_that_is_named_holds_sql() -> None:
    paths = dict(modules())
    assert [name for name in sorted(STORES) if name not in paths or not sql_in(nodes(paths[name]))] == []


def test_lists_are_cut_into_pages_where_the_grant_is_put_in() -> None:
    """A page's cursor and order become SQL nowhere else, so no list can leave the caller's entities out."""
    found = [
        f"{name}:{node.lineno}"
        for name, path in modules()
        if name != PAGES_ARE_CUT_IN
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            node.func.attr == "order_by"
            or (node.func.attr == "after" and "page" in ast.unparse(node.func.value))
        )
    ]
    assert found == []


def test_the_check_sees_sql_however_it_is_written() -> None:
    seen = """
rows = await conn.fetch(statement)
text = f"select a, b from {schema}.t"
other = "insert into x values (1)"
lines = \'\'\'
    update t set a = 1\'\'\'
"""
    assert sql_in(ast.walk(ast.parse(seen))) == [2, 3, 4, 5]
    assert (
        sql_in(
            ast.walk(
                ast.parse('"""Select what to delete from the list."""\nasync def f(): await cmd.execute(g)')
            )
        )
        == []
    )
