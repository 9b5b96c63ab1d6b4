"""Debtors of a seeded firm and their open invoices, for benches of matching: names, accounts, groups, amounts.

A fifth of the debtors has a payer (the head of its group), a quarter is billed the same amount each month, a seventh in
round amounts. A third of the debtors has half of the invoices. Names repeat, as names do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

FIRST, LAST = date(2025, 7, 1), date(2026, 2, 27)
"""First and last day of issue."""
_FAMILY_NAMES = (
    "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David "
    "Bertrand Roux Vincent Fournier Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet François Martinez Legrand "
    "Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier Dumont "
    "Lopez Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly Gautier Roger Roche "
    "Roy Noël Meyer Lucas Meunier Jean Pérez Marchand Dufour Blanchard Marie Barbier Brun Dumas Brunet Schmitt Leroux "
    "Colas"
)
_TRADE_NAMES = (
    "Transports Menuiserie Boulangerie Plomberie Électricité Imprimerie Garage Maçonnerie Chaudronnerie Pharmacie "
    "Cabinet Ateliers Établissements Fonderie Scierie Peinture Carrosserie Laiterie Librairie Optique Serrurerie "
    "Jardins Nettoyage Conserverie Brasserie Textiles Emballages Plastiques Horlogerie Verrerie"
)
_FAMILIES, _TRADES = tuple(_FAMILY_NAMES.split()), tuple(_TRADE_NAMES.split())
_FORMS = ("SARL", "SAS", "SA", "EURL", "S.A.R.L.", "GmbH", "SNC", "")


@dataclass(slots=True)
class SeededDebtor:
    """A customer. ``account`` is what it pays from; ``known_account`` is what its record has."""

    customer_id: str
    name: str
    account: str
    known_account: str | None
    payer_id: str
    monthly_minor: int | None
    is_round: bool
    trade_name: str


@dataclass(slots=True)
class SeededInvoice:
    """An open invoice; ``open_minor`` falls as its debtor pays."""

    invoice_id: str
    number: str
    customer_id: str
    issued_on: date
    due_on: date
    total_minor: int
    open_minor: int


@dataclass(frozen=True, slots=True)
class Clientele:
    """Debtors by id, with their invoices in the order of their due dates."""

    debtors: dict[str, SeededDebtor]
    debts: dict[str, list[SeededInvoice]]

    def payable_by(self, payer_id: str) -> list[SeededInvoice]:
        """Return the open invoices that a payer pays, the oldest due first."""
        found = [
            debt
            for each in self.debtors.values()
            if each.payer_id == payer_id
            for debt in self.debts[each.customer_id]
            if debt.open_minor
        ]
        return sorted(found, key=lambda debt: (debt.due_on, debt.number))


def clientele(random: Random, debtors: int, invoices: int) -> Clientele:
    """Return a firm's debtors with as many open invoices together."""
    made = {each.customer_id: each for each in _debtors(random, debtors)}
    ids = list(made)
    weights = [1 / (1 + place) ** 0.6 for place in range(len(ids))]
    owners = random.choices(ids, weights, k=invoices)
    debts: dict[str, list[SeededInvoice]] = {each: [] for each in ids}
    days = (LAST - FIRST).days
    issued = sorted(min(days, int(random.betavariate(4, 1.2) * days)) for _ in range(invoices))
    counts: dict[int, int] = {}
    for place, (owner, after) in enumerate(zip(owners, issued, strict=True)):
        on = FIRST + timedelta(days=after)
        counts[on.year] = counts.get(on.year, 310) + random.choice((1, 1, 1, 1, 2, 3))
        amount = _amount(random, made[owner])
        due = on + timedelta(days=random.choice((30, 30, 30, 45, 60)))
        number = f"FAC-{on.year}-{counts[on.year]:06d}"
        debts[owner].append(SeededInvoice(f"inv_{place:032x}", number, owner, on, due, amount, amount))
    return Clientele(made, debts)


def _debtors(random: Random, count: int) -> Iterator[SeededDebtor]:
    heads: list[str] = []
    for place in range(count):
        customer_id = f"cus_{place:032x}"
        family, trade = random.choice(_FAMILIES), random.choice(_TRADES)
        middle = random.choice(("", "", f" {random.choice(_FAMILIES)}", " et Fils", " & Cie"))
        name = f"{trade} {family}{middle} {random.choice(_FORMS)}".strip()
        account = f"FR76{random.randrange(10**23):023d}"
        in_group = bool(heads) and random.random() < 0.2
        payer_id = random.choice(heads) if in_group else customer_id
        if not in_group and random.random() < 0.08:
            heads.append(customer_id)
        yield SeededDebtor(
            customer_id, name, account,
            account if random.random() < 0.45 else None,
            payer_id,
            random.randrange(2_000, 90_000) if random.random() < 0.25 else None,
            random.random() < 0.14,
            f"{random.choice(('Le', 'Au', 'Chez'))} {random.choice(_FAMILIES)}",
        )  # fmt: skip


def _amount(random: Random, debtor: SeededDebtor) -> int:
    if debtor.monthly_minor is not None and random.random() < 0.8:
        return debtor.monthly_minor
    amount = int(random.lognormvariate(11.3, 1.1)) + 500
    return max(5_000, amount // 5_000 * 5_000) if debtor.is_round else amount
