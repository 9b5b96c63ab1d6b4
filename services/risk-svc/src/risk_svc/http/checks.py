"""Credit checks of orders."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id, MoneyModel
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from encours.kernel.errors import NotFound
from encours.kernel.ids import new_id
from encours.ledger.session import Session
from risk_svc.http.schemas import CheckBody, CheckOut, Components, reasons
from risk_svc.use_cases import checks

router = Router(tags=["Credit checks"])
Checking = Annotated[Command, command("risk:write")]
Reading = Annotated[Query, reading("risk:read")]
DecisionPath = Annotated[str, Id("dec")]


class CheckAsOf(CheckOut, AsOf):
    """A check at the dates asked for."""


def _out(state: checks.State) -> CheckOut:
    decided = state.decided
    assert decided is not None
    assert state.checked_on is not None
    return CheckOut(
        decision_id=decided.decision_id,
        customer_id=decided.customer_id,
        amount=MoneyModel.of(decided.amount_minor, decided.currency),
        deliver_on=decided.deliver_on,
        decision=decided.decision,
        reasons=reasons(decided.reasons),
        exposure_seen=Components.of(decided.exposure, decided.currency),
        limit_seen=None
        if decided.limit_minor is None
        else MoneyModel.of(decided.limit_minor, decided.currency),
        score_seen=decided.score,
        checked_on=state.checked_on,
        seen_position=decided.seen_position,
        lag=decided.lag,
    )


@router.post("/v1/checks", response_model=CheckOut, status_code=201)
async def check_credit(body: CheckBody, cmd: Checking) -> Response:
    """May this order go ahead? Accept, refer to a person, or refuse, with reasons and the exposure that was seen."""
    order = checks.CheckCredit(
        decision_id=new_id("dec"),
        customer_id=body.customer_id,
        amount_minor=body.amount.minor,
        currency=body.amount.currency,
        deliver_on=body.deliver_on,
    )

    async def work(session: Session) -> None:
        head = await cmd.ledger.head(session.meta.ledger)
        await checks.check_credit(session, cmd.services.db, head.position, order)

    done = await cmd.execute(work)
    state, version = await done.state(checks.FOLD, done.answer["decision_id"])
    return cmd.respond(done, _out(state), status=201, version=version)


@router.get("/v1/checks/{decision_id}", response_model=CheckAsOf)
async def get_check(decision_id: DecisionPath, q: Reading) -> Response:
    """A decision as it was taken."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, decision_id, upto=time.position)
    visible = [
        event for event in events if event.effective_on <= time.as_of and event.type == "credit.checked"
    ]
    if not visible:
        raise NotFound("check", decision_id)
    q.caller.require_entity(visible[0].entity)
    return q.respond(CheckAsOf(**dict(_out(checks.FOLD.fold(visible))), **time.echo()), last=visible[-1])
