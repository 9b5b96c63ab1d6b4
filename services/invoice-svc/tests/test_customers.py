"""Customers: contacts by role, tags, and the marks by which two records may be one debtor."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from encours.contracts import decode
from encours.contracts.base import encode
from encours.contracts.common import Address
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.ledger.execute import execute
from encours.testing.events import event
from encours.testing.memory import BooksInMemory
from invoice_svc.domain.customer.commands import AddContact, AmendCustomer
from invoice_svc.domain.customer.decide import CustomerExists
from invoice_svc.domain.customer.likeness import marks_of, plain_name
from invoice_svc.http.customers.answers import CustomerOut
from invoice_svc.http.customers.bodies import CustomerPatch
from invoice_svc.use_cases.folds import CUSTOMER
from invoice_svc.use_cases.parties import customers, entities

ADDRESS = Address(lines=("1 rue de la Paix",), postal_code="75 002", city="Paris", country="FR")
DUPONT = event(
    CustomerRegistered, name="Établissements Dupont SARL", email="compta@dupont.example", siren="552100554",
    vat_id="FR96552100554", iban="FR7630006000011234567890189", address=ADDRESS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Éts. Dupont & Fils S.A.R.L.", "ets dupont fils"),
        ("SARL ÉTS DUPONT ET FILS", "ets dupont et fils"),
        ("Müller GmbH", "muller"),
        ("SA", "sa"),
        ("L'Oréal", "l oreal"),
    ],
)
def test_a_name_is_compared_without_accents_signs_and_legal_form(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_the_reasons_for_a_duplicate_are_those_values_that_both_records_have() -> None:
    twin = replace(DUPONT, name="etablissements dupont", siren=None, vat_id=None, iban=None)
    assert set(marks_of(DUPONT)) & set(marks_of(twin)) == {
        "name_and_postcode:etablissements dupont 75002",
        "name_and_email_domain:etablissements dupont dupont.example",
    }
    bare = event(
        CustomerRegistered, name="Other", siren=None, vat_id=None, iban=None, email=None, address=None
    )
    assert marks_of(bare) == []


def test_who_is_written_to_is_shown_for_each_purpose(books: BooksInMemory, make: Any) -> None:
    books.do(entities.register, make.entity())
    books.do(customers.register, make.customer(email="info@dupont.example", tags=("key account",)))
    books.do(customers.add_contact, AddContact("cus_1", "billing", "Claire", "claire@dupont.example", None))
    books.do(customers.add_contact, AddContact("cus_1", "dispute", "Jean", "jean@dupont.example", None))
    shown = CustomerOut.of(books.state(CUSTOMER, "cus_1"), 1, date(2026, 6, 30))
    assert {purpose: found["name"] for purpose, found in shown["recipients"].items()} == {
        "billing": "Claire", "dunning": "Claire", "dispute": "Jean", "escalation": "Claire",
    }  # fmt: skip
    assert shown["tags"] == ["key account"]


def test_a_patch_replaces_all_tags_and_leaves_them_if_it_names_none(books: BooksInMemory, make: Any) -> None:
    books.do(entities.register, make.entity())
    books.do(customers.register, make.customer(tags=("a", "b")))
    books.do(customers.amend, AmendCustomer("cus_1", name="Dupont et fils"))
    assert books.state(CUSTOMER, "cus_1").tags == ("a", "b")
    books.do(customers.amend, CustomerPatch.model_validate({"tags": ["c", "a", "c"]}).to_command("cus_1"))
    assert books.state(CUSTOMER, "cus_1").tags == ("a", "c")


def test_the_code_of_a_customer_is_changed_and_cleared_and_an_older_amendment_leaves_it(
    books: BooksInMemory, make: Any
) -> None:
    books.do(entities.register, make.entity())
    books.do(customers.register, make.customer(external_ref="C1"))
    books.do(customers.amend, AmendCustomer("cus_1", name="Dupont et fils"))
    assert books.state(CUSTOMER, "cus_1").external_ref == "C1"
    books.do(customers.amend, CustomerPatch.model_validate({"external_ref": "C2"}).to_command("cus_1"))
    assert books.state(CUSTOMER, "cus_1").external_ref == "C2"
    older = encode(books.stream("cus_1")[-1].data)
    older = older.replace(b',"external_ref":"C2"', b"")
    assert decode("customer.amended", 2, older).ref_after("C2") == "C2"  # type: ignore[attr-defined]
    books.do(customers.amend, CustomerPatch.model_validate({"external_ref": None}).to_command("cus_1"))
    assert books.state(CUSTOMER, "cus_1").external_ref is None


def test_a_code_that_another_customer_has_is_refused(books: BooksInMemory, make: Any) -> None:
    books.do(entities.register, make.entity())
    books.do(customers.register, make.customer(external_ref="C1"))

    async def coded(ledger: str, entity_id: str, ref: str) -> str | None:
        return {("main", "ent_1", "C1"): "cus_1", ("main", "ent_1", "C9"): "cus_9"}.get(
            (ledger, entity_id, ref)
        )

    books.do(customers.amend, AmendCustomer("cus_1", external_ref="C1"), coded)
    books.do(customers.amend, AmendCustomer("cus_1", external_ref="C3"), coded)
    with pytest.raises(CustomerExists) as refused:
        books.do(customers.amend, AmendCustomer("cus_1", external_ref="C9"), coded)
    assert refused.value.errors[0].pointer == "/external_ref"


def test_of_two_customers_that_take_one_code_at_once_one_is_refused(books: BooksInMemory, make: Any) -> None:
    books.do(entities.register, make.entity())
    for name in ("cus_1", "cus_2"):
        books.do(customers.register, make.customer(name))
    both = asyncio.Barrier(2)
    tries: Counter[str] = Counter()

    async def amend(customer_id: str) -> None:
        async def coded(*_: str) -> None:
            """The list has neither yet: both go on together."""
            tries[customer_id] += 1
            if tries[customer_id] == 1:
                await both.wait()

        meta = replace(books.meta, command_id=uuid4())
        command = AmendCustomer(customer_id, external_ref="C1")
        await execute(books.ledger, meta, customers.amend, command, coded)  # type: ignore[arg-type]

    async def at_once() -> list[BaseException | None]:
        return [*await asyncio.gather(amend("cus_1"), amend("cus_2"), return_exceptions=True)]

    done, refused = sorted(asyncio.run(at_once()), key=lambda each: each is not None)
    assert done is None
    assert isinstance(refused, CustomerExists)
    refs = [books.state(CUSTOMER, name).external_ref for name in ("cus_1", "cus_2")]
    assert sorted(refs, key=str) == ["C1", None]
    loser = f"cus_{refs.index(None) + 1}"
    books.do(customers.amend, AmendCustomer(f"cus_{refs.index('C1') + 1}", external_ref="C2"))
    books.do(customers.amend, AmendCustomer(loser, external_ref="C1"))
    with pytest.raises(CustomerExists):
        books.do(customers.register, make.customer("cus_3", external_ref="C1"))
