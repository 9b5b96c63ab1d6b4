"""Application of events to the rows: amounts from the movements of the books; drafts have none, and add their own."""

from __future__ import annotations

from datetime import date

from encours.contracts import Recorded
from encours.contracts.books import movements
from encours.contracts.clearance import drafted_exposure
from encours.contracts.events.account_opening import (
    AccountChecklistSet,
    AccountOpened,
    AccountOpeningRequested,
    AccountRefused,
)
from encours.contracts.events.credit_file import CreditFactCorrected, CreditFactRecorded, CreditFactWithdrawn
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased
from encours.contracts.events.credit_policy import CreditPolicySet
from encours.contracts.events.credit_warning import (
    CreditWarningAcknowledged,
    CreditWarningEnded,
    CreditWarningRaised,
)
from encours.contracts.events.dunning.promises import PromiseBroken, PromiseKept
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.guarantee import GuaranteeReleased, GuaranteeTaken
from encours.contracts.events.invoice import InvoiceAmended, InvoiceCancelled, InvoiceDrafted, InvoiceIssued
from encours.contracts.events.limit_formula import CreditReviewPostponed, FinancialsFiled
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.events.parties.customer import (
    CustomerAmended,
    CustomerMerged,
    CustomerMergeReversed,
    CustomerRegistered,
    RolesAssigned,
)
from encours.contracts.events.parties.insolvency import InsolvencyClosed, InsolvencyOpened
from encours.contracts.events.rate import ExchangeRatePublished
from encours.contracts.events.reservation import (
    OrderBillingCounted,
    OrderCreditFollowed,
    ReservationConsumed,
    ReservationDecided,
    ReservationDelivered,
    ReservationExpired,
    ReservationOverridden,
    ReservationReleased,
)
from encours.contracts.events.risk import LimitApproved, LimitRefused, LimitRequested
from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed, RiskTermsWithdrawn
from encours.contracts.events.sales.order import (
    DeliveryCancelled,
    OrderBilled,
    OrderClosed,
    OrderDelivered,
    OrderPlaced,
    OrderUnbilled,
)
from encours.contracts.events.score import ScoreGraded
from encours.projection.row_cache import RowCache
from encours.reading.insolvency import InsolvencyRow
from encours.reading.insured import INSURANCE, InsuranceEventRow
from encours.reading.merges import MergeRow
from encours.reading.rates import rate_rows
from risk_svc.read_models.credit import orders
from risk_svc.read_models.credit.grades import ScoreGradeRow
from risk_svc.read_models.credit.guarantees import apply_guarantee
from risk_svc.read_models.credit.holds import apply_hold, apply_promise, apply_step
from risk_svc.read_models.credit.limits import apply_limit
from risk_svc.read_models.credit.payers import CreditSegmentRow
from risk_svc.read_models.credit.review_rows import FinancialsRow, PostponedReviewRow
from risk_svc.read_models.credit.rows import (
    CreditCustomerRow,
    CreditRolesRow,
    ExposureInstalmentRow,
    ExposureInvoiceRow,
    ExposureMovementRow,
    ExposureRow,
    OrderPolicyRow,
)
from risk_svc.read_models.credit.terms_rows import apply_terms
from risk_svc.read_models.credit.warning_rows import apply_warning
from risk_svc.read_models.file.rows import apply_account, apply_fact


