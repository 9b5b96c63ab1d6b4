"""Versions of the payment model: fitted, activated, and those that grade a check."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from encours.contracts.events.score import STREAM, ScoreModelActivated, ScoreModelFitted
from encours.testing.memory import TODAY, BooksInMemory
from risk_svc.domain.assessment import OrderAsked, assess
from risk_svc.domain.exposure import ExposureItem, ExposurePart
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.score.boosted.fit import fit_boosted
from risk_svc.domain.score.document import document_of, model_of
from risk_svc.domain.score.fit import HistoryTooShort, fit
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.model import ModelKind
from risk_svc.domain.score.outcomes import outcome
from risk_svc.domain.score.shipped import SHIPPED
from risk_svc.domain.score.versions import ActivateModel, FitModel, LedgerHistory, ScoreModelNotFound
from risk_svc.use_cases.score_models import SCORE_MODELS, activate_model, fit_model


class FirmHistory:
    """Thirty customers of twelve invoices each, every third of which is ten days late."""

    async def fitted(self, ledger: str, day: date, version: str, kind: ModelKind) -> LedgerHistory:
        last = day.toordinal()
        payers = []
        for customer in range(30):
            issues = [last - 400 + 30 * nth + customer for nth in range(12)]
            history = (
                InvoiceOutcome(on, on + 30, on + (40 if nth % 3 else 25)) for nth, on in enumerate(issues)
            )
            payers.append(PayerHistory("", tuple(history)))
        make = fit_boosted if kind == "boosted" else fit
        return LedgerHistory(make(payers, last, version), len(payers), 7)


class NoHistory:
    async def fitted(self, ledger: str, day: date, version: str, kind: ModelKind) -> LedgerHistory:
        raise HistoryTooShort


def test_a_fit_is_kept_with_its_report_and_used_from_its_activation_on() -> None:
    books = BooksInMemory()
    books.do(fit_model, FitModel(), FirmHistory())
    (fitted,) = (e.data for e in books.stream(STREAM))
    assert isinstance(fitted, ScoreModelFitted)
    assert (fitted.version, fitted.customers, fitted.position, fitted.on) == ("own-1", 30, 7, TODAY)
    assert [each.forecast for each in fitted.quality] == ["model", "constant", "past_rate", "shrunk_rate"]
    assert fitted.first_issued_on < fitted.held_out_from <= fitted.last_issued_on
    late = sum(each.invoices * each.late_bps for each in fitted.bins)
    assert sum(each.invoices for each in fitted.bins) == fitted.held_out
    assert late == pytest.approx(10_000 * fitted.held_out_late, abs=fitted.held_out)
    state = books.state(SCORE_MODELS, STREAM)
    assert (state.active, state.model) == ("default-1", SHIPPED)

    books.do(activate_model, ActivateModel("own-1", "Better than the baselines"))
    state = books.state(SCORE_MODELS, STREAM)
    assert (state.active, state.model.version) == ("own-1", "own-1")
    assert state.model == model_of(fitted.parameters)
    books.do(activate_model, ActivateModel("own-1", "Again"))
    books.do(activate_model, ActivateModel("default-1", "Too few customers since the sale of the branch"))
    activated = [e.data for e in books.stream(STREAM)[1:]]
    assert [(each.version, each.replaces) for each in activated if isinstance(each, ScoreModelActivated)] == [
        ("own-1", "default-1"),
        ("default-1", "own-1"),
    ]
    assert [each.bins for each in activated if isinstance(each, ScoreModelActivated)] == [fitted.bins, ()]


def test_a_boosted_fit_is_kept_as_data_and_used_like_any_version() -> None:
    books = BooksInMemory()
    books.do(fit_model, FitModel("boosted"), FirmHistory())
    (fitted,) = (e.data for e in books.stream(STREAM))
    assert isinstance(fitted, ScoreModelFitted)
    assert sum(each.invoices for each in fitted.bins) == fitted.held_out
    books.do(activate_model, ActivateModel("own-1", "Better on the last quarter"))
    used = books.state(SCORE_MODELS, STREAM).model
    assert (used.kind, used.version) == ("boosted", "own-1")
    assert document_of(used) == fitted.parameters


def test_a_short_history_keeps_the_shipped_model() -> None:
    books = BooksInMemory()
    with pytest.raises(HistoryTooShort):
        books.do(fit_model, FitModel(), NoHistory())
    assert books.state(SCORE_MODELS, STREAM).model == SHIPPED
    with pytest.raises(ScoreModelNotFound, match=r"^There is no score model [a-z]+-\d+ in this ledger\.$"):
        books.do(activate_model, ActivateModel("own-1", "It was never fitted"))


def test_the_document_of_a_model_gives_it_again() -> None:
    assert document_of(model_of(document_of(SHIPPED))) == document_of(SHIPPED)
    assert len(document_of(SHIPPED)) < 4_000


def item(due_in: int, settled_in: int | None, **fields: object) -> ExposureItem:
    """An invoice of 100 minor units, its days from today."""
    due, settled = day(due_in), None if settled_in is None else day(settled_in)
    left = 100 if settled is None else 0
    usual = {
        "invoice_id": "inv_1", "number": "F1", "issued_on": due - timedelta(days=30), "due_on": due, "total_minor": 100,
        "open_minor": left, "disputed_minor": 0, "uncovered_minor": left, "settled_on": settled, "moved_on": due,
    }  # fmt: skip
    return ExposureItem(**(usual | fields))  # type: ignore[arg-type]


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


def delay(of: ExposureItem) -> int | None:
    """Delay of the outcome, or days past due today."""
    found = outcome(of, TODAY)
    if found is None:
        return None
    return TODAY.toordinal() - found.due if found.settled is None else found.delay_days


def test_outcomes_are_those_of_the_settlement_view() -> None:
    assert delay(item(-40, -30)) == 10
    assert delay(item(-40, -55)) == -15
    assert delay(item(-40, None)) == 40
    assert delay(item(5, None)) == -5


def test_penalties_cancelled_debts_and_old_write_offs_say_nothing() -> None:
    assert delay(item(-40, None, is_penalty=True)) is None
    assert delay(item(-40, None, open_minor=0, uncovered_minor=0)) is None
    assert delay(item(-500, None, open_minor=0, moved_on=day(-366))) is None
    assert delay(item(-500, None, open_minor=0, moved_on=day(-365))) == 500


def test_an_invoice_in_instalments_has_the_longest_of_their_delays() -> None:
    late, later = ExposurePart(day(-60), 0, 0, day(-20)), ExposurePart(day(-10), 0, 0, day(-9))
    assert delay(item(-10, -9, instalments=(late, later))) == 40
    waiting = ExposurePart(day(-10), 100, 100, None)
    assert delay(item(-10, None, instalments=(late, waiting))) == 40
    assert delay(item(20, None, instalments=(ExposurePart(day(20), 100, 100, None),), delay_before=35)) == 35


def check(picture: Picture, *, by_model: bool) -> tuple[tuple[str, ...], str | None, str | None]:
    order = OrderAsked("cus_1", 10_00, "EUR", None)
    model = SHIPPED if by_model else None
    verdict, basis = assess(order, picture, TODAY, position=9, lag=0, model=model)
    return verdict.reasons, basis.grade, basis.score_model


@pytest.mark.parametrize(("late", "grade"), [(0, "B"), (20, "C"), (75, "D"), (190, "E")])
def test_a_check_refers_customers_of_grade_d_and_e_and_says_by_which_model(late: int, grade: str) -> None:
    limit = ApprovedLimit("lim_1", 1_000_00, "EUR", 400, None)
    items = (("EUR", item(-late, None)),)
    picture = Picture("cus_1", "ent_1", "Garage", items=items, limit=limit)
    expected = ("weak-payment-behaviour",) if grade in "DE" else ("within-limit",)
    assert check(picture, by_model=True) == (expected, grade, "default-1")


def test_a_decision_of_before_there_were_models_is_by_the_score() -> None:
    limit = ApprovedLimit("lim_1", 1_000_00, "EUR", 400, None)
    picture = Picture("cus_1", "ent_1", "Garage", items=(("EUR", item(-60, None)),), limit=limit)
    assert check(picture, by_model=False) == (("weak-payment-behaviour",), None, None)
    assert check(picture, by_model=True)[0] == ("weak-payment-behaviour",)
