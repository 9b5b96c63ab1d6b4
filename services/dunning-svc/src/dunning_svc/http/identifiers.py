"""Identifiers in paths, queries and bodies of this service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

from encours.contracts.events.dunning.template import TemplateLanguage
from encours.http.models import Id

CustomerId = Annotated[str, Id("cus")]
InvoiceId = Annotated[str, Id("inv")]
CustomerPath = Annotated[str, Path(alias="id"), Id("cus")]
ReminderPath = Annotated[str, Path(alias="id"), Id("rem")]
TaskPath = Annotated[str, Path(alias="id"), Id("tsk")]
DecisionPath = Annotated[str, Path(alias="id"), Id("dec")]
PromisePath = Annotated[str, Path(alias="id"), Id("prm")]
ReplyPath = Annotated[str, Path(alias="id"), Id("rpl")]
TitlePath = Annotated[str, Path(alias="id"), Id("ttl")]
AlertPath = Annotated[str, Path(alias="id"), Id("alt")]
PlacementPath = Annotated[str, Path(alias="id"), Id("plc")]
EntityId = Annotated[str, Id("ent")]
TemplateCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
TemplateCodePath = Annotated[TemplateCode, Path(alias="code")]
LanguagePath = Annotated[TemplateLanguage, Path(alias="lang")]
CollectorCode = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,39}$"), Field(examples=["marie.durand"])
]
CollectorPath = Annotated[CollectorCode, Path(alias="id")]
PolicyId = Annotated[str, Id("pol")]
ExperimentPath = Annotated[str, Path(alias="id"), Id("exp")]
PolicyPath = Annotated[str, Path(alias="id"), Id("pol")]
