"""The tables of the read model `cases`. Columns are the fields, in order; amounts are minor units.

Positions of events are numbers in one text column, separated by blanks, oldest first.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from msgspec import field

from dunning_svc.read_models.cases.reply_rows import PromiseRow, ReplyRow, TaskRow
from encours.contracts.parties import Roles, payer_of
from encours.projection.rows import Row
from encours.reading.merges import MergeRow

R = TypeVar("R", bound=Row)


class Rows(Protocol):
    """Interface of the rows that events are projected into: the batch of a subscription, or a dictionary."""

    def get(self, row: type[R], *key: Any) -> R | None: ...
    def put(self, row: Row) -> None: ...


class BankAccount(NamedTuple):
    """Account into which customers pay in a currency from a day on; without an IBAN there is none."""

    currency: str
    valid_from: date
    iban: str
    bic: str
    holder: str


class CreditorRow(Row, kw_only=True):
    """A creditor: the sender of reminders, with the time zone of its days.

    ``accounts``: the accounts that customers pay into, as set one after the other, as
    ``<currency> <first day>|<IBAN>|<BIC>|<holder>``.
    """

    TABLE: ClassVar[str] = "entity"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id",)

    entity_id: str
    name: str
    country: str
    time_zone: str
    address: str | None
    iban: str | None
    siren: str | None
    accounts: list[str] = field(default_factory=list)
    email: str | None = None

    def account_on(self, currency: str, day: date) -> BankAccount | None:
        """Return the account to pay into: the dated one of the currency, else that of the creditor's identity."""
        found = [each for each in map(_account, self.accounts) if each.currency == currency]
        in_force = max(
            (each for each in found if each.valid_from <= day), key=lambda each: each.valid_from, default=None
        )
        if in_force is not None:
            return in_force if in_force.iban else None
        return BankAccount(currency, day, self.iban, "", "") if self.iban else None


def _account(entry: str) -> BankAccount:
    key, iban, bic, holder = entry.split("|", 3)
    currency, day = key.split(" ")
    return BankAccount(currency, date.fromisoformat(day), iban, bic, holder)


class ContactEntry(NamedTuple):
    """A contact of a debtor, with the position of the event that added it."""

    role: str
    email: str
    position: int
    name: str


class OpenedProceedings(NamedTuple):
    """Insolvency proceedings of a debtor: day of the judgment, and position of the event that recorded it."""

    opened_on: date
    position: int
    insolvency_id: str


class DebtorRow(Row, kw_only=True):
    """A debtor, its addresses and its hold. ``hold_position`` is 0 if it was never on hold.

    ``people``: the contacts that reminders may go to, oldest first, as ``<role> <e-mail> <position> <name>``.
    ``payers``: who pays for the debtor, as ``<first day> <position> <customer>``; the debtor itself without a customer.
    ``custom``: values of custom fields, as ``<code> <value>``, set at ``custom_position``. ``changed_on``: last day on
    which the customer changed in something that policies ask for. ``proceedings``: insolvency proceedings that are not
    void, as ``<day of the judgment> <position> <id>``. ``undeliverable``: addresses from which mail came back for good,
    as ``<address> <position>``; entering the address anew removes it.
    """

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(entity_id, customer_id)",)

    customer_id: str
    entity_id: str
    name: str
    language: str
    email: str | None
    phone: str | None
    address: str | None
    hold_until: date | None
    hold_cause: str | None
    hold_position: int
    position: int
    people: list[str] = field(default_factory=list)
    payers: list[str] = field(default_factory=list)
    country: str = ""
    segment: str | None = None
    salesperson: str | None = None
    tags: list[str] = field(default_factory=list)
    custom: list[str] = field(default_factory=list)
    custom_position: int = 0
    changed_on: date | None = None
    proceedings: list[str] = field(default_factory=list)
    undeliverable: list[str] = field(default_factory=list)

    def came_back(self, email: str | None) -> int | None:
        """Return the position of the bounce since which the address is undeliverable, None if it is not."""
        known = dict(entry.rsplit(" ", 1) for entry in self.undeliverable)
        position = known.get((email or "").lower())
        return int(position) if position else None

    @property
    def contacts(self) -> list[ContactEntry]:
        """Return the entries of the column ``people``."""
        found = []
        for entry in self.people:
            role, email, position, name = entry.split(" ", 3)
            found.append(ContactEntry(role, email, int(position), name))
        return found

    @property
    def roles(self) -> list[Roles]:
        """Return the entries of the column ``payers``."""
        found = []
        for entry in self.payers:
            day, position, payer = entry.split(" ", 2)
            found.append(Roles(date.fromisoformat(day), int(position), payer or None))
        return found

    @property
    def insolvencies(self) -> list[OpenedProceedings]:
        """Return the entries of the column ``proceedings``."""
        entries = (entry.split(" ", 2) for entry in self.proceedings)
        return [
            OpenedProceedings(date.fromisoformat(day), int(position), name) for day, position, name in entries
        ]

    def payer_on(self, day: date) -> str:
        """Return the customer that pays the debtor's invoices on a day, and is reminded of them."""
        return payer_of(self.customer_id, self.roles, day)


class AccountRow(Row, kw_only=True):
    """A customer's account at one creditor in one currency: its unapplied cash and its last decided day.

    ``policy_id``: the policy that its last decision applied, since ``policy_since``; empty without a decision.
    ``events``: payment events since the cash was last zero; ``command_id``: the command of the last of them.
    """

    TABLE: ClassVar[str] = "account"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "entity_id", "currency")

    customer_id: str
    entity_id: str
    currency: str
    unapplied_minor: int
    events: str
    command_id: str
    decided_on: date | None
    policy_id: str = ""
    policy_version: int = 0
    policy_since: date | None = None


