"""Commands on bank statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from invoice_svc.domain.bank_statement.content import StatedContent


@dataclass(frozen=True, slots=True)
class ImportStatements:
    """Import the statements of one file, all or none; lines that are known change nothing.

    ``account`` is the IBAN that the caller names, for files that name none.
    """

    entity_id: str
    statements: Sequence[StatedContent]
    file_name: str
    file_sha256: str
    account: str | None = None
