"""Seeded replies of debtors in French, English and German, each with what it states.

A reply has a greeting, one to three statements, a closing, a signature and the quoted reminder. The quotation is full
of days, amounts and words of payment, none of which the debtor wrote.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_svc.domain.reply.findings import ListedInvoice, ReplyContext
from tests.replies.held_out import HELD_OUT
from tests.replies.phrases import KNOWN, KNOWN_LATER, KNOWN_TOO, Kind, Lang, Set

Days = Callable[[date], str]

_MONTHS: dict[Lang, tuple[str, ...]] = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
           "novembre", "décembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
           "November", "Dezember"),
}  # fmt: skip
_WEEKDAYS: dict[Lang, tuple[str, ...]] = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
_GREETINGS: dict[Lang, tuple[str, ...]] = {
    "fr": ("Bonjour,", "Madame, Monsieur,", ""),
    "en": ("Hello,", "Dear Sir or Madam,", ""),
    "de": ("Guten Tag,", "Sehr geehrte Damen und Herren,", ""),
}
_CLOSINGS: dict[Lang, tuple[str, ...]] = {
    "fr": ("Cordialement,\nJeanne Morel\nPaiement des factures : le 10 du mois", "Bien à vous\nP. Girard",
           "-- \nJ. Morel"),
    "en": ("Kind regards,\nJohn Smith\nWe pay invoices on the 10th", "Best regards\nA. Jones", "-- \nJ. Smith"),
    "de": ("Mit freundlichen Grüßen\nKarl Müller\nZahlungen erfolgen am 10.", "Viele Grüße\nS. Schulz",
           "-- \nK. Müller"),
}  # fmt: skip
_QUOTES: dict[Lang, tuple[str, ...]] = {
    "fr": (
        "Le lun. 2 mars 2026 à 09:12, Atelier Lumière <relance@atelier.example> a écrit :\n> {body}",
        "-----Message d'origine-----\nDe : Atelier Lumière\nEnvoyé : lundi 2 mars 2026\nObjet : Relance\n\n{body}",
        "De : Atelier Lumière <relance@atelier.example>\nEnvoyé : lundi 2 mars 2026\nÀ : Client\nObjet : Relance\n\n"
        "{body}",
    ),
    "en": (
        "On Mon, 2 Mar 2026 at 09:12, Atelier Lumière <relance@atelier.example>\nwrote:\n\n> {body}",
        "-----Original Message-----\nFrom: Atelier Lumière\nSent: Monday, 2 March 2026\nSubject: Reminder\n\n{body}",
        "________________________________\nFrom: Atelier Lumière\nSent: Monday\nTo: Customer\nSubject: Reminder\n\n"
        "{body}",
    ),
    "de": (
        "Am Mo., 2. März 2026 um 09:12 Uhr schrieb Atelier Lumière <relance@atelier.example>:\n> {body}",
        "-----Ursprüngliche Nachricht-----\nVon: Atelier Lumière\nGesendet: Montag, 2. März 2026\nBetreff: Mahnung\n\n"
        "{body}",
        "Von: Atelier Lumière\nGesendet: Montag\nAn: Kunde\nBetreff: Mahnung\n\n{body}",
    ),
}  # fmt: skip
_BODY = "We will pay by 31 March. La facture est contestée. Bitte zahlen Sie bis zum 31.03.2026."


@dataclass(frozen=True, slots=True)
class Truth:
    """Statement of a reply as it was made; ``on`` is the day of a payment."""

    kind: Kind
    sentence: str
    on: date | None
    invoice_id: str | None


@dataclass(frozen=True, slots=True)
class WrittenReply:
    """A reply, its context and its truth."""

    text: str
    context: ReplyContext
    truths: tuple[Truth, ...]


def replies(seed: int, count: int, phrases: Set) -> list[WrittenReply]:
    """Return that many replies of a set of phrases, the same for the same seed."""
    draw = random.Random(f"{seed} {phrases}")
    return [_reply(draw, phrases) for _ in range(count)]


def _reply(draw: random.Random, phrases: Set) -> WrittenReply:
    lang: Lang = draw.choice(("fr", "en", "de"))
    written_on = date(2026, 1, 5) + timedelta(days=draw.randrange(330))
    invoices = tuple(
        ListedInvoice(f"inv_{n}", f"FAC-2026-{draw.randrange(10_000):06d}", draw.randrange(1, 99) * 1_000)
        for n in range(draw.randint(1, 3))
    )
    kinds: list[Kind] = [
        "promise",
        "promise",
        "promise",
        "paid",
        "dispute",
        "copy",
        "contact",
        "none",
        "none",
    ]
    chosen = [draw.choice(kinds)]
    while len(chosen) < 3 and draw.random() < 0.3:
        chosen.append(draw.choice([kind for kind in kinds if kind not in chosen]))
    truths = [_truth(draw, lang, kind, phrases, written_on, invoices) for kind in chosen]
    said = draw.choice((" ", "\n", "\n\n")).join(truth.sentence for truth in truths)
    parts = (
        draw.choice(_GREETINGS[lang]),
        said,
        draw.choice(_CLOSINGS[lang]),
        draw.choice(_QUOTES[lang]).format(body=_BODY),
    )
    text = "\n\n".join(part for part in parts if part)
    return WrittenReply(
        draw.choice((text, text.replace("\n", "\r\n"), text.replace("'", "’"))),
        ReplyContext(written_on, invoices),
        tuple(truth for truth in truths if truth.kind != "none"),
    )


def _truth(
    draw: random.Random,
    lang: Lang,
    kind: Kind,
    phrases: Set,
    written_on: date,
    invoices: tuple[ListedInvoice, ...],
) -> Truth:
    known = KNOWN[lang][kind] + KNOWN_TOO[lang][kind] + KNOWN_LATER[lang][kind]
    phrase = draw.choice(known if phrases == "known" else HELD_OUT[lang][kind])
    invoice = draw.choice(invoices)
    ahead = written_on + timedelta(days=draw.randrange(1, 40))
    before = written_on - timedelta(days=draw.randrange(1, 40))
    words, on = _day_ahead(draw, lang, ahead, written_on)
    sentence = phrase.format(number=invoice.number, day=words, past=_dated(draw, lang, before, past=True))
    named = "{number}" in phrase
    paid_on = before if "{past}" in phrase else None
    return Truth(kind, sentence, on if kind == "promise" else paid_on, invoice.invoice_id if named else None)


def _day_ahead(draw: random.Random, lang: Lang, ahead: date, written_on: date) -> tuple[str, date]:
    """Return words for a day to come, and the day."""
    match draw.randrange(6):
        case 0:
            return {"fr": "demain", "en": "tomorrow", "de": "morgen"}[lang], written_on + timedelta(days=1)
        case 1:
            weeks = draw.choice((1, 2, 3))
            on = written_on + timedelta(days=7 * weeks)
            words = {
                "fr": ("dans une semaine", "dans deux semaines", "dans 3 semaines"),
                "en": ("in one week", "in two weeks", "within 3 weeks"),
                "de": ("in einer Woche", "in zwei Wochen", "innerhalb von 3 Wochen"),
            }[lang]
            return words[weeks - 1], on
        case 2:
            on = written_on + timedelta(days=draw.randrange(1, 8))
            name = _WEEKDAYS[lang][on.weekday()]
            return {
                "fr": draw.choice((name, f"{name} prochain")),
                "en": draw.choice((f"on {name}", f"next {name}")),
                "de": draw.choice((f"am {name}", f"nächsten {name}")),
            }[lang], on
        case _:
            return _dated(draw, lang, ahead), ahead


def _dated(draw: random.Random, lang: Lang, on: date, *, past: bool = False) -> str:
    month = _MONTHS[lang][on.month - 1]
    year = draw.choice((f" {on.year}", ""))
    match lang:
        case "fr":
            name = f"{on.day}{'er' if on.day == 1 else ''} {month}{year}"
            shown = draw.choice((f"le {name}", f"le {on:%d/%m/%Y}", f"le {on.day}/{on.month:02d}"))
            return shown if past else draw.choice((shown, f"d'ici {shown}", f"avant {shown}"))
        case "en":
            shown = draw.choice(
                (
                    f"{on.day} {month}{year}",
                    f"{month} {on.day}th",
                    f"the {on.day}th of {month}",
                    f"{on:%d/%m/%Y}",
                )
            )
            return f"on {shown}" if past else draw.choice((f"on {shown}", f"by {shown}"))
        case "de":
            shown = draw.choice((f"{on.day}. {month}{year}", f"{on:%d.%m.%Y}", f"{on:%d.%m.}"))
            return f"am {shown}" if past else draw.choice((f"am {shown}", f"bis zum {shown}", f"bis {shown}"))
