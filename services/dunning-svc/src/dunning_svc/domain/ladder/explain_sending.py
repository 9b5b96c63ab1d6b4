"""Hours of sending and approvals in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from dunning_svc.domain.formats import Lang
from dunning_svc.domain.formats import day as on
from encours.contracts.events.dunning.reminders import AwaitedApproval, ReminderRequested, SendingHours


def sending_in_words(request: ReminderRequested, lang: Lang) -> Iterator[str]:
    """Yield what a message waits for: an approval, and its hours."""
    if request.approval is not None:
        yield _approval(request.approval, lang)
    if request.hours is not None:
        yield _hours(request.hours, lang)


def _approval(awaited: AwaitedApproval, lang: Lang) -> str:
    until, sends = on(awaited.until, lang), awaited.unanswered == "send"
    if lang == "fr":
        then = "il part" if sends else "il est refusé"
        return (
            f"Le message attend l'approbation du rôle {awaited.role} jusqu'au {until} ; sans réponse, {then}."
        )
    then = "it leaves" if sends else "it counts as declined"
    return f"The message waits for the approval of the role {awaited.role} until {until}; without an answer {then}."


def _hours(hours: SendingHours, lang: Lang) -> str:
    place = hours.time_zone
    if lang == "fr":
        days = f", les jours ouvrés ({hours.business_days_of})" if hours.business_days_of else ""
        return f"Le message part entre {hours.from_time} et {hours.until_time}, heure de {place}{days}."
    days = f", on business days ({hours.business_days_of})" if hours.business_days_of else ""
    return f"The message leaves between {hours.from_time} and {hours.until_time}, time of {place}{days}."
