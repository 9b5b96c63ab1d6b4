"""Verdicts on lines; the detail of a rejection gives what to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["accepted", "duplicate", "rejected"]


class Fault(Exception):
    """A fault of a line: a stable code, the column concerned and what to change."""

    def __init__(self, code: str, detail: str, column: str | None = None) -> None:
        super().__init__(code, detail, column)
        self.code = code
        self.detail = detail
        self.column = column


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """The verdict on one line; ``line`` is the physical line on which the record begins, from 1."""

    line: int
    verdict: Verdict
    code: str | None = None
    column: str | None = None
    detail: str | None = None
