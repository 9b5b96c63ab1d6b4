"""Answers about the title without a court."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from dunning_svc.domain.title.eligibility import TitleClaim, TitleObstacle, obstacles
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.title_claims import title_claims
from encours.http.models import MoneyModel
from encours.http.queries import AsOf
from encours.legal.title import title_procedure


class TitleProcedureOut(BaseModel):
    """Procedure by which the invoice is judged, with its days for a demand that is served on the day."""

    country: str
    valid_from: date
    source: str
    to_be_confirmed_by_counsel: bool = True
    contest_until: date = Field(description="Last day to contest a demand that is served on `on`.")
    record_from: date = Field(description="First day on which non-contestation may be recorded then.")


class TitleEligibility(BaseModel):
    """An open invoice, and every reason against the procedure."""

    invoice_id: str
    number: str
    due_on: date
    open: MoneyModel
    eligible: bool
    reasons: list[TitleObstacle] = Field(description="Empty if the procedure is open to the invoice.")
    procedure: TitleProcedureOut | None

    @classmethod
    def of(
        cls, row: ItemRow, claim: TitleClaim, rows: MemoryRows, day: date, debtor_country: str
    ) -> TitleEligibility:
        """Return an invoice as of a day."""
        creditor = rows.get(CreditorRow, row.entity_id)
        country = creditor.country if creditor else ""
        procedure = title_procedure(country, day)
        reasons = list(obstacles(claim, procedure, country, debtor_country, day))
        return cls(
            invoice_id=row.invoice_id,
            number=row.number,
            due_on=row.due_on,
            open=MoneyModel.of(row.open_minor, row.currency),
            eligible=not reasons,
            reasons=reasons,
            procedure=procedure
            and TitleProcedureOut(
                country=procedure.country,
                valid_from=procedure.valid_from,
                source=procedure.source,
                contest_until=procedure.contest_until(day),
                record_from=procedure.record_from(day),
            ),
        )


class TitleEligibilityList(AsOf):
    """Open invoices of a customer, the first due first."""

    customer_id: str
    on: date
    data: list[TitleEligibility]

    @classmethod
    def items(cls, rows: MemoryRows, own: list[str], day: date) -> list[TitleEligibility]:
        """Return the open invoices of all records of a customer."""
        debtor = rows.get(DebtorRow, own[0])
        country = debtor.country if debtor else ""
        return [
            TitleEligibility.of(row, claim, rows, day, country) for row, claim in title_claims(rows, own, day)
        ]
