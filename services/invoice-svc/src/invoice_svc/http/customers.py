"""/v1/customers: debtors, their terms by date, contacts and notes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import Query as QueryParam
from pydantic import BaseModel, Field
from starlette.responses import Response

from encours.contracts import Recorded
from encours.http.commands import Command, command
from encours.http.models import Body, Country, LongText, ShortText
from encours.http.paging import Listing, paging
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.ledger.session import Session
from encours.reading.pages import Page
from invoice_svc.domain.customer import (
    AddContact,
    AgreeTerms,
    RegisterCustomer,
    fold_as_of,
    identity,
    require,
)
from invoice_svc.http import render
from invoice_svc.http.answers import answer, render_all, stream_of
from invoice_svc.http.shapes import (
    AddressBody,
    AddressOut,
    AgreedTermsBody,
    CustomerId,
    Email,
    EntityId,
    Language,
    Phone,
    Siren,
    TermsOut,
    VatId,
)
from invoice_svc.imports import ids
from invoice_svc.read_models.customers import query
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases import customers as use_cases
from invoice_svc.use_cases import entities
from invoice_svc.use_cases.folds import CUSTOMER

router = Router(tags=["Customers"])
PAGE = paging("id", default="id", key="customer_id", columns={"id": "customer_id"})


class CustomerBody(Body):
    """A customer of an entity."""

    entity_id: EntityId
    name: ShortText = Field(examples=["Garage Dupont SARL"])
    country: Country = "FR"
    language: Language = "fr"
    external_ref: ShortText | None = Field(default=None, description="Its code in your own books.")
    email: Email | None = Field(default=None, description="Where invoices and reminders go.")
    phone: Phone | None = None
    siren: Siren | None = None
    vat_id: VatId | None = None
    address: AddressBody | None = None
    segment: ShortText | None = None
    salesperson: ShortText | None = None
    terms: AgreedTermsBody | None = Field(default=None, description="Conditions agreed from the start.")


class CustomerPatch(Body):
    """Fields to change; null clears one."""

    name: ShortText | None = None
    country: Country | None = None
    language: Language | None = None
    email: Email | None = None
    phone: Phone | None = None
    siren: Siren | None = None
    vat_id: VatId | None = None
    address: AddressBody | None = None
    segment: ShortText | None = None
    salesperson: ShortText | None = None


class ContactBody(Body):
    """A person at the customer."""

    role: ShortText = Field(examples=["accounts_payable"])
    name: ShortText = Field(examples=["Claire Martin"])
    email: Email | None = None
    phone: Phone | None = None


class NoteBody(Body):
    """A remark for the file."""

    text: LongText


class ContactOut(BaseModel):
    """A person at the customer."""

    role: str
    name: str
    email: str | None
    phone: str | None


class NoteOut(BaseModel):
    """A dated remark."""

    noted_on: date
    text: str


class CustomerOut(AsOf):
    """A customer. `terms` are those in force as of the date, null if nothing is agreed; `agreements` are all."""

    id: str
    entity_id: str
    name: str
    external_ref: str | None
    country: str
    language: str
    email: str | None
    phone: str | None
    siren: str | None
    vat_id: str | None
    address: AddressOut | None
    segment: str | None
    salesperson: str | None
    terms: TermsOut | None
    agreements: list[TermsOut]
    contacts: list[ContactOut]
    notes: list[NoteOut]
    version: int


class CustomerListing(AsOf, Listing[CustomerOut]):
    """A page of customers."""


_REQUIRED = ("name", "country", "language")


@router.post("/v1/customers", response_model=CustomerOut, status_code=201)
async def register_customer(
    body: CustomerBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Register a customer of an entity, with its terms where they are agreed. An `external_ref` is taken once."""
    # The id follows from the reference, as imports derive it too: so a second one of that reference is the same stream.
    customer_id = ids.customer_id(body.entity_id, body.external_ref) if body.external_ref else new_id("cus")
    wanted = RegisterCustomer(
        customer_id=customer_id,
        entity_id=body.entity_id,
        name=body.name,
        country=body.country,
        language=body.language,
        external_ref=body.external_ref,
        email=body.email,
        phone=body.phone,
        siren=body.siren,
        vat_id=body.vat_id,
        address=body.address.to_contract() if body.address else None,
        segment=body.segment,
        salesperson=body.salesperson,
    )

    async def work(session: Session) -> None:
        await use_cases.register(session, wanted)
        if body.terms is not None:
            agreed = await _agreed(session, body.terms, body.entity_id, "/terms")
            await use_cases.agree_terms(session, customer_id, agreed)

    return await answer(
        cmd, await cmd.execute(work), CUSTOMER, render.customer, status=201, at="/v1/customers"
    )


