"""/v1/entities: creditors, their number series and the proof that those have no holes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query as QueryParam
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from encours.contracts import Recorded
from encours.http.commands import Command, command
from encours.http.models import Body, Country, Currency, ShortText
from encours.http.paging import Listing, paging
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from encours.kernel.errors import NotFound
from encours.kernel.ids import new_id
from encours.kernel.money import exponent
from encours.ledger.session import Session
from encours.reading.pages import Page
from invoice_svc.domain.entity import AmendEntity, DefineSeries, Entity, RegisterEntity, require
from invoice_svc.http import render
from invoice_svc.http.answers import answer, render_all, stream_of
from invoice_svc.http.shapes import (
    AddressBody,
    AddressOut,
    EntityId,
    Iban,
    SeriesCode,
    Siren,
    TimeZone,
    VatId,
)
from invoice_svc.read_models.entities import query
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.numbers.query import completeness
from invoice_svc.use_cases import entities as use_cases
from invoice_svc.use_cases.folds import ENTITY

router = Router(tags=["Entities"])
PAGE = paging("id", default="id", key="entity_id", columns={"id": "entity_id"})


class EntityBody(Body):
    """A legal entity that issues invoices."""

    name: ShortText = Field(examples=["Atelier Lumière SAS"])
    country: Country = "FR"
    currency: Currency = "EUR"
    time_zone: TimeZone = "Europe/Paris"
    legal_form: ShortText | None = Field(default=None, examples=["SAS, capital 10 000 EUR, RCS Paris"])
    siren: Siren | None = Field(default=None, examples=["552100554"])
    vat_id: VatId | None = Field(default=None, examples=["FR96552100554"])
    address: AddressBody | None = None
    iban: Iban | None = None


class EntityPatch(Body):
    """Fields to change; null clears one."""

    name: ShortText | None = None
    legal_form: ShortText | None = None
    siren: Siren | None = None
    vat_id: VatId | None = None
    address: AddressBody | None = None
    iban: Iban | None = None


class SeriesBody(Body):
    """The template of a series' numbers: prefix, then the running number of the year."""

    document: Literal["invoice", "credit_note"] = "invoice"
    prefix: Annotated[str, StringConstraints(min_length=6, max_length=40)] = Field(examples=["FAC-{year}-"])
    width: int = Field(default=6, ge=1, le=12, strict=True, description="Least digits of the running number.")


class SeriesOut(BaseModel):
    """A number series."""

    code: str
    document: Literal["invoice", "credit_note"]
    prefix: str
    width: int


class EntityOut(AsOf):
    """A legal entity that issues invoices."""

    id: str
    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None
    siren: str | None
    vat_id: str | None
    address: AddressOut | None
    iban: str | None
    series: list[SeriesOut]
    version: int


class CertificateOut(AsOf):
    """Whether the numbers of a series in a year run from 1 without a hole, in the order of their dates."""

    entity_id: str
    series: str
    year: int
    first: str | None
    last: str | None
    count: int
    missing: list[str]
    missing_count: int
    out_of_date_order: list[str]
    verdict: Literal["complete", "incomplete"]


class EntityListing(AsOf, Listing[EntityOut]):
    """A page of entities."""


def _show(state: Entity, version: int, as_of: date) -> dict[str, Any]:
    return render.entity(state, version)


@router.post("/v1/entities", response_model=EntityOut, status_code=201)
async def register_entity(body: EntityBody, cmd: Annotated[Command, command("invoices:write")]) -> Response:
    """Register a legal entity, with series FAC for invoices and AVO for credit notes."""
    exponent(body.currency)
    wanted = RegisterEntity(
        entity_id=new_id("ent"),
        name=body.name,
        country=body.country,
        currency=body.currency,
        time_zone=body.time_zone,
        legal_form=body.legal_form,
        siren=body.siren,
        vat_id=body.vat_id,
        address=body.address.to_contract() if body.address else None,
        iban=body.iban,
    )
    done = await cmd.execute(lambda session: use_cases.register(session, wanted))
    return await answer(cmd, done, ENTITY, _show, status=201, at="/v1/entities")


