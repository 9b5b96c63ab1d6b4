"""Access of commands to the database, with a time-out and one line of advice if it is unavailable."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import asyncpg
from pydantic import SecretStr

from encours.cli.common import CliError, Exit, LocalInstallation
from encours.cli.settings import is_postgres_url
from encours.embedded.secrets import AUDITOR, stored_secrets
from encours.kernel.errors import DomainError
from encours.ledger import UnknownLedger
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn
from encours.postgres.connection import FAILED, connect
from encours.service.settings import without_password

T = TypeVar("T")

_NOT_PREPARED = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidParameterValueError,  # a role that is not there yet
)
_EXIT_OF_STATUS = {422: Exit.USAGE, 503: Exit.UNREACHABLE}


def run_with_database(here: LocalInstallation, url: str, work: Callable[[str], Coroutine[Any, Any, T]]) -> T:
    """Return what ``work(url)`` returns. Raises :class:`CliError` if the server is away or the ledger refuses."""

    async def run() -> T:
        await (await connect(url)).close()
        return await work(url)

    with database_errors(here, url):
        return asyncio.run(run())


def auditor_login(here: LocalInstallation) -> str:
    """Return the ledger's address with the auditor's name and password. Raises :class:`CliError` without a password."""
    given = here.settings.password_auditor
    password = (
        given.get_secret_value()
        if given is not None
        else stored_secrets(here.layout).get("roles", {}).get(AUDITOR)
    )
    require_database(here, here.ledger_admin_url)
    if password is None:
        raise CliError(
            "the auditor has no password: set ENCOURS_PASSWORD_AUDITOR and run `encours migrate`", Exit.USAGE
        )
    return database_dsn(here.ledger_admin_url, LEDGER_DATABASE, user=AUDITOR, password=password)


def require_database(here: LocalInstallation, url: str) -> None:
    """Raise :class:`CliError` unless the server accepts the login."""

    async def nothing(_: str) -> None:
        return

    run_with_database(here, url, nothing)


@contextmanager
def database_errors(here: LocalInstallation, url: str) -> Iterator[None]:
    """Turn errors of the ledger and of its server into :class:`CliError`."""
    try:
        yield
    except UnknownLedger as unknown:
        raise CliError(f"{unknown.detail} `encours ledger list` shows them.", Exit.USAGE) from unknown
    except DomainError as refused:
        code = _EXIT_OF_STATUS.get(refused.status, Exit.REFUSED)
        raise CliError(f"{refused.title}: {refused.detail}", code) from refused
    except BrokenPipeError:  # the reader of the output has left, as `head` does
        raise
    except FAILED as error:
        raise CliError(
            f"PostgreSQL at {without_password(SecretStr(url))} cannot be used ({_reason(error)}): "
            f"{_next_step(here, error)}",
            Exit.UNREACHABLE,
        ) from error


def auditor_url(here: LocalInstallation, given: str | None) -> str:
    """Return the ledger's address for the auditor: the given one, that of ENCOURS_LEDGER_URL, or this installation's.

    In an installation the administrator's connection sets the auditor's role, so that no other password is needed.
    """
    given = given or os.environ.get("ENCOURS_LEDGER_URL")
    if given is not None:
        if not is_postgres_url(given):
            raise CliError(
                "the address of the ledger's database is wrong: write postgresql://encours_auditor:password@host:5432/encours_ledger",
                Exit.USAGE,
            )
        return given
    url = here.ledger_admin_url
    return f"{url}{'&' if urlsplit(url).query else '?'}role={quote(AUDITOR)}"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error).partition("\n")[0] or type(error).__name__


def _next_step(here: LocalInstallation, error: Exception) -> str:
    if isinstance(error, _NOT_PREPARED):
        return "`encours migrate` prepares it"
    if here.settings.database_url is not None:
        return "start the server, or correct ENCOURS_DATABASE_URL"
    return "`encours status` shows what runs here, `encours up` starts it"
