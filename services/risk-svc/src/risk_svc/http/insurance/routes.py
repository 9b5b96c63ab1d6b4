"""Insurance contracts, covers of buyers, and the deadlines that follow from them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.contracts.events.insurance import InsuranceContractSet
from encours.http.commands import Command, command
from encours.http.models import BusinessDate, Id, money_json
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from risk_svc.domain.insurance.contract import InsuranceContractNotFound, contract_of
from risk_svc.domain.insurance.cover import CoverNotFound
from risk_svc.domain.insurance.deadline import DeadlineState
from risk_svc.domain.insurance.deadlines import deadlines_of
from risk_svc.domain.insurance.premium import periods_of, premiums
from risk_svc.http.insurance.answers import (
    COVER_ANSWER,
    DEADLINE_ANSWER,
    INSURANCE_CONTRACT_ANSWER,
    CoverAsOf,
    DeadlineList,
    DeadlineOut,
    InsuranceContractAsOf,
    InsuranceContractOut,
    InsuranceCoverOut,
    LostClaimOut,
    LostClaims,
    MetDeadlineAsOf,
)
from risk_svc.http.insurance.bodies import (
    CancelCoverBody,
    ContractCode,
    CoverBody,
    InsuranceContractBody,
    MeetDeadlineBody,
    ReduceCoverBody,
)
from risk_svc.http.insurance.premiums import InsurancePremiums, YearPremiumOut
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.streams import stream_then
from risk_svc.read_models.insurance.deadline_query import OpenDeadlines
from risk_svc.read_models.insurance.lost_query import lost_claims_of
from risk_svc.read_models.insurance.query import Moment, books, granted_contracts
from risk_svc.use_cases import insurance

router = Router(tags=["Credit insurance"])
Insuring = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
CoverPath = Annotated[str, Id("cov")]
DeadlinePath = Annotated[str, Id("idl")]
PAGE = paging("last_day", default="last_day", key="deadline_id", columns={"last_day": "last_day"})
LOST_PAGE = paging("last_day", default="last_day", key="invoice_id", columns={"last_day": "last_day"})
USUAL_AHEAD = timedelta(days=30)


@router.put("/v1/insurance-contracts/{code}", response_model=InsuranceContractAsOf)
async def set_insurance_contract(code: ContractCode, body: InsuranceContractBody, cmd: Insuring) -> Response:
    """Set a credit-insurance contract: all of it."""
    wanted = body.to_command(code)
    return await cmd.run(
        insurance.set_contract, wanted, answer=INSURANCE_CONTRACT_ANSWER, on=contract_of(code)
    )


@router.get("/v1/insurance-contracts/{code}", response_model=InsuranceContractAsOf)
async def get_insurance_contract(code: ContractCode, q: Reading) -> Response:
    """Get a contract as of a date, as known at an instant."""
    then = await stream_then(q, contract_of(code), InsuranceContractNotFound(code))
    found = InsuranceContractOut.of(insurance.INSURANCE_CONTRACT.fold(then.events), then.last.version)
    return q.respond(InsuranceContractAsOf(**found.model_dump(by_alias=True), **then.echo), last=then.last)


@router.get("/v1/insurance-contracts/{code}/premiums", response_model=InsurancePremiums)
async def list_premiums(code: ContractCode, q: Reading) -> Response:
    """Premiums of the turnover that was declared, by insurance year with its minimum, tax not included.

    They are those at the requested dates: of the declarations that were made and known, by the rates in force as the
    periods ended.
    """
    then = await stream_then(q, contract_of(code), InsuranceContractNotFound(code))
    versions = [(e.effective_on, e.data) for e in then.events if isinstance(e.data, InsuranceContractSet)]
    contract, day = versions[-1][1], date.fromisoformat(then.echo["as_of"])
    periods = list(periods_of(contract, day))
    read = await q.ledger.read_streams(
        q.caller.ledger, [each.deadline_id for each in periods], upto=then.echo["position"]
    )

    def declared(deadline_id: str) -> DeadlineState:
        return insurance.DEADLINE.fold_as_of(read.get(deadline_id, ()), day)

    found = [YearPremiumOut.of(each, contract.currency) for each in premiums(versions, declared, day)]
    return q.respond(InsurancePremiums(data=found, next_cursor=None, **then.echo))


@router.get("/v1/insurance-contracts/{code}/lost-claims", response_model=LostClaims)
async def list_lost_claims(
    code: ContractCode,
    q: Reading,
    page: Annotated[Page, LOST_PAGE],
    first: Annotated[BusinessDate, Parameter(alias="from", description="First day of the period.")],
    last: Annotated[BusinessDate, Parameter(alias="to", description="Last day of the period.")],
    assume_cover: Annotated[
        bool, Parameter(description="Every invoice in the contract's currency counts as covered.")
    ] = False,
) -> Response:
    """Claims that the deadlines of a past period have lost, or would have lost under the contract as it is now.

    An invoice is listed once, by the first of its deadlines that passed while it was open and not reported as met.
    """
    if first > last:
        raise Invalid(f"The period begins on its last day, {last}, or before.", "/from")
    async with q.view("credit") as view:
        moment = Moment(view.conn, view.schema, view.time.as_of, view.time.position)
        contract_id = contract_of(code)
        if contract_id not in await granted_contracts(view.conn, view.schema, view.granted):
            raise InsuranceContractNotFound(code)
        currency, found = await lost_claims_of(moment, contract_id, first, last, assume_cover=assume_cover)
        echo = view.echo()
    rows: list[dict[str, Any]] = [
        {"last_day": each.passed.last_day, "invoice_id": each.passed.invoice.invoice_id, "claim": each}
        for each in found
    ]
    body = page.body(page.of_rows(rows), lambda row: LostClaimOut.of(row["claim"]).model_dump(mode="json"))
    total = money_json(sum(each.insured_minor for each in found), currency)
    return q.respond(body | {"claims": len(found), "insured": total} | echo)


@router.post("/v1/customers/{customer_id}/covers", response_model=CoverAsOf, status_code=201)
async def grant_cover(customer_id: CustomerId, body: CoverBody, cmd: Insuring) -> Response:
    """Record that a contract covers the debts of a customer up to an amount."""
    granted = body.to_command(new_id("cov"), customer_id)
    return await cmd.run(insurance.grant_cover, granted, answer=COVER_ANSWER, status=201)


@router.get("/v1/covers/{cover_id}", response_model=CoverAsOf)
async def get_cover(cover_id: CoverPath, q: Reading) -> Response:
    """Get a cover as of a date, as known at an instant."""
    then = await stream_then(q, cover_id, CoverNotFound(cover_id))
    found = InsuranceCoverOut.of(insurance.COVER.fold(then.events), then.last.version)
    return q.respond(CoverAsOf(**found.model_dump(by_alias=True), **then.echo), last=then.last)


@router.post("/v1/covers/{cover_id}/reduce", response_model=CoverAsOf)
async def reduce_cover(cover_id: CoverPath, body: ReduceCoverBody, cmd: Insuring) -> Response:
    """Lower a cover for deliveries from a day on; debts before it keep the earlier amount."""
    return await cmd.run(insurance.change_cover, body.to_command(cover_id), answer=COVER_ANSWER, on=cover_id)


@router.post("/v1/covers/{cover_id}/cancel", response_model=CoverAsOf)
async def cancel_cover(cover_id: CoverPath, body: CancelCoverBody, cmd: Insuring) -> Response:
    """End a cover for deliveries from a day on; debts before it stay covered."""
    return await cmd.run(insurance.change_cover, body.to_command(cover_id), answer=COVER_ANSWER, on=cover_id)


@router.get("/v1/deadlines", response_model=DeadlineList)
async def list_deadlines(
    q: Reading,
    page: Annotated[Page, PAGE],
    until: Annotated[
        BusinessDate | None,
        Parameter(description="Last day; 30 days from the date asked about if not given."),
    ] = None,
    customer_id: CustomerId | None = None,
) -> Response:
    """Deadlines of insurance contracts up to a day, each with its basis; those that have passed unmet come first.

    A deadline that was met in time is not listed, nor is one whose invoice is paid.
    """
    async with q.view("credit") as view:
        day, time = view.time.as_of, view.time
        last = until or day + USUAL_AHEAD
        contracts = await granted_contracts(view.conn, view.schema, view.granted)
        known = await books(Moment(view.conn, view.schema, day, time.position), contracts)
    rows: list[dict[str, Any]] = [
        {"last_day": each.last_day, "deadline_id": each.deadline_id, "deadline": each}
        for book in known
        for each in deadlines_of(book, day, last)
        if customer_id in {None, each.customer_id}
    ]
    body = page.body(
        page.of_rows(rows), lambda row: DeadlineOut.of(row["deadline"], day).model_dump(mode="json")
    )
    return q.respond(body | {"until": last.isoformat()} | view.echo())


@router.post("/v1/deadlines/{deadline_id}/meet", response_model=MetDeadlineAsOf)
async def meet_deadline(deadline_id: DeadlinePath, body: MeetDeadlineBody, cmd: Insuring) -> Response:
    """Record that the insured did what a deadline asks for: told the insurer, handed the claim over, renewed."""
    met = body.to_command(deadline_id)
    found = OpenDeadlines(cmd.services.db, cmd.services.ledger)
    return await cmd.run(insurance.meet_deadline, met, found, answer=DEADLINE_ANSWER, on=deadline_id)
