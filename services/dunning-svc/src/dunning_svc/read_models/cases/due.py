"""State that a decision is based on, from rows: of today, of a preview or of the past."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from dunning_svc.domain.ladder.state import Case, FormalNotice, LadderItem, PastMessage, Standing
from dunning_svc.domain.policy.choice import Policies, Profile
from dunning_svc.read_models.cases.items import open_parts, steps_taken
from dunning_svc.read_models.cases.policies import policies_in
from dunning_svc.read_models.cases.rows import (
    AccountRow,
    CreditorRow,
    DebtorRow,
    ItemRow,
    OpenedProceedings,
    positions,
)
from encours.contracts.events.dunning.reminders import LateTerms
from encours.contracts.parties import Merge, Survivors, related
from encours.contracts.recipients import recipient
from encours.projection.read_model import Conn
from encours.projection.rows import Row, table_of
from encours.reading.merges import merges

R = TypeVar("R", bound=Row)
G = TypeVar("G", AccountRow, ItemRow)
Group = tuple[str, str, str]
"""Customer, creditor and currency of one message."""
_PAGE = 500
"""Customers whose cases are in memory at once."""
STANDING = frozenset({"requested", "sent", "unconfirmed"})
"""Status of reminders that have reached the customer, or may yet."""


@dataclass(frozen=True, slots=True)
class Unserved:
    """Customer about whom nothing can be decided, and the fault."""

    customer_id: str
    entity_id: str
    currency: str
    cause: str

    @classmethod
    def of(cls, group: Group, error: Exception) -> Unserved:
        """Return the customer of a group with the fault that an exception names."""
        return cls(*group, f"{type(error).__name__}: {error}"[:400])


@dataclass(frozen=True, slots=True)
class DueCases:
    """Some cases with a due step, and the debtors and creditors that their messages need."""

    cases: Sequence[Case]
    customers: Mapping[str, DebtorRow]
    creditors: Mapping[str, CreditorRow]
    policies: Policies
    unreadable: Sequence[Unserved] = ()
    """Customers whose rows make no case."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Debtors that are merged into another one, and the positions of their merges."""

    records: Sequence[DebtorRow]
    merges: Sequence[int]


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


async def due_pages(
    conn: Conn, schema: str, day: date, policies: Policies | None = None
) -> AsyncIterator[DueCases]:
    """Yield every case with a due step, including all its open items, in pages of customers: a ledger may have more
    open items than fit into memory. ``policies``: others than the ledger's.

    With policies of its own a ledger has steps on other days than the default ones: all cases with an item that a step
    may be due for.
    """
    policies = policies or await policies_in(conn, schema)
    first = policies.first_offset_days
    known = await merges(conn, schema)
    merged = Survivors(known, day)
    found = await conn.fetch(
        f"""select distinct customer_id, entity_id, currency from {schema}.item
             where next_step_on <= $1 or (open_minor > 0 and due_on <= $2)""",
        day,
        None if first is None else day - timedelta(days=first),
    )
    groups: dict[str, list[Group]] = {}
    for group in sorted({(merged.of(row[0]), row[1], row[2]) for row in found}):
        groups.setdefault(group[0], []).append(group)
    if not groups:
        return
    known_creditors = await creditors(conn, schema)
    debtors = list(groups)
    for start in range(0, len(debtors), _PAGE):
        page = debtors[start : start + _PAGE]
        ids = [record for debtor in page for record in merged.records(debtor)]
        customers = await with_payers(conn, schema, ids)
        accounts = _by_group(
            await select(conn, schema, AccountRow, "where customer_id = any($1) order by customer_id", ids),
            merged,
        )
        notices = await _formal_notices(conn, schema, ids)
        contacts = await _contacts(conn, schema, ids, day - timedelta(days=policies.contact_days))
        items = _by_group(
            await select(conn, schema, ItemRow, "where customer_id = any($1) and open_minor > 0", ids), merged
        )
        moved = await _moved_on(conn, schema, ids) if policies.by_amount else {}
        cases: list[Case] = []
        unreadable: list[Unserved] = []
        for group in (each for debtor in page for each in groups[debtor] if each[0] in customers):
            try:
                case = case_of(
                    customers[group[0]],
                    payer_in(customers, group[0], day, merged),
                    accounts.get(group, []),
                    items.get(group, []),
                    group,
                    last_notice(notices[each] for each in _own_groups(group, merged) if each in notices),
                    joined_to(group[0], customers, known, merged),
                    [contact for each in merged.records(group[0]) for contact in contacts.get(each, [])],
                    max((moved[each] for each in _own_groups(group, merged) if each in moved), default=None),
                )
            except Exception as error:  # one customer that cannot be served never stops the others
                unreadable.append(Unserved.of(group, error))
            else:
                cases.append(case)
        yield DueCases(cases, customers, known_creditors, policies, unreadable)


