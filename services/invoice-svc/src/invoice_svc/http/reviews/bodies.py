"""Request body of the dismissal of a finding."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.http.models import Body, LongText
from invoice_svc.domain.review.commands import DismissFinding


class DismissBody(Body):
    """Reason for which a finding is accepted as it is."""

    reason: LongText = Field(
        examples=["Two deliveries of the same amount on one day; checked with the customer."]
    )
    facts: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = Field(
        default=None,
        description="`facts` of the finding that you saw: refused if they are others by now. Without them those of now "
        "count.",
    )

    def to_command(self, finding_id: str) -> DismissFinding:
        """Return the command."""
        return DismissFinding(finding_id, self.reason, self.facts)
