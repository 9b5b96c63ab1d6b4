"""Explanations of a bank line: sets of open items of one payer that it may pay, with reasons for and against each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from encours.contracts.events.money.bank import BankLineRecorded, MatchReason, MatchRule
from encours.contracts.events.money.residual import ToleranceSet
from encours.kernel.money import format_amount
from invoice_svc.domain.bank_line.marks import reference_key
from invoice_svc.domain.tolerance.choose import explaining_shortfall
from invoice_svc.matching import names, sums
from invoice_svc.matching.announced import AnnouncedItem, AnnouncedPayment
from invoice_svc.matching.netting import netted
from invoice_svc.matching.open_items import OpenCredit, OpenItems, PayableItem, total_minor
from invoice_svc.matching.reading import Words, in_part, is_of

POINTS: dict[MatchRule, int] = {
    "structured_reference": 60,
    "advice": 60,
    "invoice_number": 50,
    "number_in_part": 50,
    "only_combination": 50,
    "amount_equal": 25,
    "bank_charge": 25,
    "part_payment": 25,
    "tolerance": 25,
    "credit_netted": 25,
    "payer_account": 15,
    "virtual_iban": 15,
    "payer_name": 10,
    "payer_group": 10,
    "amount_differs": -30,
    "number_unclear": -30,
    "payer_differs": -40,
    "payment_reference": -40,
    "refused": 0,
}
ADVICE_UNNAMED = 50
"""Points of an advice of which the line has no reference: the payer has to confirm it."""


SEVERAL_NUMBERS = 60
"""Points of two or more whole numbers of one payer: a slip in one of them would change the sum."""


class PaidShare(NamedTuple):
    """Part of a line for an item, with the words or figures that name it."""

    item: PayableItem
    minor: int
    evidence: str | None


@dataclass(frozen=True, slots=True)
class LineExplanation:
    """Items that the line may pay together, with the credit that an advice nets, or the payer without an advice."""

    payer_id: str
    shares: tuple[PaidShare, ...]
    reasons: tuple[MatchReason, ...]
    advice_id: str | None = None
    netted_minor: int = 0
    credits: tuple[OpenCredit, ...] = ()

    @property
    def score(self) -> int:
        """Sum of the points of the reasons."""
        return sum(reason.points for reason in self.reasons)

    @property
    def paid(self) -> frozenset[tuple[str, int]]:
        """Invoices with the amounts that they are paid; equal for two explanations of one outcome."""
        return frozenset((share.item.invoice_id, share.minor) for share in self.shares)


def reason(rule: MatchRule, evidence: str | None, points: int | None = None) -> MatchReason:
    """Return a reason with its points."""
    return MatchReason(rule=rule, points=POINTS[rule] if points is None else points, evidence=evidence)


class _Read(NamedTuple):
    items: list[PayableItem]
    words: dict[str, str]
    """Words that name each item."""
    unclear: tuple[str, ...]
    rule: MatchRule


@dataclass(frozen=True, slots=True)
class Explaining:
    """A line beside the index, read once. ``numbered`` are the items of which the text has the whole number."""

    line: BankLineRecorded
    words: Words
    index: OpenItems
    numbered: frozenset[str]

    @classmethod
    def of(cls, line: BankLineRecorded, index: OpenItems) -> Explaining:
        """Read a line."""
        words = Words.of(line.remittance_text)
        return cls(line, words, index, frozenset(words.whole(index)))

    def by_payer(self, payer_id: str) -> Iterator[LineExplanation]:
        """Yield what the line may pay of the items that a customer pays, by number or by amount alone."""
        known = self.identity(payer_id)
        items = self.index.payable_by(payer_id, self.line.booked_on)
        structured = self.structured()
        if not any(each.points > 0 for each in known) and not any(
            item.invoice_id in self.numbered or item is structured for item in items
        ):
            return
        read = self._read(items)
        against = [reason("number_unclear", ", ".join(read.unclear))] if read.unclear else []
        if read.items:
            yield self._named(payer_id, read, [*known, *against])
        if not read.items or read.unclear:
            yield from self._by_amount(payer_id, items, [*known, *against])

    def by_advice(self, advice: AnnouncedPayment, *, is_named: bool) -> Iterator[LineExplanation]:
        """Yield what an advice announces, if every document that it names is open."""
        payer_id = advice.customer_id
        if payer_id is None or self.line.booked_on > advice.expires_on:
            return
        payer_id = self.index.payer_on(payer_id, self.line.booked_on)
        items = self.index.payable_by(payer_id, self.line.booked_on)
        known = self.identity(payer_id)
        if not is_named and not any(each.points > 0 for each in known):
            return
        shares, netted = [], 0
        for each in advice.items:
            if each.paid_minor < 0:
                netted -= each.paid_minor
                continue
            item = self._announced(each, items)
            if item is None or not 0 < each.paid_minor <= item.outstanding_minor:
                return
            shares.append(PaidShare(item, each.paid_minor, advice.advice_id))
        if len({share.item.invoice_id for share in shares}) < len(shares):
            return
        points = POINTS["advice"] if is_named else ADVICE_UNNAMED
        reasons = [
            reason("advice", advice.advice_id, points),
            self._amount(sum(s.minor for s in shares)),
            *known,
        ]
        fitted = _fitted(self.line.amount_minor + netted, shares)
        yield LineExplanation(payer_id, fitted, tuple(reasons), advice.advice_id, netted)

    def structured(self) -> PayableItem | None:
        """Return the item that the structured reference names."""
        found = self.index.by_key.get(reference_key(self.line.creditor_reference) or "", set())
        return self.index.items[min(found)] if found else None

    def identity(self, payer_id: str) -> list[MatchReason]:
        """Return the reason by the payer; none if the bank names none, or name and account speak of different ones.

        A virtual IBAN to which the money was sent decides alone, whoever sent it.
        """
        line, payer = self.line, self.index.payers.get(payer_id)
        if payer is None:
            return []
        if holders := self.index.holders_on(line.credited_account, line.booked_on):
            return [reason("virtual_iban" if payer_id in holders else "payer_differs", line.credited_account)]
        owners = self.index.by_account.get(line.party_account or "", set())
        if payer_id in owners:
            return [reason("payer_account", line.party_account)]
        group = self._group(payer_id)
        same = line.party_name is not None and any(
            names.is_same(line.party_name, each) for each in payer.names
        )
        if same:
            return [] if owners and owners.isdisjoint(group) else [reason("payer_name", line.party_name)]
        if not owners.isdisjoint(group) or (line.party_name and self._is_of_group(line.party_name, group)):
            return [reason("payer_group", line.party_name or line.party_account)]
        if line.party_name is None and not owners:
            return []
        return [reason("payer_differs", line.party_name or line.party_account)]

    def _group(self, payer_id: str) -> set[str]:
        """Return the customers of the payer's group, and those for whom it pays."""
        day = self.line.booked_on
        paid = {
            each
            for each in self.index.paid_by.get(payer_id, ())
            if self.index.payer_on(each, day) == payer_id
        }
        head = self.index.group_of(payer_id, day) or payer_id
        members = self.index.by_group.get(head, set())
        return paid | {each for each in members if (self.index.group_of(each, day) or each) == head}

    def _is_of_group(self, name: str, group: set[str]) -> bool:
        return any(names.is_same(name, known) for each in group for known in self.index.payers[each].names)

    def _read(self, items: Sequence[PayableItem]) -> _Read:
        """Return what text and structured reference name of one payer's items."""
        found = self.words.named(items, self.index)
        words, unclear = dict(found.words), found.unclear + self._others(items)
        rule: MatchRule = "invoice_number"
        structured = self.structured()
        if structured is not None and structured in items:
            words.setdefault(structured.invoice_id, self.line.creditor_reference or "")
            rule = "structured_reference"
        named = [item for item in items if item.invoice_id in words]
        left = self.line.amount_minor - total_minor(named)
        rest = [item for item in items if item.invoice_id not in words]
        if unclear and (more := in_part(left, unclear, rest, self.index)) is not None:
            words, unclear, rule = words | more, (), "number_in_part"
            named = [item for item in items if item.invoice_id in words]
        if unclear and not left:
            unclear = tuple(each for each in unclear if self._is_of_another(each, named, items))
        return _Read(named, words, unclear, rule)

    def _is_of_another(self, word: str, named: Sequence[PayableItem], items: Sequence[PayableItem]) -> bool:
        """Return True for words that may name an item beside those that the text names and the amount confirms."""
        if is_of(word, named, self.index):
            return False
        return word in self._others(items) or is_of(word, items, self.index)

    def _others(self, items: Sequence[PayableItem]) -> tuple[str, ...]:
        """Return the whole numbers in the text that are of other payers."""
        own = {item.invoice_id for item in items}
        return tuple(sorted(self.index.items[each].number for each in self.numbered - own))

    def _named(self, payer_id: str, read: _Read, known: list[MatchReason]) -> LineExplanation:
        named, words = read.items, read.words
        points = SEVERAL_NUMBERS if read.rule == "invoice_number" and len(named) > 1 else None
        by = reason(read.rule, _joined(words), points)
        line, total = self.line, total_minor(named)
        credits: tuple[OpenCredit, ...] = ()
        part = self.words.says_part() if len(named) == 1 and line.amount_minor < total else None
        amount = self._amount(total)
        if line.charges_minor and line.amount_minor + line.charges_minor == total:
            amount = reason(
                "bank_charge", f"{format_amount(line.charges_minor, line.currency)} {line.currency}"
            )
        elif part is not None:
            amount = reason("part_payment", part)
        elif credits := self._netted(payer_id, total):
            amount = self._credit(credits)
        elif found := self._tolerance(payer_id, named[-1], total - line.amount_minor):
            short = format_amount(total - line.amount_minor, line.currency)
            amount = reason("tolerance", f"{short} {line.currency} less: {found.code}, {found.reason}")
        whole = [PaidShare(item, item.outstanding_minor, words[item.invoice_id]) for item in named]
        netted_minor = sum(each.unapplied_minor for each in credits)
        fitted = _fitted(line.amount_minor + netted_minor, whole)
        return LineExplanation(
            payer_id, fitted, (by, amount, *known), netted_minor=netted_minor, credits=credits
        )

    def _netted(self, payer_id: str, total: int) -> tuple[OpenCredit, ...]:
        """Return the credits that the payer may have taken off what the line pays."""
        return netted(total - self.line.amount_minor, self.index.credits_of(payer_id, self.line.booked_on))

    def _credit(self, credits: Sequence[OpenCredit]) -> MatchReason:
        amount = format_amount(sum(each.unapplied_minor for each in credits), self.line.currency)
        return reason("credit_netted", f"{amount} {self.line.currency} of {len(credits)} credit(s)")

    def _tolerance(self, payer_id: str, last: PayableItem, short_minor: int) -> ToleranceSet | None:
        """Return the tolerance by which the last item, for which the money falls short, is settled all the same."""
        if not 0 < short_minor < last.outstanding_minor or last.disputed_minor:
            return None
        payer = self.index.payers.get(payer_id)
        return explaining_shortfall(
            short_minor,
            self.index.tolerances_of(last.customer_id, self.line.booked_on),
            charges_minor=self.line.charges_minor,
            is_foreign=payer is not None and payer.is_foreign,
        )

    def _by_amount(
        self, payer_id: str, items: Sequence[PayableItem], known: list[MatchReason]
    ) -> Iterator[LineExplanation]:
        """Yield sets that add up to the amount, if the line tells that the customer may have paid."""
        if not any(each.points > 0 for each in known):
            return
        found = sums.combinations(self.line.amount_minor, items, self.line.booked_on)
        for chosen in found.sets:
            shares = tuple(PaidShare(due.item, due.minor, found.words or None) for due in chosen)
            reasons = [self._amount(self.line.amount_minor), *known]
            if found.is_certain:
                reasons.insert(0, reason("only_combination", found.words))
            yield LineExplanation(payer_id, shares, tuple(reasons))
        credits = tuple(self.index.credits_of(payer_id, self.line.booked_on))
        if not found.sets and credits:
            yield from self._by_netted_amount(payer_id, items, known, credits)

    def _by_netted_amount(
        self,
        payer_id: str,
        items: Sequence[PayableItem],
        known: list[MatchReason],
        credits: tuple[OpenCredit, ...],
    ) -> Iterator[LineExplanation]:
        """Yield the only set that adds up to the amount with all credit of the payer."""
        netted_minor = sum(each.unapplied_minor for each in credits)
        found = sums.combinations(self.line.amount_minor + netted_minor, items, self.line.booked_on)
        if found.is_certain:
            shares = tuple(PaidShare(due.item, due.minor, found.words or None) for due in found.sets[0])
            reasons = (reason("only_combination", found.words), self._credit(credits), *known)
            yield LineExplanation(payer_id, shares, reasons, netted_minor=netted_minor, credits=credits)

    def _amount(self, total: int) -> MatchReason:
        equal = total == self.line.amount_minor
        evidence = f"{format_amount(total, self.line.currency)} {self.line.currency}"
        return reason("amount_equal" if equal else "amount_differs", evidence)

    def _announced(self, announced: AnnouncedItem, items: Sequence[PayableItem]) -> PayableItem | None:
        if announced.invoice_id is not None:
            return next((item for item in items if item.invoice_id == announced.invoice_id), None)
        found = Words.of(f"facture {announced.written}").named(items, self.index)
        if len(found.words) != 1 or found.unclear:
            return None
        return self.index.items[next(iter(found.words))]


def _fitted(amount_minor: int, shares: Sequence[PaidShare]) -> tuple[PaidShare, ...]:
    """Return the shares as far as the amount reaches, in their order."""
    fitted = []
    for share in shares:
        minor = min(amount_minor, share.minor)
        if minor > 0:
            fitted.append(share._replace(minor=minor))
            amount_minor -= minor
    return tuple(fitted)


def _joined(words: dict[str, str]) -> str:
    return ", ".join(dict.fromkeys(words.values()))
