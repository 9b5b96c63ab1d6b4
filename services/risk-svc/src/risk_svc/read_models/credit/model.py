"""Read model ``credit``: exposure, payment behaviour and limits. Amounts come from the movements of the books."""

from __future__ import annotations

from collections.abc import Iterable

from encours import contracts
from encours.contracts import Recorded, events, names_of
from encours.contracts.books import movements, moving
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
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from encours.reading.insolvency import InsolvencyRow
from encours.reading.insured import INSURANCE, InsuranceEventRow
from encours.reading.merges import MergeRow
from encours.reading.rates import RatePairRow, RateRow
from risk_svc.read_models.credit.grades import ScoreGradeRow
from risk_svc.read_models.credit.guarantees import GuaranteeRow
from risk_svc.read_models.credit.holds import CreditHoldRow, LadderStepRow, PromiseOutcomeRow
from risk_svc.read_models.credit.payers import CreditSegmentRow
from risk_svc.read_models.credit.projection import CreditProjection
from risk_svc.read_models.credit.review_rows import FinancialsRow, PostponedReviewRow
from risk_svc.read_models.credit.rows import (
    CreditCustomerRow,
    CreditRolesRow,
    DeliveredOrderRow,
    ExposureInstalmentRow,
    ExposureInvoiceRow,
    ExposureMovementRow,
    ExposureRow,
    FollowedOrderRow,
    LimitRequestRow,
    OrderPolicyRow,
    OrderStateRow,
    ReservationRow,
)
from risk_svc.read_models.credit.terms_rows import RiskTermsRow
from risk_svc.read_models.credit.warning_rows import CreditWarningRow
from risk_svc.read_models.file.rows import AccountChecklistRow, AccountStateRow, ToldFactRow


