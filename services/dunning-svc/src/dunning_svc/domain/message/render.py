"""A message in plain text, in HTML and in the parts of a letter, from one source and one snapshot.

The source is filled once. Blocks stand in it as marks, which become a table, a line or a paragraph in both forms. A
paragraph that is one block is left out where the block is empty. The HTML has the same text, escaped, and no link; the
parts have it as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import msgspec

from dunning_svc.domain.formats import MessageLang
from dunning_svc.domain.message.blocks import Block, blocks_of, paragraph
from dunning_svc.domain.message.language import fill
from dunning_svc.domain.message.parts import Paragraph, Part
from dunning_svc.domain.message.snapshot import MessageSnapshot
from dunning_svc.domain.message.variables import BLOCKS, values_of
from encours.kernel.texts import one_line

_SUBJECT_MAX = 250
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_NAMES = tuple(BLOCKS)
_GAP = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


@dataclass(frozen=True, slots=True)
class Source:
    """Subject and text of a template, in the language of templates."""

    subject: str
    text: str

    @property
    def digest(self) -> str:
        """``sha256:`` and the digest of both."""
        return f"sha256:{hashlib.sha256(msgspec.json.encode([self.subject, self.text])).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message. ``html`` is a complete document, ``parts`` are the same text for a letter."""

    subject: str
    text: str
    html: str
    parts: tuple[Part, ...] = ()

    @property
    def digest(self) -> str:
        """``sha256:`` and the digest of subject, text and HTML."""
        parts = msgspec.json.encode([self.subject, self.text, self.html])
        return f"sha256:{hashlib.sha256(parts).hexdigest()}"


def compose(source: Source, content: MessageSnapshot) -> Message:
    """Return the message. Raises ``ValueError`` for a source that is not accepted or becomes too long."""
    blocks = blocks_of(content)
    marks = {name: f"{_OPEN}{i}{_CLOSE}" if blocks[name].text else "" for i, name in enumerate(_NAMES)}
    values = values_of(content) | marks
    subject = one_line(_in_text(fill(source.subject, values), blocks))[:_SUBJECT_MAX]
    filled = fill(source.text, values).replace("\r\n", "\n").strip()
    text, html = [], []
    parts: list[Part] = []
    for part in filter(None, (part.strip() for part in _GAP.split(filled))):
        mark = _MARK.fullmatch(part)
        if mark:
            block = blocks[_NAMES[int(mark.group(1))]]
            text.append(block.text)
            html.append(block.html)
            parts.extend(block.parts)
        else:
            plain = _in_text(part, blocks)
            text.append(plain)
            html.append(paragraph(plain))
            parts.append(Paragraph(lines=tuple(plain.splitlines())))
    return Message(
        subject=subject,
        text="\n\n".join(text) + "\n",
        html=_document(content.language, subject, html),
        parts=tuple(parts),
    )


def _in_text(part: str, blocks: Mapping[str, Block]) -> str:
    return _MARK.sub(lambda mark: blocks[_NAMES[int(mark.group(1))]].text.strip(), part)


def _document(lang: MessageLang, title: str, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f'<body style="font-family:sans-serif;max-width:44em">\n{body}\n</body></html>\n'
    )
