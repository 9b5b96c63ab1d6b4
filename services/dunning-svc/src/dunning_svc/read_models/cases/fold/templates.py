"""Templates of the ledger, from their events."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from dunning_svc.domain.message.render import Source
from dunning_svc.domain.template.choice import SavedTemplates, SavedText
from dunning_svc.read_models.cases.rows.access import Rows, existing
from dunning_svc.read_models.cases.rows.policies import TemplateRow
from encours.contracts.events.dunning.template import TemplateReset, TemplateVersionSaved
from encours.projection.read_model import Conn
from encours.projection.rows import table_of


def template_changed(data: TemplateVersionSaved | TemplateReset, rows: Rows) -> None:
    """Store the version in force."""
    match data:
        case TemplateVersionSaved():
            row = TemplateRow(
                template_id=data.template_id,
                code=data.template_code,
                language=data.language,
                entity_id=data.creditor_id,
                purpose=data.purpose,
                version=data.version,
                subject=data.subject,
                text=data.text,
            )
        case TemplateReset():
            row = replace(existing(rows, TemplateRow, data.template_id), version=0)
    rows.put(row)


def templates_of(rows: Iterable[TemplateRow]) -> SavedTemplates:
    """Return the texts of a ledger."""
    return SavedTemplates(
        SavedText(
            row.code, row.language, row.entity_id, row.purpose, row.version, Source(row.subject, row.text)
        )
        for row in rows
    )


async def template_rows(conn: Conn, schema: str) -> list[TemplateRow]:
    """Return the templates of a ledger at the position of the read model."""
    table = table_of(TemplateRow)
    records = await conn.fetch(f"select {table.plain} from {schema}.{table.name} order by template_id")
    return [TemplateRow(**dict(zip(table.names, record, strict=True))) for record in records]
