"""Sentences of debtors that were written after the rules, and by which these are measured only."""

from __future__ import annotations

from tests.replies.phrases import Kind, Lang

HELD_OUT: dict[Lang, dict[Kind, tuple[str, ...]]] = {
    "fr": {
        "promise": (
            "Désolé pour le retard, la facture {number} sera payée {day}.",
            "Nous effectuerons le règlement de cette facture {day}.",
            "Nous avons prévu de vous payer {day}.",
            "Votre facture est en cours de validation, paiement {day}.",
            "Je fais partir le chèque {day}.",
            "Notre prochain lot de virements est lancé {day}, {number} en fait partie.",
            "Vous serez crédités {day}.",
            "Pas de souci, je m'en occupe {day}.",
        ),
        "paid": (
            "Nous avons bien payé {number} {past}, vous devriez l'avoir reçu.",
            "Cette facture a fait l'objet d'un virement {past}.",
            "D'après notre relevé bancaire, le règlement est passé {past}.",
            "J'ai payé {past} par carte.",
        ),
        "dispute": (
            "Nous n'avons jamais passé cette commande.",
            "La facture {number} comporte une erreur de prix.",
            "Il nous manque trois palettes sur cette livraison.",
            "L'appareil ne marche pas depuis l'installation.",
            "Nous avons retourné la marchandise et attendons votre avoir.",
            "Le bon de commande n'est pas mentionné, merci de corriger {number}.",
        ),
        "copy": (
            "Merci de m'envoyer les factures concernées.",
            "Je n'ai jamais reçu {number}.",
            "Pouvez-vous me fournir un relevé et la copie des factures ?",
        ),
        "contact": (
            "Je ne m'occupe plus de ce dossier.",
            "Pour les factures, écrivez à fournisseurs@client.example.",
            "Votre interlocuteur est désormais Mme Roux.",
        ),
        "none": (
            "Merci pour votre relance.",
            "Je vous tiens au courant {day}.",
            "Nous n'avons pas les moyens de régler {day}.",
            "Pouvez-vous nous accorder un délai jusqu'au mois prochain ?",
            "Notre expert-comptable passe {day}.",
            "Dès que nous aurons l'avoir, le paiement partira {day}.",
            "Quel RIB devons-nous utiliser pour le virement ?",
            "Le dernier rappel reçu {day} était une erreur ?",
        ),
    },
    "en": {
        "promise": (
            "Sorry for the delay, invoice {number} will be paid {day}.",
            "We intend to make payment {day}.",
            "Your invoice has been approved and gets paid {day}.",
            "{number} is included in the batch that goes out {day}.",
            "I am posting the cheque {day}.",
            "You'll have the money {day}.",
            "We can pay you {day}.",
            "No problem, I'll take care of it {day}.",
        ),
        "paid": (
            "We did pay {number} {past}, you should have it by now.",
            "A transfer for this invoice was made {past}.",
            "Our bank statement shows the debit {past}.",
            "I paid by card {past}.",
        ),
        "dispute": (
            "We never placed this order.",
            "There is a pricing error on {number}.",
            "Three pallets were missing from this shipment.",
            "The machine has not worked since it was installed.",
            "We returned the goods and are still waiting for your credit.",
            "Our PO number isn't quoted, please correct {number}.",
        ),
        "copy": (
            "Kindly send the invoices in question.",
            "I never got {number}.",
            "Can you provide a statement and copies of the invoices?",
        ),
        "contact": (
            "I'm no longer dealing with this account.",
            "For invoices, write to suppliers@client.example.",
            "Your contact is now Mrs Green.",
        ),
        "none": (
            "Thanks for the reminder.",
            "I'll keep you posted {day}.",
            "We don't have the means to pay {day}.",
            "Could you grant us an extension until next month?",
            "Our accountant comes in {day}.",
            "As soon as we get the credit note, payment will go out {day}.",
            "Which bank account should we use for the transfer?",
            "Was the last reminder that came {day} a mistake?",
        ),
    },
    "de": {
        "promise": (
            "Entschuldigen Sie die Verspätung, die Rechnung {number} wird {day} bezahlt.",
            "Wir beabsichtigen, {day} zu zahlen.",
            "Ihre Rechnung ist freigegeben und wird {day} überwiesen.",
            "{number} ist im Zahlungsstapel, der {day} rausgeht.",
            "Ich sende Ihnen den Scheck {day}.",
            "Sie haben das Geld {day} auf dem Konto.",
            "Wir können Ihnen {day} zahlen.",
            "Kein Problem, ich kümmere mich {day} darum.",
        ),
        "paid": (
            "{number} haben wir {past} bezahlt, das müsste Ihnen vorliegen.",
            "Für diese Rechnung wurde {past} eine Überweisung veranlasst.",
            "Laut Kontoauszug wurde der Betrag {past} abgebucht.",
            "Ich habe {past} mit Karte gezahlt.",
        ),
        "dispute": (
            "Diese Bestellung haben wir nie aufgegeben.",
            "Die Rechnung {number} enthält einen Preisfehler.",
            "Bei dieser Lieferung fehlten drei Paletten.",
            "Das Gerät läuft seit der Installation nicht.",
            "Wir haben die Ware zurückgeschickt und warten auf die Gutschrift.",
            "Unsere Bestellnummer ist nicht angegeben, bitte {number} korrigieren.",
        ),
        "copy": (
            "Bitte senden Sie uns die betreffenden Rechnungen.",
            "{number} habe ich nie bekommen.",
            "Können Sie uns eine Aufstellung und Rechnungskopien schicken?",
        ),
        "contact": (
            "Ich bin für diesen Vorgang nicht mehr zuständig.",
            "Rechnungen bitte an lieferanten@kunde.example schicken.",
            "Ihre Ansprechpartnerin ist jetzt Frau Grün.",
        ),
        "none": (
            "Danke für die Erinnerung.",
            "Ich halte Sie {day} auf dem Laufenden.",
            "Uns fehlen die Mittel, um {day} zu zahlen.",
            "Können Sie uns einen Aufschub bis nächsten Monat gewähren?",
            "Unser Steuerberater kommt {day}.",
            "Sobald die Gutschrift vorliegt, geht die Zahlung {day} raus.",
            "Auf welches Konto sollen wir überweisen?",
            "War die Mahnung, die {day} kam, ein Versehen?",
        ),
    },
}
