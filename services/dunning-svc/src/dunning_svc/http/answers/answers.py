"""Answers to debtors: no more than their message said."""

from __future__ import annotations

from datetime import date
from typing import get_args

from pydantic import BaseModel, Field

from dunning_svc.domain.answer.commands import AnswerKind
from dunning_svc.domain.answer.link import AnswerLink
from dunning_svc.use_cases.replies import AskedInvoice
from encours.http.models import MoneyModel


class AskedOut(BaseModel):
    """Invoice of a link, and the ways to answer."""

    number: str
    due_on: date
    open: MoneyModel
    answers: list[AnswerKind]
    last_day: date = Field(description="Last day on which the link opens.")

    @classmethod
    def of(cls, asked: AskedInvoice, link: AnswerLink) -> AskedOut:
        """Return the invoice of a link."""
        return cls(
            number=asked.number,
            due_on=asked.due_on,
            open=MoneyModel.of(asked.open_minor, asked.currency),
            answers=list(get_args(AnswerKind)),
            last_day=link.last_day,
        )


class AnswerTaken(BaseModel):
    """Confirmation of an answer."""

    kind: AnswerKind
    taken: bool = Field(description="The creditor has the answer.")
