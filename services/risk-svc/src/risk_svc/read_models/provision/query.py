"""Provision matrix at the dates of a question: roll rates and open debts from the movements of ``credit``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from encours.contracts.common import Instalment
from encours.contracts.instalments import divided, ranges_of
from encours.contracts.insured.share import InsuredShare
from encours.contracts.parties import Survivors
from encours.reading.insured import Sums
from encours.reading.merges import survivors
from risk_svc.domain.provision.matrix import OwedInvoice, OwedPart, ProvisionMatrix, Security, matrix
from risk_svc.domain.provision.overlay import ProvisionOverlay
from risk_svc.domain.provision.rates import STEPS, WINDOW_DAYS, BandRates, Rolled, loss_rates
from risk_svc.domain.score.model import OPEN_SEGMENT
from risk_svc.read_models.credit.guarantees import guarantees_in_force
from risk_svc.read_models.insurance.query import Moment, insured_shares

Key = tuple[str, str]
"""Entity and currency."""

_SEGMENT_OF = """
select distinct on (customer_id) customer_id, segment from {s}.segment
where position <= $1 and effective_on <= $2 order by customer_id, position desc
"""
_UNPAID = "m.owed_minor + case when m.payment_id is not null then m.open_minor else 0 end"
_CUSTOMERS = "select customer_id, entity_id from {s}.customer where from_position <= $1"
_OPEN = """
select m.customer_id, i.invoice_id, i.currency, i.due_on, i.net_minor, i.total_minor,
       sum(m.open_minor)::bigint as open_minor, sum(m.owed_minor)::bigint as owed_minor,
       sum(m.conceded_minor)::bigint as conceded_minor
from {s}.movement m join {s}.invoice i on i.invoice_id = m.invoice_id
where m.position <= $1 and m.effective_on <= $2 and i.issued_position <= $1
  and (m.open_minor <> 0 or m.owed_minor <> 0 or m.conceded_minor <> 0)
