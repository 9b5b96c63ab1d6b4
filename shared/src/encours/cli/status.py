"""`encours status`: every process of this machine, every read model of the installation."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Annotated, Any

import httpx
import typer

from encours.cli.api import Api
from encours.cli.common import AsJson, CliError, Exit, LocalInstallation, err, installation, print_json, table
from encours.embedded.process import is_same
from encours.embedded.secrets import SERVICES
from encours.projection.status import STREAM_CHECK

WELL = ("following", "live", "running", "rebuilding")
"""States of a read model that goes on."""

_STILL_S = 30.0
_LATE_DELIVERY = timedelta(hours=1)
LOOK_AGAIN_S = 2.0


def status(
    ledger: Annotated[str | None, typer.Option("--ledger", help="Only this ledger.")] = None,
    as_json: AsJson = False,
) -> None:
    """Processes with their state and port; read models with position, lag and hash; forged messages; overdue work;
    webhooks that do not deliver.

    Exit code 3 if a server does not answer.
    """
    here = installation()
    processes = _processes(here)
    models, missing = read_models(here, ledger)
    alarms = stream_alarms(here)
    overdue = [*overdue_work(here, ledger), *undelivered(here, ledger)]
    if as_json:
        print_json(
            {
                "processes": processes,
                "read_models": models,
                "alarms": [{"service": service, "detail": detail} for service, detail in alarms.items()],
                "overdue": overdue,
                "unreachable": [*map(asdict, missing)],
            }
        )
    else:
        _show(here, processes, models)
        for service, detail in alarms.items():
            err.print(f"{service}: {detail}", style="red", markup=False)
        for work in overdue:
            err.print(f"{work['ledger']}: {work['detail']} {work['remedy']}", style="red", markup=False)
    if missing:
        for problem in dict.fromkeys(gap.problem for gap in missing):
            err.print(problem, style="red", markup=False)
        raise typer.Exit(Exit.UNREACHABLE)


def _processes(here: LocalInstallation) -> list[dict[str, Any]]:
    state = here.run
    if state is None:
        return []
    found = []
    for process in state.processes:
        shown = asdict(process)
        created = shown.pop("created")
        if process.service:
            shown["service"] = f"{process.service}-svc"
        if process.pid is not None and (created is None or not is_same(process.pid, created)):
            shown |= {"pid": None, "state": "dead"}
        found.append(shown)
    return found


def readiness_checks(url: str) -> tuple[bool, list[dict[str, Any]]]:
    """Return True if a service is ready, and the checks that it answers with. Raises httpx.HTTPError or ValueError."""
    answer = httpx.get(f"{url}/readyz", timeout=5.0)
    return answer.status_code == 200, answer.json().get("checks", [])


def stream_alarms(here: LocalInstallation) -> dict[str, str]:
    """Return the alarms of services that found forged messages in the NATS stream, by service."""
    alarms = {}
    for service in SERVICES:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            _, checks = readiness_checks(here.url(service))
            for check in checks:
                if check["name"] == STREAM_CHECK and not check["ok"]:
                    alarms[f"{service}-svc"] = str(check["detail"])
    return alarms


def overdue_work(here: LocalInstallation, ledger: str | None = None) -> list[dict[str, Any]]:
    """Return work that is overdue, with its ledger: runs and reminders of dunning-svc, early warnings of risk-svc,
    schedules of reporting-svc.

    A service that does not answer is left out.
    """
    found: list[dict[str, Any]] = []
    with Api(here) as api:
        for service in ("dunning", "risk", "reporting"):
            with contextlib.suppress(CliError):
                for name in [ledger] if ledger else _ledger_names(here):
                    answer = api.get(service, "/v1/expected-work", ledger=name)
                    found += [{"ledger": name} | work for work in answer["data"]]
    return found


def undelivered(here: LocalInstallation, ledger: str | None = None) -> list[dict[str, Any]]:
    """Return the webhooks that do not deliver, with what to do. A service that does not answer is left out."""
    found: list[dict[str, Any]] = []
    with Api(here) as api, contextlib.suppress(CliError):
        for name in [ledger] if ledger else _ledger_names(here):
            for webhook in api.get("reporting", "/v1/webhooks", ledger=name)["data"]:
                if (trouble := webhook_trouble(webhook, datetime.now(UTC))) is not None:
                    found.append({"ledger": name, "detail": trouble[0], "remedy": trouble[1]})
    return found


def webhook_trouble(webhook: dict[str, Any], now: datetime) -> tuple[str, str] | None:
    """Return why a webhook does not deliver, and the next step; None if it does."""
    path = f"/v1/webhooks/{webhook['id']}"
    what = f"webhook {webhook['id']} to {webhook['url']}"
    if webhook["state"] == "disabled":
        return (
            f"{what} is disabled: {webhook['problem']}",
            f"POST {path}/replay makes it active again, or DELETE {path}.",
        )
    if webhook["dead"]:
        return (
            f"{what} has {webhook['dead']} dead letters.",
            f"GET {path}/deliveries?state=dead says why; then POST {path}/replay {{'dead_letters': true}}.",
        )
    oldest = webhook["oldest_pending_at"]
    if oldest is not None and now - datetime.fromisoformat(oldest) > _LATE_DELIVERY:
        return (
            f"{what} has {webhook['pending']} deliveries that wait, the oldest since {oldest}.",
            f"GET {path}/deliveries?state=pending shows the receiver's last answers.",
        )
    return None


@dataclass(frozen=True, slots=True)
class Missing:
    """Service whose read models of a ledger could not be read, with its answer. No ledger: the key's default."""

    service: str
    ledger: str | None
    problem: str


