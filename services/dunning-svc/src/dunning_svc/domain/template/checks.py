"""Checks of a text before it is saved: its language, and its messages to the sample customers."""

from __future__ import annotations

from collections.abc import Iterator

from dunning_svc.domain.message.language import faults_of
from dunning_svc.domain.message.render import Message, Source, compose
from dunning_svc.domain.message.sms import short_message
from dunning_svc.domain.template.samples import Sample, samples_of
from encours.contracts.events.dunning.template import TemplateLanguage, TemplatePurpose
from encours.kernel.errors import FieldError, Refusal
from encours.kernel.money import money_text


class TemplateRefused(Refusal):
    """The text is not written in the language of templates, or a message from it would lack something (422)."""

    code = "template-refused"
    title = "Template cannot be used"
    status = 422
    remedy = "Change the places listed in `errors`; docs/templates.md lists names, blocks and commands."


def require_usable(source: Source, language: TemplateLanguage, purpose: TemplatePurpose) -> None:
    """Raise :class:`TemplateRefused` with every place to change."""
    require_written(source)
    if found := tuple(_rendered(source, language, purpose)):
        raise TemplateRefused(found[0].detail, errors=found)


def require_written(source: Source) -> None:
    """Raise :class:`TemplateRefused` unless the source is written in the language of templates."""
    if found := tuple(_written(source)):
        raise TemplateRefused(found[0].detail, errors=found)


def _written(source: Source) -> Iterator[FieldError]:
    for pointer, text in (("/subject", source.subject), ("/text", source.text)):
        for fault in faults_of(text):
            yield FieldError(pointer, f"{fault}")


def _rendered(source: Source, language: TemplateLanguage, purpose: TemplatePurpose) -> Iterator[FieldError]:
    """Yield what is missing in the first sample in which anything is."""
    for sample in samples_of(language, purpose):
        try:
            message = compose(source, sample.content)
        except ValueError as error:
            yield FieldError("/text", f"{sample.name}: {error}.")
            return
        missing = [*_missing(sample, message, purpose)]
        yield from missing
        if missing:
            return


def _missing(sample: Sample, message: Message, purpose: TemplatePurpose) -> Iterator[FieldError]:
    content = sample.content
    if not message.subject:
        yield FieldError("/subject", f"{sample.name}: the subject is empty.")
    absent = [each.number for each in content.subjects if each.number not in message.text]
    if purpose == "short_message":
        try:
            short_message(message.text)
        except ValueError as error:
            yield FieldError("/text", f"{sample.name}: {error}.")
    elif absent:
        remedy = "{{ settled }}" if purpose == "thanks" else "{{ items }}, or a loop over invoices"
        detail = f"the text does not name invoice {absent[0]}. Add {remedy}."
        yield FieldError("/text", f"{sample.name}: {detail}")
    if money_text(content.amount_minor, content.currency, content.language) not in message.text:
        shown = "received. Add" if purpose == "thanks" else "to pay. Add {{ total }} or"
        detail = f"the text does not show the amount {shown} {{{{ total_amount }}}}."
        yield FieldError("/text", f"{sample.name}: {detail}")