async def customers_of(conn: Conn, schema: str, customer_ids: Sequence[str]) -> dict[str, DebtorRow]:
    """Return these customers by id."""
    rows = await select(conn, schema, DebtorRow, "where customer_id = any($1)", list(customer_ids))
    return {row.customer_id: row for row in rows}


async def with_payers(conn: Conn, schema: str, customer_ids: Sequence[str]) -> dict[str, DebtorRow]:
    """Return these customers by id, and every customer that has ever paid for one of them, or will.

    Each with the customers whose records were ever merged with its own.
    """
    known = await merges(conn, schema)
    found = await customers_of(conn, schema, sorted(related(customer_ids, known)))
    payers = related(payers_of(found.values()), known) - set(found)
    return found | (await customers_of(conn, schema, sorted(payers)) if payers else {})


def payers_of(customers: Iterable[DebtorRow]) -> set[str]:
    """Return the other customers that pay for these on some day."""
    return {roles.payer_id for row in customers for roles in row.roles if roles.payer_id}


def payer_in(customers: Mapping[str, DebtorRow], customer_id: str, day: date, merged: Survivors) -> DebtorRow:
    """Return the row of the customer's payer on a day; of the customer itself if that one cannot be read."""
    debtor = customers[customer_id]
    return customers.get(merged.of(debtor.payer_on(day)), debtor)


def joined_to(
    customer_id: str, customers: Mapping[str, DebtorRow], known: Iterable[Merge], merged: Survivors
) -> Joined:
    """Return what belongs to a customer by the merges of other records into its own."""
    records = merged.records(customer_id)[1:]
    return Joined(
        tuple(customers[each] for each in records if each in customers),
        tuple(sorted(merge.position for merge in known if merge.customer_id in records)),
    )


async def creditors(conn: Conn, schema: str) -> Creditors:
    """Return every creditor of the ledger."""
    return Creditors({row.entity_id: row for row in await select(conn, schema, CreditorRow, "")})


def _by_group(rows: Iterable[G], merged: Survivors) -> dict[Group, list[G]]:
    found: dict[Group, list[G]] = {}
    for row in rows:
        found.setdefault((merged.of(row.customer_id), row.entity_id, row.currency), []).append(row)
    return found


def _own_groups(group: Group, merged: Survivors) -> list[Group]:
    return [(record, group[1], group[2]) for record in merged.records(group[0])]


def last_notice(notices: Iterable[FormalNotice]) -> FormalNotice | None:
    """Return the last of several formal notices."""
    return max(notices, key=lambda notice: (notice.on, notice.position), default=None)


