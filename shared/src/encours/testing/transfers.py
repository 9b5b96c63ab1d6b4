"""Bank lines of a seeded firm with the noise of banks and debtors, each with what it truly pays.

Made from what payers do and banks pass on, without regard to how matching reads it. ``HABITS`` has the share of each
kind of line. Beside its kind, the bank drops the payer's name (7 %) or account (25 %), cuts the name (10 %), or states
another name than the record's (3 %); the accounts of 55 % of the debtors are on no record.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from encours.contracts.events.money.bank import BankLineRecorded
from encours.testing.debtors import Clientele, SeededDebtor, SeededInvoice, clientele

HABITS = {
    "number": 17, "number retyped": 13, "zeros lost": 5, "text cut off": 4, "structured reference": 7,
    "several numbers": 10, "range of numbers": 1, "advice by reference": 8, "advice without reference": 4,
    "advice after the money": 2, "advice with deduction": 2, "all due": 3, "a month": 2, "oldest": 2, "no text": 5,
    "charges stated": 1, "charges unstated": 1, "part payment": 2, "wrong amount": 2, "paid twice": 1,
    "wrong number": 1, "third party": 2, "group payer": 4, "no customer": 1,
}  # fmt: skip
"""Lines in 100 by kind."""
_SILENT_GROUPS = 0.3
START, DAYS = date(2026, 3, 2), 60
_WORDS = ("VIR", "VIREMENT", "REGLEMENT", "PAIEMENT", "SEPA CREDIT TRANSFER", "REGLT", "VIR INST", "")


@dataclass(frozen=True, slots=True)
class Announced:
    """An advice as the debtor sends it: items by number as written, with the amount of each."""

    advice_id: str
    customer_id: str
    announced_on: date
    total_minor: int
    reference: str
    items: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    """A line with its kind, its true payer and what it pays: empty if that is for a person to find out."""

    kind: str
    line: BankLineRecorded
    payer_id: str | None
    pays: tuple[tuple[str, int], ...]
    known_on: date
    """Day from which the truth can be known: later than the line's for a late advice."""


@dataclass(slots=True)
class SeededFirm:
    """Debtors, with the lines and advices of two months."""

    clientele: Clientele
    transfers: list[Transfer] = field(default_factory=list)
    advices: list[Announced] = field(default_factory=list)


def firm(seed: int, *, lines: int = 5_000, invoices: int = 50_000, debtors: int = 4_000) -> SeededFirm:
    """Return a firm of that seed."""
    random = Random(seed)
    made = SeededFirm(clientele(random, debtors, invoices))
    _Bank(random, made).fill(lines)
    return made