group by m.customer_id, i.invoice_id
having sum(m.open_minor) <> 0
order by i.due_on, i.invoice_id
"""
_SCHEDULES = """
select s.invoice_id, s.due_on, s.amount_minor from {s}.instalment s join (
    select invoice_id, max(position) as position from {s}.instalment
    where invoice_id = any($3) and position <= $1 and effective_on <= $2 group by invoice_id
) last using (invoice_id, position)
order by s.invoice_id, s.due_on
"""
_CASH = """
select customer_id, currency, sum(unapplied_minor)::bigint as minor from {s}.movement
where position <= $1 and effective_on <= $2 and unapplied_minor <> 0
group by customer_id, currency having sum(unapplied_minor) <> 0
"""


def _rolled_sql(schema: str) -> str:
    """SQL: amounts that entered each band and were unpaid at its end, by customer and currency.

    Of each invoice what was owed of it on its due date, and what was unpaid at the end of each band.
    """
    unpaid = ", ".join(
        f"sum({_UNPAID}) filter (where m.effective_on <= i.due_on + {step}) as u{n}"
        for n, step in enumerate(STEPS)
    )
    entered = ["owed", *(f"u{n}" for n in range(len(STEPS) - 1))]
    passes = [f"due_on + {step} between $2::date - {WINDOW_DAYS} and $2::date - 1" for step in STEPS]
    sums = ", ".join(
        f"coalesce(sum({entered[n]}) filter (where {passes[n]}), 0)::bigint as entered_{n},"
        f" coalesce(sum(u{n}) filter (where {passes[n]}), 0)::bigint as passed_{n}"
        for n in range(len(STEPS))
    )
    return f"""
        select customer_id, currency, {sums} from (
            select m.customer_id, i.currency, i.invoice_id, i.due_on,
                   sum(m.owed_minor) filter (where m.effective_on <= i.due_on) as owed, {unpaid}
            from {schema}.movement m join {schema}.invoice i on i.invoice_id = m.invoice_id
            where m.position <= $1 and m.effective_on <= $2 and i.issued_position <= $1 and not i.is_penalty
              and i.due_on between $2::date - {WINDOW_DAYS + STEPS[-1]} and $2::date - 1
            group by m.customer_id, i.currency, i.invoice_id, i.due_on
        ) unpaid group by customer_id, currency
    """


@dataclass(frozen=True, slots=True)
class _Known:
    """Customers with their entity and the segment of their debtor; merges in force."""

    entities: Mapping[str, str]
    segments: Mapping[str, str]
    merged: Survivors

    def segment(self, customer_id: str) -> str:
        return self.segments.get(self.merged.of(customer_id), OPEN_SEGMENT)


async def provision_matrices(
    moment: Moment, entities: Sequence[str], overlays: Mapping[str, ProvisionOverlay]
) -> list[ProvisionMatrix]:
    """Return the matrices of entities, one for each currency with open invoices or money."""
    known = await _known(moment)
    rolled = await _rolled(moment, known)
    owed = await _owed(moment, known)
    unapplied: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for row in await moment.fetch(_CASH.format(s=moment.schema), moment.position, moment.as_of):
        if (entity := known.entities.get(row["customer_id"])) is not None:
            unapplied[entity, row["currency"]][known.merged.of(row["customer_id"])] += row["minor"]
    debtors = sorted({each.customer_id for some in owed.values() for each in some})
    shares = await insured_shares(moment, debtors, known.merged)
    records = [record for each in debtors for record in known.merged.records(each)]
    guarantees = await guarantees_in_force(
        moment.conn, moment.schema, records, as_of=moment.as_of, position=moment.position
    )
    found = []
    for entity, currency in sorted({*owed, *unapplied}):
        if entity not in entities:
            continue
        invoices = owed.get((entity, currency), [])
        guaranteed: Counter[str] = Counter()
        for row in guarantees:
            if row["currency"] == currency:
                guaranteed[known.merged.of(row["customer_id"])] += row["amount_minor"]
        security = _security(invoices, currency, unapplied[entity, currency], guaranteed, shares)
        overlay = overlays.get(entity, ProvisionOverlay())
        rates = _rates(rolled.get((entity, currency), {}), invoices)
        found.append(matrix(entity, currency, invoices, rates, security, overlay, moment.as_of))
    return found


async def entities_known(moment: Moment, granted: Sequence[str] | None) -> list[str]:
    """Return the entities with customers that the caller may see."""
    rows = await moment.fetch(_CUSTOMERS.format(s=moment.schema), moment.position)
    found = {row["entity_id"] for row in rows}
    return sorted(found if granted is None else found & set(granted))


async def _known(moment: Moment) -> _Known:
    rows = await moment.fetch(_CUSTOMERS.format(s=moment.schema), moment.position)
    segments = await moment.fetch(_SEGMENT_OF.format(s=moment.schema), moment.position, moment.as_of)
    return _Known(
        {row["customer_id"]: row["entity_id"] for row in rows},
        {row["customer_id"]: row["segment"] for row in segments},
        await survivors(moment.conn, moment.schema, moment.as_of, moment.position),
    )


async def _rolled(moment: Moment, known: _Known) -> Mapping[Key, Mapping[str, Rolled]]:
    bands = range(len(STEPS))
    found: defaultdict[Key, dict[str, Rolled]] = defaultdict(dict)
    for row in await moment.fetch(_rolled_sql(moment.schema), moment.position, moment.as_of):
        entity = known.entities.get(row["customer_id"])
        if entity is None:
            continue
        of_key, segment = found[entity, row["currency"]], known.segment(row["customer_id"])
        before = of_key.get(segment, _nothing(segment))
        of_key[segment] = Rolled(
            segment,
            tuple(before.entered[n] + row[f"entered_{n}"] for n in bands),
            tuple(before.passed[n] + row[f"passed_{n}"] for n in bands),
        )
    return found


def _nothing(segment: str) -> Rolled:
    return Rolled(segment, (0,) * len(STEPS), (0,) * len(STEPS))


def _rates(rolled: Mapping[str, Rolled], invoices: Sequence[OwedInvoice]) -> Mapping[str, BandRates]:
    without = {each.segment for each in invoices} - rolled.keys()
    return loss_rates((*rolled.values(), *map(_nothing, sorted(without))))


async def _owed(moment: Moment, known: _Known) -> Mapping[Key, list[OwedInvoice]]:
    rows = await moment.fetch(_OPEN.format(s=moment.schema), moment.position, moment.as_of)
    schedules: defaultdict[str, list[Instalment]] = defaultdict(list)
    invoices = [row["invoice_id"] for row in rows]
    for each in await moment.fetch(
        _SCHEDULES.format(s=moment.schema), moment.position, moment.as_of, invoices
    ):
        part = Instalment(due_on=each["due_on"], amount_minor=each["amount_minor"])
        schedules[each["invoice_id"]].append(part)
    found: defaultdict[Key, list[OwedInvoice]] = defaultdict(list)
    for row in rows:
        entity = known.entities.get(row["customer_id"])
        if entity is not None:
            parts = _parts(row, schedules.get(row["invoice_id"], []))
            found[entity, row["currency"]].append(
                OwedInvoice(
                    invoice_id=row["invoice_id"],
                    customer_id=known.merged.of(row["customer_id"]),
                    segment=known.segment(row["customer_id"]),
                    parts=parts,
                    conceded_minor=row["conceded_minor"],
                    net_minor=row["net_minor"],
                    total_minor=row["total_minor"],
                )
            )
    return found


def _parts(row: Sums, schedule: Sequence[Instalment]) -> tuple[OwedPart, ...]:
    if not schedule:
        return (OwedPart(row["due_on"], row["open_minor"]),)
    ranges = ranges_of(schedule)
    owed = row["owed_minor"] + row["conceded_minor"]
    opened = divided(ranges, owed - row["open_minor"], owed)
    return tuple(OwedPart(each.due_on, minor) for each, minor in zip(ranges, opened, strict=True))


def _security(
    invoices: Sequence[OwedInvoice],
    currency: str,
    unapplied: Counter[str],
    guaranteed: Counter[str],
    shares: Mapping[str, Sequence[InsuredShare]],
) -> Security:
    insured: Counter[str] = Counter()
    contracts: dict[str, str] = {}
    first_loss: dict[str, int] = {}
    for customer in dict.fromkeys(each.customer_id for each in invoices):
        for share in shares.get(customer, ()):
            if share.currency == currency:
                insured.update(share.by_invoice)
                contracts |= dict.fromkeys(share.by_invoice, share.contract_code)
                first_loss[share.contract_code] = share.first_loss_minor
    return Security(unapplied, guaranteed, insured, first_loss, contracts)


def closing(day: date) -> tuple[date, date]:
    """Return the first and the last day on which invoices pass the ends of bands for a closing."""
    return day - timedelta(days=WINDOW_DAYS), day - timedelta(days=1)
