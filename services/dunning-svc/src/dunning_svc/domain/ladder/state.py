"""State that a decision is based on: the open items of one customer at one creditor in one currency."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import msgspec
from msgspec.structs import replace

from dunning_svc.domain.policy.choice import Key, Profile
from dunning_svc.domain.policy.policy import Joint, Policy, Step
from dunning_svc.domain.policy.schedule import Taken
from encours.contracts.books import contested_of, in_hand_of, planned_of
from encours.contracts.common import Instalment
from encours.contracts.events.dunning.reminders import Channel, LateTerms, SuppressionCause


class LadderItem(msgspec.Struct, frozen=True):
    """An invoice of which something is open. Amounts in minor units, VAT included."""

    invoice_id: str
    version: int
    number: str
    due_on: date
    open_minor: int
    disputed_minor: int
    entered_on: date
    """Day on which it was recorded, in the creditor's time zone. Steps due before it are not taken."""
    done: tuple[str, ...]
    """Steps that were taken, or superseded by a higher one."""
    suppressed: tuple[str, ...]
    """Steps whose suppression is recorded. They are still open, but the suppression is not recorded twice."""
    events: tuple[int, ...]
    taken: tuple[Taken, ...] = ()
    """Steps that were taken and whose reminder was not suppressed at dispatch, in the order of their days."""
    terms: LateTerms | None = None
    planned_minor: int = 0
    """Amount on a payment plan in force, as agreed."""
    in_hand_minor: int = 0
    """Amount for which cheques, bills and notes are in hand."""
    parts: tuple[Instalment, ...] = ()
    """Open amounts by due date of an invoice in instalments; ``due_on`` is the first of them."""
    promised_until: date | None = None
    """Last day on which a promise suspends dunning of the invoice."""
    due_minor: int | None = None
    """Open amount that is due or announced on the day of the decision; ``None``: all of it."""
    stayed: bool = False
    """Insolvency proceedings of the debtor stay the claim."""
    placed: bool = False
    """A third party collects it."""

    @property
    def contested_minor(self) -> int:
        """Part of the open amount that is in dispute, or was conceded and awaits its credit note."""
        return contested_of(self.open_minor, self.disputed_minor) if self.disputed_minor else 0

    @property
    def on_plan_minor(self) -> int:
        """Part of the open and undisputed amount that is on a payment plan in force."""
        if not self.planned_minor:
            return 0
        return planned_of(self.open_minor - self.contested_minor, self.planned_minor)

    @property
    def covered_minor(self) -> int:
        """Part of the rest for which cheques, bills and notes are in hand."""
        if not self.in_hand_minor:
            return 0
        return in_hand_of(self.open_minor - self.contested_minor - self.on_plan_minor, self.in_hand_minor)

    @property
    def collectable_minor(self) -> int:
        """Open amount less what is disputed, planned, covered by instruments or due later; 0 if stayed or placed."""
        return 0 if self.stayed or self.placed else self._whole_minor - self.later_minor

    @property
    def stayed_minor(self) -> int:
        """Part that insolvency proceedings stay: of a stayed claim what would be collectable without them."""
        return self._whole_minor - self.later_minor if self.stayed else 0

    @property
    def placed_minor(self) -> int:
        """Part that a third party collects: what would be collectable otherwise."""
        return self._whole_minor - self.later_minor if self.placed and not self.stayed else 0

    @property
    def later_minor(self) -> int:
        """Part of it that is due later; disputes, plans and instruments are taken off that part first."""
        return 0 if self.due_minor is None else max(0, self._whole_minor - self.due_minor)

    @property
    def _whole_minor(self) -> int:
        if not (self.disputed_minor or self.planned_minor or self.in_hand_minor):
            return max(0, self.open_minor)
        undisputed = self.open_minor - self.contested_minor
        left = undisputed - planned_of(undisputed, self.planned_minor)
        return max(0, left - in_hand_of(left, self.in_hand_minor))

    def on(self, day: date) -> LadderItem:
        """Return the item as it is due on a day, with the first instalment even before its date."""
        if not self.parts:
            return self
        due = sum(part.amount_minor for part in self.parts if part.due_on <= max(day, self.due_on))
        return replace(self, due_minor=due)

    def promised(self, day: date) -> bool:
        """Return True while a promise of the debtor suspends dunning."""
        return self.promised_until is not None and day <= self.promised_until

    @property
    def unlisted(self) -> bool:
        """Return True if no message lists the item: stayed, placed, or nothing is left by plan and instruments."""
        deferred = self.on_plan_minor + self.covered_minor
        return self.stayed or self.placed or (deferred > 0 and self.collectable_minor == 0)

    @property
    def uncollectable(self) -> SuppressionCause:
        """Cause against every step of an item of which nothing is collectable."""
        if self.stayed:
            return "insolvency"
        if self.placed:
            return "placed"
        if self.covered_minor:
            return "instrument_in_hand"
        return "on_plan" if self.on_plan_minor else "fully_disputed"