def read_models(here: LocalInstallation, ledger: str | None) -> tuple[list[dict[str, Any]], list[Missing]]:
    """Return the read models of every service and ledger, and those that could not be read.

    ``still_s`` is the time for which a model has not moved although it is behind, in seconds; else None.
    """
    rows, missing = _read(here, ledger)
    before = {_identity(row): row["position"] for row in rows if _seems_still(row)}
    if before:
        # Twice, because after an idle hour a model is behind for the moment that an event takes.
        time.sleep(LOOK_AGAIN_S)
        rows, missing = _read(here, ledger)
        for row in rows:
            if row["lag"] and before.get(_identity(row)) == row["position"]:
                row["still_s"] = round(_age_s(row))
    return rows, missing


def _read(here: LocalInstallation, ledger: str | None) -> tuple[list[dict[str, Any]], list[Missing]]:
    rows: list[dict[str, Any]] = []
    missing: list[Missing] = []
    away: dict[str, str] = {}
    with Api(here) as api:
        for service, name in product(SERVICES, [ledger] if ledger else _ledger_names(here)):
            if service in away:  # asking again for each ledger would be waiting again for each ledger
                missing.append(Missing(f"{service}-svc", name, away[service]))
                continue
            try:
                answer = api.get(service, "/v1/read-models", ledger=name)
            except CliError as error:
                missing.append(Missing(f"{service}-svc", name, str(error)))
                if error.code == Exit.UNREACHABLE:
                    away[service] = str(error)
            else:
                rows += [_row(service, answer.get("ledger", name), model) for model in answer["data"]]
    return rows, missing


def _ledger_names(here: LocalInstallation) -> list[str | None]:
    """Return all ledgers if the database is local; over HTTP, the default ledger of the key."""
    from encours.cli.ledgers import ledger_infos

    try:
        return [info.name for info in ledger_infos(here)]
    except CliError:
        return [None]


def _row(service: str, ledger: str | None, model: dict[str, Any]) -> dict[str, Any]:
    position, lag = model.get("position"), model.get("lag")
    head = model.get("head", None if position is None or lag is None else position + lag)
    return {
        "service": f"{service}-svc",
        "model": model.get("model", model.get("name")),
        "ledger": model.get("ledger", ledger),
        "position": position,
        "head": head,
        "lag": lag,
        "content_hash": model.get("content_hash"),
        "state": model.get("state"),
        "updated_at": model.get("updated_at"),
        "still_s": None,
    }


def _seems_still(row: dict[str, Any]) -> bool:
    return bool(row["lag"]) and row["state"] in WELL and _age_s(row) > _STILL_S


def _identity(row: dict[str, Any]) -> tuple[str, ...]:
    return row["service"], row["model"], row["ledger"]


def _age_s(row: dict[str, Any]) -> float:
    at = row["updated_at"]
    return 0.0 if at is None else time.time() - datetime.fromisoformat(at).timestamp()


def _show(here: LocalInstallation, processes: list[dict[str, Any]], models: list[dict[str, Any]]) -> None:
    if processes:
        columns = ("service", "role", "pid", "port", "state", "restarts")
        table(
            "Processes",
            columns,
            ([row[name] for name in columns] for row in processes),
            right=("pid", "port"),
        )
    else:
        err.print(f"nothing was started on {here.layout.root}")
    fields = ("service", "model", "ledger", "position", "lag", "state")
    for row in models:
        if row["still_s"] is not None:
            row["state"] = f"not moving for {row['still_s']} s"
    shown = ([*(row[name] for name in fields), (row["content_hash"] or "–")[:16]] for row in models)
    table("\nRead models", (*fields, "content_hash"), shown, right=("position", "lag"))
