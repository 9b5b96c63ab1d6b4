"""A desk that works through the bank lines of a seeded firm: the machine by day, a person in the evening.

In the morning the advices of the day arrive, then each line is judged, those that wait again. In the evening the
person books what waits and can be known, which teaches the machine accounts. What the person books counts for nothing.
Lines are in the order of their days; a line that the person has booked is not the machine's.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from encours.contracts.parties import Roles
from encours.testing.transfers import Announced, SeededFirm, Transfer
from invoice_svc.domain.bank_line.marks import texts_of
from invoice_svc.matching.announced import AnnouncedItem, AnnouncedPayment
from invoice_svc.matching.judgement import Judgement, judge
from invoice_svc.matching.open_items import OpenItems, PayableItem, Payer

Outcome = tuple[str, str]
"""Kind of line, and what became of it: booked, booked wrongly, proposed rightly, proposed, left."""


def index_of(firm: SeededFirm) -> OpenItems:
    """Return the open items of the firm before its first line."""
    items = (
        PayableItem(
            each.invoice_id, each.number, each.customer_id, each.issued_on, each.due_on, each.total_minor
        )
        for debts in firm.clientele.debts.values()
        for each in debts
    )
    payers = (
        Payer(
            each.customer_id,
            (each.name,),
            frozenset([each.known_account] if each.known_account else ()),
            () if each.payer_id == each.customer_id else (Roles(date.min, 1, each.payer_id),),
        )
        for each in firm.clientele.debtors.values()
    )
    return OpenItems.of(items, payers)


@dataclass(slots=True)
class Desk:
    """Judges the lines of a firm in their order and keeps what became of each."""

    firm: SeededFirm
    index: OpenItems
    lines: Counter[Outcome] = field(default_factory=Counter)
    value_minor: Counter[Outcome] = field(default_factory=Counter)
    has_person: bool = True
    """False for a machine alone: what it leaves waits, and no person teaches it an account."""
    judged: int = 0
    judging_s: float = 0.0
    """Processor time, so that a busy machine counts as a quiet one."""
    _waiting: dict[str, Transfer] = field(default_factory=dict)
    _advices: dict[str, AnnouncedPayment] = field(default_factory=dict)
    _found: dict[str, Outcome] = field(default_factory=dict)

    def work(self) -> None:
        """Work through all days."""
        transfers, advices = self.firm.transfers, self.firm.advices
        days = sorted({each.line.booked_on for each in transfers} | {each.announced_on for each in advices})
        for day in days:
            fresh = [each for each in advices if each.announced_on == day]
            self._advices |= {each.advice_id: _announced(each) for each in fresh}
            again = list(self._waiting.values()) if fresh else []
            for transfer in [*again, *(each for each in transfers if each.line.booked_on == day)]:
                self._judge(transfer)
            if self.has_person:
                self._work_evening(day)
        for transfer in transfers:
            outcome = self._found[transfer.line.line_id]
            self.lines[outcome] += 1
            self.value_minor[outcome] += transfer.line.amount_minor

    def _work_evening(self, day: date) -> None:
        """Have the person book what waits; the machine judges other lines from an account that was taught again."""
        taught: set[str | None] = set()
        for line_id, transfer in list(self._waiting.items()):
            account = transfer.line.party_account
            if account is not None and account in taught:
                self._judge(transfer)
            can_tell = transfer.pays and transfer.known_on <= day and transfer.payer_id is not None
            if line_id in self._waiting and can_tell and transfer.payer_id is not None:
                self._book(transfer, transfer.pays, transfer.payer_id)
                taught.add(account)
                del self._waiting[line_id]

    def value_booked(self) -> float:
        """Share of the value of all lines that the machine booked rightly."""
        booked = sum(minor for (_, became), minor in self.value_minor.items() if became == "booked")
        return booked / sum(self.value_minor.values())

    def precision(self, counted: Counter[Outcome]) -> float:
        """Share of what the machine booked, by lines or by value, that it booked rightly."""
        booked = sum(count for (_, became), count in counted.items() if became == "booked")
        wrong = sum(count for (_, became), count in counted.items() if became == "booked wrongly")
        return booked / (booked + wrong)

    def _judge(self, transfer: Transfer) -> None:
        line = transfer.line
        texts = texts_of(line)
        likely = [
            each
            for each in self._advices.values()
            if each.total_minor == line.amount_minor or each.is_named_in(texts)
        ]
        started = time.process_time()
        judgement = judge(line, self.index, likely)
        self.judging_s += time.process_time() - started
        self.judged += 1
        self._found[line.line_id] = (transfer.kind, _became(transfer, judgement))
        self._waiting[line.line_id] = transfer
        if judgement.is_certain:
            best = judgement.proposals[0]
            self._book(transfer, _shares(judgement, 0), best.customer_id)
            self._advices.pop(best.advice_id or "", None)
            del self._waiting[line.line_id]

    def _book(self, transfer: Transfer, shares: tuple[tuple[str, int], ...], payer_id: str) -> None:
        self.index.settle(shares)
        if transfer.line.party_account is not None:
            self.index.learn(transfer.line.party_account, payer_id)


def _became(transfer: Transfer, judgement: Judgement) -> str:
    right = frozenset(transfer.pays)
    found = [frozenset(_shares(judgement, place)) for place in range(len(judgement.proposals))]
    if judgement.is_certain:
        return "booked" if right and found[0] == right else "booked wrongly"
    if right and right in found:
        return "proposed rightly"
    return "proposed" if found else "left"


def _shares(judgement: Judgement, place: int) -> tuple[tuple[str, int], ...]:
    return tuple((share.invoice_id, share.amount_minor) for share in judgement.proposals[place].shares)


def _announced(advice: Announced) -> AnnouncedPayment:
    items = tuple(AnnouncedItem(minor, written=number) for number, minor in advice.items)
    return AnnouncedPayment(
        advice.advice_id, "ent_1", advice.customer_id, "EUR", advice.total_minor, advice.announced_on, items,
        references=(advice.reference,),
    )  # fmt: skip
