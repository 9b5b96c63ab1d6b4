"""Open items of one entity and currency, indexed by all that a bank line can name: number, amount, account, name.

Matching reads nothing else. Who fills the index decides which items may be found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from encours.contracts.events.money.residual import ToleranceSet
from encours.contracts.parties import Roles, payer_of, roles_on
from invoice_svc.domain.payment.indication import digits_of, last_group_of, number_key
from invoice_svc.domain.tolerance.choose import Tolerances, applicable
from invoice_svc.domain.virtual_iban.state import Holding, holder_on
from invoice_svc.matching.names import LEAST_PREFIX, key_of


@dataclass(frozen=True, slots=True)
class PayableItem:
    """An invoice that is still to be paid; amounts in minor units."""

    invoice_id: str
    number: str
    customer_id: str
    issued_on: date
    due_on: date
    outstanding_minor: int
    disputed_minor: int = 0


@dataclass(frozen=True, slots=True)
class OpenCredit:
    """Unapplied cash of a payer's payment, or what a credit note has left the payer, in minor units."""

    payment_id: str
    customer_id: str
    unapplied_minor: int
    available_on: date


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer with the names and accounts by which a bank line can identify it.

    ``accounts`` includes those that confirmed matches have taught.
    """

    customer_id: str
    names: tuple[str, ...]
    accounts: frozenset[str] = frozenset()
    roles: tuple[Roles, ...] = ()
    segment: str | None = None
    tags: tuple[str, ...] = ()
    is_foreign: bool = False
    """Of another country than the creditor, or the index is of a foreign currency: banks may keep charges."""


@dataclass(slots=True)
class OpenItems:
    """The index. It changes as lines are booked and teach accounts."""

    items: dict[str, PayableItem] = field(default_factory=dict)
    payers: dict[str, Payer] = field(default_factory=dict)
    by_key: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_digits: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_amount: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_customer: dict[str, dict[str, PayableItem]] = field(default_factory=lambda: defaultdict(dict))
    by_account: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_name: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_prefix: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    paid_by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_group: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    virtual_ibans: Mapping[str, Sequence[Holding]] = field(default_factory=dict)
    tolerances: Sequence[ToleranceSet] = ()
    """Tolerances of the entity for rests in the currency of the index."""
    credits: dict[str, OpenCredit] = field(default_factory=dict)
    """Credits by the payment that holds them."""
    keys: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Letters and digits of each item's number, its digits, and its last group without leading zeros."""

    @classmethod
    def of(
        cls,
        items: Iterable[PayableItem],
        payers: Iterable[Payer],
        virtual_ibans: Mapping[str, Sequence[Holding]] | None = None,
        tolerances: Sequence[ToleranceSet] = (),
        credits: Iterable[OpenCredit] = (),
    ) -> OpenItems:
        """Return an index of these items, of those who may pay them, to which virtual IBANs, and with which credit."""
        index = cls(
            virtual_ibans=virtual_ibans or {},
            tolerances=tolerances,
            credits={each.payment_id: each for each in credits},
        )
        for payer in payers:
            index._add_payer(payer)
        for item in items:
            index._add(item)
        return index

    def payer_on(self, customer_id: str, day: date) -> str:
        """Return who pays the customer's invoices on a day."""
        known = self.payers.get(customer_id)
        return payer_of(customer_id, known.roles, day) if known and known.roles else customer_id

    def holders_on(self, iban: str | None, day: date) -> set[str]:
        """Return the customer who holds a virtual IBAN on a day, and the one who pays for that customer."""
        holder = holder_on(self.virtual_ibans.get(iban or "", ()), day)
        return set() if holder is None else {holder, self.payer_on(holder, day)}

    def tolerances_of(self, customer_id: str, day: date) -> Tolerances:
        """Return the tolerances for what is left of a customer's invoices on a day."""
        debtor = self.payers.get(customer_id)
        if debtor is None or not self.tolerances:
            return {}
        return applicable(
            self.tolerances,
            currency=self.tolerances[0].currency,
            records={customer_id},
            segment=debtor.segment,
            tags=debtor.tags,
            day=day,
        )

    def payable_by(self, payer_id: str, day: date) -> list[PayableItem]:
        """Return the items that a customer pays on a day, the oldest due first."""
        found: list[PayableItem] = []
        for customer_id in {payer_id} | self.paid_by.get(payer_id, set()):
            if self.payer_on(customer_id, day) == payer_id:
                found += self.by_customer.get(customer_id, {}).values()
        return sorted(found, key=lambda item: (item.due_on, item.number))

    def credits_of(self, payer_id: str, day: date) -> list[OpenCredit]:
        """Return the credits that a payer has on a day, the oldest first."""
        found = [
            each
            for each in self.credits.values()
            if each.customer_id == payer_id and each.available_on <= day
        ]
        return sorted(found, key=lambda each: (each.available_on, each.payment_id))

    def group_of(self, customer_id: str, day: date) -> str | None:
        """Return the head of the customer's group on a day."""
        known = self.payers.get(customer_id)
        return roles_on(known.roles, day).group_id if known else None

    def named(self, name: str) -> set[str]:
        """Return the customers of that name, or whose name begins with it if a bank may have cut it off."""
        key = key_of(name)
        found = set(self.by_name.get(key, ()))
        if len(key) >= LEAST_PREFIX:
            alike = self.by_prefix.get(key[:LEAST_PREFIX], ())
            found |= {
                each
                for each in alike
                if any(key_of(known).startswith(key) for known in self.payers[each].names)
            }
        return found

    def settle(self, shares: Iterable[tuple[str, int]]) -> None:
        """Take amounts off the items of a line that is booked."""
        for invoice_id, amount_minor in shares:
            if (item := self.items.get(invoice_id)) is not None:
                self._remove(item)
                if left := item.outstanding_minor - amount_minor:
                    self._add(replace(item, outstanding_minor=left))

    def spend(self, payment_id: str, amount_minor: int) -> None:
        """Take an amount off a credit that is used with a line."""
        credit = self.credits.pop(payment_id)
        if left := credit.unapplied_minor - amount_minor:
            self.credits[payment_id] = replace(credit, unapplied_minor=left)

    def learn(self, account: str, customer_id: str) -> None:
        """Add an account from which the customer was seen to pay."""
        known = self.payers[customer_id]
        self.payers[customer_id] = replace(known, accounts=known.accounts | {account})
        self.by_account[account].add(customer_id)

    def _add_payer(self, payer: Payer) -> None:
        self.payers[payer.customer_id] = payer
        for account in payer.accounts:
            self.by_account[account].add(payer.customer_id)
        for name in payer.names:
            key = key_of(name)
            self.by_name[key].add(payer.customer_id)
            self.by_prefix[key[:LEAST_PREFIX]].add(payer.customer_id)
        for roles in payer.roles:
            if roles.payer_id is not None:
                self.paid_by[roles.payer_id].add(payer.customer_id)
            if roles.group_id is not None:
                self.by_group[roles.group_id] |= {payer.customer_id, roles.group_id}

    def _add(self, item: PayableItem) -> None:
        key, digits = number_key(item.number), digits_of(item.number)
        self.items[item.invoice_id] = item
        self.keys[item.invoice_id] = (key, digits, last_group_of(item.number).lstrip("0"))
        self.by_key[key].add(item.invoice_id)
        self.by_digits[digits].add(item.invoice_id)
        self.by_amount[item.outstanding_minor].add(item.invoice_id)
        self.by_customer[item.customer_id][item.invoice_id] = item

    def _remove(self, item: PayableItem) -> None:
        key, digits, _ = self.keys.pop(item.invoice_id)
        del self.items[item.invoice_id], self.by_customer[item.customer_id][item.invoice_id]
        self.by_key[key].discard(item.invoice_id)
        self.by_digits[digits].discard(item.invoice_id)
        self.by_amount[item.outstanding_minor].discard(item.invoice_id)


def total_minor(items: Sequence[PayableItem]) -> int:
    """Return the outstanding amount of items together."""
    return sum(item.outstanding_minor for item in items)
