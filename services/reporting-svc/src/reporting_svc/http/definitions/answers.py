"""Answers about definitions."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from encours.http.answers import Json
from reporting_svc.domain.measures.definitions import Definition


class DefinitionOut(BaseModel):
    """Complete enough to compute the figure by hand."""

    id: str
    text: str

    @classmethod
    def of(cls, definition: Definition) -> Json:
        """Show a definition."""
        return {"id": definition.id, "text": definition.text}


class DefinitionsOut(BaseModel):
    """Every definition that a figure of this service was ever computed by."""

    data: list[DefinitionOut]

    @classmethod
    def of(cls, definitions: Iterable[Definition]) -> Json:
        """Show the definitions in order."""
        return {"data": [DefinitionOut.of(definition) for definition in definitions]}
