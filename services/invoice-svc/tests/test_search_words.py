"""Searches are read as people type them: numbers in part, amounts with separators, words without accents."""

from __future__ import annotations

import pytest

from invoice_svc.read_models.search.words import (
    SearchText,
    amounts_in,
    folded,
    number_words,
    text_words,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FAC-2026-000042", ["fac", "2026", "42"]),
        ("Œuvre d'Élodie Straße", ["oeuvre", "d", "elodie", "strasse"]),
        ("PO7781/b", ["po", "7781", "b"]),
        ("0000", ["0"]),
        ("—", []),
    ],
)
def test_words_have_neither_case_nor_accents_nor_leading_zeros(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_folding_twice_changes_nothing() -> None:
    for text in ("Société Générale", "İSTANBUL", "ŁÓDŹ", "ﬁn", "Ångström ½"):
        assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1 234,50", 123_450),
        ("1\N{NO-BREAK SPACE}234,50 €", 123_450),
        ("1\N{NARROW NO-BREAK SPACE}234,5 EUR", 123_450),
        ("1234.50", 123_450),
        ("1.234,50", 123_450),
        ("EUR 1,234.50", 123_450),
        ("1'234.50 CHF", 123_450),
        ("1.234", 123_400),
        ("12 euros", 1_200),
        ("99999999999999.99", None),
        ("1 23,50", None),
        ("2026-42", None),
        ("FAC 42", None),
        ("", None),
    ],
)
def test_an_amount_is_read_with_any_separators(text: str, minor: int | None) -> None:
    assert amounts_in(text).get(2) == minor


def test_three_decimals_are_no_amount_in_euro() -> None:
    assert amounts_in("1234,567") == {3: 1_234_567}


def test_a_text_of_marks_alone_asks_for_nothing() -> None:
    assert SearchText.of(" -- / ") is None


def test_a_word_for_invoice_before_a_number_does_not_have_to_stand_in_it() -> None:
    asked = SearchText.of("facture n° 42")
    assert asked is not None
    assert "'n42'" in asked.numbers
    other = SearchText.of("dupont 42")
    assert other is not None
    assert (other.name_beside, other.digits) == ("dupont", "'n42'")
    assert "'n42'" not in other.numbers


def test_a_number_is_kept_with_its_digits_in_one_word() -> None:
    assert number_words("FAC-2026-000042") == {"nfac", "n2026", "n42", "n2026000042"}


def test_a_document_of_any_length_is_kept_with_a_bounded_number_of_words() -> None:
    assert len(text_words(*(f"part{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(600)))) == 300
