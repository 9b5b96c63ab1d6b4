"""SQL of the ledger's database; a file is never changed once it has been released."""

from __future__ import annotations

from pathlib import Path

LEDGER_MIGRATIONS = Path(__file__).parent
