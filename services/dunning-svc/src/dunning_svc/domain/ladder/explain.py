"""Reasons for a decision in sentences, from its stored event alone."""

from __future__ import annotations

from dataclasses import dataclass

from dunning_svc.domain.formats import Lang, days_late
from dunning_svc.domain.formats import day as on
from dunning_svc.domain.ladder.events import DecisionEvent
from dunning_svc.domain.ladder.explain_choice import choice_in_words, debtors_in_words, earlier_in_words
from dunning_svc.domain.ladder.explain_sending import sending_in_words
from dunning_svc.domain.policy.policy import Policy, Step
from dunning_svc.domain.policy.schedule import Taken, earliest_on
from encours.contracts.events.dunning.reminders import (
    DunnedItem,
    ReminderRequested,
    ReminderSuppressed,
    SuppressedStep,
    TaskOpened,
)
from encours.kernel.money import money_text


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence, then the reasons in the order in which the decision considered them."""

    summary: str
    reasons: tuple[str, ...]


_ACTS: dict[Lang, dict[str, str]] = {
    "fr": {
        "email": "un e-mail",
        "call": "une tâche d'appel téléphonique",
        "letter": "une lettre",
        "registered_letter": "une lettre recommandée de mise en demeure",
        "litigation_file": "une tâche de dossier contentieux",
        "sms": "un SMS",
        "webhook": "un message à un système du créancier",
    },
    "en": {
        "email": "an e-mail",
        "call": "a phone task",
        "letter": "a letter",
        "registered_letter": "a registered letter of formal notice",
        "litigation_file": "a litigation-file task",
        "sms": "a text message",
        "webhook": "a message to a system of the creditor",
    },
}

_CAUSES: dict[Lang, dict[str, str]] = {
    "fr": {
        "covered_by_credit": "Les paiements non affectés du client couvrent tout le montant à réclamer.",
        "fully_disputed": "Tout le montant à réclamer est contesté ou attend un avoir.",
        "on_plan": "Tout le montant à réclamer est sur un échéancier en vigueur.",
        "instrument_in_hand": "Chèques, traites ou billets en portefeuille couvrent tout le montant à réclamer.",
        "insolvency": "Une procédure collective du débiteur interdit de réclamer ce qui est né avant le jugement.",
        "customer_on_hold": "La relance du client est suspendue.",
        "paid_meanwhile": "Entre la décision et l'envoi, les factures ont été soldées.",
        "changed_meanwhile": "Entre la décision et l'envoi, le montant a changé : nouvelle décision le lendemain.",
        "other_policy_meanwhile": "Entre la décision et l'envoi, un autre scénario s'applique au client.",
        "below_floor": "Le montant à réclamer ne dépasse pas le minimum de {floor}.",
        "earlier_step": "Les étapes se suivent : la précédente n'est pas prise, ou l'est depuis trop peu de jours.",
        "formal_notice_recent": "La dernière mise en demeure du client date de moins de {days} jours.",
        "contact_limit": "Le client a déjà reçu {messages} messages en {window} jours, la limite du scénario.",
        "promised": "Le débiteur a promis de payer, et le délai n'est pas passé.",
        "suspended_by_dispute": "Selon le scénario, un litige suspend ici plus que la part contestée.",
        "suspended_by_promise": "Selon le scénario, une promesse de paiement suspend toutes les factures du client.",
        "ladder_ended": "L'échéance date de plus de {end} jours : le scénario ne prévoit plus d'étape.",
        "placed": "Un tiers est chargé de recouvrer la facture.",
        "declined": "La personne chargée de l'approuver a refusé l'étape.",
        "not_approved": "Personne n'a approuvé l'étape dans le délai du scénario.",
        "policy_changed": "Elle était prévue avant que ce scénario ne s'applique au client : elle n'est pas rattrapée.",
        "formal_step_apart": "La mise en demeure ou le dossier contentieux du jour ne vise que d'autres factures.",
    },
    "en": {
        "covered_by_credit": "Unapplied payments of the customer cover the whole amount to be claimed.",
        "fully_disputed": "The whole amount to be claimed is in dispute or awaits a credit note.",
        "on_plan": "The whole amount to be claimed is on a payment plan in force.",
        "instrument_in_hand": "Cheques, bills or notes in hand cover the whole amount to be claimed.",
        "insolvency": "Insolvency proceedings of the debtor forbid to claim what arose before the judgment.",
        "customer_on_hold": "Dunning of the customer is on hold.",
        "paid_meanwhile": "Between decision and dispatch the invoices were settled.",
        "changed_meanwhile": "Between decision and dispatch the amount changed: the next day has a new decision.",
        "other_policy_meanwhile": "Between decision and dispatch another policy came to apply to the customer.",
        "below_floor": "The amount to be claimed does not exceed the minimum of {floor}.",
        "earlier_step": "Steps are taken in order: the one before was not taken, or was taken too few days ago.",
        "formal_notice_recent": "The customer's last formal notice is less than {days} days old.",
        "contact_limit": "The customer has had {messages} messages in {window} days, the limit of the policy.",
        "promised": "The debtor has promised to pay, and the time for it has not passed.",
        "suspended_by_dispute": "By the policy, a dispute suspends more here than the share in dispute.",
        "suspended_by_promise": "By the policy, a promise to pay suspends every invoice of the customer.",
        "ladder_ended": "The due date is more than {end} days ago: the policy takes no further step.",
        "placed": "A third party collects the invoice.",
        "declined": "The person who was to approve the step declined it.",
        "not_approved": "Nobody approved the step in the time that the policy gives.",
        "policy_changed": "It was due before this policy was applied to the customer, and is not made up for.",
        "formal_step_apart": "The formal notice or litigation file of the day is for other invoices only.",
    },
}


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Cause against a decided reminder at dispatch, and the positions of the events that changed what it rested on."""

    cause: str
    because: tuple[int, ...] = ()
    text: str | None = None
    """Reason that a person gave."""


