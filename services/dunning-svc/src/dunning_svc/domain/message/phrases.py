"""Words of the blocks in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dunning_svc.domain.formats import MessageLang


@dataclass(frozen=True, slots=True)
class Phrases:
    """Words of one language."""

    number: str
    due: str
    late: str
    amount: str
    disputed: str
    on_plan: str
    in_hand: str
    later: str
    announced: str
    credit: str
    total: str
    others: str
    pay: str
    holder: str
    reference: str
    paid: str
    received: str


PHRASES: Mapping[MessageLang, Phrases] = {
    "fr": Phrases(
        number="Facture", due="Échéance", late="Retard", amount="Montant",
        disputed="dont contesté, non réclamé ici :",
        on_plan="dont sur échéancier, non réclamé ici :",
        in_hand="dont couvert par chèques ou effets, non réclamé ici :",
        later="dont échéances à venir :",
        announced="Arrivent prochainement à échéance, pour information :",
        credit="Avoirs et acomptes à votre crédit, déduits :",
        total="Total à régler :", others="et {n} autres",
        pay="Règlement par virement sur le compte", holder="titulaire", reference="Référence à rappeler :",
        paid="Payée le", received="Montant reçu",
    ),
    "en": Phrases(
        number="Invoice", due="Due date", late="Status", amount="Amount",
        disputed="of which disputed, not claimed here:",
        on_plan="of which on a payment plan, not claimed here:",
        in_hand="of which covered by cheques or bills, not claimed here:",
        later="of which instalments not due yet:",
        announced="Coming due soon, for your information:",
        credit="Payments on your account, deducted:",
        total="Total to pay:", others="and {n} more",
        pay="Please pay by transfer to account", holder="holder", reference="Please quote:",
        paid="Paid on", received="Amount received",
    ),
    "de": Phrases(
        number="Rechnung", due="Fällig am", late="Stand", amount="Betrag",
        disputed="davon bestritten, hier nicht gefordert:",
        on_plan="davon in Ratenzahlung, hier nicht gefordert:",
        in_hand="davon durch Schecks oder Wechsel gedeckt, hier nicht gefordert:",
        later="davon noch nicht fällige Raten:",
        announced="Demnächst fällig, zu Ihrer Information:",
        credit="Guthaben auf Ihrem Konto, abgezogen:",
        total="Zu zahlender Gesamtbetrag:", others="und {n} weitere",
        pay="Bitte überweisen Sie auf das Konto", holder="Kontoinhaber", reference="Verwendungszweck:",
        paid="Bezahlt am", received="Eingegangen",
    ),
}  # fmt: skip
