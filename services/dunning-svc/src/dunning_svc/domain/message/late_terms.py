"""Paragraphs about penalties and the recovery fee, by the terms, the law and the currency of each invoice.

A letter states the rate and the fee of the invoice's interest statement: both are those of the terms in
``invoice.issued``. A fee of 0 is not mentioned, nor one that was waived or that a penalty document claims.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dunning_svc.domain.formats import MessageLang
from encours.contracts.events.dunning.reminders import DunnedItem, LateTerms
from encours.kernel.money import money_text
from encours.legal.law import LetterWords
from encours.legal.packs import law_of


@dataclass(frozen=True, slots=True)
class LateParagraphs:
    """``notice``: the law of a formal notice, as part of a sentence. The others are paragraphs, or empty."""

    notice: str
    penalties: str
    fee: str
    apart: str


@dataclass(frozen=True, slots=True)
class _LatePhrases:
    several: str
    by_contract: str
    fee: str
    each: str
    of: str
    fees: str
    by_terms: str
    as_on_invoice: str
    apart: Mapping[tuple[bool, bool], str]


_PHRASES: dict[MessageLang, _LatePhrases] = {
    "fr": _LatePhrases(
        several="selon la facture : {rates}",
        by_contract="au taux de {percent} % l'an prévu par les conditions de la facture",
        fee="Une indemnité forfaitaire de {fee} pour frais de recouvrement est due en outre {which} {source}.",
        each="pour chaque facture payée en retard", of="pour {numbers}",
        fees="Une indemnité forfaitaire pour frais de recouvrement est due en outre : {fees}.",
        by_terms="(conditions de la facture)",
        as_on_invoice="S'y ajoutent les pénalités de retard et l'indemnité pour frais de recouvrement prévues par les"
        " conditions de chaque facture.",
        apart={
            (True, True): "Pénalités et indemnité ne sont pas comprises dans le total ci-dessus et vous seront"
            " décomptées séparément{vat}.",
            (True, False): "Les pénalités ne sont pas comprises dans le total ci-dessus et vous seront décomptées"
            " séparément{vat}.",
            (False, True): "L'indemnité n'est pas comprise dans le total ci-dessus et vous sera décomptée"
            " séparément{vat}.",
        },
    ),
    "en": _LatePhrases(
        several="by invoice: {rates}",
        by_contract="at the yearly rate of {percent} % in the terms of the invoice",
        fee="A flat fee of {fee} for recovery costs is due on top {which} {source}.",
        each="for each invoice paid late", of="for {numbers}",
        fees="A flat fee for recovery costs is due on top: {fees}.",
        by_terms="(terms of the invoice)",
        as_on_invoice="To these are added the penalties and the recovery fee in the terms of each invoice.",
        apart={
            (True, True): "Penalties and fee are not part of the total above and will be stated to you"
            " separately{vat}.",
            (True, False): "The penalties are not part of the total above and will be stated to you separately{vat}.",
            (False, True): "The fee is not part of the total above and will be stated to you separately{vat}.",
        },
    ),
    "de": _LatePhrases(
        several="je nach Rechnung: {rates}",
        by_contract="zum Jahreszins von {percent} % laut den Bedingungen der Rechnung",
        fee="Hinzu kommt {which} eine Pauschale von {fee} für Beitreibungskosten {source}.",
        each="für jede verspätet bezahlte Rechnung", of="für {numbers}",
        fees="Hinzu kommen Pauschalen für Beitreibungskosten: {fees}.",
        by_terms="(Bedingungen der Rechnung)",
        as_on_invoice="Hinzu kommen die Verzugszinsen und die Pauschale für Beitreibungskosten nach den Bedingungen"
        " der jeweiligen Rechnung.",
        apart={
            (True, True): "Zinsen und Pauschale sind im obigen Gesamtbetrag nicht enthalten und werden Ihnen gesondert"
            " berechnet{vat}.",
            (True, False): "Die Zinsen sind im obigen Gesamtbetrag nicht enthalten und werden Ihnen gesondert"
            " berechnet{vat}.",
            (False, True): "Die Pauschale ist im obigen Gesamtbetrag nicht enthalten und wird Ihnen gesondert"
            " berechnet{vat}.",
        },
    ),
}  # fmt: skip


_WITHOUT_LAW: dict[MessageLang, LetterWords] = {
    "fr": LetterWords(
        notice="",
        penalties="Des intérêts de retard courent depuis le lendemain de chaque échéance et jusqu'à la mise à"
        " disposition des fonds, {rate}.",
        default_rate="au taux légal applicable à la facture",
        fee_source="",
        without_vat="",
    ),
    "en": LetterWords(
        notice="",
        penalties="Late-payment interest has been accruing since the day after each due date and until the funds are"
        " available, {rate}.",
        default_rate="at the statutory rate that applies to the invoice",
        fee_source="",
        without_vat="",
    ),
    "de": LetterWords(
        notice="",
        penalties="Seit dem Tag nach der jeweiligen Fälligkeit und bis zum Eingang der Zahlung laufen Verzugszinsen,"
        " und zwar {rate}.",
        default_rate="zum gesetzlichen Satz, der für die Rechnung gilt",
        fee_source="",
        without_vat="",
    ),
}
"""For countries without a law on file, and for invoices without a recovery fee, which may be those of consumers."""


_WITHOUT_CONSEQUENCE = LateTerms(penalty_rate_bps=0, indemnity_minor=0)
"""Terms of a penalty document, which says nothing of those of the invoices beside it."""


def late_paragraphs(
    items: Sequence[DunnedItem], country: str, currency: str, lang: MessageLang
) -> LateParagraphs:
    """Return the paragraphs of a message that asks for these items, by the law of the creditor's country."""
    law, phrases = law_of(country), _PHRASES[lang]
    of_law = (law.letters or {}).get(lang, _WITHOUT_LAW[lang])
    late = [
        item
        for item in items
        if item.days_past_due > 0 and item.asked_minor > 0 and item.terms != _WITHOUT_CONSEQUENCE
    ]
    known = [(item.number, item.terms) for item in late if item.terms is not None]
    if not late:
        return LateParagraphs(of_law.notice, "", "", "")
    if len(known) < len(late):
        return LateParagraphs(of_law.notice, phrases.as_on_invoice, "", "")
    # The law of claims between professionals grants a fee for each: an invoice without one may be a consumer's.
    covered = all(terms.indemnity_minor > 0 for _, terms in known)
    words = of_law if covered else _WITHOUT_LAW[lang]
    statutory = law.statutory_fees(currency) if covered else frozenset()
    penalties = _penalties(known, words, lang)
    fee = _fee(known, statutory, words, currency, lang)
    apart = phrases.apart.get((bool(penalties), bool(fee)), "")
    return LateParagraphs(of_law.notice, penalties, fee, apart.format(vat=words.without_vat))