def explain(
    event: DecisionEvent, policy: Policy, lang: Lang, withdrawn: Withdrawal | None = None
) -> Explanation:
    """Explain a decision taken under that policy, and its suppression at dispatch."""
    step = policy.step(event.step)
    reasons = [_policy(event, policy, lang)]
    reasons += [choice_in_words(event.basis.choice, lang)] if event.basis.choice is not None else []
    reasons += earlier_in_words(event, lang)
    reasons += debtors_in_words(event, lang)
    credits = {each.customer_id: each.credit_minor for each in event.debtors}
    for item in event.items:
        customer_id = item.customer_id or event.customer_id
        credit = credits.get(customer_id, event.credit_minor)
        reasons.append(_item(item, event, policy, lang, covered=0 < item.asked_minor <= credit))
        credits[customer_id] = credit - min(credit, item.asked_minor)
    reasons += [_highest(event, step, lang)] if len(event.items) > 1 else []
    reasons += _money(event, lang)
    reasons += sending_in_words(event, lang) if isinstance(event, ReminderRequested) else ()
    if isinstance(event, ReminderSuppressed):
        reasons.append(_cause(event.cause, step, event, policy, lang))
    reasons += [_suppressed_step(step, event, policy, lang) for step in event.suppressed]
    if withdrawn is not None:
        said = f" « {withdrawn.text} »" if withdrawn.text and lang == "fr" else ""
        said = f' "{withdrawn.text}"' if withdrawn.text and lang == "en" else said
        cause = _cause(withdrawn.cause, step, event, policy, lang)
        reasons.append(cause + said + _because(withdrawn.because, lang))
    reasons.append(_inputs(event, lang))
    return Explanation(_summary(event, step, policy, lang), tuple(reasons))


