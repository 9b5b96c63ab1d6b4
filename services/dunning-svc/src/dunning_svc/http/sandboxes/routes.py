"""Routes of sandboxes, asked in the ledger that they are made of. They hold all entities, so a key must cover all."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from dunning_svc.http.sandboxes.answers import SandboxComparedOut, SandboxList, SandboxOut, SandboxProofOut
from dunning_svc.http.sandboxes.bodies import SandboxBody
from dunning_svc.use_cases.sandboxes import (
    SandboxComparison,
    SandboxNotFound,
    compare,
    drop_sandbox,
    found_sandbox,
    make_sandbox,
    require_all,
)
from encours.http.commands import Command, command, json_response
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import LEDGER_NAME
from encours.ledger.sandboxes import prove, sandboxes_of

router = Router(tags=["Sandboxes"])
Reading = Annotated[Query, reading("dunning:read", time_travel=False)]
Making = Annotated[Command, command("clock:write", dry_run=False)]
SandboxName = Annotated[str, Path(alias="name", pattern=f"^{LEDGER_NAME}$", examples=["stricter-reminders"])]


@router.post("/v1/sandboxes", response_model=SandboxOut, status_code=201)
async def create_sandbox(body: SandboxBody, cmd: Making) -> Response:
    """Copy the ledger up to a position into a sandbox. Nothing is sent from it, and a command advances its clock.

    It is whole when the answer arrives; without an answer, repeat the request. Its read models are then built.
    """
    limits = cmd.services.extras["sandbox_limits"]
    with cmd.in_flight():
        made = await make_sandbox(cmd.ledger, cmd.meta, body.to_command(), limits)
    headers = {"Location": f"/v1/sandboxes/{made.sandbox.name}", "Cache-Control": "no-store"}
    if made.replayed:
        headers["Idempotency-Replayed"] = "true"
    return json_response(SandboxOut.of(made.sandbox), status=201, headers=headers)


@router.get("/v1/sandboxes", response_model=SandboxList)
async def list_sandboxes(q: Reading) -> Response:
    """List the sandboxes of the ledger; those that were dropped are left out."""
    require_all(q.caller.entities)
    found = await sandboxes_of(q.ledger, q.caller.ledger)
    return q.respond(SandboxList(data=[SandboxOut.of(each) for each in found if each.dropped_at is None]))


@router.get("/v1/sandboxes/{name}", response_model=SandboxComparedOut)
async def get_sandbox(name: SandboxName, q: Reading) -> Response:
    """Get a sandbox compared with its source: what has happened in each since the copy."""
    require_all(q.caller.entities)
    found = await found_sandbox(q.ledger, q.caller.ledger, name)
    return q.respond(SandboxComparedOut.compared(await compare(q.ledger, q.services.db, found)))


@router.get("/v1/sandboxes/{name}/proof", response_model=SandboxProofOut)
async def prove_sandbox(name: SandboxName, q: Reading) -> Response:
    """Compare the events that a sandbox has of its source byte by byte."""
    require_all(q.caller.entities)
    found = await found_sandbox(q.ledger, q.caller.ledger, name)
    if found.dropped_at is not None:
        raise SandboxNotFound(name)
    return q.respond(SandboxProofOut.of(found, await prove(q.ledger, found)))


@router.delete("/v1/sandboxes/{name}", response_model=SandboxComparedOut)
async def delete_sandbox(name: SandboxName, cmd: Making) -> Response:
    """Drop a sandbox. There is no such ledger from then on, and its events are deleted; its name is not used again.

    Copies that were made of it are dropped before it.
    """
    dropped = await drop_sandbox(cmd.ledger, cmd.meta, name)
    return json_response(
        SandboxComparedOut.compared(SandboxComparison(dropped)), headers={"Cache-Control": "no-store"}
    )
