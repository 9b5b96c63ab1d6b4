"""/v1/ledgers/{name}/clock: a ledger's date, and the test clock of a sandbox."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path as PathParam
from msgspec.structs import replace
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import LEDGER_NAME
from invoice_svc.clock.jobs import JobStore
from invoice_svc.clock.setting import ClockSet, StopClock, clock_of, set_clock, stop_clock
from invoice_svc.http.clock.answers import ClockOut
from invoice_svc.http.clock.bodies import ClockBody
from invoice_svc.imports.store import ImportStore

router = Router(tags=["Clock"])

LedgerName = Annotated[str, PathParam(pattern=f"^{LEDGER_NAME}$", examples=["demo"])]


@router.post("/v1/ledgers/{name}/clock", response_model=ClockOut, status_code=202)
async def advance_clock(
    name: LedgerName, body: ClockBody, cmd: Annotated[Command, command("clock:write", dry_run=False)]
) -> Response:
    """Advance a sandbox's clock to a date, day by day, in the background. No effect if that date is already reached."""
    here = replace(cmd, meta=replace(cmd.meta, ledger=name))
    db = cmd.services.db
    done = await here.perform(set_clock, body.to_command(name), cmd.ledger, db, ImportStore(db.pool))
    await JobStore(db.pool).advance_to(name, body.to)
    return here.respond(done, ClockOut.advancing(name, done.result(ClockSet).today, body.to), status=202)


@router.post("/v1/ledgers/{name}/clock/stop", response_model=ClockOut, status_code=202)
async def stop_advance(
    name: LedgerName, cmd: Annotated[Command, command("clock:write", dry_run=False)]
) -> Response:
    """Stop a sandbox's clock after the day in progress. No effect on a clock that does not advance."""
    here = replace(cmd, meta=replace(cmd.meta, ledger=name))
    db = cmd.services.db
    done = await here.perform(stop_clock, StopClock(name), cmd.ledger, db)
    jobs = JobStore(db.pool)
    await jobs.stop(name)
    status = await clock_of(cmd.ledger, jobs, ImportStore(db.pool), name)
    return here.respond(done, ClockOut.of(status), status=202)


@router.get("/v1/ledgers/{name}/clock", response_model=ClockOut)
async def get_clock(
    name: LedgerName, q: Annotated[Query, reading("invoices:read", time_travel=False)]
) -> Response:
    """Get the ledger's date and the progress of its clock."""
    pool = q.db.pool
    return q.respond(ClockOut.of(await clock_of(q.ledger, JobStore(pool), ImportStore(pool), name)))