def _summary(event: DecisionEvent, step: Step, policy: Policy, lang: Lang) -> str:
    what, when = _ACTS[lang][step.act], on(event.day, lang)
    sum_ = money_text(event.amount_minor, event.currency, lang)
    match event:
        case ReminderRequested() | TaskOpened():
            if lang == "fr":
                return f"Le {when}, l'étape {step.code} a déclenché {what} pour {sum_}."
            return f"On {when} step {step.code} led to {what} for {sum_}."
        case ReminderSuppressed():
            cause = _cause(event.cause, step, event, policy, lang)
            if lang == "fr":
                return f"Le {when}, l'étape {step.code} ({what}) n'a pas eu lieu. {cause}"
            return f"On {when} step {step.code} ({what}) was not taken. {cause}"


def _suppressed_step(left: SuppressedStep, event: DecisionEvent, policy: Policy, lang: Lang) -> str:
    cause = _cause(left.cause, policy.step(left.step), event, policy, lang)
    if lang == "fr":
        return f"Facture {left.number}, étape {left.step} : non prise. {cause}"
    return f"Invoice {left.number}, step {left.step}: not taken. {cause}"


def _because(positions: tuple[int, ...], lang: Lang) -> str:
    if not positions:
        return ""
    named = ", ".join(map(str, positions))
    return (
        f" Événements postérieurs à la décision : {named}." if lang == "fr" else f" Events after it: {named}."
    )


def _cause(cause: str, step: Step, event: DecisionEvent, policy: Policy, lang: Lang) -> str:
    """Return the reason against a step in words."""
    if cause != "no_address":
        floor = money_text(policy.floor_minor(event.currency, step), event.currency, lang)
        limit = policy.contact_limit
        return _CAUSES[lang][cause].format(
            floor=floor,
            days=policy.formal_notice_interval_days,
            messages=limit.messages if limit else 0,
            window=limit.days if limit else 0,
            end=policy.ends_after_days or 0,
        )
    if step.channel == "email":
        return (
            "Le client n'a pas d'adresse e-mail valable."
            if lang == "fr"
            else "The customer has no deliverable e-mail address."
        )
    return "Le client n'a pas d'adresse postale." if lang == "fr" else "The customer has no postal address."


def _policy(event: DecisionEvent, policy: Policy, lang: Lang) -> str:
    ladder = " · ".join(step.code for step in policy.steps)
    version = event.basis.policy_version
    if lang == "fr":
        return f"Scénario « {policy.name} », version {version} : {ladder}."
    return f'Policy "{policy.name}", version {version}: {ladder}.'


def _item(item: DunnedItem, event: DecisionEvent, policy: Policy, lang: Lang, *, covered: bool) -> str:
    open_ = money_text(item.open_minor, event.currency, lang)
    asked = money_text(item.asked_minor, event.currency, lang)
    disputed = money_text(item.disputed_minor, event.currency, lang)
    later = money_text(item.later_minor, event.currency, lang)
    planned = money_text(item.planned_minor, event.currency, lang)
    in_hand = money_text(item.in_hand_minor, event.currency, lang)
    stayed = money_text(item.stayed_minor, event.currency, lang)
    placed = money_text(item.placed_minor, event.currency, lang)
    due, late = on(item.due_on, lang), days_late(item.days_past_due, lang)
    if lang == "fr":
        text = f"Facture {item.number}, échéance {due} ({late}) : {open_} ouverts"
        text += f", dont {disputed} contestés" if item.disputed_minor else ""
        text += f", dont {planned} sur un échéancier" if item.planned_minor else ""
        text += f", dont {in_hand} couverts par chèques ou effets" if item.in_hand_minor else ""
        text += f", dont {later} d'échéances à venir" if item.later_minor else ""
        text += f", dont {stayed} à déclarer à la procédure collective" if item.stayed_minor else ""
        text += f", dont {placed} confiés à un tiers" if item.placed_minor else ""
        text += f", {asked} réclamés."
    else:
        text = f"Invoice {item.number}, due {due} ({late}): {open_} open"
        text += f", {disputed} of it disputed" if item.disputed_minor else ""
        text += f", {planned} of it on a payment plan" if item.planned_minor else ""
        text += f", {in_hand} of it covered by instruments in hand" if item.in_hand_minor else ""
        text += f", {later} of it due later" if item.later_minor else ""
        text += f", {stayed} of it to be declared in insolvency proceedings" if item.stayed_minor else ""
        text += f", {placed} of it placed with a third party" if item.placed_minor else ""
        text += f", {asked} claimed."
    return (
        f"{text} {_steps(item, event, policy, lang) if item.step else _no_step(item, lang, covered=covered)}"
    )


