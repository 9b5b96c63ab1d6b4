"""Body of an answer."""

from __future__ import annotations

from pydantic import Field, model_validator

from dunning_svc.domain.answer.commands import AnswerKind, GivenAnswer
from dunning_svc.domain.reply.patterns import DisputeSubject
from encours.http.models import Body, BusinessDate, ShortText


class AnswerBody(Body):
    """Answer of a debtor about the invoice of the link."""

    kind: AnswerKind = Field(
        description="`promise`: it will be paid `on` a day. `paid`: it was paid `on` a day. `dispute`: something is "
        "not right. `contact`: somebody else is to be written to."
    )
    on: BusinessDate | None = Field(default=None, description="Day of the payment, for `promise` and `paid`.")
    subject: DisputeSubject | None = Field(default=None, description="For `dispute`.")
    text: ShortText | None = Field(default=None, description="Required with `dispute` and `contact`.")

    @model_validator(mode="after")
    def _is_complete(self) -> AnswerBody:
        if (self.on is not None) != (self.kind in ("promise", "paid")):
            raise ValueError("Give `on` with promise and paid, and with no other kind.")
        if (self.subject is not None) != (self.kind == "dispute"):
            raise ValueError("Give `subject` with dispute, and with no other kind.")
        if self.text is None and self.kind in ("dispute", "contact"):
            raise ValueError(f"Give `text` with {self.kind}.")
        return self

    def to_answer(self) -> GivenAnswer:
        """Return the answer."""
        said = {"promise": f"Will be paid on {self.on}.", "paid": f"Was paid on {self.on}."}
        return GivenAnswer(self.kind, self.text or said[self.kind], self.on, self.subject)
