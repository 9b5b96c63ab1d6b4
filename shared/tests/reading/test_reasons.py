"""Reasons in words: amounts and days as the reader's language writes them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from encours import contracts
from encours.contracts.common import Reason
from encours.contracts.events.credit_hold import CreditHoldPlaced
from encours.contracts.events.credit_warning import CreditWarningRaised, WarningFigure
from encours.contracts.events.score import ScoreGraded
from encours.kernel.money import Money
from encours.reading.reasons import named_in, sentence, warning_reason
from encours.reading.summary import summary
from encours.reading.texts.reasons import DETAILS, REASONS
from encours.testing.events import event

EXCEEDED = {
    "allowed": Money(1_200_50, "EUR"),
    "exposure": Money(900_00, "EUR"),
    "order": Money(500_00, "EUR"),
}


@pytest.mark.parametrize(
    ("reason", "english", "french"),
    [
        (
            Reason.of("limit-ends", last_day=date(2026, 3, 31)),
            "The limit expires on 2026-03-31.",
            "La limite expire le 31/03/2026.",
        ),
        (
            Reason.of("limit-used", usage_bps=8_050),
            "The exposure has reached 80.5 % of what the limit allows.",
            "L'encours a atteint 80,5 % de ce que la limite permet.",
        ),
        (
            Reason.of("limit-exceeded", **EXCEEDED),
            "Exposure with this order is above the limit. Limit and guarantees: 1,200.50\u00a0EUR; "
            "exposure: 900.00\u00a0EUR; order: 500.00\u00a0EUR.",
            "L'encours, commande comprise, dépasse la limite. Limite et garanties : 1\u202f200,50\u00a0EUR ; encours : "
            "900,00\u00a0EUR ; commande : 500,00\u00a0EUR.",
        ),
        (
            Reason.of("limit-exceeded", allowed=Money(1_200_50, "EUR")),
            "Exposure with this order is above the limit.",
            "L'encours, commande comprise, dépasse la limite.",
        ),
        (
            Reason.of("paid-late", late=1, settled=5, days=1),
            "1 of 5 settled late, by 1 day on average.",
            "1 facture réglée en retard sur 5, de 1 jour en moyenne.",
        ),
        (
            Reason.of("open-late-invoices", invoices=2, days=40),
            "2 invoices open past due, the oldest by 40 days.",
            "2 factures échues et impayées, la plus ancienne depuis 40 jours.",
        ),
        (
            Reason.of("slowing_payments", before_median_delay_days=0, median_delay_days=-1, invoices=8),
            "The customer pays later: median delay of 0 days before, -1 day for the last 8 invoices.",
            "Le client paie plus tard : retard médian de 0 jour avant, de -1 jour pour les 8 dernières factures.",
        ),
        (Reason(code="days-past-due"), "days-past-due", "days-past-due"),
        (Reason(code="of-tomorrow"), "of-tomorrow", "of-tomorrow"),
    ],
)
def test_a_reason_says_what_is_known_of_it(reason: Reason, english: str, french: str) -> None:
    assert (sentence(reason, "en"), sentence(reason, "fr")) == (english, french)


@pytest.mark.parametrize("code", [each for each in REASONS if not each.startswith("effect-")])
def test_one_of_a_kind_is_told_in_the_singular(code: str) -> None:
    """Effects on a forecast are no less than two points."""
    texts = [each[code] for each in (REASONS, DETAILS) if code in each]
    names = {name for pair in texts for name in named_in("".join(pair))}
    reason = Reason.of(code, **dict.fromkeys(names, 1))
    for said in (sentence(reason, "en"), sentence(reason, "fr")):
        assert not re.search(r"(?<!\S)1 (?:days|invoices|debtors|jours|factures|débiteurs)\b|\(s\)", said), (
            said
        )
        assert said != code


def test_a_hold_of_the_policy_is_told_in_the_language_of_the_reader() -> None:
    given: dict[str, Any] = {"cause": "days_past_due", "until": None, "policy_version": 1}
    text = "An invoice is open for 45 days past due."
    held = event(CreditHoldPlaced, **given, text=text, reason=Reason.of("days-past-due", days=45))
    assert summary(held, "en") == f"Orders on hold (days past due): {text}"
    assert summary(held, "fr") == (
        "Commandes bloquées (jours de retard) : Une facture est échue et impayée depuis 45 jours."
    )


def test_a_hold_of_before_reasons_were_kept_is_told_as_it_was_written() -> None:
    written = (
        b'{"cause":"insolvency","credit_hold_id":"chd_1","customer_id":"cus_1","policy_version":1,'
        b'"text":"Insolvency proceedings are in force.","until":null}'
    )
    held = contracts.decode("credit_hold.placed", 1, written)
    assert contracts.encode(held) == written
    assert summary(held, "fr").endswith(": Insolvency proceedings are in force.")


def test_grades_and_warnings_are_told_with_their_figures() -> None:
    graded = event(
        ScoreGraded, grade="D", model_version="m", reasons=("settled-late",), settled=9, settled_late=4
    )
    assert summary(graded, "fr") == (
        "Note de paiement D (modèle m). Réglées en retard : 4 des factures prises en compte (9 en tout)."
    )
    figures = (
        WarningFigure(name="share_bps", before=None, after=2_600),
        WarningFigure(name="open_minor", before=None, after=12_000_00),
        WarningFigure(name="debtors", before=None, after=12),
    )
    raised = event(CreditWarningRaised, kind="concentration", figures=figures, currency="EUR")
    assert sentence(warning_reason(raised), "fr") == (
        "Le client doit 12\u202f000,00\u00a0EUR, soit 26 % de tout l'encours ouvert, sur 12 débiteurs."
    )
