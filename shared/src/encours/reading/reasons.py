"""Reasons in words: code and values become a sentence in English or in French."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter

from encours.contracts import Event
from encours.contracts.common import Reason, ReasonValue
from encours.contracts.events.credit_warning import CreditWarningRaised
from encours.contracts.events.reservation import ReservationDecided
from encours.contracts.events.risk import CreditChecked
from encours.contracts.events.risk_terms import RiskTermsProposed
from encours.contracts.events.score import ScoreGraded
from encours.kernel.money import Money, money_text
from encours.reading.texts.form import Language, day_text, numbered, word_text
from encours.reading.texts.reasons import DETAILS, REASONS


def sentence(reason: Reason, language: Language) -> str:
    """Return a reason in words, with what is known of its figures; the code of one without words or figures."""
    texts = [each[reason.code][language == "fr"] for each in (REASONS, DETAILS) if reason.code in each]
    values = {each.name: _written(each, language) for each in reason.values if texts}
    counts = {
        each.name: each.figure for each in reason.values if each.figure is not None and not _measured(each)
    }
    said = [
        numbered(each, counts, language).format_map(values)
        for each in texts
        if named_in(each) <= values.keys()
    ]
    return " ".join(said) or word_text(reason.code, language)


def named_in(text: str) -> set[str]:
    """Return the names of the values in a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def reasons_told(event: Event) -> Sequence[Reason]:
    """Return the reasons of an event that has their codes."""
    match event:
        case CreditChecked() | ReservationDecided():
            return [Reason(code=code) for code in event.reasons]
        case ScoreGraded():
            return [
                grade_reason(
                    code,
                    settled=event.settled,
                    settled_late=event.settled_late,
                    open_late=event.open_late,
                    oldest_days=event.oldest_open_days,
                )
                for code in event.reasons
            ]
        case CreditWarningRaised():
            return [warning_reason(event)]
        case RiskTermsProposed():
            return terms_reasons(event)
        case _:
            return []


def warning_reason(raised: CreditWarningRaised) -> Reason:
    """Return the reason for an early warning: its kind, with its figures."""
    values: dict[str, int | Money] = {}
    for each in raised.figures:
        amount = each.name.endswith("_minor") and raised.currency is not None
        values[each.name] = Money(each.after, raised.currency or "") if amount else each.after
        if each.before is not None:
            values[f"before_{each.name}"] = each.before
    return Reason.of(raised.kind, **values)


def terms_reasons(proposed: RiskTermsProposed) -> list[Reason]:
    """Return the reasons for which a rule of a credit policy proposed terms; none where a person did."""
    if (basis := proposed.basis) is None:
        return []
    figures, rule = proposed.figures, basis.rule
    reasons = [Reason.of("terms-by-rule", policy_version=basis.policy_version, grade=figures.grade)]
    if rule.from_days_late is not None:
        days = round(figures.expected_tenths / 10)
        reasons.append(Reason.of("expected-late", days=days, from_days=rule.from_days_late))
    if rule.above_minor is not None:
        unsecured, above = (
            Money(minor, basis.currency) for minor in (basis.unsecured_minor, rule.above_minor)
        )
        reasons.append(Reason.of("not-secured", unsecured=unsecured, above=above))
    return reasons


def grade_reason(code: str, *, settled: int, settled_late: int, open_late: int, oldest_days: int) -> Reason:
    """Return a reason of a forecast or of a grade with the figures that it rests on."""
    match code:
        case "open-late":
            return Reason.of(code, open_late=open_late, oldest_days=oldest_days)
        case "settled-late":
            return Reason.of(code, settled_late=settled_late, settled=settled)
        case "settled-in-time":
            return Reason.of(code, settled=settled)
        case _:
            return Reason(code=code)


def _measured(value: ReasonValue) -> bool:
    """Return True for an amount or a share, which counts nothing."""
    return value.currency is not None or value.name.endswith("_bps")


def _written(value: ReasonValue, language: Language) -> str:
    if value.figure is not None and value.currency is not None:
        return money_text(value.figure, value.currency, language)
    if value.figure is not None and value.name.endswith("_bps"):
        share = f"{value.figure / 100:g}"
        return f"{share.replace('.', ',') if language == 'fr' else share} %"
    if value.figure is not None:
        return str(value.figure)
    return day_text(value.on, language) if value.on is not None else word_text(value.word or "", language)
