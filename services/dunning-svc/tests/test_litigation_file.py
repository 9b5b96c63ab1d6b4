"""Litigation file: read back from its bytes, with the figures of the ledger, and the same bytes each time."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, cast

import pytest
from msgspec.structs import replace

from dunning_svc.domain.formats import Lang
from dunning_svc.domain.litigation.archive import Archive
from dunning_svc.domain.litigation.claims import LitigatedInvoice
from dunning_svc.domain.litigation.documents import invoice_documents
from dunning_svc.use_cases.legal.litigation_file import FileQuestion, litigation_file
from dunning_svc.use_cases.messages import written
from encours.contracts.events.dunning.reminders import MessageProof, ReminderRequested, ReminderSent
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.money.penalty import PenaltiesWaived
from encours.ledger import Ledger
from encours.legal.limitation import limitation_of, limitation_rule
from encours.testing.events import event
from encours.testing.memory import MemoryLedger
from tests.histories.dunning import CUS, ENT, History
from tests.histories.family import MEMBERS, Family, paid_by_one
from tests.histories.family import lived as lived_on


class KeptLedger(MemoryLedger):
    """A ledger with the events of a history."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self.events = list(history.events)
        for e in self.events:
            self._streams[e.stream].append(e)


def lived() -> History:
    """Three late invoices: one is paid in part, one is paid, one is promised; reminders were requested."""
    history = History()
    for n in range(3):
        history.issue(5, 10_000 + n)
    for _ in range(30):
        if isinstance(asked := history.open_day(), ReminderRequested):
            sent = ReminderSent(
                reminder_id=asked.reminder_id, customer_id=CUS, channel=asked.channel, message_id="<1@firm.example>",
                evidence="250 OK", message=None,
            )  # fmt: skip
            history.add(sent, asked.reminder_id)
    history.settle(0, 4_000)
    history.settle(1, 10_001)
    history.promise(2, 10)
    history.dispute(0, 1_000)
    return history


async def archived(
    history: History, lang: Lang = "en", *, as_of: date | None = None, customer_id: str = CUS
) -> bytes:
    archive, ledger = Archive(), cast(Ledger, KeptLedger(history))
    asked = FileQuestion(
        ledger="main",
        customer_id=customer_id,
        records=frozenset({customer_id}),
        streams=tuple({e.stream for e in history.events if not e.stream.startswith(("calendar", "dunning"))}),
        as_of=as_of or history.today,
        position=len(history.events),
        lang=lang,
    )
    parts = [archive.add(entry) async for entry in litigation_file(ledger, asked)]
    return b"".join([*parts, archive.close()])