@dataclass(slots=True)
class _Bank:
    random: Random
    firm: SeededFirm
    paid: list[SeededInvoice] = field(default_factory=list)
    open_: dict[str, list[SeededInvoice]] = field(default_factory=dict)
    day: date = START

    def fill(self, lines: int) -> None:
        debtors = self.firm.clientele.debtors
        self.open_ = {each: [] for each in debtors}
        for customer_id, debts in self.firm.clientele.debts.items():
            self.open_[debtors[customer_id].payer_id] += debts
        for debts in self.open_.values():
            debts.sort(key=lambda debt: (debt.due_on, debt.number))
        heads = sorted({each.payer_id for each in debtors.values() if each.payer_id != each.customer_id})
        kinds = self.random.choices(list(HABITS), list(HABITS.values()), k=lines)
        for place, kind in enumerate(kinds):
            self.day = START + timedelta(days=place * DAYS // lines)
            among = heads if kind == "group payer" else list(debtors)
            self.firm.transfers.append(self._transfer(place, kind, among))
        for place in range(lines, lines + lines // 100):  # announced, and never paid
            payer_id, debts = self._payer(list(debtors))
            self._announce("advice", place, payer_id, debts[:1], _full(debts[:1]))

    def _transfer(self, place: int, kind: str, among: Sequence[str]) -> Transfer:
        if kind == "no customer":
            return self._no_customer(place)
        payer_id, debts = self._payer(among)
        if kind == "paid twice" and self.paid:
            twice = self.random.choice(self.paid)
            payer_id = self.firm.clientele.debtors[twice.customer_id].payer_id
            debts = self.open_[payer_id]
            chosen = [twice]
        else:
            chosen = self._chosen(kind, debts)
        text, amounts = _TEXTS[kind](self, chosen, debts)
        known_on = self.day
        if kind.startswith("advice"):
            text, known_on = self._announce(kind, place, payer_id, chosen, amounts)
        amount = sum(amounts)
        pays = tuple((debt.invoice_id, minor) for debt, minor in zip(chosen, amounts, strict=True))
        structured, charges = None, None
        if kind == "structured reference":
            structured, text = _structured(chosen[0].number), self.random.choice(_WORDS)
        if kind.startswith("charges"):
            charges = self.random.randrange(500, 4_000)
            charges = min(charges, amount // 3)
            amount -= charges
            pays = (*pays[:-1], (pays[-1][0], pays[-1][1] - charges))
        if kind == "wrong amount":
            amount = self._wrong(amount)
            pays = ()
        if kind in ("paid twice", "wrong number"):
            pays = ()
        for invoice_id, minor in pays:
            debt = next(each for each in chosen if each.invoice_id == invoice_id)
            debt.open_minor -= minor
            if not debt.open_minor:
                self.paid.append(debt)
        self.open_[payer_id] = [debt for debt in debts if debt.open_minor]
        name, account = self._party(self.firm.clientele.debtors[payer_id], kind)
        line = self._line(
            place, amount, text, name, account, structured=structured,
            charges=charges if kind == "charges stated" else None,
        )  # fmt: skip
        return Transfer(kind, line, payer_id, pays, known_on)

    def _payer(self, among: Sequence[str]) -> tuple[str, list[SeededInvoice]]:
        """Return a payer with invoices that are due about now; who has more of them pays more often."""
        while True:
            payer_id = among[int(self.random.betavariate(1, 2.2) * len(among))]
            if debts := self.open_[payer_id]:
                return payer_id, debts

    def _chosen(self, kind: str, debts: list[SeededInvoice]) -> list[SeededInvoice]:
        soon = [debt for debt in debts if debt.due_on <= self.day + timedelta(days=5)] or debts[:1]
        match kind:
            case "group payer" if self.random.random() < _SILENT_GROUPS:
                company = self.random.choice(
                    soon
                ).customer_id  # a group without a word pays company by company
                due = [debt for debt in debts if debt.customer_id == company and debt.due_on <= self.day]
                return due or [debt for debt in debts if debt.customer_id == company]
            case "several numbers" | "group payer":
                return self.random.sample(soon, min(len(soon), self.random.randint(2, 8)))
            case "range of numbers":
                neighbours = sorted(debts, key=lambda debt: debt.number)
                first = self.random.randrange(len(neighbours))
                return neighbours[first : first + self.random.randint(2, 5)]
            case "advice by reference" | "advice without reference" | "advice after the money":
                return self.random.sample(soon, min(len(soon), self.random.choice((1, 2, 4, 8, 20, 60))))
            case "advice with deduction":
                return self.random.sample(soon, min(len(soon), self.random.randint(1, 12)))
            case "all due":
                return [debt for debt in debts if debt.due_on <= self.day] or debts[:1]
            case "a month":
                month = self.random.choice(soon).issued_on.replace(day=1)
                return [debt for debt in debts if debt.issued_on.replace(day=1) == month]
            case "oldest":
                return debts[: self.random.randint(1, min(len(debts), 6))]
            case _:
                return [self.random.choice(soon)]

    def _announce(
        self, kind: str, place: int, payer_id: str, chosen: list[SeededInvoice], amounts: list[int]
    ) -> tuple[str, date]:
        """Send an advice some days before the money, or after it; return the text of the line."""
        if kind == "advice with deduction":
            amounts[-1] -= max(1, amounts[-1] // self.random.choice((10, 20, 50)))
        late = kind == "advice after the money"
        on = self.day + timedelta(days=self.random.randint(1, 4) * (1 if late else -1))
        reference = f"AV{self.random.randrange(10**7):07d}"
        written = tuple(
            (self._written(each.number), minor) for each, minor in zip(chosen, amounts, strict=True)
        )
        self.firm.advices.append(
            Announced(f"adv_{place:032x}", payer_id, on, sum(amounts), reference, written)
        )
        named = kind in ("advice by reference", "advice with deduction")
        word = self.random.choice(_WORDS)
        return (f"{word} AVIS {reference}" if named else word), max(on, self.day)

    def _written(self, number: str) -> str:
        _, year, count = number.split("-")
        return self.random.choice(
            (number, number, number, f"FAC{year}{count}", f"FAC {year} {count}", f"{year}-{int(count)}")
        )

    def _wrong(self, amount: int) -> int:
        digits = list(str(amount))
        at = self.random.randrange(len(digits))
        digits[at] = self.random.choice([d for d in "123456789" if d != digits[at]])
        return int("".join(digits))

    def _party(self, debtor: SeededDebtor, kind: str) -> tuple[str | None, str | None]:
        random = self.random
        if kind == "third party":
            other = random.choice(("NOTAIRES ASSOCIES", "AFFACTURAGE DU NORD", "M ET MME", "HOLDING"))
            return f"{other} {random.randrange(99)}", f"FR76{random.randrange(10**23):023d}"
        name: str | None = debtor.name
        match random.choices(("as is", "capitals", "cut", "other", "none"), (50, 30, 10, 3, 7))[0]:
            case "capitals":
                name = _ascii(debtor.name).upper().replace(".", " ")
            case "cut":
                name = _ascii(debtor.name).upper()[: random.randint(12, 22)]
            case "other":
                name = debtor.trade_name
            case "none":
                name = None
        return name, debtor.account if random.random() < 0.75 else None

    def _no_customer(self, place: int) -> Transfer:
        text, name = self.random.choice(
            (
                ("REMBOURSEMENT TVA 2026 02", "DGFIP"), ("INTERETS CREDITEURS 000124", "BANQUE"),
                ("VIREMENT INTERNE 2026000311", "LUMIERE SAS"), ("INDEMNITE SINISTRE 2026-000417", "ASSURANCES MMA"),
            )
        )  # fmt: skip
        amount = int(self.random.lognormvariate(11, 1))
        return Transfer("no customer", self._line(place, amount, text, name, None), None, (), self.day)

    def _line(
        self, place: int, amount: int, text: str, name: str | None, account: str | None,
        *, structured: str | None = None, charges: int | None = None,
    ) -> BankLineRecorded:  # fmt: skip
        return BankLineRecorded(
            line_id=f"bln_{place:032x}", statement_id="bst_1", account_id="bac_1", iban="FR7630006000011234567890189",
            currency="EUR", amount_minor=amount, booked_on=self.day, value_on=self.day, is_announced=False,
            is_reversal=False, bank_reference=f"B{place:09d}", end_to_end_id=None, mandate_id=None,
            creditor_reference=structured, other_references=(), party_name=name, party_account=account,
            party_bic=None, remittance_text=text.strip()[:140] or None, bank_code="PMNT-RCDT-ESCT",
            return_code=None, ordered_minor=None, ordered_currency=None, charges_minor=charges, batch=None,
        )  # fmt: skip


def _structured(number: str) -> str:
    """Return the creditor reference of a number: check digits by ISO 7064 mod 97-10, as ISO 11649 has it."""
    body = number.replace("-", "")
    digits = "".join(str(int(each, 36)) for each in f"{body}RF00")
    return f"RF{98 - int(digits) % 97:02d}{body}"


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _full(debts: Sequence[SeededInvoice]) -> list[int]:
    return [debt.open_minor or debt.total_minor for debt in debts]


_Text = Callable[[_Bank, list[SeededInvoice], list[SeededInvoice]], tuple[str, list[int]]]


def _plain(bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]) -> tuple[str, list[int]]:
    return f"{bank.random.choice(_WORDS)} {chosen[0].number}", _full(chosen)


def _retyped(bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]) -> tuple[str, list[int]]:
    _, year, count = chosen[0].number.split("-")
    text = bank.random.choice(
        (
            f"FAC{year}{count}", f"fac {year} {count}", f"FACT {year}-{count}",
            f"Facture n° FAC-{year}-{count[:3]} {count[3:]}",
            f"VOTRE FACTURE {year}/{count}", f"F.{year}.{count}", f"INVOICE {year}{count}",
            f"{count} FAC {year} {count}",
            f"NOTRE REF {bank.random.randrange(10**6):06d} VOTRE REF FAC{year}{count}",
            f"FAC-{year}-{count}/{bank.random.randrange(99):02d}/{bank.random.randrange(10**5)}", f"{year}{count}",
            f"VIRFAC{year}{count}SEPA",
        )
    )  # fmt: skip
    return text, _full(chosen)


def _zeros_lost(
    bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]
) -> tuple[str, list[int]]:
    _, year, count = chosen[0].number.split("-")
    return bank.random.choice(
        (
            f"FACTURE {int(count)}",
            f"FAC {year} {int(count)}",
            f"facture n {int(count)}",
            f"FACT {year}-{int(count)}",
        )
    ), _full(chosen)


def _cut_off(bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]) -> tuple[str, list[int]]:
    word = bank.random.choice(("VIREMENT SEPA RECU REF", "REGLEMENT DE VOTRE FACTURE", "PAIEMENT FACT"))
    whole = f"{word} {chosen[0].number}"
    return whole[: -bank.random.randint(1, 3)], _full(chosen)


