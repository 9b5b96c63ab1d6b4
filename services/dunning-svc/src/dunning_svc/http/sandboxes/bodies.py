"""Request body of /v1/sandboxes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from dunning_svc.use_cases.sandboxes import MakeSandbox
from encours.http.models import Body, ShortText
from encours.kernel.ids import LEDGER_NAME


class SandboxBody(Body):
    """The sandbox to make."""

    name: Annotated[str, StringConstraints(pattern=f"^{LEDGER_NAME}$")] = Field(
        description="Name of the new ledger, for the header Encours-Ledger.", examples=["stricter-reminders"]
    )
    at_position: Annotated[int, Field(ge=1, le=2**53, strict=True)] | None = Field(
        default=None, description="Last position that is copied; the end of the ledger if not given."
    )
    note: ShortText = Field(description="Purpose of the sandbox.", examples=["Try the firm policy on March"])

    def to_command(self) -> MakeSandbox:
        """Return the command."""
        return MakeSandbox(self.name, self.at_position, self.note)
