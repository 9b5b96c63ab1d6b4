"""The read model `cases`: every event that changes a case, folded into rows. It sends nothing."""

from __future__ import annotations

from collections.abc import Iterable

from dunning_svc.read_models.cases.fold.by_event import Key, keys, project
from dunning_svc.read_models.cases.rows.alerts import (
    AlertDigestRow,
    AlertRow,
    AlertRuleRow,
    CollectorTargetRow,
)
from dunning_svc.read_models.cases.rows.collectors import AssignmentRow, CollectorRow
from dunning_svc.read_models.cases.rows.experiments import ExperimentRow, TrialAssignmentRow
from dunning_svc.read_models.cases.rows.legal import PlacementRow, ProceedingsRow, TitleRow
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.policies import PolicyRow, TemplateRow
from dunning_svc.read_models.cases.rows.promises import PromiseRow
from dunning_svc.read_models.cases.rows.receivables import (
    AccountRow,
    DebtorPaymentRow,
    DebtPlanRow,
    DraftFieldsRow,
    ItemRow,
)
from dunning_svc.read_models.cases.rows.reminders import DecisionRow, ReminderRow, RunRow
from dunning_svc.read_models.cases.rows.replies import ReplyRow
from dunning_svc.read_models.cases.rows.tasks import TaskRow
from dunning_svc.read_models.cases.rows.thanks import ThankedRow, ThanksRow
from encours import contracts
from encours.contracts import Recorded, events, names_of
from encours.contracts.books import moving
from encours.contracts.events import (
    alerts,
    calendar,
    collectors,
    customer,
    entity,
    experiment,
    field,
    insolvency,
    payment,
    penalty,
    plan,
    policy,
    promises,
    reminders,
    risk_terms,
    score,
    tasks,
    template,
    thanks,
    titles,
)
from encours.contracts.events import placements as handed
from encours.contracts.events import replies as incoming
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.reading.merges import MergeRow

MODEL = "cases"