class CreditProjection:
    """Application of one event to the rows; it numbers the movement rows that it writes."""

    def __init__(self, e: Recorded, rows: RowCache) -> None:
        self.e = e
        self.rows = rows
        self.line = 0

    def apply(self) -> None:
        """Apply the event's content, then its movements."""
        data = self.e.data
        match data:
            case CustomerRegistered() | CustomerAmended():
                self._customer(data)
            case InvoiceDrafted():
                self._draft(data)
            case InvoiceAmended():
                row = self._invoice(data.invoice_id)
                row.total_minor, row.cleared_minor = data.total_minor, data.cleared_minor
                self._redraft(row)
            case OrderBillingCounted():
                self._cleared(data)
            case InvoiceCancelled():
                self._undraft(self._invoice(data.invoice_id))
            case InvoiceIssued():
                self._issued(data)
            case InvoiceRescheduled():
                self._rescheduled(data)
            case LimitRequested() | LimitApproved() | LimitRefused():
                apply_limit(self.e, data, self.rows)
            case ReminderRequested():
                apply_step(self.e, data, self.rows)
            case GuaranteeTaken() | GuaranteeReleased():
                apply_guarantee(self.e, data, self.rows)
            case CreditHoldPlaced() | CreditHoldReleased():
                apply_hold(self.e, data, self.rows)
            case PromiseKept() | PromiseBroken():
                apply_promise(self.e, data, self.rows)
            case FinancialsFiled():
                self.rows.put(FinancialsRow.of(self.e, data))
            case CreditReviewPostponed():
                self.rows.put(PostponedReviewRow.of(self.e, data))
            case CreditFactRecorded() | CreditFactCorrected() | CreditFactWithdrawn():
                apply_fact(self.e, data, self.rows)
            case CreditWarningRaised() | CreditWarningAcknowledged() | CreditWarningEnded():
                apply_warning(self.e, data, self.rows)
            case AccountChecklistSet() | AccountOpeningRequested() | AccountOpened() | AccountRefused():
                apply_account(self.e, data, self.rows)
            case RiskTermsProposed() | RiskTermsAnswered() | RiskTermsWithdrawn():
                apply_terms(self.e, data, self.rows)
            case ScoreGraded():
                self.rows.put(ScoreGradeRow.of(self.e, data))
            case insuring if isinstance(insuring, INSURANCE):
                self.rows.put(InsuranceEventRow.of(self.e, insuring))
            case ReservationDecided():
                self._ordered(data, orders.decided(self.e, data, self.rows), 0)
            case (
                ReservationOverridden()
                | ReservationDelivered()
                | ReservationConsumed()
                | ReservationReleased()
                | ReservationExpired()
            ):
                self._ordered(data, *orders.changed(self.e, data, self.rows))
            case OrderPlaced():
                orders.placed(data, self.rows)
                orders.to_follow(self.e, data, self.rows)
            case OrderDelivered() | DeliveryCancelled() | OrderBilled() | OrderUnbilled():
                self._ordered(data, 0, orders.unbilled_change(data, self.rows))
                orders.to_follow(self.e, data, self.rows)
            case OrderClosed():
                orders.to_follow(self.e, data, self.rows)
            case OrderCreditFollowed():
                orders.followed(data, self.rows)
            case CreditPolicySet(entity_id=entity_id, orders=rules):
                needed = rules is not None and rules.need_reservation
                self.rows.put(
                    OrderPolicyRow(entity_id=entity_id, need_reservation=needed, set_position=self.e.position)
                )
            case CustomerMerged() | CustomerMergeReversed():
                self.rows.put(MergeRow.of(self.e, data))
            case InsolvencyOpened() | InsolvencyClosed():
                self.rows.put(InsolvencyRow.of(self.e, data))
            case ExchangeRatePublished():
                for each in rate_rows(self.e, data):
                    self.rows.put(each)
            case RolesAssigned():
                self.rows.put(
                    CreditRolesRow(
                        customer_id=data.customer_id,
                        position=self.e.position,
                        valid_from=data.valid_from,
                        payer_id=data.payer_id,
                        group_id=data.group_id,
                    )
                )
        for moved in movements(self.e):
            if moved.invoice_id is not None:
                self._invoice(moved.invoice_id)
            self._move(
                ExposureMovementRow(
                    position=self.e.position,
                    line=self.line,
                    customer_id=moved.customer_id,
                    currency=moved.currency,
                    invoice_id=moved.invoice_id,
                    payment_id=moved.payment_id,
                    effective_on=moved.effective_on,
                    available_on=moved.available_on,
                    open_minor=moved.item_minor,
                    owed_minor=moved.owed_minor,
                    disputed_minor=moved.contested_minor,
                    conceded_minor=moved.conceded_minor,
                    planned_minor=moved.planned_minor,
                    unapplied_minor=moved.cash_minor,
                )
            )

    def _invoice(self, invoice_id: str) -> ExposureInvoiceRow:
        row = self.rows.get(ExposureInvoiceRow, invoice_id)
        if row is None:
            raise LookupError(f"invoice {invoice_id} was never drafted or issued")
        return row

    def _move(self, row: ExposureMovementRow) -> None:
        change = row.open_minor - row.conceded_minor + row.draft_minor - row.unapplied_minor
        change += row.reserved_minor + row.delivered_minor
        if not (
            change
            or row.reserved_minor
            or row.open_minor
            or row.owed_minor
            or row.disputed_minor
            or row.planned_minor
            or row.unapplied_minor
        ):
            return
        self.rows.put(row)
        self.line += 1
        customer = self.rows.get(CreditCustomerRow, row.customer_id) if change else None
        if customer is not None:
            exposures = _amounts(customer.exposures)
            exposures[row.currency] = exposures.get(row.currency, 0) + change
            customer.exposures = _listed(exposures)
            self.rows.put(customer)
            self.rows.put(
                ExposureRow(
                    customer_id=row.customer_id,
                    currency=row.currency,
                    exposure_minor=exposures[row.currency],
                )
            )

    def _move_draft(self, row: ExposureInvoiceRow, effective_on: date, draft_minor: int) -> None:
        self._move(
            ExposureMovementRow(
                position=self.e.position,
                line=self.line,
                customer_id=row.customer_id,
                currency=row.currency,
                invoice_id=row.invoice_id,
                effective_on=effective_on,
                draft_minor=draft_minor,
            )
        )

    def _ordered(self, data: orders.Ordering, reserved_minor: int, delivered_minor: int) -> None:
        self._move(
            ExposureMovementRow(
                position=self.e.position,
                line=self.line,
                customer_id=data.customer_id,
                currency=data.currency,
                invoice_id=None,
                effective_on=self.e.effective_on,
                reserved_minor=reserved_minor,
                delivered_minor=delivered_minor,
            )
        )

    def _customer(self, data: CustomerRegistered | CustomerAmended) -> None:
        self.rows.put(CreditSegmentRow.of(self.e, data))
        if isinstance(data, CustomerRegistered):
            row = CreditCustomerRow(
                customer_id=data.customer_id,
                entity_id=self.e.entity,
                name=data.name,
                from_position=self.e.position,
                exposures="",
            )
        else:
            found = self.rows.get(CreditCustomerRow, data.customer_id)
            if found is None:
                raise LookupError(f"customer {data.customer_id} was never registered")
            row = found
            row.name = data.name
        self.rows.put(row)

    def _draft(self, data: InvoiceDrafted) -> None:
        row = ExposureInvoiceRow(
            invoice_id=data.invoice_id,
            customer_id=data.customer_id,
            currency=data.currency,
            drafted="",
            number=None,
            issued_on=None,
            due_on=None,
            total_minor=data.total_minor,
            issued_position=None,
            replaces=data.corrects is not None,
            cleared_minor=data.cleared_minor,
        )
        self._redraft(row)

    def _cleared(self, data: OrderBillingCounted) -> None:
        """Count what ended reservations let pass of a draft; an issued invoice counts as a whole."""
        row = self.rows.get(ExposureInvoiceRow, data.invoice_id)
        if row is not None and row.drafted and data.customer_id == row.customer_id:
            row.counted_minor += data.amount_minor
            self._redraft(row)

    def _redraft(self, row: ExposureInvoiceRow) -> None:
        parts, day = _amounts(row.drafted), self.e.effective_on
        counts_minor = drafted_exposure(
            row.total_minor, row.cleared_minor, row.counted_minor, corrects=row.replaces
        )
        change_minor = counts_minor - sum(parts.values())
        parts[day.isoformat()] = parts.get(day.isoformat(), 0) + change_minor
        row.drafted = _listed(parts)
        self.rows.put(row)
        self._move_draft(row, day, change_minor)

    def _undraft(self, row: ExposureInvoiceRow) -> None:
        """End the draft. An addition taken back before its own day would leave drafts below zero in between."""
        for day, minor in _amounts(row.drafted).items():
            self._move_draft(row, max(self.e.effective_on, date.fromisoformat(day)), -minor)
        row.drafted = ""
        self.rows.put(row)

    def _issued(self, data: InvoiceIssued) -> None:
        draft = self.rows.get(ExposureInvoiceRow, data.invoice_id)
        if draft is not None:
            self._undraft(draft)
        self.rows.put(
            ExposureInvoiceRow(
                invoice_id=data.invoice_id,
                customer_id=data.customer_id,
                currency=data.currency,
                drafted="",
                number=data.number,
                issued_on=data.issued_on,
                due_on=data.due_on,
                total_minor=data.total_minor,
                issued_position=self.e.position,
                is_penalty=data.purpose == "penalty",
                net_minor=data.net_minor,
                deposit_for=data.reference if data.purpose == "deposit" else None,
            )
        )

    def _rescheduled(self, data: InvoiceRescheduled) -> None:
        invoice = self._invoice(data.invoice_id)
        for each in data.instalments:
            self.rows.put(
                ExposureInstalmentRow(
                    invoice_id=invoice.invoice_id,
                    position=self.e.position,
                    due_on=each.due_on,
                    effective_on=self.e.effective_on,
                    amount_minor=each.amount_minor,
                )
            )


def _amounts(text: str) -> dict[str, int]:
    """Return amounts in minor units by their key, from ``<key>:<minor units>`` per amount."""
    parts = (part.rpartition(":") for part in text.split())
    return {key: int(minor) for key, _, minor in parts}


def _listed(amounts: dict[str, int]) -> str:
    return " ".join(f"{key}:{minor}" for key, minor in amounts.items())
