"""Request bodies of insolvency proceedings."""

from __future__ import annotations

from msgspec import UNSET
from pydantic import Field

from encours.contracts.events.parties.insolvency import InsolvencyKind, InsolvencyOutcome
from encours.http.models import Body, BusinessDate, Country, ShortText
from invoice_svc.domain.customer.insolvency import CloseInsolvency, RecordInsolvency


class InsolvencyBody(Body):
    """Proceedings opened by a court. Sent again for the same judgment, it adds what was not known before."""

    kind: InsolvencyKind = Field(
        description="In France: `safeguard` sauvegarde, `receivership` redressement judiciaire, `liquidation` "
        "liquidation judiciaire. Another kind for proceedings in force is their conversion."
    )
    opened_on: BusinessDate = Field(description="Day of the judgment; its effects begin with that day.")
    published_on: BusinessDate | None = Field(
        default=None, description="Day of publication, in France in BODACC: claims are declared from it on."
    )
    court: ShortText | None = Field(default=None, examples=["Tribunal des activités économiques de Lyon"])
    case_number: ShortText | None = Field(default=None, examples=["2026RJ0412"])
    administrator: ShortText | None = Field(
        default=None,
        description="Person to whom claims are declared.",
        examples=["SELARL Martin, mandataire judiciaire"],
    )
    country: Country | None = Field(
        default=None, description="Country of the court; that of the customer if not given."
    )

    def to_command(self, customer_id: str, insolvency_id: str) -> RecordInsolvency:
        """Return the command."""
        given = self.model_fields_set
        return RecordInsolvency(
            customer_id,
            insolvency_id,
            self.kind,
            self.opened_on,
            self.published_on,
            self.court if "court" in given else UNSET,
            self.case_number if "case_number" in given else UNSET,
            self.administrator if "administrator" in given else UNSET,
            self.country,
        )


class InsolvencyCloseBody(Body):
    """End of the proceedings in force."""

    outcome: InsolvencyOutcome = Field(
        description="After `set_aside` (on appeal) and `recorded_in_error` the proceedings are as if they had never "
        "been opened. After the others earlier claims stay without interest and reminders."
    )
    closed_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    reason: ShortText | None = Field(default=None, examples=["Continuation plan over eight years"])

    def to_command(self, customer_id: str) -> CloseInsolvency:
        """Return the command."""
        return CloseInsolvency(customer_id, self.outcome, self.closed_on, self.reason)
