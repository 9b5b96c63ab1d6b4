"""Types of events as a firm of a random history knows them: what begins an object, and which ids it has."""

from __future__ import annotations

from encours import contracts
from encours.contracts.events import residual
from encours.contracts.events.invoice import (
    InvoiceAmended,
    InvoiceCancelled,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    ShareDisputed,
    ShareUndisputed,
)
from encours.contracts.events.loss import WriteOffRecovered
from encours.contracts.events.money.payment import (
    RefundOrdered,
    RefundReturned,
    RefundSent,
)
from encours.contracts.events.sales.dispute import (
    DisputePartResolved,
    DisputeRaised,
    DisputeResolved,
)

# These begin an object; every other event happens to one that is there.
BEGIN = frozenset(
    {
        *(
            "entity.registered",
            "customer.registered",
            "customer_ref.taken",
            "field.defined",
            "invoice.drafted",
            "invoice.issued",
            "payment.received",
            "payment.credit_note_issued",
            "quote.drafted",
            "rate.published",
            "order.placed",
            "recurring.agreed",
            "index.published",
            "review.dismissed",
        ),
        *(
            "dispute.opened",
            "plan.agreed",
            "instrument.received",
            "dispute_rules.code_mapped",
            "statement.scheduled",
            "dispute_rules.category_set",
            "limit.requested",
            "credit.checked",
            "reservation.decided",
            "credit_line.drawn",
            "order_billing.counted",
            "order_credit.counted",
            "order_credit.reserved",
            "order_credit.followed",
            "credit_policy.set",
            "figure.published",
            "report.saved",
            "turnover_plan.set",
            "schedule.set",
            "report_mail.requested",
            "guarantee.taken",
            "score_model.fitted",
            "score.graded",
            "limit_formula.set",
            "financials.filed",
            "credit_review.postponed",
            "risk_terms.proposed",
            "credit_fact.recorded",
            "credit_comment.made",
            "account_checklist.set",
            "account_opening.requested",
            "credit_warning.raised",
            "credit_warning_rules.set",
            "credit_hold.placed",
            "payer_badge.given",
            "insurance_contract.set",
            "insurance_cover.granted",
            "insurance_deadline.alerted",
            "provision_overlay.set",
            "import.received",
        ),
        *("bank_account.csv_map_set", "bank_statement.imported", "bank_line.recorded"),
        "virtual_iban.assigned",
        *("remittance_advice.received", "policy.created", "allocation_policy.set", "template.version_saved"),
        *("reminder.requested", "reminder.suppressed", "task.opened", "task.raised"),
        *(
            "promise.made",
            "reply.read",
            "placement.made",
            "thanks.requested",
            "title.requested",
            "alert_rule.set",
            "alert.raised",
            "alert_digest.requested",
            "collector.defined",
            "experiment.started",
        ),
    }
)
DRAFTS = (InvoiceAmended, InvoiceCancelled)
DISPUTED = (DisputeRaised, DisputePartResolved, DisputeResolved)
EARNED = (residual.PaymentResidualClosed, residual.PaymentResidualReopened)
OF_CASH = (RefundOrdered, RefundReturned, RefundSent, *EARNED)
TAKES_CASH = (RefundOrdered, residual.PaymentResidualClosed)
GROWS = (InvoiceIssued, WriteOffRecovered, residual.InvoiceResidualReopened)
# These come with the event that they mirror.
_MIRRORS = contracts.names_of(PaymentApplied, PaymentUnapplied, ShareDisputed, ShareUndisputed)
# An object's own id comes first, then those of the objects that it belongs to.
IDS = {
    "finding_id": "fnd", "recurring_id": "rec", "index_id": "idx", "order_id": "ord", "quote_id": "quo",
    "rate_id": "fxr", "customer_ref_id": "crf", "field_id": "fld", "rules_id": "dsr", "schedule_id": "sts",
    "advice_id": "adv", "policy_id": "pol", "template_id": "tpl", "allocation_policy_id": "alp",
    "line_id": "bln", "virtual_iban_id": "vib", "account_id": "bac", "statement_id": "bst",
    "plan_id": "pln", "instrument_id": "ins",
    "dispute_id": "dis", "payment_id": "pay", "invoice_id": "inv", "limit_id": "lim", "decision_id": "dec",
    "experiment_id": "exp",
    "promise_id": "prm", "reply_id": "rpl", "reservation_id": "rsv", "credit_line_id": "crl", "collector_id": "col",
    "order_billing_id": "obl", "order_credit_id": "ocr",
    "placement_id": "plc",
    "thanks_id": "thk",
    "title_id": "ttl",
    "rule_id": "alr",
    "alert_id": "alt",
    "digest_id": "alg",
    "credit_policy_id": "crp", "credit_hold_id": "chd", "payer_badge_id": "bdg", "guarantee_id": "gua",
    "score_models_id": "score", "score_grade_id": "grd",
    "limit_formula_id": "lfo", "financials_id": "fin", "credit_review_id": "crv",
    "risk_terms_id": "rtm", "credit_facts_id": "fct", "credit_comments_id": "cmt",
    "account_checklist_id": "acl", "account_opening_id": "aco",
    "credit_warning_id": "wrn", "warning_rules_id": "wru",
    "deadline_id": "idl", "cover_id": "cov", "insurance_contract_id": "icn",
    "provision_overlay_id": "pvo",
    "figure_id": "fig",
    "report_id": "rpt",
    "turnover_plan_id": "tpn",
    "report_schedule_id": "scd",
    "mail_id": "rml",
    "reminder_id": "rem", "task_id": "tsk", "import_id": "imp", "customer_id": "cus", "entity_id": "ent",
}  # fmt: skip
KEPT = frozenset({*IDS, "currency", "amount_minor", "series"})
FOUNDED = (
    ("entity.registered", 2),
    ("entity.series_defined", 2),
    ("customer.registered", 3),
    ("invoice.issued", 3),
)
_OFTEN = ("invoice.issued", "payment.received", "payment.allocated", "calendar.day_opened")
TYPES = (*sorted(contracts.types().keys() - _MIRRORS), *_OFTEN * 3)
