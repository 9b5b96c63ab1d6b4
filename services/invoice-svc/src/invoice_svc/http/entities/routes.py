"""Routes of /v1/entities."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.legal.packs import invoicing_law_of
from encours.reading.pages import Page
from invoice_svc.domain.entity.decide import SeriesNotFound
from invoice_svc.http.common import EntityId, SeriesCode
from invoice_svc.http.entities.answers import ENTITY_ANSWER, CertificateOut, EntityListing, EntityOut
from invoice_svc.http.entities.bodies import (
    BankAccountBody,
    EntityBody,
    EntityPatch,
    NumberDisplayBody,
    SeriesBody,
    VatRegimeBody,
)
from invoice_svc.http.reads import read, show, show_page
from invoice_svc.read_models.entities import query
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.numbers.query import completeness
from invoice_svc.use_cases.parties import entities

router = Router(tags=["Entities"])
PAGE = paging("id", default="id", key="entity_id", columns={"id": "entity_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/entities", response_model=EntityOut, status_code=201)
async def register_entity(body: EntityBody, cmd: Writing) -> Response:
    """Register a legal entity, with series FAC for invoices and AVO for credit notes."""
    return await cmd.run(
        entities.register, body.to_command(new_id("ent")), answer=ENTITY_ANSWER, status=201, at="/v1/entities"
    )


@router.get("/v1/entities", response_model=EntityListing)
async def list_entities(q: Reading, page: Annotated[Page, PAGE]) -> Response:
    """List the entities of the ledger."""
    async with q.view(NAME) as view:
        rows = await query.entities(view, page)
    return await show_page(q, view, page, rows, "entity_id", ENTITY_ANSWER)


@router.get("/v1/entities/{entity_id}", response_model=EntityOut)
async def get_entity(entity_id: EntityId, q: Reading) -> Response:
    """Get an entity. Its identity and its series have no business date: they are shown as of any day."""
    return await show(q, ENTITY_ANSWER, entity_id)


@router.patch("/v1/entities/{entity_id}", response_model=EntityOut)
async def amend_entity(entity_id: EntityId, body: EntityPatch, cmd: Writing) -> Response:
    """Change the identity; omitted fields stay unchanged."""
    return await cmd.run(entities.amend, body.to_command(entity_id), answer=ENTITY_ANSWER, on=entity_id)


@router.put("/v1/entities/{entity_id}/bank-accounts", response_model=EntityOut)
async def set_bank_account(entity_id: EntityId, body: BankAccountBody, cmd: Writing) -> Response:
    """Set the bank account of a currency and use from a day on, in place of the one before."""
    return await cmd.run(
        entities.set_bank_account, body.to_command(entity_id), answer=ENTITY_ANSWER, on=entity_id
    )


@router.put("/v1/entities/{entity_id}/vat-regime", response_model=EntityOut)
async def set_vat_regime(entity_id: EntityId, body: VatRegimeBody, cmd: Writing) -> Response:
    """Set the period of the VAT returns from a day on. Each period closes a month after its end by default."""
    return await cmd.run(
        entities.set_vat_regime, body.to_command(entity_id), answer=ENTITY_ANSWER, on=entity_id
    )


@router.put("/v1/entities/{entity_id}/series/{code}", response_model=EntityOut)
async def define_series(entity_id: EntityId, code: SeriesCode, body: SeriesBody, cmd: Writing) -> Response:
    """Define a number series, or give it another template from now on. Its next number can be set before its first."""
    wanted = body.to_command(entity_id, code)
    return await cmd.run(
        entities.define_series, wanted, cmd.ledger.has_given_numbers, answer=ENTITY_ANSWER, on=entity_id
    )


@router.put("/v1/entities/{entity_id}/series/{code}/display", response_model=EntityOut)
async def set_number_display(
    entity_id: EntityId, code: SeriesCode, body: NumberDisplayBody, cmd: Writing
) -> Response:
    """Set the text in which numbers of the series are shown that are given from a day on. The legal number stays."""
    return await cmd.run(
        entities.set_number_display, body.to_command(entity_id, code), answer=ENTITY_ANSWER, on=entity_id
    )


@router.get("/v1/entities/{entity_id}/series/{code}/certificate", response_model=CertificateOut)
async def certify_series(
    entity_id: EntityId,
    code: SeriesCode,
    q: Reading,
    year: Annotated[int, QueryParam(ge=1900, le=2199, examples=[2026])],
) -> Response:
    """Certify that the numbers of a year are gapless and in date order, by the events up to `position`.

    `rules` judges them by the law of the entity's country, and `would_break` names what the next document must not do.
    Numbers taken over from another system count if they read like those of the series.
    """
    q.caller.require_entity(entity_id)
    entity, _, time = await read(q, ENTITY_ANSWER, entity_id)
    if code not in entity.series:
        raise SeriesNotFound(code)
    rule = invoicing_law_of(entity.country).number_rule(min(time.as_of, date(year, 12, 31)))
    async with replace(q, min_position=max(q.min_position, time.position)).view(NAME) as view:
        found = await completeness(
            view,
            entity_id=entity_id,
            series=code,
            year=year,
            first_number=entity.first_number(code, year),
            prefixes=entity.prefixes_of(code, year),
            rule=rule,
        )
    return q.respond(CertificateOut.of(entity_id, entity.series[code], year, found, rule) | view.time.echo())
