"""`encours rebuild`: every read model again from the ledger, compared with the live one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from encours.cli.common import (
    AsJson,
    CliError,
    Exit,
    LocalInstallation,
    err,
    installation,
    out,
    print_json,
    progress,
    table,
)
from encours.cli.database import require_database, run_with_database
from encours.embedded.secrets import ROLES, SERVICES, stored_secrets
from encours.ledger import Ledger

_EXIT_OF = {2: Exit.USAGE, 4: Exit.UNREACHABLE}
"""Exit codes of a service's rebuild that end the command; the service has printed the reason."""
_DONE = (0, 3)
"""Exit codes that come with a result: 3 is a difference."""

Service = Annotated[str, typer.Argument(help="invoice, dunning, risk, reporting, or all.")]
Model = Annotated[str | None, typer.Argument(help="One read model; all of the service by default.")]
LedgerName = Annotated[str | None, typer.Option("--ledger", help="One ledger; all by default.")]


def rebuild(
    service: Service, model: Model = None, ledger: LedgerName = None, as_json: AsJson = False
) -> None:
    """Fold the ledger into new tables beside the live ones, compare row by row, swap without downtime.

    Exit code 1 if a live model differed from the ledger (and was replaced), has stopped or leaves streams out.
    """
    results, done = compare_models(
        installation(), chosen_services(service, model), model, ledger, check_only=False
    )
    if as_json:
        print_json(results)
    else:
        show_models(results, check_only=False)
    if not are_well(results) or not done:
        raise typer.Exit(Exit.FAILED)


def chosen_services(service: str, model: str | None) -> tuple[str, ...]:
    """Services that an argument names. Raises :class:`CliError`."""
    name = service.removesuffix("-svc")
    if name != "all" and name not in SERVICES:
        raise CliError(f"no service {service!r}: {', '.join(SERVICES)} or all", Exit.USAGE)
    if name == "all" and model is not None:
        raise CliError("a model belongs to one service: name the service too", Exit.USAGE)
    return SERVICES if name == "all" else (name,)


def compare_models(
    here: LocalInstallation,
    services: Sequence[str],
    model: str | None,
    ledger: str | None,
    *,
    check_only: bool,
) -> tuple[list[dict[str, Any]], bool]:
    """Result of each read model, and whether each service could do all of it."""
    _check(here, services, ledger)
    results: list[dict[str, Any]] = []
    done = True
    with progress() as bar:
        task = bar.add_task("", total=len(services))
        for each in services:
            bar.update(task, description=f"{'verifying' if check_only else 'rebuilding'} {each}-svc")
            found, well = _of_service(here, each, model, ledger, check_only=check_only)
            results += found
            done = done and well
            bar.advance(task)
    return results, done


def show_models(results: Sequence[dict[str, Any]], *, check_only: bool) -> None:
    """Print tables."""
    columns = ("service", "model", "ledger", "position", "head", "parked", "old_hash", "new_hash", "equal")
    rows = ([_short(row.get(column)) for column in columns] for row in results)
    table(
        "Compared with the ledger" if check_only else "Rebuilt from the ledger",
        columns,
        rows,
        right=("position", "head", "parked"),
    )
    for row in results:
        for different in row.get("differing_rows") or []:
            out.print(f"  {row['service']} {row['model']} {row['ledger']}: {different}", markup=False)


def are_well(results: Sequence[dict[str, Any]]) -> bool:
    """Return true if every model equals the whole ledger; print advice about the others on standard error."""
    ill = [advice for row in results if (advice := _advice(row))]
    for advice in ill:
        err.print(advice, style="red", markup=False)
    return not ill and all(row.get("equal") is not False for row in results)


def _check(here: LocalInstallation, services: Sequence[str], ledger: str | None) -> None:
    """Raise :class:`CliError` unless the databases of these services answer and the ledger exists."""

    async def look(url: str) -> None:
        opened = await Ledger.open(url, readers=1)
        try:
            if ledger is not None:
                await opened.info(ledger)
        finally:
            await opened.close()

    for service in services:
        environment = _environment(here, service)
        run_with_database(here, environment["ENCOURS_LEDGER_URL"], look)
        require_database(here, environment["ENCOURS_STORE_URL"])


def _of_service(
    here: LocalInstallation, service: str, model: str | None, ledger: str | None, *, check_only: bool
) -> tuple[list[dict[str, Any]], bool]:
    """Results of `python -m <service> rebuild --json`; False when it failed for a model, for the reason on stderr."""
    argv = [sys.executable, "-m", f"{service}_svc", "rebuild", "--json"]
    argv += ["--check-only"] if check_only else []
    argv += ["--model", model] if model else []
    argv += ["--ledger", ledger] if ledger else []
    done = subprocess.run(
        argv, env=_environment(here, service), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode in _EXIT_OF:
        raise typer.Exit(_EXIT_OF[done.returncode])
    try:
        results = json.loads(done.stdout)
    except ValueError:
        results = None
    if not isinstance(results, list):
        err.print(f"{service}-svc: rebuild ended with exit code {done.returncode}", style="red")
        return [], False
    return results, done.returncode in _DONE


def _advice(row: dict[str, Any]) -> str:
    """Advice for a model that equals the ledger up to its position and does not hold all of it; else empty."""
    name = f"{row['service']} {row['model']} {row['ledger']}"
    if row["stopped"]:
        return (
            f"{name} stopped at {row['position']} of {row['head']}: {row['stopped']}: mend the cause (an unknown type "
            "needs the newer program); its worker then goes on by itself"
        )
    if row["parked"]:
        return (
            f"{name} leaves out {row['parked']} parked streams: its /v1/read-models says why; mend the cause, then: "
            f"encours rebuild {row['service']} {row['model']} --ledger {row['ledger']}"
        )
    return ""


def _environment(here: LocalInstallation, service: str) -> dict[str, str]:
    """Environment with the service's own role and databases: a rebuild may do no more than the service itself."""
    from encours.ledger.migrate import LEDGER_DATABASE, database_dsn

    role = f"encours_{service}"
    assert role in ROLES
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("ENCOURS_")}
    if "ENCOURS_STORE_URL" in os.environ and "ENCOURS_LEDGER_URL" in os.environ:
        # Inside a service's own container the addresses are already there.
        return dict(os.environ)
    password = stored_secrets(here.layout).get("roles", {}).get(role)
    return kept | {
        "ENCOURS_LEDGER_URL": database_dsn(here.admin_url, LEDGER_DATABASE, user=role, password=password),
        "ENCOURS_STORE_URL": database_dsn(here.admin_url, role, user=role, password=password),
        "ENCOURS_VAR_DIR": str(here.layout.root),
    }


def _short(value: object) -> object:
    return value[:16] if isinstance(value, str) else value
