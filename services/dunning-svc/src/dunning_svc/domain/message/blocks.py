"""Blocks of a message, each in plain text, in HTML and as parts of a letter, from one snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from dunning_svc.domain.formats import MessageLang, amount, day, days_late
from dunning_svc.domain.message import cleaning
from dunning_svc.domain.message.late_terms import late_paragraphs
from dunning_svc.domain.message.parts import ItemLine, ItemTable, Paragraph, Part
from dunning_svc.domain.message.phrases import PHRASES, Phrases
from dunning_svc.domain.message.snapshot import MessageSnapshot
from encours.contracts.events.dunning.reminders import DunnedItem

_MAX_NUMBERS = 3
_MAX_REFERENCES = 10


@dataclass(frozen=True, slots=True)
class Block:
    """A part that stands by itself: a table, a line, a paragraph. All forms are empty together."""

    text: str
    html: str
    parts: tuple[Part, ...] = ()


def blocks_of(content: MessageSnapshot) -> Mapping[str, Block]:
    """Return every block of a message by its name."""
    lang, currency = content.language, content.currency
    phrases = PHRASES[lang]
    late = late_paragraphs(
        () if content.late_terms_hidden else content.asked, content.creditor_country, currency, lang
    )
    total = f"{phrases.total} {amount(content.amount_minor, currency, lang)}"
    return {
        "items": _table(content.asked, currency, lang),
        "announced": _headed(phrases.announced, _table(content.announced, currency, lang)),
        "credit": _plain(_line(phrases.credit, content.credit_minor, currency, lang)),
        "total": Block(
            total, f"<p><strong>{escape(total)}</strong></p>", (Paragraph(lines=(total,), strong=True),)
        ),
        "bank": _plain(_bank(phrases, content)),
        "penalties": _plain(late.penalties),
        "fee": _plain(late.fee),
        "apart": _plain(late.apart),
    }


def numbers_of(items: Sequence[DunnedItem], lang: MessageLang, most: int = _MAX_NUMBERS) -> str:
    """Return the numbers of the first invoices, and the count of the others."""
    numbers = ", ".join(cleaning.name(item.number) for item in items[:most])
    more = len(items) - most
    return f"{numbers} {PHRASES[lang].others.format(n=more)}" if more > 0 else numbers


def paragraph(text: str) -> str:
    """Return a text as a paragraph of HTML."""
    return f"<p>{'<br>'.join(escape(line) for line in text.splitlines())}</p>" if text else ""


def _plain(text: str) -> Block:
    return Block(text, paragraph(text), (Paragraph(lines=tuple(text.splitlines())),) if text else ())


def _headed(head: str, body: Block) -> Block:
    if not body.text:
        return body
    return Block(
        f"{head}\n{body.text}",
        f"<p>{escape(head)}</p>{body.html}",
        (Paragraph(lines=(head,)), *body.parts),
    )


def _line(label: str, minor: int, currency: str, lang: MessageLang) -> str:
    return f"{label} {amount(-minor, currency, lang)}" if minor else ""


def _bank(phrases: Phrases, content: MessageSnapshot) -> str:
    account = content.account
    if account is None:
        return ""
    more = (
        account.bic and f"BIC {cleaning.name(account.bic)}",
        account.holder and f"{phrases.holder} {cleaning.name(account.holder)}",
    )
    beside = ", ".join(part for part in more if part)
    line = f"{phrases.pay} {cleaning.name(account.iban)}" + (f" ({beside})" if beside else "")
    reference = numbers_of(content.asked, content.language, _MAX_REFERENCES)
    return f"{line}\n{phrases.reference} {reference}" if reference else line


def _cells(item: DunnedItem, currency: str, lang: MessageLang) -> tuple[str, str, str, str]:
    return (
        cleaning.name(item.number),
        day(item.due_on, lang),
        days_late(item.days_past_due, lang),
        amount(item.open_minor, currency, lang),
    )


def _not_claimed(item: DunnedItem, currency: str, lang: MessageLang) -> str:
    phrases = PHRASES[lang]
    parts = (
        (phrases.disputed, item.disputed_minor),
        (phrases.on_plan, item.planned_minor),
        (phrases.in_hand, item.in_hand_minor),
        (phrases.later, item.later_minor),
    )
    return "; ".join(f"{words} {amount(minor, currency, lang)}" for words, minor in parts if minor)


def _table(items: Sequence[DunnedItem], currency: str, lang: MessageLang) -> Block:
    if not items:
        return Block("", "")
    phrases = PHRASES[lang]
    due = phrases.due[:1].lower() + phrases.due[1:]
    lines, rows, printed = [], [], []
    for item in items:
        number, due_on, late, open_ = cells = _cells(item, currency, lang)
        note = _not_claimed(item, currency, lang)
        lines.append(f"  {number} · {due} {due_on} · {late} · {open_}")
        if note:
            lines.append(f"    {note}")
        extra = f"<br><small>{escape(note)}</small>" if note else ""
        rows.append(
            f"<tr><td>{escape(number)}{extra}</td><td>{due_on}</td><td>{late}</td>"
            f'<td style="text-align:right">{escape(open_)}</td></tr>'
        )
        printed.append(ItemLine(cells=cells, note=note))
    columns = (phrases.number, phrases.due, phrases.late, phrases.amount)
    head = "".join(f"<th>{escape(words)}</th>" for words in columns)
    table = f'<table border="1" cellpadding="6" cellspacing="0"><tr>{head}</tr>{"".join(rows)}</table>'
    return Block("\n".join(lines), table, (ItemTable(head=columns, rows=tuple(printed)),))