class DebtorPaymentRow(Row, kw_only=True):
    """A customer's payment, one of the streams that an account of the past is folded from."""

    TABLE: ClassVar[str] = "payment"
    KEY: ClassVar[tuple[str, ...]] = ("payment_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)

    payment_id: str
    customer_id: str


class ItemRow(Row, kw_only=True):
    """An issued invoice. ``next_step_on`` is set while an amount is open and a step remains.

    ``instalments`` as ``<date> <sum up to it>``; ``due_on`` is the first that ``settled_minor`` leaves open.

    ``done``: steps taken or superseded. ``taken``: steps taken, in their order, as ``<code> <day> <act> <offset>``.
    ``moved_on``: last day on which an amount was moved. ``arose_on``: day on which the claim arose.
    """

    TABLE: ClassVar[str] = "item"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, due_on)",
        "(next_step_on) where next_step_on is not null",
    )

    invoice_id: str
    customer_id: str
    entity_id: str
    currency: str
    number: str
    issued_on: date
    arose_on: date
    due_on: date
    open_minor: int
    disputed_minor: int
    planned_minor: int
    in_hand_minor: int
    settled_minor: int
    instalments: list[str]
    entered_on: date
    penalty_rate_bps: int | None
    indemnity_minor: int
    """Recovery fee that is neither waived nor claimed by a penalty document."""
    done: list[str]
    taken: list[str]
    suppressed: list[str]
    next_step_on: date | None
    version: int
    events: str
    moved_on: date | None = None
    promised_until: date | None = None
    """Last day on which dunning rests because of a promise."""


class DecisionRow(Row, kw_only=True):
    """A stored decision; ``document`` is the payload of its event."""

    TABLE: ClassVar[str] = "decision"
    KEY: ClassVar[tuple[str, ...]] = ("decision_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, position)",)

    decision_id: str
    position: int
    type: str
    day: date
    day_event: str
    customer_id: str
    entity_id: str
    currency: str
    document: str


class ReminderRow(Row, kw_only=True):
    """A reminder with at most one outcome, and the position and date of the outcome."""

    TABLE: ClassVar[str] = "reminder"
    KEY: ClassVar[tuple[str, ...]] = ("reminder_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(position)",
        "(customer_id, position)",
        "(position) where status = 'requested'",
        "using gin (invoice_ids)",
    )

    reminder_id: str
    decision_id: str
    customer_id: str
    entity_id: str
    day: date
    channel: str
    step: str
    template: str
    language: str
    currency: str
    amount_minor: int
    credit_minor: int
    invoice_ids: list[str]
    position: int
    status: str
    cause: str | None
    message_id: str | None
    evidence: str | None
    outcome_position: int | None
    outcome_on: date | None
    because: str = ""
    """Positions of the events after the decision for which the message did not leave."""
    signs: list[str] = field(default_factory=list)
    """Bounces, receipts and answers, as ``<kind> <position> <day> <SHA-256 of the message> <reply>``."""
    bounced: bool = False
    """True if it came back for good: it has not reached the customer."""


class RunRow(Row, kw_only=True):
    """The run of a day. It is open from the day's opening until its completion."""

    TABLE: ClassVar[str] = "run"
    KEY: ClassVar[tuple[str, ...]] = ("day",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(position)", "(position) where completed_position is null")

    day: date
    position: int
    day_event: str
    late: bool
    requested: int
    suppressed: int
    tasks: int
    pending: int
    completed_position: int | None
    completed_on: date | None


class PolicyRow(Row, kw_only=True):
    """A policy of the ledger. ``documents``: those of its versions, in order; ``active_version`` is 0 without one.

    ``changed_on``: the last day on which a version was put in force or out of it.
    """

    TABLE: ClassVar[str] = "policy"
    KEY: ClassVar[tuple[str, ...]] = ("policy_id",)

    policy_id: str
    documents: list[str]
    active_version: int
    changed_on: date | None
    changed_position: int


class TemplateRow(Row, kw_only=True):
    """A template of the ledger with its text in force; ``version`` is 0 without one."""

    TABLE: ClassVar[str] = "template"
    KEY: ClassVar[tuple[str, ...]] = ("template_id",)

    template_id: str
    code: str
    language: str
    entity_id: str | None
    purpose: str
    version: int
    subject: str
    text: str


ALL_ROWS: tuple[type[Row], ...] = (
    CreditorRow,
    DebtorRow,
    MergeRow,
    AccountRow,
    DebtorPaymentRow,
    ItemRow,
    DecisionRow,
    ReminderRow,
    TaskRow,
    RunRow,
    PolicyRow,
    TemplateRow,
    ReplyRow,
    PromiseRow,
)


def existing(rows: Rows, kind: type[R], *key: Any) -> R:
    """Return a row that an earlier event created. Raises ``LookupError`` if not, which parks the stream."""
    row = rows.get(kind, *key)
    if row is None:
        raise LookupError(f"no {kind.TABLE} {key}")
    return row


def positions(text: str) -> tuple[int, ...]:
    """Return the entries of a column of positions."""
    return tuple(int(number) for number in text.split())


def with_position(text: str, position: int) -> str:
    """Return a column of positions with the position appended, unless it is the last entry already."""
    last = text.rpartition(" ")[2]
    return text if last == str(position) else f"{text} {position}".lstrip()


def with_steps(steps: list[str], *more: str) -> list[str]:
    """Return the steps with others appended, without duplicates."""
    return list(dict.fromkeys((*steps, *more)))
