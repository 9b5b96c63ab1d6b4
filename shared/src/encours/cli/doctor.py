"""`encours doctor`: checks of an installation, with the next step for each that fails."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import typer

from encours.cli.common import (
    AsJson,
    CliError,
    Diagnosis,
    Exit,
    LocalInstallation,
    installation,
    out,
    print_json,
)
from encours.cli.ledgers import ledger_infos
from encours.cli.sender import answer_finding, public_texts, sender_findings
from encours.cli.status import LOOK_AGAIN_S, WELL, overdue_work, read_models, readiness_checks, undelivered
from encours.embedded.process import is_same
from encours.embedded.secrets import SERVICES
from encours.ledger.admin import all_heads, lock_holders, setting
from encours.ledger.sandboxes import Sandbox, standing_sandboxes
from encours.ledger.selfcheck import self_check
from encours.postgres.connection import FAILED, connect
from encours.postgres.leases import is_held
from encours.projection.status import STREAM_CHECK

_LEAST_FREE_BYTES = 2 * 2**30
_LATE_EVENTS = 1_000
_HELD_LONG_S = 2.0
_YOUNG_S = 300.0
_PURGED_WITHIN = timedelta(hours=1)
_STARTING = ("building", "reacting")
"""States that are normal for some minutes; the read model shows the reason of a longer stay."""


def doctor(as_json: AsJson = False) -> None:
    """Check durability, ledgers, disk, processes, lag, parked streams, overdue work, the domain of the sender.

    Exit code 1 if a check fails.
    """
    here = installation()
    findings = [
        *_disk(here),
        *_processes(here),
        *_services(here),
        *_database(here),
        *_read_models(here),
        *_expected_work(here),
        *_webhooks(here),
        *_sender(here),
    ]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = "[green]ok  [/green]" if finding.ok else "[red]!!  [/red]"
            out.print(f"{mark}{finding.check}: {finding.detail}")
            if finding.next:
                out.print(f"      next: {finding.next}", markup=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(Exit.FAILED)


def _disk(here: LocalInstallation) -> Iterator[Diagnosis]:
    root = here.layout.root
    if not root.exists():
        yield Diagnosis("files", False, f"{root} does not exist", "start an installation: encours up")
        return
    free = shutil.disk_usage(root).free
    yield Diagnosis(
        "disk",
        free >= _LEAST_FREE_BYTES,
        f"{free / 2**30:.1f} GiB free at {root}",
        "" if free >= _LEAST_FREE_BYTES else "make room: PostgreSQL stops when its log cannot grow",
    )
    if here.layout.pg.is_symlink():
        yield Diagnosis(
            "data",
            True,
            f"PostgreSQL's files are in {here.layout.pg.readlink()}",
            "its account cannot reach this folder; to keep data beside the code, clone where others may pass",
        )


def _processes(here: LocalInstallation) -> Iterator[Diagnosis]:
    state = here.run
    if state is None:
        return
    if not state.alive:
        yield Diagnosis("supervisor", False, f"pid {state.pid} is gone", "encours up")
        return
    yield Diagnosis("supervisor", True, f"pid {state.pid}, {state.state}")
    for process in state.processes:
        label = f"{process.service}-svc {process.role}" if process.service else process.role
        alive = (
            process.pid is not None and process.created is not None and is_same(process.pid, process.created)
        )
        ok = alive and process.state == "ready"
        advice = "" if ok else f"read the log in {here.layout.log}"
        yield Diagnosis(label, ok, f"{process.state}, {process.restarts} restarts", advice)


def _services(here: LocalInstallation) -> Iterator[Diagnosis]:
    for service in SERVICES:
        url = here.url(service)
        try:
            ready, checks = readiness_checks(url)
        except (httpx.HTTPError, ValueError) as error:
            yield Diagnosis(
                f"{service}-svc", False, f"{url} does not answer ({type(error).__name__})", "encours up"
            )
            continue
        bad = [f"{check['name']}: {check.get('detail')}" for check in checks if not check["ok"]]
        alarmed = any(check["name"] == STREAM_CHECK and not check["ok"] for check in checks)
        ok = ready and not alarmed
        yield Diagnosis(
            f"{service}-svc", ok, "; ".join(bad) or f"ready at {url}", "" if ok else f"{url}/readyz says more"
        )


def _database(here: LocalInstallation) -> list[Diagnosis]:
    try:
        url = here.ledger_admin_url
    except CliError as away:
        return [Diagnosis("database", True, "not checked from here", str(away))]
    try:
        return asyncio.run(database_findings(url))
    except FAILED as error:
        return [
            Diagnosis(
                "database", False, f"{type(error).__name__}: {error}", "is the server up? encours status"
            )
        ]


async def database_findings(url: str) -> list[Diagnosis]:
    """Check the settings for durability, every position of every ledger, its append lock and its relay."""
    connection = await connect(url)
    try:
        names = "fsync, synchronous_commit, full_page_writes"
        values = [await setting(connection, name) for name in names.split(", ")]
        wrong = await self_check(connection, full=True)
        heads = await all_heads(connection)
        holders = await lock_holders(connection)
        unpublished = await _without_relay(connection, heads)
        sandboxes = await standing_sandboxes(connection) if not wrong else []
    finally:
        await connection.close()
    sound = ", ".join(f"{name} ({head} events)" for name, head in heads.items())
    return [
        Diagnosis("durability", "off" not in values, f"{names}: {', '.join(values)}"),
        *(_holder(name, row) for name, row in holders if row["held"].total_seconds() > _HELD_LONG_S),
        *(_no_relay(name) for name in unpublished),
        *map(sandbox_finding, sandboxes),
        *(Diagnosis("self-check", False, finding.what, finding.advice) for finding in wrong),
        *([] if wrong else [Diagnosis("self-check", True, f"every position checked of {sound}")]),
    ]


async def _without_relay(connection: asyncpg.Connection, ledgers: Iterable[str]) -> list[str]:
    """Ledgers whose relay no process runs, asked twice: a new ledger's is not there at once."""
    idle = list(ledgers)
    for pause_s in (0.0, LOOK_AGAIN_S):
        if idle:
            await asyncio.sleep(pause_s)
        idle = [name for name in idle if not await is_held(connection, "relay", name)]
    return idle


