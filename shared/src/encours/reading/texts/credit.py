"""Texts of credit limits, credit checks and reservations."""

from __future__ import annotations

from encours.contracts.events import (
    account_opening,
    credit_file,
    credit_hold,
    credit_policy,
    credit_warning,
    figure,
    guarantee,
    limit_formula,
    reservation,
    risk,
    risk_terms,
    score,
)
from encours.reading.texts.form import Lines

LINES: Lines = {
    risk.LimitRequested: ("Limit of {amount_minor} requested", "Encours de {amount_minor} demandé"),
    risk.LimitApproved: ("Limit of {amount_minor} approved", "Encours de {amount_minor} accordé"),
    risk.LimitRefused: ("Limit refused: {text}", "Encours refusé : {text}"),
    risk.CreditChecked: (
        "Order of {amount_minor} checked: {decision}. {reasons}",
        "Commande de {amount_minor} contrôlée : {decision}. {reasons}",
    ),
    reservation.ReservationDecided: (
        "Order {order_ref} of {amount_minor}: {decision}. {reasons}",
        "Commande {order_ref} de {amount_minor} : {decision}. {reasons}",
    ),
    reservation.ReservationOverridden: (
        "Blocked order of {amount_minor} accepted by authority: {text}",
        "Commande bloquée de {amount_minor} acceptée par dérogation : {text}",
    ),
    reservation.ReservationDelivered: (
        "{amount_minor} of an order delivered ({delivery_ref}), not billed yet",
        "{amount_minor} d'une commande livrés ({delivery_ref}), à facturer",
    ),
    reservation.ReservationConsumed: (
        "{amount_minor} of an order billed or delivered",
        "{amount_minor} d'une commande facturés ou livrés",
    ),
    reservation.ReservationReleased: (
        "Reservation of {amount_minor} released: {text}",
        "Réservation de {amount_minor} libérée : {text}",
    ),
    reservation.ReservationExpired: (
        "Reservation of {amount_minor} expired on {expires_on}",
        "Réservation de {amount_minor} expirée le {expires_on}",
    ),
    credit_hold.CreditHoldPlaced: (
        "Orders on hold ({cause}): {text}",
        "Commandes bloquées ({cause}) : {text}",
    ),
    credit_hold.CreditHoldReleased: (
        "Hold on orders released ({end}): {text}",
        "Blocage des commandes levé ({end}) : {text}",
    ),
    credit_hold.PayerBadgeGiven: ("Marked as bad payer: {text}", "Signalé mauvais payeur : {text}"),
    credit_hold.PayerBadgeRemoved: (
        "Mark of bad payer removed: {text}",
        "Signalement de mauvais payeur retiré : {text}",
    ),
    credit_policy.CreditPolicySet: (
        "Credit policy, version {version}",
        "Politique de crédit, version {version}",
    ),
    guarantee.GuaranteeTaken: (
        "Guarantee ({kind}) of {amount_minor}, {reference}",
        "Garantie ({kind}) de {amount_minor}, {reference}",
    ),
    guarantee.GuaranteeReleased: ("Guarantee released: {text}", "Garantie levée : {text}"),
    score.ScoreModelFitted: (
        "Payment model {version} fitted to {invoices} invoice(s)",
        "Modèle de paiement {version} calé sur {invoices} facture(s)",
    ),
    score.ScoreModelActivated: (
        "Payment model {version} in use, in place of {replaces}: {text}",
        "Modèle de paiement {version} en service, à la place de {replaces} : {text}",
    ),
    limit_formula.LimitFormulaSet: (
        "Formula of limits, version {version}",
        "Formule des encours, version {version}",
    ),
    limit_formula.FinancialsFiled: (
        "Reported figures of {closed_on} filed: {source}",
        "Chiffres publiés au {closed_on} versés au dossier : {source}",
    ),
    limit_formula.CreditReviewPostponed: (
        "Credit review postponed until {until}: {text}",
        "Revue de crédit reportée au {until} : {text}",
    ),
    credit_file.CreditFactRecorded: (
        "Fact {fact_number} ({kind}, {source}): {text}",
        "Information {fact_number} ({kind}, {source}) : {text}",
    ),
    credit_file.CreditFactCorrected: (
        "Fact {fact_number} corrected: {text}",
        "Information {fact_number} rectifiée : {text}",
    ),
    credit_file.CreditFactWithdrawn: (
        "Fact {fact_number} withdrawn: {text}",
        "Information {fact_number} retirée : {text}",
    ),
    credit_file.CreditCommentMade: (
        "Comment {comment_number} on the credit file",
        "Commentaire {comment_number} au dossier de crédit",
    ),
    credit_file.CreditCommentCorrected: (
        "Comment {comment_number} on the credit file corrected",
        "Commentaire {comment_number} au dossier de crédit rectifié",
    ),
    credit_warning.CreditWarningRaised: (
        "Early warning: {kind}, episode {episode}. {reasons}",
        "Alerte précoce : {kind}, épisode {episode}. {reasons}",
    ),
    credit_warning.CreditWarningAcknowledged: (
        "Early warning acknowledged: {text}",
        "Alerte précoce prise en compte : {text}",
    ),
    credit_warning.CreditWarningEnded: ("Early warning ended", "Alerte précoce terminée"),
    credit_warning.WarningRulesSet: (
        "Rules of early warnings, version {version}",
        "Règles des alertes précoces, version {version}",
    ),
    account_opening.AccountChecklistSet: (
        "Checklist of accounts, version {version}",
        "Liste de contrôle des comptes, version {version}",
    ),
    account_opening.AccountOpeningRequested: (
        "Account with credit of {amount_minor} asked for: {text}",
        "Ouverture de compte avec un encours de {amount_minor} demandée : {text}",
    ),
    account_opening.AccountItemDone: (
        "Account opening, {item_code} done: {text}",
        "Ouverture de compte, {item_code} fait : {text}",
    ),
    account_opening.AccountItemWaived: (
        "Account opening, {item_code} waived: {text}",
        "Ouverture de compte, dispense de {item_code} : {text}",
    ),
    account_opening.AccountOpened: ("Account opened: {text}", "Compte ouvert : {text}"),
    account_opening.AccountRefused: ("Account refused: {text}", "Ouverture de compte refusée : {text}"),
    risk_terms.RiskTermsProposed: (
        "Terms proposed ({kind}): {text}",
        "Conditions proposées ({kind}) : {text}",
    ),
    risk_terms.RiskTermsAnswered: (
        "Proposed terms {proposal_number} accepted: {text}",
        "Conditions proposées {proposal_number} acceptées : {text}",
    ),
    risk_terms.RiskTermsWithdrawn: (
        "Proposed terms {proposal_number} withdrawn: {text}",
        "Conditions proposées {proposal_number} retirées : {text}",
    ),
    score.ScoreGraded: (
        "Payment grade {grade} (model {model_version}). {reasons}",
        "Note de paiement {grade} (modèle {model_version}). {reasons}",
    ),
    figure.FigurePublished: (
        "Figure published: {title} ({definition})",
        "Chiffre publié : {title} ({definition})",
    ),
    reservation.OrderBillingCounted: (
        "{amount_minor} of the invoice counted as the billing of an order",
        "{amount_minor} de la facture comptés comme facturation d'une commande",
    ),
    reservation.OrderDeliveryCounted: (
        "{amount_minor} delivered counted in place of the reservation of the order",
        "{amount_minor} livrés comptés à la place de la réservation de la commande",
    ),
    reservation.CreditLineDrawn: (
        "{amount_minor} of the limit reserved by an order",
        "{amount_minor} de l'encours réservés par une commande",
    ),
}
