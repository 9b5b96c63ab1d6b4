"""Body about a review."""

from __future__ import annotations

from pydantic import Field

from encours.http.models import Body, BusinessDate, LongText
from risk_svc.domain.proposal.review import PostponeReview


class PostponeReviewBody(Body):
    """Postponement of a customer's review."""

    until: BusinessDate = Field(description="Day from which it is listed again.")
    text: LongText = Field(examples=["Accounts are filed in June"])

    def to_command(self, customer_id: str) -> PostponeReview:
        """Return the command."""
        return PostponeReview(customer_id, self.until, self.text)
