"""Templates of the ledger: what may be saved, which text a message uses, and the proof of what was sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dunning_svc.domain.message.render import Source, compose
from dunning_svc.domain.message.shipped import LANGUAGES, TEMPLATES, shipped_source
from dunning_svc.domain.message.snapshot import hash_of
from dunning_svc.domain.message.variables import BLOCKS, FIELDS, LISTS, NUMBERS, TEXTS
from dunning_svc.domain.policy.written import document_of
from dunning_svc.domain.template import decide
from dunning_svc.domain.template.checks import require_usable
from dunning_svc.domain.template.choice import SavedTemplates
from dunning_svc.domain.template.commands import ResetTemplate, SaveTemplate, template_id
from dunning_svc.domain.template.state import TEMPLATE
from dunning_svc.http.policies.bodies import PolicyBody
from dunning_svc.http.templates.answers import TemplateList
from dunning_svc.read_models.cases.fold.templates import templates_of
from dunning_svc.read_models.cases.past import folded
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.policies import TemplateRow
from dunning_svc.use_cases.messages import (
    MessageNotProven,
    Texts,
    Written,
    rewritten,
    snapshot_of,
    written,
)
from dunning_svc.use_cases.policies import create_policy
from dunning_svc.use_cases.templates import reset_template, save_template
from encours.contracts import Event
from encours.contracts.events.dunning.reminders import DunnedItem, ReminderRequested, ReminderSent
from encours.contracts.events.dunning.template import TemplateReset, TemplateVersionSaved
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered
from encours.contracts.events.parties.entity import BankAccountSet, EntityRegistered
from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.testing.events import ADDRESS, event
from encours.testing.memory import BooksInMemory
from encours.testing.scenario import given

ENT, OTHER, CUS, REM = derived_id("ent", 1), derived_id("ent", 2), derived_id("cus", 1), derived_id("rem", 1)
GOOD = Source("Reminder {{ numbers }}", "Please pay:\n\n{{ items }}\n\n{{ total }}\n\n{{ bank }}")
ID = template_id("first", "fr", None)


def command(
    source: Source = GOOD, code: str = "first", entity: str | None = None, **more: Any
) -> SaveTemplate:
    usual: dict[str, Any] = {"language": "fr", "purpose": None, "tone": None}
    return SaveTemplate(code=code, entity_id=entity, source=source, **(usual | more))


def saved(version: int = 1, source: Source = GOOD) -> TemplateVersionSaved:
    return TemplateVersionSaved(
        template_id=ID, template_code="first", language="fr", creditor_id=None, version=version, purpose="reminder",
        tone="neutral", subject=source.subject, text=source.text, source_hash=source.digest,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", TEMPLATES)
def test_shipped_templates_work_for_all_sample_customers(code: str, language: Any) -> None:
    require_usable(shipped_source(code, language), language, TEMPLATES[code].purpose)


def test_a_text_is_saved_as_the_next_version_and_the_same_text_not_again() -> None:
    given(TEMPLATE).when(decide.save, command(), "reminder").then(saved())
    given(TEMPLATE, saved()).when(decide.save, command(), "reminder").then()
    other = Source("Other", GOOD.text)
    given(TEMPLATE, saved()).when(decide.save, command(other), "reminder").then(saved(2, other))


def test_a_reset_puts_no_version_in_force_and_the_next_text_is_a_new_version() -> None:
    reset = TemplateReset(
        template_id=ID, template_code="first", language="fr", creditor_id=None, version=1, cause="Tried"
    )
    wanted = ResetTemplate(ID, "Tried")
    given(TEMPLATE, saved()).when(decide.reset, wanted).then(reset)
    given(TEMPLATE, saved(), reset).when(decide.reset, wanted).then()
    given(TEMPLATE, saved(), reset).when(decide.save, command(), "reminder").then(saved(2))


def test_a_code_has_one_purpose_and_a_new_one_needs_it() -> None:
    given(TEMPLATE).when(decide.save, command(code="own"), None).refused("template-purpose-missing")
    wanted = command(purpose="formal_notice")
    given(TEMPLATE).when(decide.save, wanted, "reminder").refused("template-purpose-fixed")


@pytest.mark.parametrize(
    ("source", "pointer", "said"),
    [
        (Source("{{ numbr }}", GOOD.text), "/subject", "`numbr` is unknown"),
        (Source("s", "{{ items }}\n{{ total.__class__ }}"), "/text", "Line 2"),
        (Source("{{ credit }}", GOOD.text), "/subject", "the subject is empty"),
        (Source("s", "{{ items }}"), "/text", "{{ total }}"),
        (Source("s", "{{ total }}"), "/text", "{{ items }}"),
        (Source("s", "{{ total }}{% if not credit %}{{ items }}{% endif %}"), "/text", "unapplied payment"),
        (Source("s", "{{ total }}{% if bank %}{{ items }}{% endif %}"), "/text", "(GB)"),
    ],
)
def test_a_text_that_does_not_work_for_every_sample_is_refused_where_it_fails(
    source: Source, pointer: str, said: str
) -> None:
    refusal = given(TEMPLATE).when(decide.save, command(source), "reminder").refused("template-refused")
    assert isinstance(refusal, Refusal)
    assert any(error.pointer == pointer and said in error.detail for error in refusal.errors)


async def put(session: Session, stream: str, data: Event) -> Result:
    session.begin(stream, version=sum(1 for _ in await session.read(stream, upto=10**9)))
    session.emit(stream, data, entity=ENT)
    return session.result(stream)


def books() -> BooksInMemory:
    made = BooksInMemory()
    made.do(put, ENT, event(EntityRegistered, entity_id=ENT, name="Créancier", iban="FR-first"))
    made.do(put, CUS, event(CustomerRegistered, customer_id=CUS, entity_id=ENT, name="Débiteur"))
    return made


def choose(
    made: BooksInMemory, code: str, language: Any = "fr", entity: str = ENT
) -> tuple[str, int, str | None]:
    chosen = templates_in(made).choose(code, language, entity)
    return chosen.code, chosen.version, chosen.entity_id


def templates_in(made: BooksInMemory) -> SavedTemplates:
    return templates_of(folded({"all": made.ledger.events}).all(TemplateRow))


def test_the_creditors_text_comes_before_the_ledgers_and_that_before_the_shipped_one() -> None:
    made = books()
    assert choose(made, "first") == ("first", 0, None)
    made.do(save_template, command())
    assert choose(made, "first") == choose(made, "first", entity=OTHER) == ("first", 1, None)
    assert choose(made, "first", "de") == ("first", 0, None)
    made.do(save_template, command(Source("Own", GOOD.text), entity=ENT))
    assert choose(made, "first") == ("first", 1, ENT)
    assert choose(made, "first", entity=OTHER) == ("first", 1, None)
    made.do(reset_template, ResetTemplate(template_id("first", "fr", ENT), "Tried"))
    assert choose(made, "first") == ("first", 1, None)
    made.do(reset_template, ResetTemplate(ID, "Tried"))
    assert choose(made, "first") == ("first", 0, None)


def test_an_own_code_gives_way_to_the_shipped_text_of_its_purpose_in_other_languages() -> None:
    made = books()
    made.do(save_template, command(code="christmas", purpose="announcement"))
    assert choose(made, "christmas") == ("christmas", 1, None)
    assert choose(made, "christmas", "de") == ("friendly", 0, None)
    with pytest.raises(LookupError):
        choose(made, "easter")


def test_a_creditor_has_no_code_of_its_own_and_has_to_exist() -> None:
    for wanted, code in (
        (command(code="own", entity=ENT, purpose="reminder"), "template-code-unknown"),
        (command(entity=OTHER), "entity-not-found"),
    ):
        with pytest.raises(Refusal) as refusal:
            books().do(save_template, wanted)
        assert refusal.value.code == code


def test_a_policy_may_name_a_template_of_the_ledger_for_the_acts_of_its_purpose() -> None:
    def written_policy(template: str, act: str = "email") -> Any:
        steps = [{"code": "J+3", "offset_days": 3, "act": act, "template": template}]
        plain = {"name": "Own", "priority": 10, "steps": steps, "minimums": {"EUR": "5.00"}}
        body = PolicyBody.model_validate(plain)
        assert document_of(body.model_dump(by_alias=True, exclude_none=True)).steps[0].template == template
        return body.to_command(derived_id("pol", template, act))

    made = books()
    with pytest.raises(Refusal, match="needs a template that exists"):
        made.do(create_policy, written_policy("winter"))
    made.do(save_template, command(code="winter", purpose="reminder", language="de"))
    made.do(create_policy, written_policy("winter"))
    with pytest.raises(Refusal, match="is not for registered_letter"):
        made.do(create_policy, written_policy("winter", "registered_letter"))


def test_the_list_has_every_shipped_template_and_those_of_the_ledger_once() -> None:
    made = books()
    made.do(save_template, command())
    shown = TemplateList.of([made.state(TEMPLATE, ID)])
    assert len(shown) == len(TEMPLATES) * len(LANGUAGES)
    (own,) = [each for each in shown if each.status != "shipped"]
    assert (own.code, own.language, own.version) == ("first", "fr", 1)
    assert own.shipped is not None
    assert own.shipped.source_hash == shipped_source("first", "fr").digest


REMINDER = event(
    ReminderRequested, reminder_id=REM, customer_id=CUS, day=date(2026, 6, 30), channel="email", template="first",
    language="fr", currency="EUR", amount_minor=12_345,
    items=(event(DunnedItem, number="F-1", open_minor=12_345, asked_minor=12_345, days_past_due=91),),
)  # fmt: skip


def send(made: BooksInMemory) -> Written:
    """Write the message as the outbox does, and record that it was sent."""
    rows = folded({"all": made.ledger.events})
    made.do(put, REM, REMINDER)
    customer, creditor = rows.get(DebtorRow, CUS), rows.get(CreditorRow, ENT)
    assert customer is not None
    assert creditor is not None
    texts = Texts(templates_of(rows.all(TemplateRow)), len(made.ledger.events))
    made_now = written(REMINDER, customer, creditor, texts)
    made.do(put, REM, event(ReminderSent, reminder_id=REM, customer_id=CUS, message=made_now.proof))
    return made_now


@pytest.mark.parametrize("own", [True, False])
async def test_a_message_can_be_written_again_byte_by_byte_whatever_has_changed_since(own: bool) -> None:
    made = books()
    if own:
        made.do(save_template, command(Source("Early {{ customer }}", GOOD.text)))
    sent = send(made)
    made.do(save_template, command(Source("Late", GOOD.text)))
    made.do(put, CUS, event(CustomerAmended, customer_id=CUS, name="Renamed"))
    made.do(put, ENT, event(BankAccountSet, entity_id=ENT, currency="EUR", use="receipts", iban="FR-second",
                            valid_from=date(2026, 1, 1)))  # fmt: skip
    again = await rewritten(made.ledger, "main", REM, len(made.ledger.events))  # type: ignore[arg-type]
    assert again.differences == ()
    assert again.message == sent.message
    assert "FR-first" in again.message.text
    assert (sent.proof.template_version, sent.proof.template_code) == (1 if own else 0, "first")


@pytest.mark.parametrize(
    ("changed", "part"),
    [("source_hash", "template"), ("snapshot_hash", "values"), ("content_hash", "message")],
)
async def test_a_hash_that_does_not_agree_is_named(changed: str, part: str) -> None:
    made = books()
    proof = replace(send(made).proof, **{changed: "sha256:0"})
    made.ledger.rewind(len(made.ledger.events) - 1)
    made.do(put, REM, event(ReminderSent, reminder_id=REM, customer_id=CUS, message=proof))
    again = await rewritten(made.ledger, "main", REM, len(made.ledger.events))  # type: ignore[arg-type]
    assert again.differences == (part,)


async def test_a_message_of_before_countries_were_named_is_written_again_with_the_code() -> None:
    made = books()
    made.do(put, ENT, event(EntityRegistered, entity_id=ENT, name="Créancier", address=ADDRESS))
    rows = folded({"all": made.ledger.events})
    customer, creditor = rows.get(DebtorRow, CUS), rows.get(CreditorRow, ENT)
    assert customer is not None
    assert creditor is not None
    asked = {"day": REMINDER.day, "language": "fr", "currency": "EUR", "items": REMINDER.items}
    content = snapshot_of(customer, creditor, credit_minor=0, amount_minor=12_345, **asked)  # type: ignore[arg-type]
    content = replace(content, creditor_address=f"{content.creditor_address}\n{ADDRESS.country}")
    before = compose(shipped_source("first", "fr"), content)
    proof = replace(send(made).proof, snapshot_hash=hash_of(content), content_hash=before.digest)
    made.ledger.rewind(len(made.ledger.events) - 1)
    made.do(put, REM, event(ReminderSent, reminder_id=REM, customer_id=CUS, message=proof))
    again = await rewritten(made.ledger, "main", REM, len(made.ledger.events), lambda whole: whole)  # type: ignore[arg-type]
    assert (again.differences, again.message) == ((), before)
    assert f"\n{ADDRESS.country}" in again.message.text


async def test_without_an_event_of_dispatch_no_message_is_proven() -> None:
    made = books()
    made.do(put, REM, REMINDER)
    with pytest.raises(MessageNotProven):
        await rewritten(made.ledger, "main", REM, len(made.ledger.events))  # type: ignore[arg-type]


def test_every_name_block_and_field_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "templates.md").read_text("utf-8")
    for names in (BLOCKS, TEXTS, NUMBERS, LISTS, FIELDS):
        for name, meaning in names.items():
            assert f"| `{name}` | {meaning} |" in page