def opened(content: bytes) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Files by name, and the index."""
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        assert read.testzip() is None
        files = {name: read.read(name) for name in read.namelist()}
    return files, json.loads(files["index.json"])


async def test_the_figures_are_those_of_the_ledger() -> None:
    history = lived()
    files, index = opened(await archived(history))
    assert [(each["number"], each["open"], each["disputed"]) for each in index["invoices"]] == [
        ("FAC-0001", "60.00", "10.00"), ("FAC-0003", "100.02", "0.00"),
    ]  # fmt: skip
    assert sum(history.open.values()) == 16_002
    assert index["totals"] == {"EUR": "160.02"}
    assert (index["customer"], list(index["creditors"].values())) == ("Débiteur", ["Créancier"])
    first = json.loads(files["invoices/FAC-0001.json"])
    assert [(each["kind"], each["open_after"]) for each in first["entries"]] == [
        ("issued", "100.00"), ("applied", "60.00"), ("disputed", "60.00"),
    ]  # fmt: skip
    lines = json.loads(files["chronology.json"])
    told = {e.position for e in history.events if getattr(e.data, "customer_id", None) == CUS}
    assert {each["position"] for each in lines} == told
    reminders = [json.loads(text) for name, text in files.items() if name.startswith("reminders/")]
    assert {each["evidence"] for each in reminders} == {"250 OK"}
    assert len(reminders) == sum(e.type == "reminder.requested" for e in history.events)


async def test_interest_is_stated_and_an_invoice_with_agreements_is_left_to_invoice_svc() -> None:
    """Terms of the history: FAC-0001 is due on 10 January, the last day counts, a part is paid on the last one."""
    history = lived()
    files, _ = opened(await archived(history))
    first, third = json.loads(files["interest.json"])
    (segment,) = first["segments"]
    days = (history.today - date(2026, 1, 10)).days
    assert (segment["days"], segment["principal"]) == (days, "100.00")
    wanted = round(10_000 * segment["rate_bps"] * days / 3_650_000)
    assert first["interest"] == f"{wanted / 100:.2f}"
    assert (third["number"], third["on"]) == ("FAC-0003", str(history.today))
    (issue,) = (
        e
        for e in history.events
        if e.type == "invoice.issued" and getattr(e.data, "number", "") == "FAC-0003"
    )
    history.add(event(PenaltiesWaived, invoice_id=issue.stream, customer_id=CUS), issue.stream)
    files, _ = opened(await archived(history))
    assert [each["interest"] is None for each in json.loads(files["interest.json"])] == [False, True]


async def test_each_file_is_listed_with_its_digest_and_named_safely() -> None:
    files, index = opened(await archived(lived()))
    listed = {each["name"]: each["sha256"] for each in index["files"]}
    assert listed == {
        name: sha256(text).hexdigest() for name, text in files.items() if not name.startswith("index.")
    }
    assert all(f'href="{name}"' in files["index.html"].decode() for name in listed)
    assert not any(name.startswith("/") or ".." in name.split("/") for name in files)


async def test_the_same_moment_gives_the_same_bytes_and_an_earlier_day_less() -> None:
    history = lived()
    assert await archived(history) == await archived(history)
    _, before = opened(await archived(history, as_of=history.today - timedelta(days=30)))
    assert before["totals"] == {"EUR": "300.03"}
    french, _ = opened(await archived(history, "fr"))
    assert "Dossier contentieux" in french["index.html"].decode()
    assert "Facture" in french["chronology.txt"].decode()


async def test_a_message_is_written_again_with_its_proof() -> None:
    history = History()
    history.issue(5, 10_000)
    while not isinstance(asked := history.open_day(), ReminderRequested):
        pass
    proof = event(
        MessageProof, addressee_id=CUS, template_code=asked.template, template_language="fr", template_creditor_id=None,
        template_version=0, content_hash="sha256:0", position=len(history.events),
    )  # fmt: skip
    sent = event(ReminderSent, reminder_id=asked.reminder_id, customer_id=CUS, message=proof)
    history.add(sent, asked.reminder_id)
    files, _ = opened(await archived(history))
    (text,) = [
        text.decode()
        for name, text in files.items()
        if name.startswith("reminders/") and name.endswith("txt")
    ]
    assert "FAC-0001" in text
    (shown,) = [
        json.loads(text)
        for name, text in files.items()
        if name.startswith("reminders/") and name.endswith("json")
    ]
    assert (shown["content_hash"], shown["written_again_agrees"]) == ("sha256:0", False)


async def test_the_file_of_a_debtor_has_its_share_of_a_message_to_its_payer_and_the_hash_of_the_whole() -> (
    None
):
    family = paid_by_one()
    family.mark(2, "other")
    family.as_member(2)
    family.receive(3_000)
    lived_on(family, 3)
    (asked,) = family.requests()
    debtors, (creditor,) = family.parties()
    whole = written(asked, next(row for row in debtors if row.customer_id == CUS), creditor)
    proof = replace(whole.proof, position=len(family.events))
    family.add(
        event(ReminderSent, reminder_id=asked.reminder_id, customer_id=CUS, message=proof), asked.reminder_id
    )
    other_numbers = {"FAC-0001", "FAC-0003"}
    assert all(each in whole.message.text for each in (*other_numbers, "FAC-0002"))
    files, _ = opened(await archived(family, customer_id=MEMBERS[1]))
    everything = {name: text.decode() for name, text in files.items()}
    for hidden in (*other_numbers, MEMBERS[2], "Membre 2", "Filiale 3", "60.00", "30.00"):
        assert not any(hidden in text for text in everything.values()), hidden
    ((_, text),) = [
        each for each in everything.items() if each[0].startswith("reminders/") and "txt" in each[0]
    ]
    assert "FAC-0002" in text
    assert "20,00" in text
    assert text.startswith("Extract: the message covered other customers too")
    assert whole.message.digest in text
    shown = next(json.loads(text) for name, text in everything.items() if name.startswith("reminders/"))
    assert (shown["amount"], shown["content_hash"], shown["written_again_agrees"]) == (
        "20.00", whole.message.digest, True,
    )  # fmt: skip
    assert [each["customer_id"] for each in shown["reminder"]["debtors"]] == [MEMBERS[1]]
    lines = json.loads(files["chronology.json"])
    assert next(each["text"] for each in lines if each["type"] == "reminder.requested").count("20.00") == 1


async def test_a_payer_s_own_file_leaves_out_a_message_about_others_alone() -> None:
    family = Family()
    family.group_by("payer")
    for member in (1, 2):
        family.pay_for(member, 0)
        family.bill(member, 1, 1_000)
    lived_on(family, 3)
    assert [each.customer_id for each in family.requests()] == [CUS]
    files, _ = opened(await archived(family))
    assert not any(name.startswith("reminders/") for name in files)
    assert "reminder.requested" not in files["chronology.json"].decode()


DUE = date(2026, 2, 4)


@pytest.mark.parametrize(
    ("acknowledged", "extended_on"),
    [
        ([], None),
        ([(date(2027, 3, 1), "payment")], date(2032, 3, 1)),
        ([(date(2027, 3, 1), "payment"), (date(2032, 2, 29), "promise")], date(2037, 2, 28)),
        ([(date(2031, 2, 5), "payment")], None),
        ([(date(2026, 2, 1), "plan")], None),
    ],
)
def test_limitation_runs_five_years_and_again_from_an_acknowledgement_before_its_end(
    acknowledged: list[Any], extended_on: date | None
) -> None:
    """C. com. L110-4; C. civ. 2240. An acknowledgement after the end, or before the claim is due, changes nothing."""
    rule = limitation_rule("FR", DUE)
    assert rule is not None
    found = limitation_of(rule, DUE, acknowledged)
    assert (found.safe_on, found.extended_on) == (date(2031, 2, 4), extended_on)
    assert limitation_rule("DE", DUE) is None


async def test_a_partial_payment_a_promise_and_a_plan_interrupt_it() -> None:
    history = lived()
    _, index = opened(await archived(history))
    paid, promised = (each["limitation"] for each in index["invoices"])
    assert paid["interruption"].startswith("C. civ. 2240: a partial payment")
    assert promised["interruption"].startswith("C. civ. 2240: a promise")
    assert paid["safe_on"] < paid["extended_on"]
    assert ENT in index["creditors"]


def test_invoices_whose_numbers_differ_by_a_character_have_files_of_their_own() -> None:
    names = [
        entry.name
        for n, number in enumerate(("2026/1", "2026 1", "2026_1"))
        for entry in invoice_documents(numbered(number, f"inv_{n}"), "en")
    ]
    assert names[::2] == ["invoices/2026_1-inv_0.json", "invoices/2026_1-inv_1.json", "invoices/2026_1.json"]
    assert len(set(names)) == 6


def numbered(number: str, invoice_id: str) -> LitigatedInvoice:
    issued = event(InvoiceIssued, invoice_id=invoice_id, number=number)
    return LitigatedInvoice(issued, ENT, (), 100, 0, None)
