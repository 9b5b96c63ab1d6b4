"""Definitions of figures. Every figure names its definition.

A definition never changes under its id: a new one gets the next number, so that a published figure can be
computed again years later.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """``id`` goes with the figure; ``text`` is complete enough to compute it by hand."""

    id: str
    text: str


AGED_BY_DUE_DATE = Definition(
    "aged-balance/due-date/3",
    "Open amount of each invoice (issued - credited - payments applied + payments unapplied, VAT "
    "included) whose events count on or before as_of and were recorded by known_at, in the closed band "
    "of its days past due (as_of - due date; not due: 0 or less). Each instalment of an invoice is in the "
    "band of its own due date, by the schedule in force on as_of: payments and write-offs settle the "
    "earliest, credit notes reduce the last, and what is disputed, conceded or on plan is in the last. "
    "Disputed: the part of the open amount that is contested, already inside the bands. Conceded: the "
    "part of that which the creditor has accepted and whose credit note is still to come. On plan: the "
    "part of the open amount that is not contested and on a payment plan in force, already inside the "
    "bands, as a plan changes no due date. Overdue: the bands past due, less their conceded part. "
    "Unapplied: payments received - reversed - allocated + released, never spread over bands. "
    "Outstanding = sum of bands - unapplied = balance of the customers' account.",
)
AGED_BY_ISSUE_DATE = Definition(
    "aged-balance/issue-date/3",
    "As aged-balance/due-date/3, with days counted from the issue date; the first band holds what was "
    "issued on as_of.",
)
PROMISED = Definition(
    "promised/1",
    "Of the open amounts of aged-balance/due-date/3, what is promised at as_of: of each promise that was made by then "
    "and neither judged nor withdrawn, and whose last day of grace has not passed, the amount less what payments have "
    "settled of its invoices since, on these invoices from the earliest due date on; never above what is open. May "
    "overlap with what is disputed, on plan or placed.",
)
PLACED = Definition(
    "placed/1",
    "Of the open amounts of aged-balance/due-date/3, all that is open at as_of of the invoices that were handed over "
    "to a third party by then and not recalled. May overlap with what is disputed, on plan or promised.",
)
DUE_PROMISES = Definition(
    "promises-due/1",
    "Number and amounts of the promises made by as_of whose last promised day is as_of, and that are neither judged "
    "nor withdrawn by then.",
)
BROKEN_PROMISES = Definition(
    "promises-broken/1",
    "Number and amounts of the promises whose last event by as_of found them broken, in the 30 days that end with "
    "as_of. Missing: the amount less what had arrived of it in time.",
)
INSURED = Definition(
    "insured/1",
    "Of the open amounts of aged-balance/due-date/3, what a credit insurer pays at as_of: of the debts of a customer "
    "that are open, not disputed and not covered by its unapplied cash, penalty documents left out, the part within "
    "the covers in force when they were invoiced, the oldest debts first, with VAT or without as the contract says; "
    "those whose notice, hand-over or consent to an extension was missed are left out; x the insured share, half up "
    "once a customer and contract, - the deductible. The first loss of a year is not deducted. As in risk-svc. May "
    "overlap with what is on plan, promised or placed.",
)
INSURED_SHARE = Definition(
    "insured-share/1",
    "Insured of insured/1 / sum of the bands of aged-balance/due-date/3 x 100. Null where the bands add up to 0 or "
    "less. Two decimals, half up.",
)
DSO_SIMPLE = Definition(
    "dso/simple/2",
    "Outstanding (unapplied cash deducted, VAT included, penalty documents left out) at as_of / "
    "turnover VAT included (issued - "
    "credited) of the period's days ending with as_of x those days. Null without turnover. Two "
    "decimals, half up.",
)
DSO_COUNTBACK = Definition(
    "dso/countback/2",
    "Calendar months' turnover VAT included (issued - credited) is taken off the outstanding of dso/simple/2 "
    "backwards from the month of as_of (its days up to as_of) until used up; each month used up counts "
    "its days, the last one pro rata. A month whose credit notes reach or exceed its sales counts its "
    "days and adds the excess to the balance. 'exhausted': the balance is older than all turnover "
    "known; the days are then a lower bound. Two decimals, half up.",
)
BPDSO = Definition(
    "bpdso/simple/4",
    "Receivables not yet due at as_of (the first band of aged-balance/due-date/3), penalty documents left out / "
    "turnover VAT included of the period x its days. Unapplied cash "
    "is taken off what is due first, and only what exceeds that off what is not due. Null without "
    "turnover.",
)
ADD = Definition(
    "add/simple/4",
    "Average days delinquent: dso/simple/2 - bpdso/simple/4 on the same period. 0 where nothing is late.",
)
OVERDUE = Definition(
    "overdue/due-date/3",
    "Invoices, and instalments of invoices by the schedule in force on as_of, with a due date before as_of and an open "
    "amount at as_of that is above what was conceded of it (a "
    "claim that the creditor has accepted and not credited yet); overdue = open amount - conceded; days past due = "
    "as_of - due date.",
)
TURNOVER = Definition(
    "turnover/issue-date/3",
    "Billed: invoices issued - credit notes, by their issue date, with and without VAT, penalty documents "
    "and their credit notes left out; those taken over with their total alone are left out of the net and "
    "counted apart, VAT included. Collected: "
    "payments received by the day the funds were available - payments reversed by the day of the "
    "reversal. Weeks are ISO 8601.",
)
TURNOVER_BY_PRODUCT = Definition(
    "turnover-by-product/1",
    "Turnover without VAT of turnover/issue-date/3 by the products of the lines; discounts and charges on the document "
    "and deducted deposits change the lines of their VAT rate pro rata. A credit note reduces the products of its "
    "lines, without lines all products of its invoice pro rata, and their cost in the same proportion. Cost: quantity "
    "x unit_cost of the lines that state one. Margin: turnover of these lines - their cost; lines without a cost are "
    "in neither. Collected: payments applied to the invoices - released or reversed, by the part of the product in "
    "each invoice. No product: what the whole has beyond all products.",
)
TURNOVER_PLAN = Definition(
    "turnover-plan/2",
    "Planned: targets of the version of the plan in force on as_of, known at known_at. Actual: turnover without VAT, "
    "and payments received - reversed, of turnover/issue-date/3 in each month of the plan up to as_of; by product of "
    "turnover-by-product/1; by salesperson of the customers that each has on as_of, in all months. Difference: actual "
    "- planned; its percentage is of what was planned. The month of as_of is compared as far as it went, and left out "
    "of the totals until its last day.",
)
CEI = Definition(
    "cei/1",
    "Collection effectiveness index of a period: (opening + sales - closing) / (opening + sales - closing not yet due) "
    "x 100. Opening and closing: the outstanding of dso/simple/2 on the eve of the first day and on the last day. "
    "Sales: turnover VAT included of the period. Closing not yet due: that of bpdso/simple/4, so that unapplied cash "
    "is taken off what is due first. A write-off lowers the closing balance as a payment does. Null where the "
    "denominator is 0 or less: nothing was to be collected. Two decimals, half up.",
)
COLLECTION = Definition(
    "collection/1",
    "Amounts that the measures of a period are computed from; they add up over customers. Opening: the outstanding of "
    "dso/simple/2 on the eve of the first day. Sales: turnover VAT included of the period. Open: sum of the bands of "
    "aged-balance/due-date/3 at as_of, penalty documents left out, as in all others; not due: its first band; overdue: "
    "the others less what was conceded. Unapplied: cash that no invoice has taken. Closing: open - unapplied. "
    "Turnover: VAT included, of the days that end with as_of. From them follow cei/1, overdue-rate/1, dso/simple/2, "
    "bpdso/simple/4 and add/simple/4.",
)
OVERDUE_RATE = Definition(
    "overdue-rate/1",
    "Overdue of aged-balance/due-date/3 / sum of its bands x 100, penalty documents left out, unapplied cash not "
    "deducted. Null where the bands add up to 0 or less. Two decimals, half up.",
)
WORKING_CAPITAL = Definition(
    "working-capital/1",
    "Cash that one day of dso/simple/2 ties up: turnover VAT included of the DSO's period / its days. Tied up by "
    "lateness: outstanding - not yet due on the basis of add/simple/4, which is that amount x the average days "
    "delinquent. Null without turnover. Minor units, half up.",
)
REMINDER_YIELD = Definition(
    "reminder-yield/1",
    "Reminders, calls and litigation files decided from the first day to as_of, by the day of the decision. Sent: the "
    "channel accepted it; of a task, a person carried it out. Paid within 7, 15 and 30 days: of each invoice that a "
    "sent message asks for, the funds of the customer that cover it (payment-delay/1) and were available after the "
    "day on which it left, up to the last of these days, at most what was asked for; its rate is of what was asked "
    "for by messages sent at least so many days before as_of. Those sent later are counted apart: what they bring is "
    "not known yet. A payment counts for each message in whose days it falls; the part after a later message about "
    "the same invoice is given apart. Association, not effect: who is reminded is late, later steps meet harder "
    "cases, and many would have paid anyway. An experiment with customers assigned by chance measures an effect.",
)
PAYMENT_DELAY = Definition(
    "payment-delay/1",
    "Invoices, and instalments by the schedule in force, that fell due from the first day to as_of; penalty "
    "documents left out. Delay: days from the due date to the first day from which funds of the customer cover all "
    "that was ever owed (issued - credited - accepted claims - early discounts), dated by the day the funds were "
    "available, whenever they were allocated; unapplied cash covers the oldest due debts first. Negative before the "
    "due date; money paid in advance counts from the issue. A write-off, a release or a credit note is no payment. "
    "Mean, mean weighted by what was owed, median (mean of the two middle ones). Open and late: apart, with days past "
    "due so far, which are at least the delay, and the amount not covered. Two decimals, half up; null without an "
    "invoice.",
)
DELAY_RANKING = Definition(
    "payment-delay-ranking/1",
    "Customers by the mean delay of payment-delay/1, in which what is open and late counts with its days so far, so "
    "that who never pays is not left out. Customers with at least as many invoices as the answer names.",
)
RECOVERED_RATE = Definition(
    "recovered-rate/1",
    "Of what was ever owed on the invoices issued in the month (payment-delay/1), the part that funds of the customers "
    "cover at as_of x 100. Null where nothing was billed. Two decimals, half up.",
)
AT_RISK = Definition(
    "at-risk-90/1",
    "Of what was ever owed on the invoices issued in the month whose due date lies at least 90 days before as_of, the "
    "part that funds of the customers did not cover on the 90th day after the due date x 100. Null until one is that "
    "old. Two decimals, half up.",
)
PAST_90 = Definition(
    "past-90/1",
    "Sum of the bands of aged-balance/due-date/3 that are more than 90 days past due; its share is of the sum of all "
    "bands. Null without anything open. Four decimals.",
)

CASH_FORECAST = Definition(
    "cash-forecast/1",
    "Cash that the receivables open at as_of bring by period; sales to come are not in it. Left out: disputed and "
    "conceded amounts, penalty documents, what customers in insolvency proceedings owe; unapplied cash covers what is "
    "due first. The share of a debt that is paid on a day from its due date, of what was unpaid until then, is that "
    "of its debtor's debts (weight halved every 120 days since the issue; open ones count as unpaid so far), with 20 "
    "debts that follow the segment, and that with 40 that follow all debtors (Susarla and Van Ryzin 1976). Trend: what "
    "came in the first weeks of the six forecasts before / what they expected, with one such week as expected, 0.5 to "
    "2: the exponent of the unpaid share. An amount on a payment plan is due by its instalments; one that is promised "
    "comes on the promised day with the probability that its debtor keeps promises, else later as any debt. Where at "
    "most one payment in twenty came on other days, cash arrives on business days. Ranges: gamma distribution with "
    "the expectation, and the deviation of independent debts x the spread of past errors in such deviations, of up to "
    "11 weekly forecasts up to 4 weeks ahead. Nothing is drawn at random. Baseline: all is paid on its due date, what "
    "is overdue in the first period.",
)

ANOMALY = Definition(
    "anomaly/2",
    "invoice_amount, payment_amount: the logarithm of the amount lies 5 robust deviations or more from the median of "
    "the customer's invoices, or payments, of the 365 days before its day; a robust deviation is 1.4826 x the median "
    "absolute deviation, 0.15 at least. payment_delay: the same of the delay of payment-delay/1 among debts settled "
    "before, deviation 3 days at least; unpaid: the days so far of an open debt past that. At least 8 earlier ones are "
    "needed. credit_notes: two or more in the 90 days up to as_of, so many with a probability below 0.001 by Poisson, "
    "where the expected number is that of the customer's invoices of these days x its credit notes by invoice in the "
    "275 days before, with 10 invoices at the rate of all customers of the year. payment_method, payer_account: by "
    "none of the customer's payments of the 365 days before, of which 8, or 3 whose account the bank states, are "
    "needed. refund_account: none of these payments came from the account that a refund goes to. Probability of "
    "the three: 1 / (earlier ones + 2).",
)

ALL: tuple[Definition, ...] = (
    AGED_BY_DUE_DATE,
    AGED_BY_ISSUE_DATE,
    PROMISED,
    DUE_PROMISES,
    BROKEN_PROMISES,
    PLACED,
    INSURED,
    INSURED_SHARE,
    DSO_SIMPLE,
    DSO_COUNTBACK,
    BPDSO,
    ADD,
    OVERDUE,
    TURNOVER,
    TURNOVER_BY_PRODUCT,
    TURNOVER_PLAN,
    CEI,
    COLLECTION,
    OVERDUE_RATE,
    WORKING_CAPITAL,
    REMINDER_YIELD,
    PAYMENT_DELAY,
    DELAY_RANKING,
    RECOVERED_RATE,
    AT_RISK,
    PAST_90,
    CASH_FORECAST,
    ANOMALY,
)
