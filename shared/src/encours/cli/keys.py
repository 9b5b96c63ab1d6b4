"""`encours keys`: API keys, with their scopes and legal entities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import asyncpg
import typer

from encours.cli.common import AsJson, CliError, Exit, installation, out, print_json, table
from encours.cli.database import run_with_database
from encours.embedded.setup import DEFAULT_LEDGER
from encours.http.access.keys import check_grant, new_key
from encours.kernel.errors import Invalid
from encours.ledger.api_keys import SHOWN, has_ledger, insert_key, revoke_key, unknown_entities
from encours.ledger.api_keys import list_keys as read_keys
from encours.postgres.connection import connect

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)


@app.command("create")
def create(
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="Scope, such as invoices:read or payments:write; * means every scope. May be repeated.",
        ),
    ],
    label: Annotated[
        str, typer.Option("--label", help="Purpose of the key, for people who read the list of keys.")
    ],
    entity: Annotated[
        list[str] | None,
        typer.Option(
            "--entity", help="Legal entity that the key may act for (ent_…); every entity by default."
        ),
    ] = None,
    ledger: Annotated[
        str, typer.Option("--ledger", help="Ledger of requests that name no ledger.")
    ] = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Create a key and print it. It cannot be printed again: only its hash is stored."""
    try:
        check_grant(label, scope, entity or ())
    except Invalid as wrong:
        raise CliError(wrong.detail, Exit.USAGE) from wrong
    key = new_key()

    async def insert(connection: asyncpg.Connection) -> None:
        if not await has_ledger(connection, ledger):
            raise CliError(f"no ledger {ledger!r}: `encours ledger list` shows them", Exit.USAGE)
        if unknown := await unknown_entities(connection, [name for name in entity or () if name != "*"]):
            raise CliError(f"no legal entity {', '.join(unknown)}: GET /v1/entities shows them", Exit.USAGE)
        await insert_key(
            connection,
            key.id,
            key.sha256,
            label=label,
            scopes=scope,
            entities=entity or ["*"],
            default_ledger=ledger,
        )

    _with_database(insert)
    if as_json:
        print_json(
            {"id": key.id, "key": key.token, "scopes": scope, "entities": entity or ["*"], "ledger": ledger}
        )
    else:
        out.print(f"{key.token}\nshown this once; only its hash is kept")


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List all keys, without their secrets."""
    rows: list[dict[str, object]] = []

    async def read(connection: asyncpg.Connection) -> None:
        rows.extend(await read_keys(connection))

    _with_database(read)
    if as_json:
        print_json(rows)
    else:
        table("Keys", SHOWN, ([_words(row[name]) for name in SHOWN] for row in rows))


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The part between enc_ and the secret.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a key for good. It stops working within seconds."""

    async def update(connection: asyncpg.Connection) -> None:
        if not await revoke_key(connection, key_id):
            raise CliError(f"no key {key_id!r}: `encours keys list` shows them", Exit.USAGE)

    _with_database(update)
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        out.print(f"{key_id} is revoked: services refuse it within seconds")


def _with_database(work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
    async def run(url: str) -> None:
        connection = await connect(url)
        try:
            await work(connection)
        finally:
            await connection.close()

    here = installation()
    run_with_database(here, here.ledger_admin_url, run)


def _words(value: object) -> object:
    return " ".join(value) if isinstance(value, list) else value