def _several(bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]) -> tuple[str, list[int]]:
    counts = [each.number.split("-")[2] for each in chosen]
    first = chosen[0].number
    text = bank.random.choice(
        (
            " ".join(each.number for each in chosen),
            "FACTURES " + ", ".join(each.number for each in chosen),
            f"{first} " + " ".join(counts[1:]),
            "FACTURES " + " ET ".join(counts),
            "FACT " + "/".join(str(int(each)) for each in counts),
            "+".join(each.number.replace("-", "") for each in chosen),
        )
    )
    return text, _full(chosen)


def _range(bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]) -> tuple[str, list[int]]:
    first, last = chosen[0].number, chosen[-1].number
    return (f"FACTURES {first} A {last}" if first != last else f"FACTURE {first}"), _full(chosen)


def _silent(bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]) -> tuple[str, list[int]]:
    return bank.random.choice((*_WORDS, "SOLDE", "REGLEMENT FACTURES", "MERCI")), _full(chosen)


def _group(bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]) -> tuple[str, list[int]]:
    companies = {each.customer_id for each in chosen}
    all_due = [each for each in debts if each.customer_id in companies and each.due_on <= bank.day]
    return _silent(bank, chosen, debts) if chosen == all_due else _several(bank, chosen, debts)


def _part(bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]) -> tuple[str, list[int]]:
    word = bank.random.choice(("ACOMPTE", "1ER VERSEMENT", "PART PAYMENT", "PAIEMENT PARTIEL"))
    share = max(1, _full(chosen)[0] * bank.random.choice((3, 4, 5)) // 10)
    return f"{word} FACTURE {chosen[0].number}", [share]


def _wrong_number(
    bank: _Bank, chosen: list[SeededInvoice], debts: list[SeededInvoice]
) -> tuple[str, list[int]]:
    number = chosen[0].number
    return f"VIR {number[:-1]}{(int(number[-1]) + bank.random.randint(1, 9)) % 10}", _full(chosen)


_TEXTS: dict[str, _Text] = {
    "number": _plain, "number retyped": _retyped, "zeros lost": _zeros_lost, "text cut off": _cut_off,
    "structured reference": _plain, "several numbers": _several, "range of numbers": _range,
    "advice by reference": _silent, "advice without reference": _silent, "advice after the money": _silent,
    "advice with deduction": _silent, "all due": _silent, "a month": _silent, "oldest": _silent, "no text": _silent,
    "charges stated": _plain, "charges unstated": _plain, "part payment": _part, "wrong amount": _plain,
    "paid twice": _plain, "wrong number": _wrong_number, "third party": _plain, "group payer": _group,
}  # fmt: skip