def _no_step(item: DunnedItem, lang: Lang, *, covered: bool) -> str:
    """Explain an item that is listed in the message without a step of its own."""
    if item.planned_minor and not item.asked_minor:
        if lang == "fr":
            return "Sur un échéancier : aucune étape tant qu'il est respecté."
        return "On a payment plan: no step is taken while it is in force."
    if item.in_hand_minor and not item.asked_minor:
        if lang == "fr":
            return "Couverte par chèques ou effets en portefeuille : aucune étape avant leur dénouement."
        return "Covered by instruments in hand: no step is taken before they are paid or returned."
    if item.disputed_minor and not item.asked_minor:
        if lang == "fr":
            return "Contestée en entier : aucune étape avant la fin du litige ou l'avoir."
        return (
            "Disputed in full: no step is taken before the dispute has ended, or its credit note is issued."
        )
    if covered:
        if lang == "fr":
            return "Couverte par les paiements non affectés : aucune étape."
        return "Covered by unapplied payments: no step is taken."
    if lang == "fr":
        return "Aucune étape n'est prévue ce jour : la facture est rappelée parce qu'elle est échue."
    return "No step is taken on this day: the invoice is listed because it is due."


def _steps(item: DunnedItem, event: DecisionEvent, policy: Policy, lang: Lang) -> str:
    """Explain the item's step, the lower ones that it superseded, and the next one."""
    own = policy.step(item.step)
    lower = [s.code for s in policy.steps if s.offset_days < own.offset_days]
    passed = [
        code
        for code in lower
        if not isinstance(event, ReminderSuppressed) and f"{item.invoice_id}:{code}" in event.superseded
    ]
    higher = next((s for s in policy.steps if s.offset_days > own.offset_days), None)
    since = on(own.scheduled_on(item.due_on), lang)
    taken = () if isinstance(event, ReminderSuppressed) else (Taken(own.code, event.day),)
    next_on = on(earliest_on(higher, due_on=item.due_on, taken=taken), lang) if higher else ""
    if lang == "fr":
        text = f"Étape {own.code}, prévue le {since}."
        text += f" Étapes inférieures remplacées : {', '.join(passed)}." if passed else ""
        text += (
            f" Étape suivante {higher.code} : pas avant le {next_on}."
            if higher
            else " C'est la dernière étape."
        )
        return text
    text = f"Step {own.code}, scheduled for {since}."
    text += f" Lower steps superseded: {', '.join(passed)}." if passed else ""
    text += f" Next step {higher.code}: not before {next_on}." if higher else " It is the last step."
    return text


def _highest(event: DecisionEvent, step: Step, lang: Lang) -> str:
    if lang == "fr":
        return f"Un message regroupe {len(event.items)} factures ; l'étape la plus haute, {step.code}, en fixe le ton."
    return f"One message groups {len(event.items)} invoices; the highest step, {step.code}, sets its tone."


def _money(event: DecisionEvent, lang: Lang) -> list[str]:
    if not event.credit_minor:
        return []
    credit = money_text(event.credit_minor, event.currency, lang)
    left = money_text(event.amount_minor, event.currency, lang)
    if lang == "fr":
        return [f"{credit} non affectés sont déduits, des plus anciennes factures d'abord : reste {left}."]
    return [f"{credit} of unapplied payments are deducted, oldest invoices first: {left} left."]


def _inputs(event: DecisionEvent, lang: Lang) -> str:
    basis = event.basis
    seen = ", ".join(str(position) for position in basis.input_events)
    if lang == "fr":
        return f"État du grand livre à la position {basis.position} ; événements pris en compte : {seen}."
    return f"State of the ledger at position {basis.position}; events taken into account: {seen}."
