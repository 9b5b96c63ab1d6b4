"""Blocks of a message, each in plain text, in HTML and as parts of a letter, from one snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from dunning_svc.domain.formats import MessageLang, day, days_late
from dunning_svc.domain.message import cleaning
from dunning_svc.domain.message.late_terms import late_paragraphs
from dunning_svc.domain.message.parts import ItemLine, ItemTable, Paragraph, Part
from dunning_svc.domain.message.phrases import PHRASES, Phrases
from dunning_svc.domain.message.snapshot import MessageSnapshot
from encours.contracts.events.dunning.reminders import DunnedItem
from encours.contracts.events.dunning.thanks import SettledInvoice
from encours.kernel.money import money_text

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
    total = f"{phrases.total} {money_text(content.amount_minor, currency, lang)}"
    return {
        "settled": _settled_table(content.settled, currency, lang),
        "items": _by_debtor(content.asked, content, credits=True),
        "announced": _headed(phrases.announced, _by_debtor(content.announced, content)),
        # Of several customers each has its own beside its items.
        "credit": _plain(
            "" if content.debtors else _line(phrases.credit, content.credit_minor, currency, lang)
        ),
        "total": Block(
            total, f"<p><strong>{escape(total)}</strong></p>", (Paragraph(lines=(total,), strong=True),)
        ),
        "bank": _plain(_bank(phrases, content)),
        "penalties": _plain(late.penalties),
        "fee": _plain(late.fee),
        "apart": _plain(late.apart),
    }


def numbers_of(
    items: Sequence[DunnedItem] | Sequence[SettledInvoice], lang: MessageLang, most: int = _MAX_NUMBERS
) -> str:
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
    return f"{label} {money_text(-minor, currency, lang)}" if minor else ""


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
        money_text(item.open_minor, currency, lang),
    )


def _not_claimed(item: DunnedItem, currency: str, lang: MessageLang) -> str:
    phrases = PHRASES[lang]
    parts = (
        (phrases.disputed, item.disputed_minor),
        (phrases.on_plan, item.planned_minor),
        (phrases.in_hand, item.in_hand_minor),
        (phrases.later, item.later_minor),
    )
    return "; ".join(f"{words} {money_text(minor, currency, lang)}" for words, minor in parts if minor)


def _table(items: Sequence[DunnedItem], currency: str, lang: MessageLang) -> Block:
    phrases = PHRASES[lang]
    due = _in_line(phrases.due)
    lines = [
        ItemLine(cells=_cells(item, currency, lang), note=_not_claimed(item, currency, lang))
        for item in items
    ]
    texts = [
        f"  {number} · {due} {due_on} · {late} · {open_}"
        for number, due_on, late, open_ in (line.cells for line in lines)
    ]
    return _as_table((phrases.number, phrases.due, phrases.late, phrases.amount), lines, texts)


def _by_debtor(items: Sequence[DunnedItem], content: MessageSnapshot, *, credits: bool = False) -> Block:
    """Return the items; of several customers those of each under its name, with the cash that is deducted from them."""
    lang, currency = content.language, content.currency
    if not content.debtors:
        return _table(items, currency, lang)
    found = []
    for debtor in content.debtors:
        own = [item for item in items if item.customer_id == debtor.customer_id]
        if not own:
            continue
        found.append(_headed(cleaning.name(debtor.name), _table(own, currency, lang)))
        deducted = sum(item.asked_minor for item in own) - debtor.amount_minor
        if credits and deducted:
            found.append(_plain(_line(PHRASES[lang].credit, deducted, currency, lang)))
    return Block(
        "\n".join(each.text for each in found),
        "".join(each.html for each in found),
        tuple(part for each in found for part in each.parts),
    )


def _settled_table(invoices: Sequence[SettledInvoice], currency: str, lang: MessageLang) -> Block:
    phrases = PHRASES[lang]
    due, paid = _in_line(phrases.due), _in_line(phrases.paid)
    lines = [
        ItemLine(
            cells=(
                cleaning.name(each.number),
                day(each.due_on, lang),
                day(each.paid_on, lang),
                money_text(each.paid_minor, currency, lang),
            ),
            note="",
        )
        for each in invoices
    ]
    texts = [
        f"  {number} · {due} {due_on} · {paid} {paid_on} · {received}"
        for number, due_on, paid_on, received in (line.cells for line in lines)
    ]
    return _as_table((phrases.number, phrases.due, phrases.paid, phrases.received), lines, texts)


def _in_line(words: str) -> str:
    return words[:1].lower() + words[1:]


def _as_table(columns: tuple[str, ...], lines: Sequence[ItemLine], texts: Sequence[str]) -> Block:
    """Return a table; ``texts`` are its lines in plain text, without their notes."""
    if not lines:
        return Block("", "")
    plain, rows = [], []
    for line, text in zip(lines, texts, strict=True):
        plain += [text, f"    {line.note}"] if line.note else [text]
        first, *others, last = line.cells
        extra = f"<br><small>{escape(line.note)}</small>" if line.note else ""
        cells = "".join(f"<td>{escape(each)}</td>" for each in others)
        rows.append(
            f'<tr><td>{escape(first)}{extra}</td>{cells}<td style="text-align:right">{escape(last)}</td></tr>'
        )
    head = "".join(f"<th>{escape(words)}</th>" for words in columns)
    table = f'<table border="1" cellpadding="6" cellspacing="0"><tr>{head}</tr>{"".join(rows)}</table>'
    return Block("\n".join(plain), table, (ItemTable(head=columns, rows=tuple(lines)),))
