"""Text of a message, in plain text and in HTML, from one template file per language and tone.

Templates are :class:`string.Template`: they can insert a value and do nothing else. A paragraph that is one block
(``$items``, ``$total``…) becomes a table or a line; an empty one is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files
from string import Template

from dunning_svc.domain.formats import Lang, amount, day, days_late, language_of
from dunning_svc.outbox.late_terms import late_paragraphs
from dunning_svc.read_models.cases.rows import BankAccount, CreditorRow, DebtorRow
from encours.contracts.events.dunning.reminders import DunnedItem, ReminderRequested

_MAX_SUBJECT_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message. ``html`` is a complete document."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Phrases:
    number: str
    due: str
    late: str
    amount: str
    disputed: str
    on_plan: str
    later: str
    announced: str
    credit: str
    total: str
    others: str
    pay: str
    holder: str


_PHRASES: dict[Lang, _Phrases] = {
    "fr": _Phrases(
        "Facture", "Échéance", "Retard", "Montant", "dont contesté, non réclamé ici :",
        "dont sur échéancier, non réclamé ici :",
        "dont échéances à venir :",
        "Arrivent prochainement à échéance, pour information :", "Avoirs et acomptes à votre crédit, déduits :",
        "Total à régler :", "et {n} autres", "Règlement par virement sur le compte",
        "titulaire",
    ),
    "en": _Phrases(
        "Invoice", "Due date", "Status", "Amount", "of which disputed, not claimed here:",
        "of which on a payment plan, not claimed here:",
        "of which instalments not due yet:",
        "Coming due soon, for your information:", "Payments on your account, deducted:",
        "Total to pay:", "and {n} more", "Please pay by transfer to account",
        "holder",
    ),
}  # fmt: skip


@lru_cache(maxsize=64)
def _template(lang: Lang, code: str) -> tuple[Template, tuple[Template, ...]]:
    """Subject and paragraphs of a template file. Raises :class:`FileNotFoundError` for an unknown one."""
    source = (files("dunning_svc") / "templates" / lang / f"{code}.txt").read_text("utf-8")
    first, _, body = source.partition("\n")
    paragraphs = tuple(Template(part.strip()) for part in body.strip().split("\n\n"))
    return Template(first.removeprefix("Subject: ")), paragraphs


def render(reminder: ReminderRequested, customer: DebtorRow, creditor: CreditorRow) -> Message:
    """Return the message of a decision, with exactly its items, credit and total."""
    lang = language_of(reminder.language)
    phrases = _PHRASES[lang]
    # Items that are only announced are listed separately: they are not due.
    announced = [item for item in reminder.items if item.days_past_due <= 0 and item.asked_minor == 0]
    asked = [item for item in reminder.items if item not in announced]
    late = late_paragraphs(asked, creditor.country, reminder.currency, lang)
    text_blocks = {
        "items": _text_table(asked, reminder.currency, lang),
        "announced": _headed(phrases.announced, _text_table(announced, reminder.currency, lang)),
        "credit": _line(phrases.credit, reminder.credit_minor, reminder.currency, lang),
        "total": f"{phrases.total} {amount(reminder.amount_minor, reminder.currency, lang)}",
        "bank": _bank(phrases, creditor.account_on(reminder.currency, reminder.day)),
        "penalties": late.penalties,
        "fee": late.fee,
        "apart": late.apart,
    }
    html_blocks = {
        "items": _html_table(asked, reminder.currency, lang),
        "announced": _headed(
            f"<p>{escape(phrases.announced)}</p>", _html_table(announced, reminder.currency, lang)
        ),
        "credit": _html_line(text_blocks["credit"]),
        "total": f"<p><strong>{escape(text_blocks['total'])}</strong></p>",
        "bank": _html_line(text_blocks["bank"]),
        "penalties": _html_line(late.penalties),
        "fee": _html_line(late.fee),
        "apart": _html_line(late.apart),
    }
    values = {
        "numbers": _numbers(asked, phrases),
        "customer": one_line(customer.name),
        "notice": late.notice,
        "contact": "\n".join(part for part in (creditor.name, creditor.address) if part),
    }
    subject, paragraphs = _template(lang, reminder.template)
    text, html = [], []
    for paragraph in paragraphs:
        block = paragraph.template.removeprefix("$")
        if block in text_blocks:
            text.append(text_blocks[block])
            html.append(html_blocks[block])
        else:
            filled = paragraph.substitute(values)
            text.append(filled)
            html.append(_html_line(filled))
    return Message(
        subject=one_line(subject.substitute(values)),
        text="\n\n".join(part for part in text if part) + "\n",
        html=_document(lang, one_line(subject.substitute(values)), html),
    )


def one_line(text: str) -> str:
    """Return the text without line breaks, which would end a mail header."""
    return " ".join(text.split())


def _numbers(items: Sequence[DunnedItem], phrases: _Phrases) -> str:
    numbers = ", ".join(item.number for item in items[:_MAX_SUBJECT_NUMBERS])
    more = len(items) - _MAX_SUBJECT_NUMBERS
    return f"{numbers} {phrases.others.format(n=more)}" if more > 0 else numbers


def _bank(phrases: _Phrases, account: BankAccount | None) -> str:
    if account is None:
        return ""
    more = (
        account.bic and f"BIC {account.bic}",
        account.holder and f"{phrases.holder} {one_line(account.holder)}",
    )
    beside = ", ".join(part for part in more if part)
    return f"{phrases.pay} {account.iban}" + (f" ({beside})" if beside else "")


def _headed(head: str, body: str) -> str:
    return f"{head}\n{body}" if body else ""


def _line(label: str, minor: int, currency: str, lang: Lang) -> str:
    return f"{label} {amount(-minor, currency, lang)}" if minor else ""


def _html_line(text: str) -> str:
    return f"<p>{'<br>'.join(escape(line) for line in text.splitlines())}</p>" if text else ""


def _cells(item: DunnedItem, currency: str, lang: Lang) -> tuple[str, str, str, str]:
    shown = item.open_minor
    return (
        item.number,
        day(item.due_on, lang),
        days_late(item.days_past_due, lang),
        amount(shown, currency, lang),
    )


def _not_claimed(item: DunnedItem, currency: str, lang: Lang) -> str:
    parts = (
        (_PHRASES[lang].disputed, item.disputed_minor),
        (_PHRASES[lang].on_plan, item.planned_minor),
        (_PHRASES[lang].later, item.later_minor),
    )
    return "; ".join(f"{words} {amount(minor, currency, lang)}" for words, minor in parts if minor)


def _text_table(items: Sequence[DunnedItem], currency: str, lang: Lang) -> str:
    lines = []
    for item in items:
        number, due, late, sum_ = _cells(item, currency, lang)
        lines.append(f"  {number} · {_PHRASES[lang].due.lower()} {due} · {late} · {sum_}")
        if note := _not_claimed(item, currency, lang):
            lines.append(f"    {note}")
    return "\n".join(lines)


def _html_table(items: Sequence[DunnedItem], currency: str, lang: Lang) -> str:
    if not items:
        return ""
    phrases = _PHRASES[lang]
    rows = []
    for item in items:
        number, due, late, sum_ = _cells(item, currency, lang)
        note = _not_claimed(item, currency, lang)
        extra = f"<br><small>{escape(note)}</small>" if note else ""
        rows.append(
            f"<tr><td>{escape(number)}{extra}</td><td>{due}</td><td>{late}</td>"
            f'<td style="text-align:right">{escape(sum_)}</td></tr>'
        )
    head = "".join(
        f"<th>{escape(w)}</th>" for w in (phrases.number, phrases.due, phrases.late, phrases.amount)
    )
    return f'<table border="1" cellpadding="6" cellspacing="0"><tr>{head}</tr>{"".join(rows)}</table>'


def _document(lang: Lang, title: str, parts: Sequence[str]) -> str:
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f'<body style="font-family:sans-serif;max-width:44em">\n{body}\n</body></html>\n'
    )
