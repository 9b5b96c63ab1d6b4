"""/v1/ledgers/{name}/clock: what day it is in a ledger, and moving the test clock of a sandbox."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Path as PathParam
from msgspec.structs import replace
from pydantic import BaseModel, Field
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Body, BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import DomainError, FieldError
from encours.ledger import Ledger, LedgerInfo
from encours.ledger.session import Session
from invoice_svc.clock.jobs import Job, JobStore
from invoice_svc.imports.store import ImportStore, Waiting

router = Router(tags=["Clock"])

LedgerName = Annotated[str, PathParam(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", examples=["demo"])]


class ClockBody(Body):
    """Where the clock is to go."""

    to: BusinessDate = Field(description="Each day up to this one is opened, none skipped.")


class ClockOut(BaseModel):
    """The clock of a ledger."""

    ledger: str
    today: date | None = Field(description="The business date; null in a sandbox whose clock was never set.")
    target: date | None = Field(description="Where a sandbox's clock is going, or went last.")
    state: Literal["idle", "advancing", "waiting", "failed"]
    day: date | None = Field(description="The day that is being worked on, or was last.")
    error: str | None = Field(description="What it waits for, and what to do.")
    facts_fed: int = Field(description="Imported facts that the clock has brought into the ledger.")
    facts_waiting: int | None = Field(description="Imported facts of later days; null while the clock moves.")
    facts_until: date | None = Field(description="The day of the last of them.")


@router.post("/v1/ledgers/{name}/clock", response_model=ClockOut, status_code=202)
async def advance_clock(
    name: LedgerName, body: ClockBody, cmd: Annotated[Command, command("clock:write", dry_run=False)]
) -> Response:
    """Move a sandbox's clock to a date, day by day, in the background. Where it stands already nothing happens."""
    info = await cmd.ledger.info(name, fresh=True)
    here = replace(cmd, meta=replace(cmd.meta, ledger=name))
    jobs = JobStore(cmd.services.db.pool)

    async def work(session: Session) -> None:
        today = await _earliest_target(cmd.ledger, info)
        if today is not None and body.to < today:
            why = (
                f"It is {today} in {name}; what was recorded stays recorded."
                if info.clock_at
                else f"{name} holds facts that were recorded on {today}, before its clock was first set."
            )
            fault = FieldError("/to", f"Use {today} or later, or set the clock of a new sandbox.")
            raise DomainError("clock-going-back", why, status=422, errors=(fault,))
        session.answer(today=today.isoformat() if today and info.clock_at else None)

    if info.kind != "sandbox":
        raise DomainError(
            "not-a-sandbox", f"{name} is live: its days open by themselves at six in the morning."
        )
    done = await here.execute(work)
    await jobs.advance_to(name, body.to)
    answer = {
        "ledger": name,
        "today": done.answer["today"],
        "target": body.to.isoformat(),
        "state": "advancing",
        "day": None,
        "error": None,
        "facts_fed": 0,
        "facts_waiting": None,
        "facts_until": None,
    }
    return here.respond(done, answer, status=202)


@router.get("/v1/ledgers/{name}/clock", response_model=ClockOut)
async def get_clock(
    name: LedgerName, q: Annotated[Query, reading("invoices:read", time_travel=False)]
) -> Response:
    """What day it is, and how far the clock has come."""
    info = await q.ledger.info(name, fresh=True)
    today = None if info.kind == "sandbox" and info.clock_at is None else await q.ledger.today(name)
    job = await JobStore(q.db.pool).get(name)
    # Counting them would slow down the very work that a client watches.
    moving = job is not None and job.state == "advancing"
    waiting = None if moving else await ImportStore(q.db.pool).waiting(name)
    return q.respond(_out(name, today, job, waiting))


async def _earliest_target(ledger: Ledger, info: LedgerInfo) -> date | None:
    """The day before which the clock cannot be: its own, or that of what was recorded before it was first set."""
    if info.clock_at is None and (await ledger.head(info.name)).position == 0:
        return None
    return await ledger.today(info.name)


def _out(name: str, today: date | None, job: Job | None, waiting: Waiting | None) -> dict[str, Any]:
    return {
        "ledger": name,
        "today": today.isoformat() if today else None,
        "target": job.target.isoformat() if job else None,
        "state": job.state if job else "idle",
        "day": job.day.isoformat() if job and job.day else None,
        "error": job.error if job else None,
        "facts_fed": job.facts_fed if job else 0,
        "facts_waiting": waiting.count if waiting else None,
        "facts_until": waiting.until.isoformat() if waiting and waiting.until else None,
    }
