"""Text of others, such as names and addresses, made harmless before it enters a message.

It can end no line and no mail header, hide or reverse no other text, and stand for no block of a template.
"""

from __future__ import annotations

import re

from encours.kernel.texts import HIDDEN, one_line

NAME_MAX = 300
_LINES_MAX = 10


def name(text: str) -> str:
    """Return a name on one line, cut at 300 characters."""
    return one_line(text)[:NAME_MAX]


def lines(text: str) -> str:
    """Return an address, each line cleaned, without empty ones."""
    cleaned = (name(line) for line in text.splitlines()[:_LINES_MAX])
    return "\n".join(line for line in cleaned if line)


def is_printable(text: str) -> bool:
    """Return True for a text of a template without hidden characters; line ends and tabs are admitted."""
    return not HIDDEN.search(text) and not re.search(
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", text
    )
