"""Sentences of debtors with what they state, in three languages, that were at hand while the rules were written.

``{day}`` stands for the day of payment as the generator writes it, ``{number}`` for an invoice, ``{past}`` for a day
that has passed.
"""

from __future__ import annotations

from typing import Literal

Set = Literal["known", "held_out"]
Lang = Literal["fr", "en", "de"]
Kind = Literal["promise", "paid", "dispute", "copy", "contact", "none"]

KNOWN: dict[Lang, dict[Kind, tuple[str, ...]]] = {
    "fr": {
        "promise": (
            "Je paierai la facture {number} {day}.",
            "Nous vous réglerons {day}.",
            "Le virement sera effectué {day}.",
            "Le règlement partira {day}.",
            "Nous nous engageons à payer {day} au plus tard.",
            "Le paiement est prévu {day}.",
            "Vous recevrez notre virement {day}.",
        ),
        "paid": (
            "La facture {number} a déjà été payée {past}.",
            "Nous avons réglé cette facture {past}.",
            "Le virement a été effectué {past}.",
            "Votre facture est réglée depuis {past}.",
        ),
        "dispute": (
            "Nous contestons la facture {number} : le prix ne correspond pas à notre commande.",
            "La marchandise n'a jamais été livrée.",
            "Il manque le numéro de commande sur la facture.",
            "La quantité facturée est erronée.",
            "Nous attendons toujours l'avoir promis.",
            "Les produits reçus étaient défectueux.",
        ),
        "copy": (
            "Pouvez-vous nous envoyer une copie de la facture {number} ?",
            "Merci de nous transmettre un duplicata.",
            "Nous n'avons pas reçu la facture {number}, pourriez-vous la renvoyer ?",
        ),
        "contact": (
            "Je ne suis pas la bonne personne pour ce sujet.",
            "Mme Morel a quitté la société.",
            "Merci d'adresser vos relances à compta@client.example.",
        ),
        "none": (
            "Nous accusons réception de votre message.",
            "Je reviens vers vous {day}.",
            "Nous ne pourrons pas payer {day}.",
            "Pouvez-vous confirmer l'échéance de la facture {number} ?",
            "Merci de votre patience.",
            "La réunion de direction a lieu {day}.",
        ),
    },
    "en": {
        "promise": (
            "We will pay invoice {number} {day}.",
            "Payment will be made {day}.",
            "You will receive the transfer {day}.",
            "The amount is scheduled for payment {day}.",
            "I promise to settle this {day}.",
            "We'll transfer the money {day}.",
        ),
        "paid": (
            "Invoice {number} was paid {past}.",
            "We already paid this {past}.",
            "We transferred the amount {past}.",
            "This has been settled {past}.",
        ),
        "dispute": (
            "We dispute invoice {number} because the price is wrong.",
            "The goods were never delivered.",
            "The purchase order number is missing from the invoice.",
            "The quantity on the invoice is incorrect.",
            "We are still waiting for the credit note.",
            "Half of the parts arrived damaged.",
        ),
        "copy": (
            "Please send us a copy of invoice {number}.",
            "Could you resend the invoice?",
            "We never received invoice {number}, can you send it again?",
        ),
        "contact": (
            "I am not the right person for this.",
            "Mr Smith has left the company.",
            "Please send your reminders to accounts@client.example.",
        ),
        "none": (
            "Thank you for your message.",
            "I will get back to you {day}.",
            "We cannot pay {day}.",
            "Could you confirm the due date of invoice {number}?",
            "We are looking into it.",
            "Our board meets {day}.",
        ),
    },
    "de": {
        "promise": (
            "Wir werden die Rechnung {number} {day} bezahlen.",
            "Die Zahlung erfolgt {day}.",
            "Sie erhalten die Überweisung {day}.",
            "Wir überweisen den Betrag {day}.",
            "Ich zahle {day}.",
            "Die Rechnung wird {day} beglichen.",
        ),
        "paid": (
            "Die Rechnung {number} wurde bereits {past} bezahlt.",
            "Wir haben den Betrag {past} überwiesen.",
            "Die Zahlung ist {past} erfolgt.",
            "Das haben wir {past} beglichen.",
        ),
        "dispute": (
            "Wir beanstanden die Rechnung {number}, der Preis stimmt nicht.",
            "Die Ware wurde nie geliefert.",
            "Auf der Rechnung fehlt die Bestellnummer.",
            "Die berechnete Menge ist falsch.",
            "Wir warten noch auf die Gutschrift.",
            "Die Teile kamen beschädigt an.",
        ),
        "copy": (
            "Bitte senden Sie uns eine Kopie der Rechnung {number}.",
            "Können Sie uns die Rechnung noch einmal schicken?",
            "Uns liegt die Rechnung {number} nicht vor, bitte erneut zusenden.",
        ),
        "contact": (
            "Ich bin dafür nicht zuständig.",
            "Herr Müller arbeitet nicht mehr bei uns.",
            "Bitte wenden Sie sich an buchhaltung@kunde.example.",
        ),
        "none": (
            "Vielen Dank für Ihre Nachricht.",
            "Ich melde mich {day}.",
            "Wir können {day} nicht zahlen.",
            "Können Sie bitte das Fälligkeitsdatum der Rechnung {number} bestätigen?",
            "Wir prüfen den Vorgang.",
            "Unser Büro ist {day} geschlossen.",
        ),
    },
}