class FormalNotice(msgspec.Struct, frozen=True):
    """Last formal notice to a customer: day and position of its decision."""

    on: date
    position: int


class PastMessage(msgspec.Struct, frozen=True):
    """A message to a customer: day and position of its decision."""

    on: date
    position: int
    part_of: str = ""
    """Key of the message that it is a part of: one with too many items for one event; empty for none."""


class Standing(msgspec.Struct, frozen=True):
    """Facts about a case by which its policy is chosen, and the one that its last decision applied.

    ``before`` is None without a decision. ``since``: day from which on that policy was applied; None for the default
    policy that no other came before. ``changed_on``: last day on which the customer changed in what criteria ask for;
    ``moved_on``: last day on which an open amount changed; ``fields_on``: custom fields of an open invoice;
    ``graded_on``: the grade.
    """

    profile: Profile
    before: Key | None
    since: date | None
    changed_on: date | None
    moved_on: date | None
    fields_on: date | None = None
    graded_on: date | None = None


class Case(msgspec.Struct, frozen=True):
    """Input of a decision, besides the day and the policy."""

    customer_id: str
    entity_id: str
    currency: str
    addressee_id: str
    """Customer that pays on the day, to whom reminders go: the debtor itself or another."""
    language: str
    email: str | None
    address: str | None
    """Postal address of the addressee, without which no letter can be delivered."""
    hold_until: date | None
    """The last day of a hold."""
    decided_on: date | None
    """The last day for which a decision was made: a day is decided once."""
    credit_minor: int
    """Unapplied cash."""
    items: tuple[LadderItem, ...]
    events: tuple[int, ...]
    """Positions of the events about the customer, the hold and the credit."""
    formal_notice: FormalNotice | None = None
    country: str = ""
    """Country of the addressee."""
    contacts: tuple[PastMessage, ...] = ()
    """Messages to the customer, of all its creditors and currencies, that were not suppressed."""
    standing: Standing | None = None
    """``None`` where the policy is given."""
    phone: str | None = None
    """Telephone number of the addressee, for text messages."""
    others: tuple[LadderItem, ...] = ()
    """Open items of the customer that have messages of their own, where each invoice has."""
    contacted_today: int = 0
    """Messages about them that were decided before on the day."""
    name: str = ""
    """Name of the customer."""
    together: dict[Joint, Case] = {}
    """The case as it is decided together with others: addressed to the payer or the head of the group, with the
    messages and formal notices to all of theirs. Only for groupings of policies in force."""

    def on(self, day: date) -> Case:
        """Return the case with its items as they are due on a day."""
        if not any(item.parts for item in (*self.items, *self.others)):
            return self
        own, others = (tuple(item.on(day) for item in items) for items in (self.items, self.others))
        return replace(self, items=own, others=others)

    @property
    def oldest_first(self) -> tuple[LadderItem, ...]:
        """Open items in the order in which unapplied cash covers them."""
        return tuple(sorted(self.items, key=lambda item: (item.due_on, item.number, item.invoice_id)))

    def covered(self) -> dict[str, int]:
        """Return the part of each item's collectable amount that unapplied cash covers."""
        credit = max(0, self.credit_minor)
        found = {}
        for item in self.oldest_first:
            found[item.invoice_id] = min(credit, item.collectable_minor)
            credit -= found[item.invoice_id]
        return found

    def credit_for(self, invoice_ids: Collection[str]) -> int:
        """Return unapplied cash less the part that covers items other than these."""
        outside = sum(part for invoice_id, part in self.covered().items() if invoice_id not in invoice_ids)
        return max(0, self.credit_minor) - outside

    def on_hold(self, day: date) -> bool:
        """Return True up to and including the last day of a hold."""
        return self.hold_until is not None and day <= self.hold_until

    def contacted_since(self, day: date, days: int) -> list[PastMessage]:
        """Return the messages of the days before a day, as many as given with the day itself."""
        return [each for each in self.contacts if 0 < (day - each.on).days < days]

    def takes(self, step: Step, policy: Policy) -> bool:
        """Return False if the customer lacks the address that the step needs."""
        return step.channel not in policy.addressed or self.reachable(step.channel)

    def reachable(self, channel: Channel) -> bool:
        """Return False without the e-mail or postal address, or the number, that the channel needs."""
        match channel:
            case "email":
                return bool(self.email)
            case "letter" | "registered_letter":
                return bool(self.address)
            case "sms":
                return bool(self.phone)
            case "phone" | "file" | "webhook":
                return True