class Cases(ReadModel):
    """Items, accounts, decisions and their outcomes.

    Amounts are sums of the movements of all events. ``payment.allocated`` and ``.released`` have none; they are
    applied because decisions list them among their input events.
    """

    name = MODEL
    version = 36
    rows = (
        CreditorRow,
        DebtorRow,
        MergeRow,
        AccountRow,
        DebtorPaymentRow,
        DraftFieldsRow,
        ItemRow,
        DebtPlanRow,
        DecisionRow,
        ReminderRow,
        TaskRow,
        RunRow,
        PolicyRow,
        ExperimentRow,
        TrialAssignmentRow,
        TemplateRow,
        ReplyRow,
        PromiseRow,
        ProceedingsRow,
        CollectorRow,
        AssignmentRow,
        PlacementRow,
        TitleRow,
        ThanksRow,
        ThankedRow,
        AlertRuleRow,
        AlertRow,
        AlertDigestRow,
        CollectorTargetRow,
    )
    applies = moving() | names_of(
        alerts.AlertAcknowledged,
        alerts.AlertDigestFailed,
        alerts.AlertDigestRequested,
        alerts.AlertDigestSent,
        alerts.AlertDigestUnconfirmed,
        alerts.AlertRaised,
        alerts.AlertRuleSet,
        calendar.DayOpened,
        collectors.CollectorTargetSet,
        collectors.CollectorDefined,
        collectors.CustomersAssigned,
        customer.CustomerAmended,
        customer.CustomerContactAdded,
        customer.CustomerRegistered,
        customer.RolesAssigned,
        customer.FieldsSet,
        customer.CustomerMerged,
        customer.CustomerMergeReversed,
        insolvency.InsolvencyClosed,
        insolvency.InsolvencyOpened,
        insolvency.InsolvencyPublished,
        reminders.HoldPlaced,
        reminders.ReminderFailed,
        reminders.ReminderRequested,
        reminders.ReminderSent,
        reminders.ReminderSuppressed,
        reminders.ReminderUnconfirmed,
        reminders.RunCompleted,
        reminders.TaskCompleted,
        reminders.TaskOpened,
        reminders.TaskRaised,
        incoming.FindingConfirmed,
        incoming.FindingRejected,
        incoming.ReminderAnswered,
        incoming.ReminderBounced,
        incoming.ReminderDelivered,
        incoming.ReminderReadByDebtor,
        incoming.ReminderTracked,
        incoming.ReplyRead,
        promises.PromiseBroken,
        promises.PromiseKept,
        promises.PromiseMade,
        promises.PromiseWithdrawn,
        risk_terms.RiskTermsProposed,
        risk_terms.RiskTermsAnswered,
        risk_terms.RiskTermsWithdrawn,
        score.ScoreGraded,
        handed.InvoicesPlaced,
        handed.InvoicesRecalled,
        entity.BankAccountSet,
        entity.EntityAmended,
        entity.EntityRegistered,
        payment.AllocationPolicySet,
        payment.PaymentAdvised,
        payment.PaymentAllocated,
        payment.PaymentReleased,
        penalty.PenaltiesClaimed,
        penalty.PenaltiesWaived,
        penalty.PenaltyClaimCancelled,
        penalty.PenaltyWaiverReversed,
        policy.PolicyActivated,
        policy.PolicyCreated,
        policy.PolicyRetired,
        policy.PolicyVersionAdded,
        experiment.ExperimentCustomerAssigned,
        experiment.ExperimentStarted,
        experiment.ExperimentStopped,
        field.InvoiceFieldsSet,
        plan.InvoiceRescheduled,
        plan.PlanAgreed,
        plan.PlanBroken,
        plan.PlanCancelled,
        plan.PlanKept,
        plan.PlanRescheduled,
        plan.PlanResumed,
        tasks.TaskAssigned,
        tasks.TaskPostponed,
        tasks.TaskReopened,
        template.TemplateReset,
        template.TemplateVersionSaved,
        thanks.ThanksFailed,
        thanks.ThanksRequested,
        thanks.ThanksSent,
        thanks.ThanksSuppressed,
        thanks.ThanksUnconfirmed,
        titles.TitleEnded,
        titles.TitleRequested,
    )
    ignores = contracts.names_in(
        events.approval,
        events.bank,
        events.dispute,
        events.instrument,
        events.limit_formula,
        events.order,
        events.quote,
        events.rate,
        events.recurring,
        events.remittance,
        events.credit_hold,
        events.credit_policy,
        events.figure,
        events.report,
        events.schedule,
        events.guarantee,
        events.insurance,
        events.provision,
        events.reservation,
        events.review,
        events.account_opening,
        events.credit_file,
        events.credit_warning,
        events.statement,
    ) | names_of(
        events.risk.CreditChecked,
        events.risk.LimitApproved,
        events.risk.LimitRefused,
        events.risk.LimitRequested,
        events.score.ScoreModelActivated,
        events.score.ScoreModelFitted,
        events.customer.CustomerNoted,
        events.titles.TitleContested,
        events.titles.TitleEnforceable,
        events.titles.TitleServed,
        events.field.FieldDefined,
        events.customer.CustomerRefTaken,
        events.customer.TermsAgreed,
        events.customer.TermsKept,
        events.customer.TermsBeyondCeiling,
        events.customer.PenaltyBelowFloor,
        events.entity.SeriesDefined,
        events.entity.FirstNumberSet,
        events.entity.NumberDisplaySet,
        events.entity.PeriodClosed,
        events.entity.VatRegimeSet,
        events.residual.ToleranceSet,
        events.customer.PapersRequired,
        events.imports.ImportCompleted,
        events.aside.EventSetAside,
        events.imports.ImportReceived,
        events.insolvency.InsolvencyAmended,
        events.policy.PolicyBacktested,
        events.invoice.InvoiceAmended,
        events.invoice.InvoiceCancelled,
        events.invoice.InvoiceDrafted,
        events.invoice.DepositDeducted,
        events.invoice.DepositFreed,
        events.invoice.InvoiceRebated,
        events.loss.InvoiceProvisioned,
        events.invoice.InvoiceTermsBeyondCeiling,
        events.payment.RefundSent,
        events.payment.PaymentStated,
        events.payment.ReversalStated,
        events.invoice.InvoicePenaltyBelowFloor,
    )

    def keys(self, e: Recorded) -> Iterable[Key]:
        return keys(e)

    def project(self, e: Recorded, rows: RowCache) -> None:
        project(e, rows)