def _no_relay(ledger: str) -> Diagnosis:
    return Diagnosis(
        f"relay of {ledger}",
        False,
        "no relay is active: NATS and subscribers outside of Encours get no event, services read the ledger",
        "is invoice-svc's worker running, with ENCOURS_RELAY_URL? encours status",
    )


def sandbox_finding(found: Sandbox) -> Diagnosis:
    """Describe a sandbox; one that was dropped has no events left after a while."""
    if found.dropped_at is None:
        made = f"copy of {found.source} up to position {found.position}, {found.created_at:%Y-%m-%d}"
        return Diagnosis(f"sandbox {found.name}", True, f"{made}: {found.note}")
    late = datetime.now(UTC) - found.dropped_at > _PURGED_WITHIN
    return Diagnosis(
        f"sandbox {found.name}",
        not late,
        f"dropped on {found.dropped_at:%Y-%m-%d}; its events are being deleted",
        "is dunning-svc's worker running? encours status" if late else "",
    )


def _holder(ledger: str, row: Any) -> Diagnosis:
    return Diagnosis(
        f"append lock of {ledger}",
        False,
        f"held for {row['held'].total_seconds():.0f} s by {row['role']} ({row['application'] or 'no name'}, "
        f"{row['address'] or 'local'}, pid {row['pid']}): nothing is appended meanwhile",
        f"it is ended when an append has waited; at once: select pg_terminate_backend({row['pid']}). "
        "If no service of this installation is to blame, change that role's password",
    )


def _read_models(here: LocalInstallation) -> Iterator[Diagnosis]:
    try:
        models, missing = read_models(here, None)
    except CliError as error:
        yield Diagnosis("read models", False, str(error), "encours status")
        return
    for gap in missing:
        where = f"{gap.service}'s read models in {gap.ledger or 'the ledger of the key'}"
        yield Diagnosis(where, False, gap.problem, f"read {gap.service}'s log; encours status")
    made = _made_at(here)
    for model in models:
        yield _judged(here, model, _age_s(model, made))


def _expected_work(here: LocalInstallation) -> Iterator[Diagnosis]:
    overdue = overdue_work(here)
    for work in overdue:
        yield Diagnosis(f"expected work in {work['ledger']}", False, work["detail"], work["remedy"])
    if not overdue:
        yield Diagnosis(
            "expected work",
            True,
            "no run, no reminder, no judgement of early warnings and no schedule is overdue",
        )


def _webhooks(here: LocalInstallation) -> Iterator[Diagnosis]:
    for trouble in undelivered(here):
        yield Diagnosis(f"webhooks of {trouble['ledger']}", False, trouble["detail"], trouble["remedy"])


def _sender(here: LocalInstallation) -> Iterator[Diagnosis]:
    given = here.settings
    yield from sender_findings(given.mail_from, given.mail_dkim_selector, public_texts)
    key, before = (
        None if each is None else each.get_secret_value()
        for each in (given.answer_key, given.answer_key_before)
    )
    yield answer_finding(given.answer_url, key, before)


def _judged(here: LocalInstallation, model: dict[str, Any], age_s: float) -> Diagnosis:
    starting = model["state"] in _STARTING and age_s < _YOUNG_S
    late = (model["lag"] or 0) > _LATE_EVENTS and not starting
    ill = model["state"] not in WELL and not starting
    advice = ""
    if ill:
        advice = (
            f"mend the cause, then: encours rebuild {model['service']} {model['model']} "
            f"--ledger {model['ledger']}"
        )
    elif model["still_s"] is not None:
        advice = (
            f"{model['service']}'s worker does not get on: read its log in {here.layout.log}, "
            "end its process (another is started)"
        )
    elif late:
        advice = f"is {model['service']}'s worker running, and NATS? encours status"
    return Diagnosis(
        f"{model['service']}/{model['model']} in {model['ledger']}",
        not advice,
        f"{model['state']} at {model['position']}, {model['lag']} behind"
        + ("" if model["still_s"] is None else f" and not moving for {model['still_s']} s"),
        advice,
    )


def _made_at(here: LocalInstallation) -> dict[str, float]:
    """Return the time at which each ledger got its epoch, in seconds since 1970; nothing if the database is remote."""
    try:
        return {info.name: info.epoch / 1e6 for info in ledger_infos(here)}
    except CliError:
        return {}


def _age_s(model: dict[str, Any], made: dict[str, float]) -> float:
    """Return seconds since the model last moved or changed its state; if it was never built, since its ledger began."""
    now = time.time()
    if model["updated_at"] is not None:
        return now - datetime.fromisoformat(model["updated_at"]).timestamp()
    return now - made.get(model["ledger"], now)
