"""State that a decision is based on, from rows: of today, of a preview or of the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from dunning_svc.domain.ladder.state import Case, FormalNotice, LadderItem
from dunning_svc.read_models.cases.rows import (
    AccountRow,
    CreditorRow,
    DebtorRow,
    ItemRow,
    positions,
    steps_taken,
)
from encours.contracts.events.dunning import LateTerms
from encours.contracts.recipients import recipient
from encours.projection.read_model import Conn
from encours.projection.rows import Row, table_of

R = TypeVar("R", bound=Row)
Group = tuple[str, str, str]
"""Customer, creditor and currency of one message."""
STANDING = frozenset({"requested", "sent", "unconfirmed"})
"""Status of reminders that have reached the customer, or may yet."""


@dataclass(frozen=True, slots=True)
class DueCases:
    """Cases with a due step, and the debtors and creditors that their messages need."""

    cases: Sequence[Case]
    customers: Mapping[str, DebtorRow]
    creditors: Mapping[str, CreditorRow]


class Creditors(dict[str, CreditorRow]):
    """Creditors by id. Without a readable registration (parked stream) the id replaces the name; no run stops."""

    def __missing__(self, entity_id: str) -> CreditorRow:
        return CreditorRow(
            entity_id=entity_id,
            name=entity_id,
            country="",
            time_zone="UTC",
            address=None,
            iban=None,
            siren=None,
        )


async def select(conn: Conn, schema: str, kind: type[R], where: str, *args: object) -> list[R]:
    """Return rows of a table. ``where`` is SQL after ``from``, with its own ``where`` or ``order by``."""
    table = table_of(kind)
    records = await conn.fetch(f"select {table.plain} from {schema}.{table.name} {where}", *args)
    return [kind(**dict(zip(table.names, record, strict=True))) for record in records]


async def due_cases(conn: Conn, schema: str, day: date) -> DueCases:
    """Return every case with a due step, including all its open items."""
    groups: list[Group] = [
        tuple(record)
        for record in await conn.fetch(
            f"select distinct customer_id, entity_id, currency from {schema}.item where next_step_on <= $1"
            " order by 1, 2, 3",
            day,
        )
    ]
    if not groups:
        return DueCases((), {}, Creditors())
    ids = [customer_id for customer_id, _, _ in groups]
    customers = await with_payers(conn, schema, ids)
    accounts = {
        (row.customer_id, row.entity_id, row.currency): row
        for row in await select(conn, schema, AccountRow, "where customer_id = any($1)", ids)
    }
    notices = await _formal_notices(conn, schema, ids)
    items = _by_group(
        await select(conn, schema, ItemRow, "where customer_id = any($1) and open_minor > 0", ids)
    )
    cases = [
        case_of(
            customers[group[0]],
            payer_in(customers, group[0], day),
            accounts.get(group),
            items.get(group, []),
            group,
            notices.get(group),
        )
        for group in groups
        if group[0] in customers
    ]
    return DueCases(cases, customers, await creditors(conn, schema))


async def customers_of(conn: Conn, schema: str, customer_ids: Sequence[str]) -> dict[str, DebtorRow]:
    """Return these customers by id."""
    rows = await select(conn, schema, DebtorRow, "where customer_id = any($1)", list(customer_ids))
    return {row.customer_id: row for row in rows}


async def with_payers(conn: Conn, schema: str, customer_ids: Sequence[str]) -> dict[str, DebtorRow]:
    """Return these customers by id, and every customer that has ever paid for one of them, or will."""
    found = await customers_of(conn, schema, customer_ids)
    payers = payers_of(found.values()) - set(found)
    return found | (await customers_of(conn, schema, sorted(payers)) if payers else {})


def payers_of(customers: Iterable[DebtorRow]) -> set[str]:
    """Return the other customers that pay for these on some day."""
    return {roles.payer_id for row in customers for roles in row.roles if roles.payer_id}


def payer_in(customers: Mapping[str, DebtorRow], customer_id: str, day: date) -> DebtorRow:
    """Return the row of the customer's payer on a day; of the customer itself if that one cannot be read."""
    debtor = customers[customer_id]
    return customers.get(debtor.payer_on(day), debtor)


async def creditors(conn: Conn, schema: str) -> Creditors:
    """Return every creditor of the ledger."""
    return Creditors({row.entity_id: row for row in await select(conn, schema, CreditorRow, "")})


def _by_group(rows: Iterable[ItemRow]) -> dict[Group, list[ItemRow]]:
    found: dict[Group, list[ItemRow]] = {}
    for row in rows:
        found.setdefault((row.customer_id, row.entity_id, row.currency), []).append(row)
    return found


async def _formal_notices(conn: Conn, schema: str, ids: Sequence[str]) -> dict[Group, FormalNotice]:
    """Return the last formal notice of each group that was neither suppressed nor refused by its channel."""
    rows = await conn.fetch(
        f"""select distinct on (customer_id, entity_id, currency) customer_id, entity_id, currency, day, position
              from {schema}.reminder
             where customer_id = any($1) and channel = 'registered_letter' and status = any($2)
             order by customer_id, entity_id, currency, day desc, position desc""",
        ids,
        list(STANDING),
    )
    return {(row[0], row[1], row[2]): FormalNotice(row[3], row[4]) for row in rows}


def case_of(
    customer: DebtorRow,
    payer: DebtorRow,
    account: AccountRow | None,
    items: Sequence[ItemRow],
    group: Group,
    formal_notice: FormalNotice | None,
) -> Case:
    """Return the state that a decision about one group is based on; ``payer`` is reminded, a hold of either counts."""
    inputs = {roles.position for roles in customer.roles if payer is not customer}
    to = recipient(payer, "dunning")
    for party in (customer, payer):
        inputs.add(party.position)
        if party.hold_position:
            inputs.add(party.hold_position)
    inputs |= {entry.position for entry in payer.contacts if to.role}
    holds = [party.hold_until for party in (customer, payer) if party.hold_until]
    credit_minor = account.unapplied_minor if account is not None else 0
    if account is not None and credit_minor:
        inputs.update(positions(account.events))
    return Case(
        customer_id=customer.customer_id,
        entity_id=group[1],
        currency=group[2],
        addressee_id=payer.customer_id,
        language=payer.language,
        email=to.email,
        address=payer.address,
        hold_until=max(holds, default=None),
        decided_on=account.decided_on if account is not None else None,
        credit_minor=credit_minor,
        items=tuple(item_of(row) for row in items if row.open_minor > 0),
        events=tuple(sorted(inputs)),
        formal_notice=formal_notice,
    )


def item_of(row: ItemRow) -> LadderItem:
    """Return the item of a row."""
    return LadderItem(
        invoice_id=row.invoice_id,
        version=row.version,
        number=row.number,
        due_on=row.due_on,
        open_minor=row.open_minor,
        disputed_minor=row.disputed_minor,
        entered_on=row.entered_on,
        done=tuple(row.done),
        suppressed=tuple(row.suppressed),
        taken=steps_taken(row),
        terms=LateTerms(penalty_rate_bps=row.penalty_rate_bps, indemnity_minor=row.indemnity_minor),
        events=positions(row.events),
    )