class Credit(ReadModel):
    """Exposure, payment behaviour and limits of all customers."""

    name = "credit"
    version = 32
    rows = (
        CreditCustomerRow,
        CreditRolesRow,
        CreditSegmentRow,
        InsolvencyRow,
        MergeRow,
        ExposureRow,
        ExposureInvoiceRow,
        ExposureInstalmentRow,
        ExposureMovementRow,
        LimitRequestRow,
        ReservationRow,
        OrderStateRow,
        DeliveredOrderRow,
        OrderPolicyRow,
        FollowedOrderRow,
        CreditHoldRow,
        PromiseOutcomeRow,
        ScoreGradeRow,
        FinancialsRow,
        PostponedReviewRow,
        LadderStepRow,
        GuaranteeRow,
        InsuranceEventRow,
        ToldFactRow,
        CreditWarningRow,
        AccountChecklistRow,
        AccountStateRow,
        RiskTermsRow,
        RateRow,
        RatePairRow,
    )
    applies = moving() | names_of(
        CustomerRegistered,
        CustomerAmended,
        RolesAssigned,
        CustomerMerged,
        CustomerMergeReversed,
        InsolvencyOpened,
        InsolvencyClosed,
        InvoiceDrafted,
        InvoiceAmended,
        InvoiceCancelled,
        InvoiceIssued,
        InvoiceRescheduled,
        LimitRequested,
        LimitApproved,
        LimitRefused,
        ScoreGraded,
        FinancialsFiled,
        CreditReviewPostponed,
        CreditFactRecorded,
        CreditFactCorrected,
        CreditFactWithdrawn,
        CreditWarningRaised,
        CreditWarningAcknowledged,
        CreditWarningEnded,
        AccountChecklistSet,
        AccountOpeningRequested,
        AccountOpened,
        AccountRefused,
        ExchangeRatePublished,
        ReminderRequested,
        GuaranteeTaken,
        GuaranteeReleased,
        *INSURANCE,
        CreditHoldPlaced,
        CreditHoldReleased,
        PromiseKept,
        PromiseBroken,
        ReservationDecided,
        ReservationOverridden,
        ReservationDelivered,
        ReservationConsumed,
        ReservationReleased,
        ReservationExpired,
        OrderPlaced,
        OrderDelivered,
        DeliveryCancelled,
        OrderBilled,
        OrderUnbilled,
        OrderClosed,
        OrderCreditFollowed,
        OrderBillingCounted,
        CreditPolicySet,
        RiskTermsProposed,
        RiskTermsAnswered,
        RiskTermsWithdrawn,
    )
    ignores = contracts.names_in(
        events.alerts,
        events.approval,
        events.bank,
        events.collectors,
        events.figure,
        events.dispute,
        events.instrument,
        events.experiment,
        events.policy,
        events.placements,
        events.provision,
        events.penalty,
        events.quote,
        events.recurring,
        events.remittance,
        events.replies,
        events.report,
        events.schedule,
        events.review,
        events.statement,
        events.tasks,
        events.template,
        events.thanks,
        events.titles,
    ) | names_of(
        events.calendar.DayOpened,
        events.account_opening.AccountItemDone,
        events.account_opening.AccountItemWaived,
        events.credit_warning.WarningRulesSet,
        events.credit_file.CreditCommentMade,
        events.credit_file.CreditCommentCorrected,
        events.credit_hold.PayerBadgeGiven,
        events.credit_hold.PayerBadgeRemoved,
        events.reservation.CreditLineDrawn,
        events.reservation.OrderDeliveryCounted,
        events.reservation.OrderReservationMade,
        events.promises.PromiseMade,
        events.promises.PromiseWithdrawn,
        events.reminders.ReminderSuppressed,
        events.reminders.ReminderSent,
        events.reminders.ReminderFailed,
        events.reminders.ReminderUnconfirmed,
        events.reminders.TaskOpened,
        events.reminders.TaskRaised,
        events.reminders.TaskCompleted,
        events.reminders.HoldPlaced,
        events.reminders.RunCompleted,
        events.risk.CreditChecked,
        events.limit_formula.LimitFormulaSet,
        events.score.ScoreModelActivated,
        events.score.ScoreModelFitted,
        events.customer.CustomerContactAdded,
        events.customer.CustomerNoted,
        events.customer.FieldsSet,
        events.field.FieldDefined,
        events.field.InvoiceFieldsSet,
        events.customer.CustomerRefTaken,
        events.customer.TermsAgreed,
        events.customer.TermsKept,
        events.customer.TermsBeyondCeiling,
        events.customer.PenaltyBelowFloor,
        events.entity.EntityAmended,
        events.entity.EntityRegistered,
        events.entity.SeriesDefined,
        events.entity.FirstNumberSet,
        events.entity.NumberDisplaySet,
        events.entity.PeriodClosed,
        events.entity.BankAccountSet,
        events.entity.VatRegimeSet,
        events.residual.ToleranceSet,
        events.customer.PapersRequired,
        events.imports.ImportCompleted,
        events.aside.EventSetAside,
        events.imports.ImportReceived,
        events.insolvency.InsolvencyAmended,
        events.insolvency.InsolvencyPublished,
        events.invoice.DepositDeducted,
        events.invoice.DepositFreed,
        events.invoice.InvoiceRebated,
        events.loss.InvoiceProvisioned,
        events.invoice.InvoiceTermsBeyondCeiling,
        events.invoice.InvoicePenaltyBelowFloor,
        events.payment.AllocationPolicySet,
        events.payment.PaymentAdvised,
        events.payment.PaymentAllocated,
        events.payment.PaymentReleased,
        events.payment.RefundSent,
        events.payment.PaymentStated,
        events.payment.ReversalStated,
        events.plan.PlanAgreed,
        events.plan.PlanBroken,
        events.plan.PlanCancelled,
        events.plan.PlanKept,
        events.plan.PlanRescheduled,
        events.plan.PlanResumed,
        events.rate.ExchangeDifferenceRealised,
        events.rate.ExchangeDifferenceReversed,
    )

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Return the rows that :meth:`project` reads for this event."""
        match e.data:
            case LimitApproved(limit_id=limit_id) | LimitRefused(limit_id=limit_id):
                yield LimitRequestRow, (limit_id,)
            case CustomerAmended(customer_id=customer_id) | InvoiceDrafted(customer_id=customer_id):
                yield CreditCustomerRow, (customer_id,)
            case (
                InvoiceAmended(invoice_id=invoice_id, customer_id=customer_id)
                | InvoiceCancelled(invoice_id=invoice_id, customer_id=customer_id)
                | OrderBillingCounted(invoice_id=invoice_id, customer_id=customer_id)
            ):
                yield ExposureInvoiceRow, (invoice_id,)
                yield CreditCustomerRow, (customer_id,)
            case InvoiceRescheduled(invoice_id=invoice_id):
                yield ExposureInvoiceRow, (invoice_id,)
            case CreditWarningAcknowledged() | CreditWarningEnded():
                yield CreditWarningRow, (e.data.credit_warning_id,)
            case GuaranteeReleased(guarantee_id=guarantee_id):
                yield GuaranteeRow, (guarantee_id,)
            case RiskTermsAnswered() | RiskTermsWithdrawn():
                yield RiskTermsRow, (e.data.customer_id, e.data.proposal_number)
            case CreditHoldReleased(credit_hold_id=hold_id):
                yield CreditHoldRow, (hold_id,)
            case (
                ReservationDecided()
                | ReservationOverridden()
                | ReservationDelivered()
                | ReservationConsumed()
                | ReservationReleased()
                | ReservationExpired()
            ):
                yield ReservationRow, (e.data.reservation_id,)
                yield CreditCustomerRow, (e.data.customer_id,)
            case OrderDelivered() | DeliveryCancelled() | OrderBilled() | OrderUnbilled():
                yield DeliveredOrderRow, (e.data.order_id,)
                yield CreditCustomerRow, (e.data.customer_id,)
                yield OrderPolicyRow, (e.entity,)
                yield FollowedOrderRow, (e.data.order_id,)
            case OrderPlaced() | OrderClosed() | OrderCreditFollowed():
                yield OrderPolicyRow, (e.entity,)
                yield FollowedOrderRow, (e.data.order_id,)
            case InvoiceIssued(purchaser_id=str(orderer)):
                yield CreditCustomerRow, (orderer,)
        for moved in movements(e):
            yield CreditCustomerRow, (moved.customer_id,)
            if moved.invoice_id is not None:
                yield ExposureInvoiceRow, (moved.invoice_id,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        CreditProjection(e, rows).apply()
