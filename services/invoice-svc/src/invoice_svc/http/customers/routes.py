"""Routes of /v1/customers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from invoice_svc.http.common import CustomerId, EntityId, FieldValueText, iso
from invoice_svc.http.customers.answers import (
    CUSTOMER_ANSWER,
    CustomerListing,
    CustomerOut,
    DuplicatesOut,
    TermsHistoryOut,
)
from invoice_svc.http.customers.bodies import (
    ContactBody,
    CustomerBody,
    CustomerPatch,
    FieldsBody,
    MergeBody,
    MergeReversalBody,
    NoteBody,
    PapersBody,
    RolesBody,
    agreement_of,
)
from invoice_svc.http.reads import read, show, show_page
from invoice_svc.http.terms import AgreedTermsBody
from invoice_svc.read_models.agreements.query import agreements
from invoice_svc.read_models.customers import query
from invoice_svc.read_models.customers.coded import CustomersByCode
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.parties import customers

router = Router(tags=["Customers"])
PAGE = paging(
    "id", "relevance",
    default="id", key="customer_id", columns={"id": "customer_id"}, searched="-relevance",
)  # fmt: skip
SEARCH = (
    "Search: part of the name, however accented or misspelt, or the external reference; `matched` says which."
)
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/customers", response_model=CustomerOut, status_code=201)
async def register_customer(body: CustomerBody, cmd: Writing) -> Response:
    """Register a customer of an entity, with any agreed terms. An `external_ref` is unique per entity."""
    return await cmd.run(
        customers.register, body.to_command(), answer=CUSTOMER_ANSWER, status=201, at="/v1/customers"
    )


@router.get("/v1/customers", response_model=CustomerListing)
async def list_customers(
    q: Reading,
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    external_ref: Annotated[str | None, QueryParam(max_length=200)] = None,
    name: Annotated[str | None, QueryParam(alias="q", max_length=200, description=SEARCH)] = None,
    salesperson: Annotated[str | None, QueryParam(max_length=200)] = None,
    tag: Annotated[str | None, QueryParam(max_length=40)] = None,
    field: Annotated[
        list[FieldValueText] | None,
        QueryParam(
            max_length=10, description="Values of custom fields, all of which a customer has to have."
        ),
    ] = None,
    insolvent: Annotated[
        bool | None, QueryParam(description="Customers in insolvency proceedings, or those that are in none.")
    ] = None,
) -> Response:
    """List customers, oldest first; those that a search finds, the best match first."""
    async with q.view(NAME) as view:
        rows = await query.customers(
            view,
            page,
            entity_id=entity_id,
            external_ref=external_ref,
            q=name,
            salesperson=salesperson,
            tag=tag,
            fields=field,
            in_proceedings=insolvent,
        )
    return await show_page(q, view, page, rows, "customer_id", CUSTOMER_ANSWER, columns=("matched",))


@router.get("/v1/customers/{customer_id}", response_model=CustomerOut)
async def get_customer(customer_id: CustomerId, q: Reading) -> Response:
    """Get a customer."""
    return await show(q, CUSTOMER_ANSWER, customer_id)


@router.get("/v1/customers/{customer_id}/duplicates", response_model=DuplicatesOut)
async def list_duplicates(customer_id: CustomerId, q: Reading) -> Response:
    """List customers of the entity that may be the same debtor, with the reasons. Nothing is merged by itself."""
    await read(q, CUSTOMER_ANSWER, customer_id)
    async with q.view(NAME) as view:
        rows = await query.alike(view, customer_id)
    return q.respond(DuplicatesOut.of(rows) | view.echo())


@router.patch("/v1/customers/{customer_id}", response_model=CustomerOut)
async def amend_customer(customer_id: CustomerId, body: CustomerPatch, cmd: Writing) -> Response:
    """Change the identity; omitted fields stay unchanged. An `external_ref` that another customer has is refused."""
    coded = CustomersByCode(cmd.services.db, cmd.ledger)
    return await cmd.run(
        customers.amend, body.to_command(customer_id), coded, answer=CUSTOMER_ANSWER, on=customer_id
    )


@router.put("/v1/customers/{customer_id}/terms", response_model=CustomerOut)
async def agree_terms(customer_id: CustomerId, body: AgreedTermsBody, cmd: Writing) -> Response:
    """Agree conditions for invoices issued from a day on.

    A delay above the legal ceiling and a penalty rate below the legal floor get a warning.
    """
    return await cmd.run(
        customers.agree_terms, agreement_of(customer_id, body), answer=CUSTOMER_ANSWER, on=customer_id
    )


@router.get("/v1/customers/{customer_id}/terms", response_model=TermsHistoryOut)
async def list_terms(customer_id: CustomerId, q: Reading) -> Response:
    """List all terms agreed with the customer, as known at the instant, with the days on which they are in force."""
    _, _, time = await read(q, CUSTOMER_ANSWER, customer_id)
    async with replace(q, min_position=max(q.min_position, time.position)).view(NAME) as view:
        found = await agreements(view, customer_id)
    return q.respond(
        TermsHistoryOut.of(customer_id, found, time.as_of) | view.time.echo() | {"as_of": iso(time.as_of)}
    )


@router.patch("/v1/customers/{customer_id}/fields", response_model=CustomerOut)
async def set_fields(customer_id: CustomerId, body: FieldsBody, cmd: Writing) -> Response:
    """Set values of custom fields; fields that are left out stay."""
    return await cmd.run(
        customers.set_fields, body.to_command(customer_id), answer=CUSTOMER_ANSWER, on=customer_id
    )


@router.put("/v1/customers/{customer_id}/roles", response_model=CustomerOut)
async def assign_roles(customer_id: CustomerId, body: RolesBody, cmd: Writing) -> Response:
    """Assign who is billed, delivered and pays, and the group, from a day on until the next assignment."""
    return await cmd.run(
        customers.assign_roles, body.to_command(customer_id), answer=CUSTOMER_ANSWER, on=customer_id
    )


@router.post("/v1/customers/{customer_id}/merge", response_model=CustomerOut)
async def merge_customer(customer_id: CustomerId, body: MergeBody, cmd: Writing) -> Response:
    """Merge a record of a debtor into another record of it, from a day on.

    From that day on lists, balances, exposure, limit, reminders and payments follow the record that remains, in every
    service; figures as of earlier days, or as known earlier, do not change. Documents keep the customer that they were
    issued to. New documents, payments and agreements that name the merged customer are refused; its drafts, orders
    and recurring invoices are billed to the one that remains.
    """
    return await cmd.run(
        customers.merge, body.to_command(customer_id), answer=CUSTOMER_ANSWER, on=customer_id
    )


@router.post("/v1/customers/{customer_id}/merge/reverse", response_model=CustomerOut)
async def reverse_merge(customer_id: CustomerId, body: MergeReversalBody, cmd: Writing) -> Response:
    """Reverse a wrong merge, from a day on. What was issued to the other record meanwhile stays with it."""
    return await cmd.run(
        customers.reverse_merge, body.to_command(customer_id), answer=CUSTOMER_ANSWER, on=customer_id
    )


@router.post("/v1/customers/{customer_id}/contacts", response_model=CustomerOut, status_code=201)
async def add_contact(customer_id: CustomerId, body: ContactBody, cmd: Writing) -> Response:
    """Add a contact person at the customer."""
    return await cmd.run(
        customers.add_contact,
        body.to_command(customer_id),
        answer=CUSTOMER_ANSWER,
        on=customer_id,
        status=201,
    )


@router.put("/v1/customers/{customer_id}/required-papers", response_model=CustomerOut)
async def require_papers(customer_id: CustomerId, body: PapersBody, cmd: Writing) -> Response:
    """Require papers before an invoice is issued to the customer: order number, delivery note, contract."""
    return await cmd.run(
        customers.require_papers, body.to_command(customer_id), answer=CUSTOMER_ANSWER, on=customer_id
    )


@router.post("/v1/customers/{customer_id}/notes", response_model=CustomerOut, status_code=201)
async def add_note(customer_id: CustomerId, body: NoteBody, cmd: Writing) -> Response:
    """Add a note to the customer's file."""
    return await cmd.run(
        customers.note, body.to_command(customer_id), answer=CUSTOMER_ANSWER, on=customer_id, status=201
    )
