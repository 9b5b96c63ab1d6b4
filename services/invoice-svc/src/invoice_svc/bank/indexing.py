"""Index of the open items that a batch of bank lines may pay, filled from the read model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from encours.contracts import Recorded
from encours.contracts.events.money.bank import BankLineRecorded
from encours.projection.read_model import Conn
from invoice_svc.domain.bank_line import decide
from invoice_svc.domain.bank_line.marks import numbers_of
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.domain.customer.likeness import plain_name
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.remittance import decide as remittance
from invoice_svc.matching import advices
from invoice_svc.matching.announced import AnnouncedPayment
from invoice_svc.matching.open_items import OpenCredit, OpenItems, PayableItem, Payer
from invoice_svc.read_models.advices.query import open_advices
from invoice_svc.read_models.bank.matchable import Matchable, Sought, matchable
from invoice_svc.use_cases.folds import ADVICE, ENTITY

Streams = Callable[[Sequence[str]], Awaitable[Mapping[str, Sequence[Recorded]]]]
"""Reads streams of the ledger."""
Books = tuple[str, str]
"""An entity and a currency: items of one index."""


async def indexes(
    conn: Conn, schema: str, read: Streams, states: Iterable[BankLine]
) -> Mapping[Books, OpenItems]:
    """Return the index of each entity and currency that the lines are of."""
    lines: dict[Books, list[BankLineRecorded]] = {}
    for state in states:
        line = decide.stated(state)
        lines.setdefault((state.entity_id, line.currency), []).append(line)
    streams = await read(list({entity_id for entity_id, _ in lines}))
    entities = {each: ENTITY.fold(events) for each, events in streams.items()}
    return {
        (entity_id, currency): _index(
            await matchable(conn, schema, _sought(entity_id, currency, of)), entities[entity_id], currency
        )
        for (entity_id, currency), of in lines.items()
    }


async def announced(
    conn: Conn, schema: str, read: Streams, states: Iterable[BankLine]
) -> Mapping[tuple[str, str, int], list[AnnouncedPayment]]:
    """Return the advices that await money of the lines' amounts, by entity, currency and amount."""
    amounts: dict[Books, set[int]] = {}
    for state in states:
        line = decide.stated(state)
        amounts.setdefault((state.entity_id, line.currency), set()).add(line.amount_minor)
    ids = [each for key, of in amounts.items() for each in await open_advices(conn, schema, *key, of)]
    found: dict[tuple[str, str, int], list[AnnouncedPayment]] = {}
    for events in (await read(ids)).values():
        advice = ADVICE.fold(events)
        stated = remittance.stated(advice)
        key = (advice.entity_id, stated.currency, stated.total_minor)
        found.setdefault(key, []).append(advices.announced(advice))
    return found


def _sought(entity_id: str, currency: str, lines: Iterable[BankLineRecorded]) -> Sought:
    lines = list(lines)
    return Sought(
        entity_id,
        currency,
        numbers={number for line in lines for number in numbers_of(line)},
        names={plain_name(line.party_name) for line in lines if line.party_name},
        accounts={line.party_account for line in lines if line.party_account},
        amounts={line.amount_minor for line in lines},
        virtual_ibans={line.credited_account for line in lines if line.credited_account},
    )


def _index(found: Matchable, entity: Entity, currency: str) -> OpenItems:
    payers = [_payer(found, each, entity, currency) for each in found.names]
    items = (PayableItem(**row) for row in found.invoices if row["number"])
    tolerances = [each for each in entity.tolerances if each.currency == currency]
    credits = [OpenCredit(**row) for row in found.credits if row["available_on"] is not None]
    return OpenItems.of(items, payers, found.virtual_ibans, tolerances, credits)


def _payer(found: Matchable, customer_id: str, entity: Entity, currency: str) -> Payer:
    profile = found.profiles[customer_id]
    return Payer(
        customer_id,
        tuple(found.names[customer_id]),
        frozenset(found.accounts.get(customer_id, ())),
        tuple(found.roles.get(customer_id, ())),
        profile.segment,
        profile.tags,
        is_foreign=profile.country != entity.country or currency != entity.currency,
    )
