"""Texts of reasons on the risk of a customer, by their codes."""

from __future__ import annotations

REASONS: dict[str, tuple[str, str]] = {
    # Decisions on orders.
    "on-hold": ("Orders of the customer are on hold.", "Les commandes du client sont bloquées."),
    "insolvency": (
        "Insolvency proceedings of the customer are in force.",
        "Le client est en procédure collective.",
    ),
    "cover-stopped": (
        "The credit insurance covers no new delivery to the customer.",
        "L'assurance-crédit ne couvre plus les nouvelles livraisons au client.",
    ),
    "within-limit": (
        "Exposure with this order stays within the limit.",
        "L'encours, commande comprise, reste dans la limite.",
    ),
    "prepaid": (
        "Money of those who share the limit covers this order and all that they owe.",
        "Les fonds de ceux qui partagent la limite couvrent cette commande et tout ce qu'ils doivent.",
    ),
    "no-limit": (
        "No credit limit is in force for this customer.",
        "Aucune limite de crédit n'est en vigueur pour ce client.",
    ),
    "limit-expired": (
        "The credit limit has expired, or ends before the day of delivery.",
        "La limite de crédit a expiré ou prend fin avant le jour de livraison.",
    ),
    "limit-exceeded": (
        "Exposure with this order is above the limit.",
        "L'encours, commande comprise, dépasse la limite.",
    ),
    "overdue-beyond-days": (
        "An invoice is open for more days past due than the limit allows.",
        "Une facture est impayée depuis plus de jours que la limite n'en admet.",
    ),
    "weak-payment-behaviour": (
        "The customer pays late or not at all: its grade is D or E, or its score below 40.",
        "Le client paie tard ou ne paie pas : sa note est D ou E, ou son score est inférieur à 40.",
    ),
    "exchange-rate-missing": (
        "No exchange rate is known for a currency of the exposure or of the order.",
        "Aucun cours n'est connu pour une devise de l'encours ou de la commande.",
    ),
    "other-currency": (
        "The limit is in another currency than the order.",
        "La limite n'est pas dans la devise de la commande.",
    ),
    "grade-refused": (
        "The limit policy refuses orders of customers of this grade.",
        "La politique de crédit refuse les commandes des clients de cette note.",
    ),
    "account-not-opened": (
        "The account of the customer is not open yet.",
        "Le compte du client n'est pas encore ouvert.",
    ),
    "figures-behind": (
        "The figures of the customer do not contain the latest events yet.",
        "Les chiffres du client ne contiennent pas encore les derniers événements.",
    ),
    "deposit-outstanding": (
        "Goods of the order are delivered once its deposit is paid.",
        "Les marchandises de la commande sont livrées une fois l'acompte payé.",
    ),
    # Holds and badges by the credit policy.
    "days-past-due": (
        "An invoice is open for {days} day(s) past due.",
        "Une facture est échue et impayée depuis {days} jour(s).",
    ),
    "dunning-step-taken": (
        "The ladder has taken the step {step}.",
        "La relance a atteint l'étape {step}.",
    ),
    "insolvency-proceedings": (
        "Insolvency proceedings are in force.",
        "Une procédure collective est en cours.",
    ),
    "promises-broken": (
        "Promises of the last year that are broken: {broken}.",
        "Promesses de paiement non tenues depuis un an : {broken}.",
    ),
    "cover-withdrawn": (
        "The insurer has withdrawn the cover of contract {contract}.",
        "L'assureur a retiré la garantie du contrat {contract}.",
    ),
    "cover-stopped-by-delay": (
        "Invoice {invoice} is {days} day(s) past due; contract {contract} stops the cover of deliveries after "
        "{allowed_days}.",
        "La facture {invoice} est échue depuis {days} jour(s) ; le contrat {contract} arrête la garantie des "
        "livraisons au-delà de {allowed_days}.",
    ),
    # Payment behaviour.
    "no-history": ("No invoice has fallen due yet.", "Aucune facture n'est encore échue."),
    "open-late-invoices": (
        "{invoices} invoice(s) open past due, the oldest by {days} day(s).",
        "{invoices} facture(s) échue(s) et impayée(s), la plus ancienne depuis {days} jour(s).",
    ),
    "instalments-late-before": (
        "{invoices} invoice(s) in instalments, none due now, {days} day(s) late before.",
        "{invoices} facture(s) à plusieurs échéances, rien n'est exigible, {days} jour(s) de retard auparavant.",
    ),
    "paid-late": (
        "{late} of {settled} settled late, by {days} day(s) on average.",
        "{late} facture(s) réglée(s) en retard sur {settled}, de {days} jour(s) en moyenne.",
    ),
    "paid-in-time": (
        "Invoices settled in time: {settled}, all of them.",
        "Factures réglées à l'échéance : {settled}, toutes.",
    ),
    # Forecasts and grades.
    "open-late": (
        "Invoices open past due: {open_late}; most days past due: {oldest_days}.",
        "Factures échues et non réglées : {open_late} ; plus long retard en jours : {oldest_days}.",
    ),
    "settled-late": (
        "Settled late: {settled_late} of the invoices that count, {settled} in all.",
        "Réglées en retard : {settled_late} des factures prises en compte ({settled} en tout).",
    ),
    "settled-in-time": (
        "Settled in time: all invoices that count, {settled} in all.",
        "Réglées à l'échéance : toutes les factures prises en compte ({settled} en tout).",
    ),
    "no-outcome": (
        "No invoice is settled or past due yet: the level of the segment stands for the customer.",
        "Aucune facture réglée ou échue : le niveau du segment tient lieu de celui du client.",
    ),
    # Effects of the signals of a boosted model.
    "effect-habit": (
        "Past delays: {points} points of probability against the usual customer of the segment.",
        "Retards passés : {points} points de probabilité par rapport au client habituel du segment.",
    ),
    "effect-open-late": (
        "Invoices open past due: {points} points of probability against the usual customer of the segment.",
        "Factures échues et non réglées : {points} points de probabilité par rapport au client habituel du segment.",
    ),
    "effect-open": (
        "Number of open invoices: {points} points of probability against the usual customer of the segment.",
        "Nombre de factures ouvertes : {points} points de probabilité par rapport au client habituel du segment.",
    ),
    "effect-known": (
        "Number of settled invoices: {points} points of probability against the usual customer of the segment.",
        "Nombre de factures réglées : {points} points de probabilité par rapport au client habituel du segment.",
    ),
    "effect-term": (
        "Payment term: {points} points of probability against the usual customer of the segment.",
        "Délai de paiement : {points} points de probabilité par rapport au client habituel du segment.",
    ),
    "effect-segment": (
        "Segment of the customer: {points} points of probability against the usual customer of the segment.",
        "Segment du client : {points} points de probabilité par rapport au client habituel du segment.",
    ),
    # Reviews.
    "limit-unset": (
        "The customer owes or is about to, and has no limit.",
        "Le client doit ou va devoir, et n'a pas de limite.",
    ),
    "limit-ended": ("The limit expired on {last_day}.", "La limite a expiré le {last_day}."),
    "limit-ends": ("The limit expires on {last_day}.", "La limite expire le {last_day}."),
    "limit-passed": (
        "The exposure is {above} above what the limit allows.",
        "L'encours dépasse de {above} ce que la limite permet.",
    ),
    "limit-used": (
        "The exposure has reached {usage_bps} of what the limit allows.",
        "L'encours a atteint {usage_bps} de ce que la limite permet.",
    ),
    "figures-old": (
        "Last figures or filed accounts: closed on {closed_on}.",
        "Derniers chiffres ou comptes déposés : clôture du {closed_on}.",
    ),
    "figures-unknown": (
        "Last figures or filed accounts: none.",
        "Derniers chiffres ou comptes déposés : aucun.",
    ),
    "guarantee-awaited": (
        "A guarantee of {amount} was agreed and is to be obtained by {last_day}; obtained: {obtained}.",
        "Une garantie de {amount} est convenue, à obtenir au plus tard le {last_day} ; obtenu : {obtained}.",
    ),
    "guarantee-overdue": (
        "A guarantee of {amount} was agreed and had to be obtained by {last_day}; obtained: {obtained}.",
        "Une garantie de {amount} était convenue, à obtenir au plus tard le {last_day} ; obtenu : {obtained}.",
    ),
    "insolvency_notice": (
        "A register tells of insolvency: {told}",
        "Un registre annonce une procédure collective : {told}",
    ),
    "company_closed": (
        "A register says that the company is closed: {told}",
        "Un registre indique que la société a cessé : {told}",
    ),
    "insurer_opinion": ("The insurer has told its opinion: {told}", "L'assureur a donné son avis : {told}"),
    # Early warnings.
    "slowing_payments": (
        "The customer pays later: median delay of {before_median_delay_days} day(s) before, "
        "{median_delay_days} day(s) for the last {invoices} invoice(s).",
        "Le client paie plus tard : retard médian de {before_median_delay_days} jour(s) avant, de "
        "{median_delay_days} jour(s) pour les {invoices} dernières factures.",
    ),
    "partial_payments": (
        "Invoices whose first payment was a part: {before_paid_in_parts_bps} before, {paid_in_parts_bps} now.",
        "Factures dont le premier règlement est partiel : {before_paid_in_parts_bps} avant, "
        "{paid_in_parts_bps} à présent.",
    ),
    # Terms that a rule of the credit policy proposes.
    "terms-by-rule": (
        "Rule of the credit policy, version {policy_version}, for grade {grade}.",
        "Règle de la politique de crédit, version {policy_version}, pour la note {grade}.",
    ),
    "expected-late": (
        "Expected days late: {days}; the rule asks from {from_days} on.",
        "Jours de retard attendus : {days} ; la règle s'applique à partir de {from_days}.",
    ),
    "not-secured": (
        "Exposure that is not secured: {unsecured}; the rule asks above {above}.",
        "Encours non garanti : {unsecured} ; la règle s'applique au-delà de {above}.",
    ),
    "broken_promises": (
        "Promises broken: {broken_promises}; in the period before: {before_broken_promises}.",
        "Promesses non tenues : {broken_promises} ; sur la période précédente : {before_broken_promises}.",
    ),
    "disputes_at_due": (
        "Disputed as they fell due: {disputed_at_due_bps} of {invoices} invoice(s).",
        "Contestées à l'échéance : {disputed_at_due_bps} de {invoices} facture(s).",
    ),
    "limit_drift": (
        "Use of the limit rises: {before_limit_usage_bps} before, {limit_usage_bps} now.",
        "L'utilisation de la limite monte : {before_limit_usage_bps} avant, {limit_usage_bps} à présent.",
    ),
    "concentration": (
        "The customer owes {open_minor}, {share_bps} of all that is open, of {debtors} debtor(s).",
        "Le client doit {open_minor}, soit {share_bps} de tout l'encours ouvert, sur {debtors} débiteur(s).",
    ),
}
"""Sentences in English and in French."""
DETAILS: dict[str, tuple[str, str]] = {
    "within-limit": ("Left before it: {left}.", "Disponible avant elle : {left}."),
    "limit-expired": ("Last day: {last_day}.", "Dernier jour : {last_day}."),
    "limit-exceeded": (
        "Limit and guarantees: {allowed}; exposure: {exposure}; order: {order}.",
        "Limite et garanties : {allowed} ; encours : {exposure} ; commande : {order}.",
    ),
    "overdue-beyond-days": (
        "Days past due: {days}; allowed: {allowed_days}.",
        "Jours de retard : {days} ; admis : {allowed_days}.",
    ),
    "weak-payment-behaviour": ("Grade: {grade}.", "Note : {grade}."),
    "deposit-outstanding": ("Agreed: {agreed}; paid: {paid}.", "Convenu : {agreed} ; payé : {paid}."),
}
"""Continuations of sentences, for reasons with these values."""
