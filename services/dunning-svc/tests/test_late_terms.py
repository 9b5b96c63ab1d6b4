"""A letter's words about penalties and the recovery fee follow each invoice's terms, its law and its currency."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.messages import written
from encours.contracts.events.dunning.reminders import DecisionBasis, DunnedItem, LateTerms, ReminderRequested
from encours.kernel.ids import derived_id

CREDITOR = CreditorRow(
    entity_id="ent_1", name="Atelier Dupont", country="FR", time_zone="Europe/Paris", address=None, iban=None,
    siren="732829320",
)  # fmt: skip
CUSTOMER = DebtorRow(
    customer_id="cus_1", entity_id="ent_1", name="Débiteur", language="fr", email=None, phone=None,
    address="2 place Bellecour\n69002 Lyon\nFR", hold_until=None, hold_cause=None, hold_position=0, position=2,
)  # fmt: skip
LEGAL = LateTerms(penalty_rate_bps=None, indemnity_minor=4_000)


def item(number: str, terms: LateTerms | None, *, days_late: int = 30) -> DunnedItem:
    return DunnedItem(
        invoice_id=derived_id("inv", number), invoice_version=3, number=number, due_on=date(2026, 3, 31),
        days_past_due=days_late, open_minor=10_000, disputed_minor=0, asked_minor=10_000, step="J+30", terms=terms,
    )  # fmt: skip


def letter(
    *terms: LateTerms | None,
    template: str = "penalties",
    lang: str = "fr",
    currency: str = "EUR",
    country: str = "FR",
) -> str:
    items = tuple(item(f"FAC-{n}", each) for n, each in enumerate(terms, 1))
    reminder = ReminderRequested(
        reminder_id=derived_id("rem", 1), decision_id=derived_id("dec", 1), customer_id="cus_1",
        day=date(2026, 4, 30), channel="letter", step="J+30", template=template, language=lang, currency=currency,
        items=items, credit_minor=0, amount_minor=10_000 * len(items), superseded=(), suppressed=(),
        basis=DecisionBasis(policy_id=DEFAULT_POLICY.policy_id, policy_version=3, position=9, input_events=(2,)),
    )  # fmt: skip
    text = written(reminder, CUSTOMER, replace(CREDITOR, country=country)).message.text
    assert "{" not in text
    assert "\n\n\n" not in text
    assert " ." not in text
    return text.replace("\u00a0", " ")


TEMPLATES = pytest.mark.parametrize("template", ["penalties", "formal_notice"])


@TEMPLATES
def test_under_french_law_the_statutory_fee_is_named_with_its_article(template: str) -> None:
    text = letter(LEGAL, template=template)
    assert "article L441-10" in text
    assert "indemnité forfaitaire de 40,00 EUR" in text
    assert "article D441-5" in text
    assert "sans TVA" in text


@TEMPLATES
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_invoice_without_a_fee_is_asked_for_none(template: str, lang: str) -> None:
    text = letter(LateTerms(penalty_rate_bps=None, indemnity_minor=0), template=template, lang=lang)
    for wrong in ("40", "D441-5", "L441-10", "indemnité", "flat fee"):
        assert wrong not in text
    assert ("intérêts de retard" if lang == "fr" else "Late-payment interest") in text


@TEMPLATES
def test_an_agreed_fee_is_named_with_its_amount_and_as_agreed(template: str) -> None:
    text = letter(LateTerms(penalty_rate_bps=None, indemnity_minor=10_000), template=template)
    assert "indemnité forfaitaire de 100,00 EUR" in text
    assert "(conditions de la facture)" in text
    assert "D441-5" not in text
    assert "40" not in text.replace("441", "")


def test_an_agreed_rate_is_named_as_the_statement_of_interest_names_it() -> None:
    text = letter(LateTerms(penalty_rate_bps=1_250, indemnity_minor=4_000))
    assert "au taux de 12,50 % l'an prévu par les conditions de la facture" in text
    assert "à défaut de convention" not in text


def test_without_an_agreed_rate_the_letter_names_the_rule_that_sets_it() -> None:
    assert "au taux que cet article prévoit à défaut de convention" in letter(LEGAL)


def test_invoices_under_other_terms_are_named_one_by_one() -> None:
    agreed = LateTerms(penalty_rate_bps=1_000, indemnity_minor=10_000)
    text = letter(LEGAL, agreed, LEGAL)
    assert "40,00 EUR pour FAC-1, FAC-3 (article D441-5 du Code de commerce)" in text
    assert "100,00 EUR pour FAC-2 (conditions de la facture)" in text
    assert "FAC-2 au taux de 10,00 % l'an" in text


def test_the_fee_of_one_invoice_is_not_asked_for_another() -> None:
    text = letter(LEGAL, LateTerms(penalty_rate_bps=None, indemnity_minor=0))
    assert "40,00 EUR pour frais de recouvrement est due en outre pour FAC-1 " in text


def test_a_penalty_document_changes_no_word_about_the_invoice_beside_it() -> None:
    def late(text: str) -> list[str]:
        return [part for part in text.split("\n\n") if "D441-5" in part or "L441-10" in part]

    beside = letter(LEGAL, LateTerms(penalty_rate_bps=0, indemnity_minor=0))
    assert late(beside) == late(letter(LEGAL))
    assert late(beside)


def test_neither_rate_nor_fee_says_nothing_of_either() -> None:
    text = letter(LateTerms(penalty_rate_bps=0, indemnity_minor=0))
    for wrong in ("pénalités", "intérêts", "indemnité", "séparément"):
        assert wrong not in text.partition("\n\n")[2]


def test_a_fee_is_in_the_currency_of_the_invoice() -> None:
    text = letter(LateTerms(penalty_rate_bps=None, indemnity_minor=4_000), currency="CHF")
    assert "40,00 CHF" in text
    assert "D441-5" not in text, "the article sets an amount in euro"


@TEMPLATES
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_creditor_of_another_country_cites_no_french_law(template: str, lang: str) -> None:
    text = letter(LEGAL, template=template, lang=lang, country="IT")
    for wrong in ("L441-10", "D441-5", "1344", "Code", "TVA", "VAT"):
        assert wrong not in text


def test_a_decision_that_kept_no_terms_refers_to_the_invoice() -> None:
    text = letter(None, LEGAL)
    assert "prévues par les conditions de chaque facture" in text
    assert "40" not in text


def test_what_is_not_late_yet_bears_nothing() -> None:
    reminder_text = letter(LEGAL)
    assert "FAC-1" in reminder_text
    early = item("FAC-9", LateTerms(penalty_rate_bps=999, indemnity_minor=900), days_late=0)
    reminder = ReminderRequested(
        reminder_id=derived_id("rem", 1), decision_id=derived_id("dec", 1), customer_id="cus_1",
        day=date(2026, 3, 31), channel="letter", step="J+30", template="penalties", language="fr", currency="EUR",
        items=(item("FAC-1", LEGAL), early), credit_minor=0, amount_minor=20_000, superseded=(), suppressed=(),
        basis=DecisionBasis(policy_id=DEFAULT_POLICY.policy_id, policy_version=3, position=9, input_events=(2,)),
    )  # fmt: skip
    text = written(reminder, CUSTOMER, CREDITOR).message.text
    assert "9,99 %" not in text
    assert "9,00" not in text


@TEMPLATES
@pytest.mark.parametrize(
    ("country", "currency", "fee_minor", "cited"),
    [
        ("DE", "EUR", 4_000, ("section 288 of the German Civil Code", "section 288 (5)")),
        ("BE", "EUR", 4_000, ("Belgian law of 2 August 2002", "article 6")),
        ("ES", "EUR", 4_000, ("Spanish law 3/2004", "article 8")),
        ("IE", "EUR", 7_000, ("Regulations 2012", "regulation 9")),
        ("GB", "GBP", 10_000, ("Late Payment of Commercial Debts (Interest) Act 1998", "section 5A")),
    ],
)
def test_a_letter_cites_the_law_of_the_creditors_country(
    template: str, country: str, currency: str, fee_minor: int, cited: tuple[str, str]
) -> None:
    terms = LateTerms(penalty_rate_bps=None, indemnity_minor=fee_minor)
    text = letter(terms, template=template, lang="en", country=country, currency=currency)
    for words in (*cited, f"{fee_minor / 100:.2f} {currency}"):
        assert words in text
    assert "French" not in text
