"""The choice of a policy in sentences."""

from __future__ import annotations

from dunning_svc.domain.formats import Lang
from dunning_svc.domain.formats import day as on
from dunning_svc.domain.ladder.events import DecisionEvent
from encours.contracts.events.dunning.experiment import Arm
from encours.contracts.events.dunning.reminders import PolicyAlsoMet, PolicyChoice
from encours.kernel.money import money_text

_CRITERIA: dict[Lang, dict[str, str]] = {
    "fr": {
        "customers": "le client lui-même",
        "entities": "le créancier",
        "countries": "le pays",
        "currencies": "la devise",
        "segments": "le segment",
        "salespeople": "le commercial",
        "tags": "l'étiquette",
        "fields": "le champ personnalisé",
        "open_amounts": "le montant dû",
        "invoice_amounts": "le montant d'une facture",
        "invoice_fields": "le champ personnalisé d'une facture",
        "invoice_series": "la série d'une facture",
        "invoice_natures": "la nature de l'opération d'une facture",
        "paid_late": "la part des factures payées en retard",
        "grades": "la note de paiement",
    },
    "en": {
        "customers": "the customer itself",
        "entities": "the creditor",
        "countries": "the country",
        "currencies": "the currency",
        "segments": "the segment",
        "salespeople": "the salesperson",
        "tags": "the tag",
        "fields": "the custom field",
        "open_amounts": "the amount owed",
        "invoice_amounts": "the amount of an invoice",
        "invoice_fields": "the custom field of an invoice",
        "invoice_series": "the number series of an invoice",
        "invoice_natures": "the nature of an invoice's operation",
        "paid_late": "the share of invoices paid late",
        "grades": "the payment grade",
    },
}


_ARMS: dict[Lang, dict[Arm, str]] = {
    "fr": {"champion": "du côté du scénario en vigueur", "challenger": "du côté du scénario à l'essai"},
    "en": {"champion": "with the policy in force", "challenger": "with the policy on trial"},
}


def choice_in_words(choice: PolicyChoice, lang: Lang) -> str:
    """Return why the policy is applied, since when, and the others that the case meets."""
    names = ", ".join(_CRITERIA[lang][name] for name in choice.criteria)
    others = ", ".join(_also_met(each, lang) for each in choice.also_met)
    since = on(choice.since, lang)
    if lang == "fr":
        general = "car il vaut pour tous" if choice.priority else "car aucun autre ne convient"
        text = f"Il s'applique depuis le {since}, " + (f"par {names}" if names else general)
        text += f" (priorité {choice.priority})." if choice.priority else "."
        text += f" Conviennent aussi, mais viennent après : {others}." if others else ""
        return text + (
            f" Le client est dans une expérience, {_ARMS[lang][choice.arm]}." if choice.arm else ""
        )
    general = "as it is for all" if choice.priority else "as no other one fits"
    text = f"It has been applied since {since}, " + (f"by {names}" if names else general)
    text += f" (priority {choice.priority})." if choice.priority else "."
    text += f" These fit too, and come after it: {others}." if others else ""
    return text + (f" The customer is in an experiment, {_ARMS[lang][choice.arm]}." if choice.arm else "")


def earlier_in_words(event: DecisionEvent, lang: Lang) -> list[str]:
    """Return that the first reminder came earlier by accepted terms of the customer, if it did."""
    days = event.basis.earlier_days
    if not days:
        return []
    if lang == "fr":
        return [
            f"La première relance est avancée de {days} jour(s), par des conditions acceptées pour le client."
        ]
    return [f"The first reminder comes {days} day(s) earlier, by terms that were accepted for the customer."]


def debtors_in_words(event: DecisionEvent, lang: Lang) -> list[str]:
    """Return each customer of a decision about several with its sum, then those that are decided apart and why."""
    found = []
    for each in event.debtors:
        sum_, credit = (
            money_text(minor, event.currency, lang) for minor in (each.amount_minor, each.credit_minor)
        )
        if lang == "fr":
            text = f"Client {each.name} : {sum_} à réclamer"
            text += f", {credit} de ses paiements non affectés déduits" if each.credit_minor else ""
        else:
            text = f"Customer {each.name}: {sum_} to be claimed"
            text += f", {credit} of its unapplied payments deducted" if each.credit_minor else ""
        found.append(f"{text}.")
    choice = event.basis.choice
    for other in choice.apart if choice is not None else ():
        if lang == "fr":
            found.append(
                f"Client {other.name} : décidé à part, car le scénario « {other.policy_name} », version "
                f"{other.policy_version}, s'applique à lui."
            )
        else:
            found.append(
                f'Customer {other.name}: decided apart, as the policy "{other.policy_name}", version '
                f"{other.policy_version}, applies to it."
            )
    return found


def _also_met(other: PolicyAlsoMet, lang: Lang) -> str:
    if lang == "fr":
        return f"« {other.name} », version {other.policy_version} (priorité {other.priority})"
    return f'"{other.name}", version {other.policy_version} (priority {other.priority})'