KNOWN_TOO: dict[Lang, dict[Kind, tuple[str, ...]]] = {
    "fr": {
        "promise": (
            "On vous fait le virement {day}, sans faute.",
            "Le solde de {number} vous sera versé {day}.",
            "J'ai demandé à ma banque de vous payer {day}.",
            "Comptez sur un règlement {day}.",
            "La facture {number} passera dans notre campagne de paiement {day}.",
            "Un chèque vous sera adressé {day}.",
            "Vous serez payés {day}.",
        ),
        "paid": (
            "Sauf erreur, {number} a été soldée {past} par virement.",
            "Le paiement est parti {past}, merci de vérifier vos comptes.",
            "Cette somme vous a été virée {past}.",
            "Nous vous avons payés {past}.",
        ),
        "dispute": (
            "Le tarif appliqué sur {number} n'est pas celui du devis.",
            "Nous n'avons toujours pas été livrés.",
            "Sans numéro de bon de commande, notre service ne peut pas traiter {number}.",
            "Vous nous avez facturé deux fois la même prestation.",
            "Une partie du matériel est arrivée cassée.",
            "Nous sommes en désaccord avec le montant de cette facture.",
        ),
        "copy": (
            "Auriez-vous la facture {number} en PDF, nous ne la retrouvons pas ?",
            "Merci de nous faire parvenir à nouveau votre facture.",
            "Je n'ai aucune trace de {number}, envoyez-la moi s'il vous plaît.",
        ),
        "contact": (
            "Ce n'est pas moi qui gère la comptabilité.",
            "M. Girard ne travaille plus chez nous.",
            "Veuillez contacter notre service comptable pour toute question.",
        ),
        "none": (
            "Bien reçu, merci.",
            "Nous vous répondrons {day}.",
            "Impossible de vous payer {day}, notre trésorerie est trop tendue.",
            "Quel est le montant exact que nous vous devons ?",
            "Le dossier est entre les mains de ma collègue.",
            "Si vous nous accordez une remise, nous pourrions payer {day}.",
            "La livraison est attendue {day}.",
        ),
    },
    "en": {
        "promise": (
            "The money should be with you {day}.",
            "I have arranged for {number} to be paid {day}.",
            "Expect our wire {day}.",
            "You can count on payment {day}.",
            "{number} is in our payment run {day}.",
            "We are going to clear the balance {day}.",
            "A cheque will go out to you {day}.",
        ),
        "paid": (
            "According to our records {number} went out {past} by bank transfer.",
            "Our payment left {past}, please check your account.",
            "You should have had our money since {past}: we paid {number} then.",
            "The full amount was wired to you {past}.",
        ),
        "dispute": (
            "You charged more on {number} than we agreed in the quote.",
            "We still have not received the delivery.",
            "Without a PO reference our system rejects {number}.",
            "You have billed us twice for the same job.",
            "Several items were broken when they got here.",
            "We do not agree with the amount of this invoice.",
        ),
        "copy": (
            "I can't find {number}, would you mind sending it over once more?",
            "Could we have the invoice as a PDF, please?",
            "There is no trace of {number} in our books, please forward it.",
        ),
        "contact": (
            "Accounts payable is handled by somebody else.",
            "Ms Jones no longer works here.",
            "You should contact our finance team instead.",
        ),
        "none": (
            "Noted, thanks.",
            "You will hear from us {day}.",
            "There is no way we can pay you {day}, cash is too tight.",
            "How much exactly do we owe you?",
            "My colleague is dealing with the matter.",
            "If you grant us a discount, we could pay {day}.",
            "The shipment is expected {day}.",
        ),
    },
    "de": {
        "promise": (
            "Das Geld geht {day} an Sie raus.",
            "Der Ausgleich von {number} ist {day} eingeplant.",
            "Sie können {day} mit dem Zahlungseingang rechnen.",
            "Wir begleichen den offenen Posten {day}.",
            "{number} ist in unserem Zahlungslauf {day} enthalten.",
            "Der Betrag wird Ihnen {day} überwiesen.",
            "Einen Scheck schicken wir Ihnen {day}.",
        ),
        "paid": (
            "Laut unserer Buchhaltung ging {number} {past} per Überweisung raus.",
            "Unsere Zahlung ist {past} abgegangen, bitte prüfen Sie Ihr Konto.",
            "Den Betrag haben wir Ihnen {past} angewiesen.",
            "Die Rechnung ist seit {past} bezahlt.",
        ),
        "dispute": (
            "Sie haben bei {number} mehr berechnet als im Angebot vereinbart.",
            "Die Lieferung ist bis heute nicht angekommen.",
            "Ohne Bestellnummer können wir {number} nicht verbuchen.",
            "Sie haben uns dieselbe Leistung doppelt berechnet.",
            "Einige Geräte waren bei Ankunft defekt.",
            "Mit dem Betrag dieser Rechnung sind wir nicht einverstanden.",
        ),
        "copy": (
            "Wir finden {number} nicht, würden Sie uns die Rechnung nochmals zukommen lassen?",
            "Könnten wir die Rechnung als PDF bekommen?",
            "Von {number} fehlt uns jede Spur, bitte um erneute Zusendung.",
        ),
        "contact": (
            "Für die Buchhaltung ist jemand anderes verantwortlich.",
            "Frau Schulz ist aus dem Unternehmen ausgeschieden.",
            "Richten Sie Ihre Anfragen bitte an unsere Finanzabteilung.",
        ),
        "none": (
            "Zur Kenntnis genommen, danke.",
            "Sie hören {day} von uns.",
            "Eine Zahlung {day} ist uns leider nicht möglich.",
            "Wie hoch ist der offene Betrag genau?",
            "Meine Kollegin kümmert sich darum.",
            "Wenn Sie uns Skonto gewähren, könnten wir {day} zahlen.",
            "Die Ware wird {day} erwartet.",
        ),
    },
}

