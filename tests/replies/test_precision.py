"""Precision of what replies book by themselves, on sentences that were written after the rules."""

from __future__ import annotations

from datetime import date

import pytest

from dunning_svc.domain.reply.commands import ReadingRules
from dunning_svc.domain.reply.days import named_days
from dunning_svc.domain.reply.findings import ListedInvoice, ReplyContext, read_reply
from dunning_svc.domain.reply.words import own_words
from tests.replies.generator import replies
from tests.replies.phrases import Set
from tests.replies.scoring import scored, total

BOOK_FROM = ReadingRules().book_from
MONDAY = date(2026, 3, 2)
CONTEXT = ReplyContext(MONDAY, (ListedInvoice("inv_1", "FAC-2026-000123", 12_000),))


@pytest.mark.parametrize(("phrases", "recall", "seen"), [("held_out", 0.35, 0.5), ("known", 0.9, 0.95)])
def test_of_two_hundred_replies_what_is_booked_was_said(phrases: Set, recall: float, seen: float) -> None:
    score = total(scored(replies(2026, 200, phrases), BOOK_FROM))
    assert score.precision >= 0.97
    assert score.booked >= 50
    assert score.recall >= recall
    assert score.seen >= seen * score.said


@pytest.mark.parametrize(
    "said",
    [
        "Nous ne paierons pas le 15 mars.",
        "Nous ne paierons rien avant le 15 mars.",
        "Si vous corrigez la facture, nous paierons le 15 mars.",
        "Could you pay us on 15 March?",
        "We will pay on 15 March if the goods arrive.",
        "Wir können am 15. März nicht zahlen.",
        "Wir warten auf eine Zahlung unseres Kunden am 15. März.",
        "Votre relance du 15 mars demandait le paiement.",
        "We will pay soon.",
        "> We will pay on 15 March.",
        "Best regards\nWe will pay on 15 March.",
        "Ok.\n\n-- \nWe pay invoices on 15 March",
    ],
)
def test_doubt_negation_and_quotation_book_no_promise(said: str) -> None:
    booked = [each for each in read_reply(f"Hello,\n{said}", CONTEXT) if each.confidence >= BOOK_FROM]
    assert [each for each in booked if each.kind == "promise"] == []


def test_several_statements_of_one_mail_are_found_with_their_places() -> None:
    said = "Je paierai FAC-2026-000123 le 15 mars. La marchandise n'a jamais été livrée."
    text = f"Bonjour,\r\n\r\n{said}\r\n\r\n> Payez le 20 mars"
    found = read_reply(text, CONTEXT)
    assert [(each.kind, each.on, each.subject) for each in found] == [
        ("promise", date(2026, 3, 15), None),
        ("dispute", None, "not_delivered"),
    ]
    for each in found:
        assert text[each.sentence.start : each.sentence.end].replace("\r\n", " ") == each.sentence.text


@pytest.mark.parametrize(
    ("words", "on"),
    [
        ("le 15 mars", date(2026, 3, 15)),
        ("on March 15th, 2027", date(2027, 3, 15)),
        ("am 15. März", date(2026, 3, 15)),
        ("bis 15.03.", date(2026, 3, 15)),
        ("le 1er janvier", date(2026, 1, 1)),
        ("2026-03-15", date(2026, 3, 15)),
        ("tomorrow", date(2026, 3, 3)),
        ("vendredi", date(2026, 3, 6)),
        ("lundi", date(2026, 3, 9)),
        ("sous 8 jours", date(2026, 3, 10)),
        ("in zwei Wochen", date(2026, 3, 16)),
        ("fin du mois", date(2026, 3, 31)),
        ("end of next week", date(2026, 3, 13)),
        ("le 10 du mois prochain", date(2026, 4, 10)),
    ],
)
def test_a_day_is_read_as_it_was_meant_on_the_day_of_writing(words: str, on: date) -> None:
    assert [each.on for each in named_days(f"We pay {words}", MONDAY)] == [on]


def test_a_day_that_may_be_read_in_two_ways_is_not_clear() -> None:
    (day,) = named_days("We will pay on 3/4/2026", MONDAY)
    assert not day.clear
    (friday,) = named_days("We will pay next Friday", MONDAY)
    assert not friday.clear


@pytest.mark.parametrize(
    "introduction",
    [
        "On Mon, 2 Mar 2026, Atelier <a@b.example> wrote:\n> We will pay",
        "Le 2 mars 2026 à 09:12, Atelier\n<a@b.example> a écrit :\n\nWe will pay",
        "Am 02.03.2026 um 09:12 schrieb Atelier:\n> We will pay",
        "-----Original Message-----\nWe will pay",
        "Von: Atelier\nGesendet: Montag\nAn: Kunde\n\nWe will pay",
    ],
)
def test_what_is_quoted_is_not_read(introduction: str) -> None:
    assert [each.text for each in own_words(f"Fine.\n\n{introduction}")] == ["Fine."]
