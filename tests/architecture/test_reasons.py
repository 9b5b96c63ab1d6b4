"""Every reason on the risk of a customer has a sentence in both languages, with the same values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import get_args

import pytest

from encours.contracts.events.credit_warning import CreditWarningKind
from encours.reading.reasons import named_in
from encours.reading.texts.reasons import DETAILS, REASONS
from risk_svc.domain.proposal.review import ToldReview
from tests.architecture.sources import ROOT, nodes

RISK = ROOT / "services/risk-svc/src/risk_svc"
SHARED = ROOT / "shared/src/encours"
SOURCES = [*RISK.rglob("*.py"), *(SHARED / "contracts").rglob("*.py"), SHARED / "reading/reasons.py"]
DECIDING = [RISK / "domain/assessment.py", RISK / "domain/score/reasons.py"]
"""Modules whose hyphenated words are codes of reasons."""
CODE = re.compile(r"[a-z]+(-[a-z]+)+")


def _given() -> Iterator[str]:
    """Yield the codes that are written where a reason is made, in either branch of a condition."""
    for path in SOURCES:
        for node in nodes(path):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Reason", "Reason.of"):
                given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "code")]
                yield from (str(each.value) for each in given if isinstance(each, ast.Constant))
    for path in DECIDING:
        words = (str(node.value) for node in nodes(path) if isinstance(node, ast.Constant))
        yield from (word for word in words if CODE.fullmatch(word))


def test_every_reason_that_is_given_has_words() -> None:
    given = {*_given(), *get_args(CreditWarningKind), *get_args(ToldReview)}
    assert len(given) > 30
    assert given - set(REASONS) == set()
    assert set(DETAILS) <= set(REASONS)


def test_no_words_stand_for_a_reason_that_nobody_gives() -> None:
    words = {node.value for path in SOURCES for node in nodes(path) if isinstance(node, ast.Constant)}
    assert set(REASONS) - words == {"other-currency"}, "a check of before amounts were converted"


@pytest.mark.parametrize("texts", [*REASONS.values(), *DETAILS.values()], ids=lambda texts: texts[0][:30])
def test_both_languages_say_the_same_values(texts: tuple[str, str]) -> None:
    english, french = texts
    assert english != french
    assert named_in(english) == named_in(french)
    assert english[-1] == french[-1]