def _penalties(known: Sequence[tuple[str, LateTerms]], words: LetterWords, lang: MessageLang) -> str:
    groups = _groups(known, lambda terms: terms.penalty_rate_bps)
    groups = {rate: numbers for rate, numbers in groups.items() if rate != 0}
    if not groups:
        return ""
    phrases = _PHRASES[lang]
    texts = {rate: _rate(rate, words, lang) for rate in groups}
    if len(groups) == 1 and sum(map(len, groups.values())) == len(known):
        (text,) = texts.values()
        return words.penalties.format(rate=text)
    listed = "; ".join(f"{', '.join(numbers)} {texts[rate]}" for rate, numbers in groups.items())
    return words.penalties.format(rate=phrases.several.format(rates=listed))


def _rate(rate_bps: int | None, words: LetterWords, lang: MessageLang) -> str:
    if rate_bps is None:
        return words.default_rate
    percent = f"{rate_bps // 100}.{rate_bps % 100:02}"
    return _PHRASES[lang].by_contract.format(percent=percent.replace(".", ",") if lang != "en" else percent)


def _fee(
    known: Sequence[tuple[str, LateTerms]],
    statutory: frozenset[int],
    words: LetterWords,
    currency: str,
    lang: MessageLang,
) -> str:
    groups = _groups(known, lambda terms: terms.indemnity_minor)
    groups = {fee: numbers for fee, numbers in groups.items() if fee}
    if not groups:
        return ""
    phrases = _PHRASES[lang]
    sources = {fee: words.fee_source if fee in statutory else phrases.by_terms for fee in groups}
    if len(groups) == 1:
        ((fee, numbers),) = groups.items()
        which = phrases.each if len(numbers) == len(known) else phrases.of.format(numbers=", ".join(numbers))
        return phrases.fee.format(fee=money_text(fee or 0, currency, lang), which=which, source=sources[fee])
    listed = "; ".join(
        f"{money_text(fee or 0, currency, lang)} {phrases.of.format(numbers=', '.join(numbers))} {sources[fee]}"
        for fee, numbers in groups.items()
    )
    return phrases.fees.format(fees=listed)


def _groups(
    known: Sequence[tuple[str, LateTerms]], value: Callable[[LateTerms], int | None]
) -> dict[int | None, list[str]]:
    """Return the invoices' numbers by a value of their terms, in the order of their first appearance."""
    found: dict[int | None, list[str]] = {}
    for number, terms in known:
        found.setdefault(value(terms), []).append(number)
    return found