KNOWN_LATER: dict[Lang, dict[Kind, tuple[str, ...]]] = {
    "fr": {
        "promise": (
            "C'est noté, le nécessaire sera fait {day}.",
            "Votre règlement est programmé {day}.",
            "La compta vous paie {day} promis !",
            "Nous procèderons au paiement de {number} {day}.",
            "Je vous confirme un virement {day} pour {number}.",
            "vous aurez votre argent {day}",
            "Notre ordre de virement est déjà saisi, exécution {day}.",
            "Suite à votre relance, nous solderons {number} {day}.",
        ),
        "paid": (
            "{number} : réglée par chèque {past}.",
            "Virement fait {past} depuis notre compte BNP.",
            "Je m'étonne de votre relance car nous avons procédé au paiement {past}.",
            "Le compte est soldé depuis {past} chez nous.",
        ),
        "dispute": (
            "Le technicien n'est pas venu, nous refusons de payer {number}.",
            "On nous a facturé 12 cartons alors que nous en avons reçu 10.",
            "La remise de 5 % prévue au contrat n'a pas été appliquée.",
            "Les travaux ne sont pas terminés.",
            "Cette facture ne nous concerne pas.",
            "Vous vous êtes trompés de taux de TVA.",
        ),
        "copy": (
            "Peux-tu me remettre la facture {number} en pièce jointe ?",
            "Je n'ai pas {number} dans mes dossiers, un double serait utile.",
            "Pourriez-vous joindre la facture concernée ?",
        ),
        "contact": (
            "Je suis parti de l'entreprise en janvier, voyez avec Mme Petit.",
            "Mauvaise adresse, ici c'est le service technique.",
            "Notre nouvelle adresse de facturation est factures@client.example.",
        ),
        "none": (
            "Je transmets à la direction.",
            "Le gérant signe les chèques {day} mais il est absent.",
            "Rappelez-moi {day} pour en parler.",
            "Avez-vous bien reçu notre virement du mois dernier ?",
            "Nous sommes fermés jusqu'au 15.",
            "Nous ne paierons rien avant {day}.",
            "Nous attendons un paiement de notre propre client {day}.",
        ),
    },
    "en": {
        "promise": (
            "Consider it done {day}.",
            "{number} gets paid {day}, sorry for the delay.",
            "Funds will hit your account {day}.",
            "We've set up the bank transfer for {number}, value date {day}.",
            "Payment is on its way {day} at the latest.",
            "I'll have accounts release {number} {day}.",
            "ok will pay {day}",
            "Our finance team is going to send the outstanding balance {day}.",
        ),
        "paid": (
            "{number}: settled via BACS {past}.",
            "We sent the funds {past}, reference attached.",
            "I was surprised by your reminder since we made the payment {past}.",
            "Our ledger shows {number} as paid {past}.",
        ),
        "dispute": (
            "Your engineer never turned up, so we refuse to pay {number}.",
            "You invoiced 12 boxes but we only got 10.",
            "The agreed 5% discount has not been applied.",
            "The work is not finished yet.",
            "This invoice is not ours.",
            "You applied the wrong VAT rate.",
        ),
        "copy": (
            "Can you attach {number} to your next email?",
            "{number} is not on file here, a duplicate would help.",
            "Which invoice is this, please share it with us?",
        ),
        "contact": (
            "I moved on from this job in January, please speak to Mrs Brown.",
            "Wrong mailbox, this is technical support.",
            "Our new billing address is invoices@client.example.",
        ),
        "none": (
            "I'm passing this on to management.",
            "The director signs cheques {day} but he is away.",
            "Call me {day} to discuss this.",
            "Did you receive our transfer of last month?",
            "We are closed until the 15th.",
            "We will not pay anything before {day}.",
            "We are waiting for a payment from our own client {day}.",
        ),
    },
    "de": {
        "promise": (
            "Geht in Ordnung, wird {day} erledigt.",
            "Ihre Zahlung ist {day} vorgemerkt.",
            "Die Buchhaltung zahlt {day}, versprochen!",
            "Wir nehmen die Zahlung von {number} {day} vor.",
            "Ich bestätige Ihnen die Überweisung {day} zu {number}.",
            "sie bekommen ihr geld {day}",
            "Der Überweisungsauftrag ist erfasst, Ausführung {day}.",
            "Auf Ihre Mahnung hin gleichen wir {number} {day} aus.",
        ),
        "paid": (
            "{number}: per Scheck bezahlt {past}.",
            "Überweisung {past} von unserem Sparkassenkonto ausgeführt.",
            "Ihre Mahnung wundert mich, denn wir haben die Zahlung {past} vorgenommen.",
            "Bei uns ist {number} seit {past} ausgeglichen.",
        ),
        "dispute": (
            "Der Techniker ist nicht erschienen, wir verweigern die Zahlung von {number}.",
            "Sie haben 12 Kartons berechnet, wir haben aber nur 10 erhalten.",
            "Der vereinbarte Rabatt von 5 % wurde nicht abgezogen.",
            "Die Arbeiten sind noch nicht fertig.",
            "Diese Rechnung betrifft uns nicht.",
            "Sie haben den falschen Mehrwertsteuersatz angesetzt.",
        ),
        "copy": (
            "Kannst du mir {number} bitte anhängen?",
            "{number} habe ich nicht in den Akten, ein Duplikat wäre hilfreich.",
            "Um welche Rechnung geht es, bitte mitschicken?",
        ),
        "contact": (
            "Ich habe die Firma im Januar verlassen, sprechen Sie mit Frau Klein.",
            "Falsche Adresse, hier ist die Technik.",
            "Unsere neue Rechnungsadresse lautet rechnung@kunde.example.",
        ),
        "none": (
            "Ich leite das an die Geschäftsführung weiter.",
            "Der Chef unterschreibt Schecks {day}, ist aber verreist.",
            "Rufen Sie mich {day} an, um darüber zu sprechen.",
            "Haben Sie unsere Überweisung vom letzten Monat erhalten?",
            "Wir haben bis zum 15. geschlossen.",
            "Vor {day} zahlen wir gar nichts.",
            "Wir erwarten {day} eine Zahlung unseres eigenen Kunden.",
        ),
    },
}
