"""Reads a bank's file for an entity, whether it was uploaded or found in a folder."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from encours.kernel.errors import Invalid, Refusal
from encours.kernel.money import exponent
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta
from encours.ledger.errors import EntityNotGranted
from invoice_svc.bank import reading
from invoice_svc.domain.bank_account import own
from invoice_svc.domain.bank_account.state import account_id_of
from invoice_svc.domain.bank_statement.commands import ImportStatements
from invoice_svc.domain.entity.state import EntityNotFound
from invoice_svc.use_cases.folds import BANK_ACCOUNT, ENTITY


class CsvMapMissing(Refusal):
    """No map of columns is set for the account (409)."""

    code = "csv-map-missing"
    title = "Account has no map of CSV columns"
    remedy = "Set it with PUT /v1/entities/{id}/bank-accounts/{iban}/csv-map, then send the file again."


@dataclass(frozen=True, slots=True)
class ReadBankFile:
    """Read a file. Without ``entity_id`` it is that of the ledger's only entity.

    ``account`` is the IBAN of the account, ``currency`` that of a CSV file (the entity's if not given).
    """

    entity_id: str | None
    file_name: str
    is_csv: bool = False
    account: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class BankDesk:
    """Reads the files of one process. ``only_entity`` finds the only entity of a ledger, if it has just one."""

    ledger: Ledger
    only_entity: Callable[[str], Awaitable[str | None]]

    async def read(self, meta: CommandMeta, wanted: ReadBankFile, data: bytes) -> ImportStatements:
        """Return the command that imports the file. Raises refusals of the file and of its account."""
        entity_id = wanted.entity_id or await self.only_entity(meta.ledger)
        if entity_id is None:
            raise Invalid("The ledger has several entities: name the one whose account it is.", "entity_id")
        if meta.entities is not None and entity_id not in meta.entities:
            raise EntityNotGranted(entity_id, EntityNotFound(entity_id))
        account = wanted.account
        if wanted.is_csv:
            account, currency = await self._csv_account(meta.ledger, entity_id, wanted)
            known = BANK_ACCOUNT.fold(
                await self.ledger.read_stream(meta.ledger, account_id_of(entity_id, account, currency))
            )
            if known.csv_map is None:
                raise CsvMapMissing(f"No map of CSV columns is set for {account} in {currency}.")
            statements = await asyncio.to_thread(reading.read_csv, data, known.csv_map, currency, account)
        else:
            statements = await asyncio.to_thread(reading.read, data)
        return ImportStatements(
            entity_id=entity_id,
            statements=statements,
            file_name=wanted.file_name,
            file_sha256=hashlib.sha256(data).hexdigest(),
            account=account,
        )

    async def _csv_account(self, ledger: str, entity_id: str, wanted: ReadBankFile) -> tuple[str, str]:
        """Return account and currency of a CSV file; the entity's only account if the request names none."""
        events = await self.ledger.read_stream(ledger, entity_id)
        if not events:
            raise EntityNotFound(entity_id)
        entity = ENTITY.fold(events)
        currency = wanted.currency or entity.currency
        exponent(currency)
        named = wanted.account
        if named is None and len(ibans := own.ibans_of(entity)) == 1:
            named = ibans[0]
        return own.find(entity, "", named), currency
