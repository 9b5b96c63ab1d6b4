"""Amounts owed on invoices at the ledger's head, as the basis of a promise to pay them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dunning_svc.domain.ladder.decide import policy_of
from dunning_svc.domain.policy.policy import USUAL_TERMS
from dunning_svc.domain.promise.commands import PromiseBasis, PromisedInvoice
from dunning_svc.read_models.cases.current import CasesBehind, current_cases
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.promises import PromiseEntry
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts.events.invoice import InvoiceIssued
from encours.kernel.errors import Refusal
from encours.ledger import Ledger
from encours.reading.moment import Granted
from encours.reading.read_db import ReadDb


class DebtsBehind(Refusal):
    """The read model lags too far behind the ledger to tell what is owed (503)."""

    code = "debts-behind"
    title = "Amounts owed are not up to date"
    status = 503
    remedy = "Repeat the request after Retry-After seconds."


class KnownDebts:
    """Queries on the debts of a ledger."""

    def __init__(self, ledger: Ledger, db: ReadDb, name: str) -> None:
        self._ledger = ledger
        self._db = db
        self._name = name

    async def promise_basis(
        self, invoice_ids: Sequence[str], day: date, granted: Granted = None
    ) -> PromiseBasis:
        """Return the basis of a promise for invoices; those that are not issued, or not granted, are left out.

        Raises :class:`DebtsBehind`.
        """
        wanted: dict[str, set[str]] = {}
        for invoice_id, customer_id in (await self._debtors(invoice_ids)).items():
            wanted.setdefault(customer_id, set()).add(invoice_id)
        try:
            rows, _ = await current_cases(self._ledger, self._db, self._name, wanted, day)
        except CasesBehind as error:
            raise DebtsBehind(str(error)) from None
        found = [row for each in invoice_ids if (row := rows.get(ItemRow, each)) is not None]
        return basis_in(rows, [row for row in found if granted is None or row.entity_id in granted], day)

    async def _debtors(self, invoice_ids: Sequence[str]) -> dict[str, str]:
        """Return the customer of each invoice; of one that the read model does not have yet, from the ledger."""
        async with self._db.snapshot(MODEL, self._name) as (conn, schema, _):
            records = await conn.fetch(
                f"select invoice_id, customer_id from {schema}.item where invoice_id = any($1)",
                list(invoice_ids),
            )
        found: dict[str, str] = {row[0]: row[1] for row in records}
        unknown = [each for each in invoice_ids if each not in found]
        for stream in (await self._ledger.read_streams(self._name, unknown)).values() if unknown else ():
            found |= {e.stream: e.data.customer_id for e in stream if isinstance(e.data, InvoiceIssued)}
        return found


def basis_in(rows: MemoryRows, items: Sequence[ItemRow], day: date) -> PromiseBasis:
    """Return the basis of a promise for items, from the current rows of their debtors."""
    merged = rows.survivors(day)
    groups = dict.fromkeys((merged.of(row.customer_id), row.entity_id, row.currency) for row in items)
    cases = {group: rows.case(group, day, merged=merged) for group in groups}
    first = next(iter(groups), None)
    applied = {
        case.customer_id: (policy_of(case, day, rows.policies())[0].policy.promises, case.country)
        for case in cases.values()
        if case is not None
    }
    terms, country = applied.get(first[0] if first else "", (USUAL_TERMS, ""))
    return PromiseBasis(
        invoices=[
            PromisedInvoice(
                row.invoice_id,
                merged.of(row.customer_id),
                row.entity_id,
                row.currency,
                row.open_minor,
                tuple(PromiseEntry.of(each).promise_id for each in row.promises),
            )
            for row in items
        ],
        terms=terms,
        country=country,
        others=applied,
        credits={
            own.customer_id: max(0, own.credit_minor)
            for group, own in cases.items()
            if own is not None and first is not None and group[1:] == first[1:]
        },
    )
