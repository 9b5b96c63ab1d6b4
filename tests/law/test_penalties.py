"""One invoice's life with penalty documents and waivers: claims follow what is due, and nothing is claimed twice."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts.settlement import settlements
from encours.kernel.money import Money
from invoice_svc.domain.entity.commands import DefineSeries
from invoice_svc.domain.interest.account import InterestAccount, account_of
from invoice_svc.domain.interest.debt import DebtorFile, debt_of
from invoice_svc.domain.interest.penalties import CancelPenalties, ClaimPenalties
from invoice_svc.domain.interest.waiver import ReinstatePenalties, WaivePenalties
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.use_cases.parties import entities
from invoice_svc.use_cases.sales import penalties
from tests.law.life import DUE_ON, FEE, LAW, Life
from tests.law.test_one_invoice import ACTS

DEEP = "DEEP" in os.environ


@dataclass
class Claimed:
    """Amounts that a standing document or waiver took, by the count."""

    interest: int
    fee: int
    until: date


class PenalisedLife(Life):
    """A life in which the creditor claims, cancels, waives and reinstates too."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: dict[str, Claimed] = {}
        self.waivers: dict[str, Claimed] = {}
        series = DefineSeries("ent_1", "PEN", "penalty_document", "PEN-{year}-", 6)
        assert self.do(entities.define_series, series, self.books.ledger.has_given_numbers)

    def claim(self, on: date, n: int, amount: int) -> None:
        self.serial += 1
        name, expected = f"inv_p{self.serial}", self._left(on)
        command = ClaimPenalties(name, "ent_1", "cus_1", until=on)
        done = self.do(penalties.claim, command, self._file())
        assert done == bool(expected.interest + expected.fee)
        if done:
            self.documents[name] = expected
            document = fold_as_of(self.books.stream(name), self.today)
            assert document.total_minor == expected.interest + expected.fee

    def cancel_claim(self, on: date, n: int, amount: int) -> None:
        self.serial += 1
        if name := next(iter(sorted(self.documents)[n % 3 :]), ""):
            assert self.do(penalties.cancel, CancelPenalties(name, f"cre_p{self.serial}", "wrong"))
            del self.documents[name]

    def waive(self, on: date, n: int, amount: int) -> None:
        self.serial += 1
        name, left = f"wvr_{self.serial}", self._left(self.today)
        command = WaivePenalties("inv_1", name, "goodwill", "interest", Money(amount % 900 + 1, "EUR"))
        wanted = Claimed(amount % 900 + 1, 0, self.today)
        if n % 2:
            command, wanted = (
                WaivePenalties("inv_1", name, "goodwill", "indemnity"),
                Claimed(0, left.fee, self.today),
            )
        done = self.do(penalties.waive, command, self._file())
        assert done == (0 < wanted.interest <= left.interest or wanted.fee > 0)
        if done:
            self.waivers[name] = wanted

    def reinstate(self, on: date, n: int, amount: int) -> None:
        done = self.do(penalties.reinstate, ReinstatePenalties("inv_1", "broken promise"))
        assert done == bool(self.waivers)
        self.waivers.clear()

    def account(self, on: date) -> InterestAccount:
        """invoice-svc's account."""
        state = fold_as_of(self.books.stream("inv_1"), self.today)
        settled = settlements([debt_of(state)], self._cash(self.today))["inv_1"]
        return account_of(state, settled, on, LAW)

    def due(self, on: date) -> Claimed:
        """Return the amounts due on a day, by the count."""
        runs = self.facts.penalties(on) if on > DUE_ON else []
        return Claimed(sum(interest for *_, interest in runs), FEE if runs else 0, on)

    def taken(self) -> Claimed:
        """Return the amounts that standing documents and waivers took."""
        parts = [*self.documents.values(), *self.waivers.values()]
        return Claimed(sum(part.interest for part in parts), sum(part.fee for part in parts), self.today)

    def _left(self, on: date) -> Claimed:
        due, taken = self.due(on), self.taken()
        return Claimed(max(0, due.interest - taken.interest), max(0, due.fee - taken.fee), on)

    def _file(self) -> DebtorFile:
        return DebtorFile(("inv_1",), tuple(sorted(self.facts.receipts)))


PENALTY_ACTS = (
    PenalisedLife.claim, PenalisedLife.claim, PenalisedLife.cancel_claim, PenalisedLife.waive, PenalisedLife.reinstate,
)  # fmt: skip
steps = st.tuples(
    st.sampled_from((*ACTS, *PENALTY_ACTS, *PENALTY_ACTS)),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(1, 25_000),
)


@settings(max_examples=3_000 if DEEP else 40, deadline=None)
@given(st.lists(steps, min_size=40, max_size=40))
def test_documents_and_waivers_take_what_a_count_by_days_leaves_them_and_what_is_too_much_is_shown(
    lived: list[tuple[object, int, int, int]],
) -> None:
    life = PenalisedLife()
    for number, step in enumerate(lived, 1):
        life.step(*step)  # type: ignore[arg-type] # acts of the subclass
        if number % 8 == 0:
            compare(life)


def compare(life: PenalisedLife) -> None:
    """Hold the account of today against the count."""
    found, due, documents = life.account(life.today), life.due(life.today), list(life.documents.values())
    assert (found.due.interest_minor, found.due.indemnity_minor) == (due.interest, due.fee)
    claimed = sum(each.interest for each in documents), sum(each.fee for each in documents)
    assert (found.claimed.interest_minor, found.claimed.indemnity_minor) == claimed
    then = life.due(max((each.until for each in documents), default=life.today))
    over = max(0, claimed[0] - then.interest), max(0, claimed[1] - then.fee)
    assert (found.over_claimed.interest_minor, found.over_claimed.indemnity_minor) == over
