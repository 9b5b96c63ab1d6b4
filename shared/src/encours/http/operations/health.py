"""Probes of liveness and readiness, and metrics. Without NATS a service is late but ready."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from encours.http.access.caller import Caller
from encours.http.auth import require
from encours.http.catalogue import ProblemKind, ProblemNotFound
from encours.http.routing import Router
from encours.http.services import Services, services
from encours.kernel.errors import DomainError
from encours.postgres.connection import FAILED, ping
from encours.projection.status import STREAM_CHECK, model_positions, recent_forgeries
from encours.service.metrics import CONTENT_TYPE

CHECK_S = 2.0

router = Router(tags=["Service"])


class Live(BaseModel):
    """The process answers."""

    status: str = Field(examples=["alive"])


class Check(BaseModel):
    """One thing that the service needs or would like."""

    name: str
    ok: bool
    required: bool
    detail: str | None = None


class Ready(BaseModel):
    """Readiness of the service, and what is amiss. `late`: it serves, but events may arrive late."""

    status: str = Field(description="ready, late or unready", examples=["ready"])
    checks: list[Check]


class ProblemOut(BaseModel):
    """Meaning of a problem type."""

    type: str
    code: str
    title: str
    status: int
    advice: str


@router.get("/livez", response_model=Live, summary="The process is alive")
async def liveness() -> Response:
    """Answers as long as the process can answer anything; restart it if it does not."""
    return Response(b'{"status":"alive"}', media_type="application/json")


@router.get(
    "/readyz",
    response_model=Ready,
    summary="The service can serve",
    responses={503: {"model": Ready, "description": "Not ready: do not send requests here."}},
)
async def readiness(request: Request) -> Response:
    """The ledger and the own database answer, migrations are done, no shutdown has begun."""
    at_hand = services(request)
    checks = [*await at_hand.recent.get("checks", lambda: _checks(at_hand))]
    checks.append(_line("draining", not at_hand.draining.is_set(), "shutting down"))
    checks.append(_line("nats", at_hand.nats.connected, "not connected: events arrive late", required=False))
    checks.append(_line(STREAM_CHECK, *await _stream(at_hand), required=False))
    if all(check["ok"] for check in checks):
        status = "ready"
    else:
        status = "unready" if any(check["required"] and not check["ok"] for check in checks) else "late"
    body = msgspec.json.encode({"status": status, "checks": checks})
    return Response(
        body,
        status_code=503 if status == "unready" else 200,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _line(name: str, ok: bool, trouble: str, *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "ok": ok, "required": required, "detail": None if ok else trouble}


async def _checks(at_hand: Services) -> list[dict[str, Any]]:
    return [*await asyncio.gather(_check("ledger", _ledger(at_hand)), _check("read-models", _store(at_hand)))]


async def _check(name: str, question: Any) -> dict[str, Any]:
    try:
        async with asyncio.timeout(CHECK_S):
            await question
    except TimeoutError:
        return _line(name, False, f"no answer within {CHECK_S:g} s")
    except (*FAILED, DomainError) as error:
        return _line(name, False, type(error).__name__)
    return _line(name, True, "")


async def _ledger(at_hand: Services) -> None:
    await at_hand.ledger.ledgers()


async def _store(at_hand: Services) -> None:
    await ping(at_hand.db.pool)


async def _stream(at_hand: Services) -> tuple[bool, str]:
    """Return False and the alarm when workers of this service found messages that are not the ledger's events."""
    forged = 0
    with contextlib.suppress(*FAILED):
        async with asyncio.timeout(CHECK_S):
            forged = await recent_forgeries(at_hand.db.pool)
    return not forged, (
        f"{forged} messages in the NATS stream were not the ledger's events. They were not believed; "
        "find out who published them (deploy/runbooks/nats.md)"
    )


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request, _caller: Annotated[Caller, require("metrics:read")]) -> Response:
    """Requests by route and status, requests at work, time to append, lag of each read model; once a second."""
    at_hand = services(request)
    text: bytes = await at_hand.recent.get("metrics", lambda: _exposition(at_hand))
    return Response(text, media_type=CONTENT_TYPE)


async def _exposition(at_hand: Services) -> bytes:
    at_hand.metrics.nats_connected.set(at_hand.nats.connected)
    with contextlib.suppress(*FAILED, DomainError):
        async with asyncio.timeout(CHECK_S):
            await _measure_lag(at_hand)
    for measure in at_hand.measures:
        with contextlib.suppress(*FAILED, DomainError):
            async with asyncio.timeout(CHECK_S):
                await measure()
    return at_hand.metrics.exposition()


async def _measure_lag(at_hand: Services) -> None:
    at_hand.metrics.forged.set(await recent_forgeries(at_hand.db.pool))
    rows = await model_positions(at_hand.db.pool)
    heads = {
        info.name: (await at_hand.ledger.head(info.name)).position for info in await at_hand.ledger.ledgers()
    }
    for ledger, model, position, parked in rows:
        at_hand.metrics.lag.labels(ledger, model).set(max(0, heads.get(ledger, position) - position))
        at_hand.metrics.parked.labels(ledger, model).set(parked)


@router.get("/problems/{code}", response_model=ProblemOut, summary="What a problem means")
async def problem_kind(request: Request, code: str) -> Response:
    """The meaning of a problem document's `type`, and what to do about it."""
    kind: ProblemKind | None = request.app.state.problems.kinds.get(code)
    if kind is None:
        raise ProblemNotFound("There is no problem of that name here.")
    body = {
        "type": f"/problems/{kind.code}",
        "code": kind.code,
        "title": kind.title,
        "status": kind.status,
        "advice": kind.advice,
    }
    return Response(msgspec.json.encode(body), media_type="application/json")
