"""Rows that an event reads, and its fold into them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dunning_svc.domain.policy.choice import is_default
from dunning_svc.read_models.cases.fold import (
    alerts,
    amounts,
    claims,
    decisions,
    experiments,
    master_data,
    placements,
    policies,
    replies,
    templates,
    thanks,
    titles,
)
from dunning_svc.read_models.cases.fold import promises as promised
from dunning_svc.read_models.cases.fold.work import collector_changed, task_moved, task_opened
from dunning_svc.read_models.cases.rows.access import Rows
from dunning_svc.read_models.cases.rows.alerts import AlertDigestRow, AlertRow
from dunning_svc.read_models.cases.rows.experiments import ExperimentRow
from dunning_svc.read_models.cases.rows.legal import PlacementRow, ProceedingsRow, TitleRow
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.policies import PolicyRow, TemplateRow
from dunning_svc.read_models.cases.rows.promises import PromiseRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, DebtPlanRow, DraftFieldsRow, ItemRow
from dunning_svc.read_models.cases.rows.reminders import ReminderRow, RunRow
from dunning_svc.read_models.cases.rows.replies import ReplyRow
from dunning_svc.read_models.cases.rows.tasks import TaskRow
from dunning_svc.read_models.cases.rows.thanks import ThanksRow
from encours.contracts import Recorded
from encours.contracts.books import PAYER_UNKNOWN, movements
from encours.contracts.events import alerts as alerting
from encours.contracts.events import (
    calendar,
    collectors,
    customer,
    entity,
    experiment,
    field,
    insolvency,
    invoice,
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
)
from encours.contracts.events import placements as handed
from encours.contracts.events import replies as incoming
from encours.contracts.events import thanks as thanking
from encours.contracts.events import titles as titling
from encours.projection.rows import Row
from encours.reading.merges import MergeRow

Key = tuple[type[Row], tuple[Any, ...]]


def keys(e: Recorded) -> Iterable[Key]:
    """Return the keys of the rows that :func:`project` reads."""
    for entry in movements(e):
        if entry.invoice_id is not None:
            yield ItemRow, (entry.invoice_id,)
            yield CreditorRow, (e.entity,)
        if entry.cash_minor and entry.customer_id != PAYER_UNKNOWN:
            yield AccountRow, (entry.customer_id, entry.entity, entry.currency)
    match e.data:
        case entity.EntityAmended() | entity.BankAccountSet():
            yield CreditorRow, (e.data.entity_id,)
        case (
            customer.CustomerAmended()
            | customer.CustomerContactAdded()
            | customer.RolesAssigned()
            | customer.FieldsSet()
            | score.ScoreGraded()
            | risk_terms.RiskTermsProposed()
            | risk_terms.RiskTermsAnswered()
            | risk_terms.RiskTermsWithdrawn()
            | insolvency.InsolvencyOpened()
            | insolvency.InsolvencyClosed()
            | reminders.HoldPlaced()
        ):
            yield DebtorRow, (e.data.customer_id,)
            if isinstance(e.data, insolvency.InsolvencyClosed):
                yield ProceedingsRow, (e.data.insolvency_id,)
        case insolvency.InsolvencyPublished():
            yield ProceedingsRow, (e.data.insolvency_id,)
        case invoice.InvoiceIssued():
            yield DraftFieldsRow, (e.data.invoice_id,)
        case (
            plan.PlanRescheduled()
            | plan.PlanBroken()
            | plan.PlanKept()
            | plan.PlanCancelled()
            | plan.PlanResumed()
        ):
            yield DebtPlanRow, (e.data.plan_id,)
        case field.InvoiceFieldsSet():
            yield ItemRow, (e.data.invoice_id,)
        case (
            plan.InvoiceRescheduled()
            | penalty.PenaltiesClaimed()
            | penalty.PenaltiesWaived()
            | penalty.PenaltyClaimCancelled()
            | penalty.PenaltyWaiverReversed()
        ):
            yield ItemRow, (e.data.invoice_id,)
        case payment.PaymentAllocated() | payment.PaymentReleased():
            yield AccountRow, (e.data.customer_id, e.entity, e.data.currency)
        case reminders.ReminderRequested() | reminders.ReminderSuppressed() | reminders.TaskOpened():
            for customer_id in [each.customer_id for each in e.data.debtors] or [e.data.customer_id]:
                yield AccountRow, (customer_id, e.entity, e.data.currency)
            if not is_default((e.data.basis.policy_id, e.data.basis.policy_version)):
                yield PolicyRow, (e.data.basis.policy_id,)
            for dunned in e.data.items:
                yield ItemRow, (dunned.invoice_id,)
            for left in e.data.suppressed:
                yield ItemRow, (left.invoice_id,)
            if isinstance(e.data, reminders.ReminderSuppressed):
                yield ReminderRow, (e.data.reminder_id,)
        case reminders.ReminderSent() | reminders.ReminderFailed() | reminders.ReminderUnconfirmed():
            yield ReminderRow, (e.data.reminder_id,)
        case incoming.ReminderBounced() | incoming.ReminderTracked():
            yield ReminderRow, (e.data.reminder_id,)
            yield DebtorRow, (e.data.addressee_id,)
            for step in e.data.steps:
                yield ItemRow, (step.invoice_id,)
        case incoming.ReminderAnswered() | incoming.ReminderDelivered() | incoming.ReminderReadByDebtor():
            yield ReminderRow, (e.data.reminder_id,)
        case incoming.FindingConfirmed() | incoming.FindingRejected():
            yield ReplyRow, (e.data.reply_id,)
        case promises.PromiseMade():
            for invoice_id in e.data.invoice_ids:
                yield ItemRow, (invoice_id,)
        case promises.PromiseKept() | promises.PromiseBroken():
            yield PromiseRow, (e.data.promise_id,)
        case promises.PromiseWithdrawn():
            yield PromiseRow, (e.data.promise_id,)
            for invoice_id in e.data.invoice_ids:
                yield ItemRow, (invoice_id,)
        case handed.InvoicesPlaced():
            for placed in e.data.invoices:
                yield ItemRow, (placed.invoice_id,)
        case handed.InvoicesRecalled():
            yield PlacementRow, (e.data.placement_id,)
            for invoice_id in e.data.invoice_ids:
                yield ItemRow, (invoice_id,)
        case reminders.TaskRaised():
            for invoice_id in e.data.invoice_ids:
                yield ItemRow, (invoice_id,)
        case reminders.TaskCompleted() | tasks.TaskPostponed() | tasks.TaskAssigned() | tasks.TaskReopened():
            yield TaskRow, (e.data.task_id,)
            if isinstance(e.data, reminders.TaskCompleted) and (given := e.data.approval) is not None:
                yield ReminderRow, (given.reminder_id,)
                for invoice_id in given.invoice_ids:
                    yield ItemRow, (invoice_id,)
        case (
            thanking.ThanksSuppressed()
            | thanking.ThanksSent()
            | thanking.ThanksFailed()
            | thanking.ThanksUnconfirmed()
        ):
            yield ThanksRow, (e.data.thanks_id,)
        case titling.TitleRequested():
            for titled in e.data.invoices:
                yield ItemRow, (titled.invoice_id,)
        case titling.TitleEnded():
            yield TitleRow, (e.data.title_id,)
            for invoice_id in e.data.invoice_ids:
                yield ItemRow, (invoice_id,)
        case alerting.AlertAcknowledged():
            yield AlertRow, (e.data.alert_id,)
        case alerting.AlertDigestSent() | alerting.AlertDigestFailed() | alerting.AlertDigestUnconfirmed():
            yield AlertDigestRow, (e.data.digest_id,)
        case reminders.RunCompleted():
            yield RunRow, (e.data.day,)
        case policy.PolicyVersionAdded() | policy.PolicyActivated() | policy.PolicyRetired():
            yield PolicyRow, (e.data.policy_id,)
        case experiment.ExperimentStopped():
            yield ExperimentRow, (e.data.experiment_id,)
        case template.TemplateReset():
            yield TemplateRow, (e.data.template_id,)
        case _:
            return


def project(e: Recorded, rows: Rows) -> None:
    """Fold one event into the rows: its movements, and its other content about a case."""
    match e.data:
        case entity.EntityRegistered() | entity.EntityAmended():
            master_data.entity_changed(e.data, rows)
        case entity.BankAccountSet():
            master_data.bank_account_set(e.data, rows)
        case customer.CustomerRegistered() | customer.CustomerAmended() | reminders.HoldPlaced():
            master_data.customer_changed(e, e.data, rows)
        case customer.FieldsSet():
            master_data.fields_set(e, e.data, rows)
        case score.ScoreGraded():
            master_data.graded(e, e.data, rows)
        case (
            risk_terms.RiskTermsProposed() | risk_terms.RiskTermsAnswered() | risk_terms.RiskTermsWithdrawn()
        ):
            master_data.terms_from_risk(e, e.data, rows)
        case insolvency.InsolvencyOpened() | insolvency.InsolvencyClosed():
            master_data.insolvency_changed(e, e.data, rows)
            claims.proceedings_changed(e, e.data, rows)
        case insolvency.InsolvencyPublished():
            claims.proceedings_changed(e, e.data, rows)
        case customer.CustomerContactAdded():
            master_data.contact_added(e, e.data, rows)
        case customer.RolesAssigned():
            master_data.roles_assigned(e, e.data, rows)
        case customer.CustomerMerged() | customer.CustomerMergeReversed():
            rows.put(MergeRow.of(e, e.data))
        case invoice.InvoiceIssued():
            master_data.invoice_issued(e, e.data, rows)
        case field.InvoiceFieldsSet():
            master_data.invoice_fields_set(e, e.data, rows)
        case plan.InvoiceRescheduled():
            amounts.rescheduled(e, e.data, rows)
        case plan.PlanAgreed() | plan.PlanRescheduled():
            amounts.plan_changed(e, e.data, rows)
        case plan.PlanBroken() | plan.PlanKept() | plan.PlanCancelled() | plan.PlanResumed():
            amounts.plan_turned(e.data, rows)
        case (
            penalty.PenaltiesClaimed()
            | penalty.PenaltiesWaived()
            | penalty.PenaltyClaimCancelled()
            | penalty.PenaltyWaiverReversed()
        ):
            master_data.fee_changed(e, e.data, rows)
        case payment.PaymentAllocated() | payment.PaymentReleased():
            amounts.payment_mirrored(e, e.data, rows)
        case reminders.ReminderSuppressed() if e.version > 1:
            decisions.withdrawn(e, e.data, rows)
        case reminders.ReminderRequested() | reminders.ReminderSuppressed() | reminders.TaskOpened():
            decisions.decided(e, e.data, rows)
        case reminders.ReminderSent() | reminders.ReminderFailed() | reminders.ReminderUnconfirmed():
            decisions.outcome_recorded(e, e.data, rows)
        case reminders.TaskRaised():
            task_opened(e, e.data, rows)
        case (
            incoming.ReminderBounced()
            | incoming.ReminderAnswered()
            | incoming.ReminderDelivered()
            | incoming.ReminderReadByDebtor()
            | incoming.ReminderTracked()
        ):
            replies.sign_received(e, e.data, rows)
        case incoming.ReplyRead():
            replies.reply_read(e, e.data, rows)
        case incoming.FindingConfirmed() | incoming.FindingRejected():
            replies.reply_judged(e, e.data, rows)
        case promises.PromiseMade():
            promised.promise_made(e, e.data, rows)
        case promises.PromiseKept() | promises.PromiseBroken() | promises.PromiseWithdrawn():
            promised.promise_ended(e, e.data, rows)
        case handed.InvoicesPlaced() | handed.InvoicesRecalled():
            placements.placement_changed(e, e.data, rows)
        case reminders.TaskCompleted() | tasks.TaskPostponed() | tasks.TaskAssigned() | tasks.TaskReopened():
            task_moved(e, e.data, rows)
        case collectors.CollectorDefined() | collectors.CustomersAssigned():
            collector_changed(e, e.data, rows)
        case calendar.DayOpened():
            decisions.day_opened(e, e.data, rows)
        case (
            policy.PolicyCreated()
            | policy.PolicyVersionAdded()
            | policy.PolicyActivated()
            | policy.PolicyRetired()
        ):
            policies.policy_changed(e, e.data, rows)
        case (
            experiment.ExperimentStarted()
            | experiment.ExperimentStopped()
            | experiment.ExperimentCustomerAssigned()
        ):
            experiments.experiment_changed(e, e.data, rows)
        case template.TemplateVersionSaved() | template.TemplateReset():
            templates.template_changed(e.data, rows)
        case titling.TitleRequested() | titling.TitleEnded():
            titles.title_changed(e, e.data, rows)
        case thanking.ThanksRequested():
            thanks.thanks_requested(e, e.data, rows)
        case (
            thanking.ThanksSuppressed()
            | thanking.ThanksSent()
            | thanking.ThanksFailed()
            | thanking.ThanksUnconfirmed()
        ):
            thanks.thanks_concluded(e, e.data, rows)
        case (
            alerting.AlertRuleSet()
            | alerting.AlertRaised()
            | alerting.AlertAcknowledged()
            | collectors.CollectorTargetSet()
        ):
            alerts.alert_changed(e, e.data, rows)
        case (
            alerting.AlertDigestRequested()
            | alerting.AlertDigestSent()
            | alerting.AlertDigestFailed()
            | alerting.AlertDigestUnconfirmed()
        ):
            alerts.digest_changed(e, e.data, rows)
        case reminders.RunCompleted():
            decisions.run_completed(e, e.data, rows)
        case _:
            pass
    amounts.move(e, rows)