@router.get("/v1/customers", response_model=CustomerListing)
async def list_customers(
    q: Annotated[Query, reading("invoices:read")],
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    external_ref: Annotated[str | None, QueryParam(max_length=200)] = None,
    name: Annotated[
        str | None, QueryParam(alias="q", max_length=200, description="Beginning of the name.")
    ] = None,
) -> Response:
    """Customers, oldest first."""
    async with q.view(NAME) as view:
        rows = await query.customers(view, page, entity_id=entity_id, external_ref=external_ref, q=name)
    shown = await render_all(q, view, [row["customer_id"] for row in rows], _of_stream)
    return q.respond(
        page.body(rows, lambda row: shown[row["customer_id"]] | view.time.echo()) | view.time.echo()
    )


@router.get("/v1/customers/{customer_id}", response_model=CustomerOut)
async def get_customer(customer_id: CustomerId, q: Annotated[Query, reading("invoices:read")]) -> Response:
    """One customer."""
    events, time = await stream_of(q, customer_id)
    state = require(fold_as_of(events, time.as_of), customer_id)
    q.caller.require_entity(state.entity_id)
    last = events[-1]
    return q.respond(render.customer(state, last.version, time.as_of) | time.echo(), last=last)


@router.patch("/v1/customers/{customer_id}", response_model=CustomerOut)
async def amend_customer(
    customer_id: CustomerId, body: CustomerPatch, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Change the identity; what is not named stays."""

    async def work(session: Session) -> None:
        state = await use_cases.known(session, customer_id)
        cmd.require_match(session.version(customer_id))
        given = {name: getattr(body, name) for name in body.model_fields_set}
        if body.address is not None:
            given["address"] = body.address.to_contract()
        for name in _REQUIRED:
            if given.get(name, "") is None:
                del given[name]
        await use_cases.amend(session, customer_id, replace(identity(state), **given))

    return await answer(cmd, await cmd.execute(work), CUSTOMER, render.customer)


@router.put("/v1/customers/{customer_id}/terms", response_model=CustomerOut)
async def agree_terms(
    customer_id: CustomerId, body: AgreedTermsBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Agree conditions for invoices issued from a day on. Beyond the legal ceiling a warning is recorded with them."""

    async def work(session: Session) -> None:
        state = await use_cases.known(session, customer_id)
        cmd.require_match(session.version(customer_id))
        await use_cases.agree_terms(session, customer_id, await _agreed(session, body, state.entity_id))

    return await answer(cmd, await cmd.execute(work), CUSTOMER, render.customer)


@router.post("/v1/customers/{customer_id}/contacts", response_model=CustomerOut, status_code=201)
async def add_contact(
    customer_id: CustomerId, body: ContactBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Add a person at the customer."""
    wanted = AddContact(body.role, body.name, body.email, body.phone)
    done = await cmd.execute(lambda session: use_cases.add_contact(session, customer_id, wanted))
    return await answer(cmd, done, CUSTOMER, render.customer, status=201)


@router.post("/v1/customers/{customer_id}/notes", response_model=CustomerOut, status_code=201)
async def add_note(
    customer_id: CustomerId, body: NoteBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Put a remark in the customer's file."""
    done = await cmd.execute(lambda session: use_cases.note(session, customer_id, body.text))
    return await answer(cmd, done, CUSTOMER, render.customer, status=201)


async def _agreed(session: Session, body: AgreedTermsBody, entity_id: str, pointer: str = "") -> AgreeTerms:
    entity = await entities.known(session, entity_id)
    today = session.meta.today
    valid_from = body.valid_from or today
    # An agreement entered late holds for the invoices to come: the fee of its first day may be older than the law.
    return AgreeTerms(valid_from, body.to_contract(entity.currency, max(valid_from, today), pointer))


def _of_stream(events: list[Recorded], as_of: date) -> dict[str, Any]:
    return render.customer(fold_as_of(events, as_of), events[-1].version, as_of)
