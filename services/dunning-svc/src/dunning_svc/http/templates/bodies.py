"""Bodies of templates."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from dunning_svc.domain.message.language import SOURCE_MAX
from dunning_svc.domain.message.render import Source
from dunning_svc.domain.template.commands import ResetTemplate, SaveTemplate, template_id
from dunning_svc.http.identifiers import CustomerId, EntityId, InvoiceId
from dunning_svc.use_cases.preview_message import PreviewMessage
from encours.contracts.events.dunning.template import TemplateLanguage, TemplatePurpose, TemplateTone
from encours.http.models import Body, Currency, LongText
from encours.kernel.texts import ONE_LINE, SEVERAL_LINES

SubjectText = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=ONE_LINE)]
SourceText = Annotated[str, StringConstraints(min_length=1, max_length=SOURCE_MAX, pattern=SEVERAL_LINES)]
_EXAMPLE = "Hello,\n\nPlease pay:\n\n{{ items }}\n\n{{ total }}\n\n{{ bank }}\n\nKind regards,\n{{ contact }}"


class TemplateBody(Body):
    """Text of a template, in the language of templates (docs/templates.md)."""

    subject: SubjectText = Field(examples=["Payment reminder: {{ numbers }}, due {{ due }}"])
    text: SourceText = Field(
        description="Plain text in paragraphs; the HTML is made of it.", examples=[_EXAMPLE]
    )
    entity_id: EntityId | None = Field(
        default=None, description="Creditor that it is for; left out, all that have none of their own."
    )
    purpose: TemplatePurpose | None = Field(
        default=None,
        description="Required for a new code. `announcement` is for steps before the due date, `reminder` for e-mails, "
        "letters and webhooks, `formal_notice` for registered letters, `short_message` for `sms`.",
    )
    tone: TemplateTone | None = None

    def to_command(self, code: str, language: TemplateLanguage) -> SaveTemplate:
        """Return the command."""
        source = Source(self.subject, self.text)
        return SaveTemplate(code, language, self.entity_id, source, self.purpose, self.tone)


class PreviewBody(Body):
    """A customer with open items, and a text that is not saved yet if it is that one that is tried."""

    customer_id: CustomerId
    invoice_ids: Annotated[list[InvoiceId], Field(max_length=500)] = Field(
        default=[], description="Invoices that the message is about; left out, all that are open."
    )
    entity_id: EntityId | None = Field(
        default=None, description="Creditor; left out, the one that the customer was registered for."
    )
    currency: Currency | None = Field(
        default=None, description="Left out, the currency of the oldest open invoice."
    )
    subject: SubjectText | None = Field(
        default=None, description="Subject that is not saved yet; needs `text`."
    )
    text: SourceText | None = Field(default=None, description="Text that is not saved yet; needs `subject`.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.subject is None) != (self.text is None):
            raise PydanticCustomError("half_a_template", "Give both `subject` and `text`, or neither.")
        return self

    def to_query(self, code: str, language: TemplateLanguage) -> PreviewMessage:
        """Return the request of the use case."""
        source = None if self.subject is None or self.text is None else Source(self.subject, self.text)
        ids = tuple(self.invoice_ids)
        return PreviewMessage(code, language, self.customer_id, self.entity_id, self.currency, ids, source)


class ResetBody(Body):
    """The reason for which no version stays in force."""

    reason: LongText
    entity_id: EntityId | None = Field(default=None, description="Creditor whose own text is meant.")

    def to_command(self, code: str, language: TemplateLanguage) -> ResetTemplate:
        """Return the command."""
        return ResetTemplate(template_id(code, language, self.entity_id), self.reason)
