"""A small service on the ledger, for tests of what all services share: customers and notes about them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from encours.contracts import Recorded
from encours.contracts.events.parties.customer import CustomerNoted, CustomerRegistered
from encours.http.answers import Answer
from encours.http.batch import Batch, BatchOut, run_batch
from encours.http.bodies.uploads import lines
from encours.http.commands import Command, command, json_response
from encours.http.models import Body, BusinessDate, Id, NonNegativeMoney, PositiveMoney, ShortText
from encours.http.paging import Listing, paging
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from encours.kernel.errors import NotFound
from encours.kernel.ids import new_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from encours.reading.pages import Page

CustomerId = Annotated[str, Id("cus")]
EntityId = Annotated[str, Id("ent")]
ENTITY = "ent_" + "1" * 32
OTHER_ENTITY = "ent_" + "2" * 32


@dataclass(frozen=True)
class Customer:
    id: str = ""
    name: str = ""
    entity: str = ""
    notes: tuple[str, ...] = ()


def evolve(state: Customer, fact: Recorded) -> Customer:
    match fact.data:
        case CustomerRegistered(customer_id=identifier, name=name):
            return Customer(identifier, name, fact.entity)
        case CustomerNoted(text=text):
            return replace(state, notes=(*state.notes, text))
        case _:
            return state


CUSTOMER = Folder(Customer, evolve, lambda id: CustomerNotFound(id))
router = Router(tags=["Customers"])


class NewCustomer(Body):
    entity_id: EntityId
    name: ShortText
    limit: PositiveMoney | None = None
    deposit: NonNegativeMoney | None = None
    since: BusinessDate | None = None


class NewNote(Body):
    text: ShortText


class CustomerBatch(Batch[NewCustomer]):
    pass


class CustomerNotFound(NotFound):
    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Take the id from GET /v1/customers."


class CustomerOut(BaseModel):
    id: str
    name: str
    notes: list[str]


class FileOut(BaseModel):
    lines: int


FILE_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


class CustomerAnswer(CustomerOut, AsOf):
    pass


class CustomerList(Listing[CustomerOut], AsOf):
    pass


def shown(customer: Customer) -> CustomerOut:
    return CustomerOut(id=customer.id, name=customer.name, notes=list(customer.notes))


@dataclass(frozen=True)
class Register:
    id: str
    body: NewCustomer


@dataclass(frozen=True)
class Note:
    id: str
    text: str


def registration(command: Register) -> CustomerRegistered:
    return CustomerRegistered(
        customer_id=command.id, entity_id=command.body.entity_id, name=command.body.name, external_ref=None,
        country="FR", language="fr", email=None, phone=None, siren=None, vat_id=None, address=None, segment=None,
        salesperson=None,
    )  # fmt: skip


TAKES_LONG = "takes long"
LONG_S = 0.8


async def register(session: Session, command: Register) -> Result:
    if command.body.name == TAKES_LONG:
        await asyncio.sleep(LONG_S)
    session.emit(command.id, registration(command), entity=command.body.entity_id)
    return session.result(command.id)


async def note(session: Session, command: Note) -> Result:
    customer = await session.get(CUSTOMER, command.id)
    session.emit(command.id, CustomerNoted(customer_id=command.id, text=command.text), entity=customer.entity)
    return session.result(command.id)


ANSWER = Answer(CUSTOMER, lambda customer, version, as_of: shown(customer))


@router.post("/v1/customers", status_code=201, response_model=CustomerOut)
async def register_customer(
    body: NewCustomer, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Register a customer."""
    wanted = Register(new_id("cus"), body)
    return await cmd.run(register, wanted, answer=ANSWER, status=201, at="/v1/customers")


@router.post("/v1/customers:batch", response_model=BatchOut)
async def register_customers(
    body: CustomerBatch, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Register many customers."""
    return await run_batch(
        cmd, body.items, NewCustomer, lambda item: Register(new_id("cus"), item), register, answer=ANSWER
    )


@router.post("/v1/customers/{id}/notes", response_model=CustomerOut)
async def note_customer(
    id: CustomerId, body: NewNote, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Note something."""
    return await cmd.run(note, Note(id, body.text), answer=ANSWER, on=id)


@router.get("/v1/customers/{id}", response_model=CustomerAnswer)
async def read_customer(id: CustomerId, q: Annotated[Query, reading("invoices:read")]) -> Response:
    """A customer as it was known."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, id, upto=time.position)
    if not events:
        raise CustomerNotFound(id)
    return q.respond(shown(CUSTOMER.fold(events)).model_dump() | time.echo(), last=events[-1])


@router.get("/v1/customers", response_model=CustomerList)
async def list_customers(
    q: Annotated[Query, reading("invoices:read")],
    page: Annotated[Page, paging("name", default="name")],
    entity_id: EntityId | None = None,
) -> Response:
    """Customers in a read model that no one has built here."""
    async with q.view("customers") as view:
        return q.respond(page.body([], dict) | view.echo())


@router.post("/v1/customer-files", response_model=FileOut, openapi_extra=FILE_BODY)
async def count_lines(
    request: Request, cmd: Annotated[Command, command("invoices:write", dry_run=False, upload=True)]
) -> Response:
    """Read a file of any size as it comes in."""
    counted = 0
    async for _ in lines(request):
        counted += 1
    return json_response({"lines": counted})


@router.post("/v1/slow", response_model=CustomerOut)
async def take_long(cmd: Annotated[Command, command("invoices:write")]) -> Response:
    """Takes longer than the deadline."""
    await asyncio.sleep(60)
    raise AssertionError
