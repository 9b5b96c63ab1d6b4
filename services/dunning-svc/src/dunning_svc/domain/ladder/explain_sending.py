"""Hours of sending in sentences."""

from __future__ import annotations

from dunning_svc.domain.formats import Lang
from encours.contracts.events.dunning.reminders import SendingHours


def hours_in_words(hours: SendingHours, lang: Lang) -> str:
    """Return when a message may leave."""
    place = hours.time_zone
    if lang == "fr":
        days = f", les jours ouvrés ({hours.business_days_of})" if hours.business_days_of else ""
        return f"Le message part entre {hours.from_time} et {hours.until_time}, heure de {place}{days}."
    days = f", on business days ({hours.business_days_of})" if hours.business_days_of else ""
    return f"The message leaves between {hours.from_time} and {hours.until_time}, time of {place}{days}."
