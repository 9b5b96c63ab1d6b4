"""The way of a command to the database: one timeout, and one line with the next step when it cannot be used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg
from pydantic import SecretStr

from encours.cli.common import CliError, Exit, Installation
from encours.kernel.errors import DomainError
from encours.ledger import UnknownLedger
from encours.postgres.connection import connect
from encours.service.settings import without_password

T = TypeVar("T")

_NOT_PREPARED = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedFunctionError,
)
_EXIT_OF_STATUS = {422: Exit.USAGE, 503: Exit.UNREACHABLE}


def run_with_database(here: Installation, url: str, work: Callable[[str], Coroutine[Any, Any, T]]) -> T:
    """What ``work(url)`` gives. Raises :class:`CliError` when the server is away or the ledger refuses."""

    async def run() -> T:
        await (await connect(url)).close()
        return await work(url)

    try:
        return asyncio.run(run())
    except UnknownLedger as unknown:
        raise CliError(f"{unknown.detail} `encours ledger list` shows them.", Exit.USAGE) from unknown
    except DomainError as refused:
        code = _EXIT_OF_STATUS.get(refused.status, Exit.REFUSED)
        raise CliError(f"{refused.title}: {refused.detail}", code) from refused
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CliError(
            f"PostgreSQL at {without_password(SecretStr(url))} cannot be used ({_reason(error)}): "
            f"{_next_step(here, error)}",
            Exit.UNREACHABLE,
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error).partition("\n")[0] or type(error).__name__


def _next_step(here: Installation, error: Exception) -> str:
    if isinstance(error, _NOT_PREPARED):
        return "`encours migrate` prepares it"
    if here.settings.database_url is not None:
        return "start the server, or correct ENCOURS_DATABASE_URL"
    return "`encours status` shows what runs here, `encours up` starts it"