async def _contacts(conn: Conn, schema: str, ids: Sequence[str], after: date) -> dict[str, list[PastMessage]]:
    """Return the messages to each customer after a day that were neither suppressed nor refused by their channel."""
    rows = await conn.fetch(
        f"""select customer_id, day, position from {schema}.reminder
             where customer_id = any($1) and day > $2 and status = any($3) and not bounced order by position""",
        ids,
        after,
        list(STANDING),
    )
    found: dict[str, list[PastMessage]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(PastMessage(row[1], row[2]))
    return found


async def _moved_on(conn: Conn, schema: str, ids: Sequence[str]) -> dict[Group, date]:
    """Return the last day on which an amount of each group moved, also of items that are settled by it."""
    rows = await conn.fetch(
        f"""select customer_id, entity_id, currency, max(moved_on) from {schema}.item
             where customer_id = any($1) and moved_on is not null group by 1, 2, 3""",
        ids,
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


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
    accounts: Sequence[AccountRow],
    items: Sequence[ItemRow],
    group: Group,
    formal_notice: FormalNotice | None,
    joined: Joined,
    contacts: Sequence[PastMessage],
    moved_on: date | None = None,
) -> Case:
    """Return the state that a decision about one group is based on; ``payer`` is reminded, a hold of either counts.

    ``moved_on``: last day on which the amount of an item moved that is not among ``items``.

    Records that are merged into the customer's add their items and their cash, and their holds and insolvency
    proceedings count too; those of a payer who is not the debtor stay nothing.
    """
    inputs = {roles.position for roles in customer.roles if payer is not customer}.union(joined.merges)
    to = recipient(payer, "dunning")
    parties = (customer, payer, *joined.records)
    for party in parties:
        inputs.add(party.position)
        if party.custom_position and party is customer:
            inputs.add(party.custom_position)
        if party.hold_position:
            inputs.add(party.hold_position)
    inputs |= {entry.position for entry in payer.contacts if to.role}
    insolvencies = [each for party in (customer, *joined.records) for each in party.insolvencies]
    inputs |= {each.position for each in insolvencies}
    came_back = payer.came_back(to.email)
    inputs |= {came_back} if came_back else set()
    holds = [party.hold_until for party in parties if party.hold_until]
    for account in accounts:
        if account.unapplied_minor:
            inputs.update(positions(account.events))
    return Case(
        customer_id=customer.customer_id,
        entity_id=group[1],
        currency=group[2],
        addressee_id=payer.customer_id,
        language=payer.language,
        email=None if came_back else to.email,
        address=payer.address,
        hold_until=max(holds, default=None),
        decided_on=max((each.decided_on for each in accounts if each.decided_on), default=None),
        credit_minor=sum(each.unapplied_minor for each in accounts),
        items=tuple(item_of(row, insolvencies) for row in items if row.open_minor > 0),
        events=tuple(sorted(inputs)),
        formal_notice=formal_notice,
        country=payer.country,
        contacts=tuple(sorted(contacts, key=lambda each: each.position)),
        standing=standing_of(
            group, customer, accounts, items, [each.customer_id for each in joined.records], moved_on
        ),
    )


def standing_of(
    group: Group,
    customer: DebtorRow,
    accounts: Sequence[AccountRow],
    items: Sequence[ItemRow],
    joined: Sequence[str] = (),
    moved_on: date | None = None,
) -> Standing:
    """Return the facts by which the policy of a group is chosen. Criteria ask for the debtor, not for its payer."""
    decided = [each for each in accounts if each.policy_id and each.decided_on]
    last = max(decided, key=lambda each: (each.decided_on or date.min, each.customer_id), default=None)
    return Standing(
        Profile(
            customer_ids=(customer.customer_id, *joined),
            entity_id=group[1],
            currency=group[2],
            open_minor=sum(row.open_minor for row in items if row.open_minor > 0),
            country=customer.country,
            segment=customer.segment,
            salesperson=customer.salesperson,
            tags=tuple(customer.tags),
            fields=frozenset(_field(entry) for entry in customer.custom),
        ),
        before=None if last is None else (last.policy_id, last.policy_version),
        since=None if last is None else last.policy_since,
        changed_on=customer.changed_on,
        moved_on=max(filter(None, (moved_on, *(row.moved_on for row in items))), default=None),
    )


def _field(entry: str) -> tuple[str, str]:
    code, _, value = entry.partition(" ")
    return code, value


def item_of(row: ItemRow, insolvencies: Iterable[OpenedProceedings] = ()) -> LadderItem:
    """Return the item of a row; ``insolvencies`` are those of the debtor."""
    return LadderItem(
        invoice_id=row.invoice_id,
        version=row.version,
        number=row.number,
        due_on=row.due_on,
        open_minor=row.open_minor,
        disputed_minor=row.disputed_minor,
        planned_minor=row.planned_minor,
        in_hand_minor=row.in_hand_minor,
        parts=open_parts(row),
        entered_on=row.entered_on,
        done=tuple(row.done),
        suppressed=tuple(row.suppressed),
        taken=steps_taken(row),
        promised_until=row.promised_until,
        terms=LateTerms(penalty_rate_bps=row.penalty_rate_bps, indemnity_minor=row.indemnity_minor),
        events=positions(row.events),
        stayed=any(row.arose_on < each.opened_on for each in insolvencies),
    )