@router.get("/v1/entities", response_model=EntityListing)
async def list_entities(
    q: Annotated[Query, reading("invoices:read")], page: Annotated[Page, PAGE]
) -> Response:
    """The entities of the ledger."""
    async with q.view(NAME) as view:
        rows = await query.entities(view, page)
    shown = await render_all(q, view, [row["entity_id"] for row in rows], _of_stream)
    return q.respond(
        page.body(rows, lambda row: shown[row["entity_id"]] | view.time.echo()) | view.time.echo()
    )


@router.get("/v1/entities/{entity_id}", response_model=EntityOut)
async def get_entity(entity_id: EntityId, q: Annotated[Query, reading("invoices:read")]) -> Response:
    """One entity: who it is and what its series are is not dated business, and known on any day."""
    events, time = await stream_of(q, entity_id)
    state = require(ENTITY.fold(events), entity_id)
    q.caller.require_entity(entity_id)
    last = events[-1]
    return q.respond(render.entity(state, last.version) | time.echo(), last=last)


@router.patch("/v1/entities/{entity_id}", response_model=EntityOut)
async def amend_entity(
    entity_id: EntityId, body: EntityPatch, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Change the identity; what is not named stays."""

    async def work(session: Session) -> None:
        state = await use_cases.known(session, entity_id)
        cmd.require_match(session.version(entity_id))
        given = {name: getattr(body, name) for name in body.model_fields_set}
        if body.address is not None:
            given["address"] = body.address.to_contract()
        if given.get("name", state.name) is None:
            del given["name"]
        kept = {name: getattr(state, name) for name in EntityPatch.model_fields}
        await use_cases.amend(session, entity_id, AmendEntity(**(kept | given)))

    return await answer(cmd, await cmd.execute(work), ENTITY, _show)


@router.put("/v1/entities/{entity_id}/series/{code}", response_model=EntityOut)
async def define_series(
    entity_id: EntityId,
    code: SeriesCode,
    body: SeriesBody,
    cmd: Annotated[Command, command("invoices:write")],
) -> Response:
    """Define a number series, or give it another template from now on."""

    async def work(session: Session) -> None:
        await use_cases.known(session, entity_id)
        cmd.require_match(session.version(entity_id))
        await use_cases.define_series(
            session, entity_id, DefineSeries(code, body.document, body.prefix, body.width)
        )

    return await answer(cmd, await cmd.execute(work), ENTITY, _show)


@router.get("/v1/entities/{entity_id}/series/{code}/certificate", response_model=CertificateOut)
async def certify_series(
    entity_id: EntityId,
    code: SeriesCode,
    q: Annotated[Query, reading("invoices:read")],
    year: Annotated[int, QueryParam(ge=1900, le=2199, examples=[2026])],
) -> Response:
    """Whether the numbers of a year are gapless and in the order of their dates, by the events up to `position`."""
    q.caller.require_entity(entity_id)
    head = (await q.time()).position
    async with replace(q, min_position=max(q.min_position, head)).view(NAME) as view:
        found = await completeness(view, entity_id=entity_id, series=code, year=year)
    events = await q.ledger.read_stream(q.caller.ledger, entity_id, upto=view.time.position)
    series = require(ENTITY.fold(events), entity_id).series.get(code)
    if series is None:
        raise NotFound("series", code)
    sound = found.missing_count == 0 and not found.out_of_date_order
    body = {
        "entity_id": entity_id,
        "series": code,
        "year": year,
        "first": found.first,
        "last": found.last,
        "count": found.count,
        "missing": [f"{series.prefix_of(year)}{running:0{series.width}d}" for running in found.missing],
        "missing_count": found.missing_count,
        "out_of_date_order": list(found.out_of_date_order),
        "verdict": "complete" if sound else "incomplete",
    }
    return q.respond(body | view.time.echo())


def _of_stream(events: list[Recorded], as_of: date) -> dict[str, Any]:
    return render.entity(ENTITY.fold(events), events[-1].version if events else 0)
