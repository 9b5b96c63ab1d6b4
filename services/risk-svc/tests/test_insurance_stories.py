"""Worked stories of covers: named and unnamed, permanent and temporary, reduced, cancelled, stopped, of two insurers.

Dates and amounts were worked out by hand, in euros. Each story is lived day by day: the work of each day stops covers,
resumes them, and alerts each deadline ten business days before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from encours.contracts.events.insurance import InsuranceContractSet, InsuranceTerms
from encours.contracts.insured.claims import DeadlineFacts, InsuredBook, InsuredInvoice, deadline_id_of
from encours.contracts.insured.covers import InsuranceCover, changed
from encours.contracts.insured.share import insured
from encours.kernel.business_days import business_calendar
from encours.testing.events import event
from risk_svc.domain.insurance import cover
from risk_svc.domain.insurance.backtest import lost, passed_deadlines
from risk_svc.domain.insurance.contract import contract_of
from risk_svc.domain.insurance.deadlines import deadlines_of
from risk_svc.domain.insurance.work import near, stops_and_ends

USUAL = InsuranceTerms(
    insured_share_bps=9_000, longest_extension_days=60, notice_days=30, hand_over_days=90, waiting_days=150,
    stop_days=60, unnamed_minor=500_00, calendar="FR",
)  # fmt: skip
OTHER = with_fields(USUAL, insured_share_bps=8_500, notice_days=45, hand_over_days=120, stop_days=45)
FOREVER = date(2030, 1, 1)
DAY = timedelta(days=1)


def on(text: str) -> date:
    """A day of 2026, or the whole date."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


@dataclass(frozen=True)
class Granted:
    """A cover in euros; ``changes`` are reductions and cancellations in their order."""

    amount: int
    first: str
    last: str | None = None
    buyer: Any = "named"
    code: str = "A"
    changes: tuple[Any, ...] = ()

    def made(self, number: int, contract: InsuranceContractSet) -> InsuranceCover:
        identifier = f"cov_{number}"
        wanted = cover.GrantCover(
            identifier, "cus_1", self.code, self.buyer, "temporary" if self.last else "permanent",
            self.amount * 100, "EUR", on(self.first), on(self.last) if self.last else None,
        )  # fmt: skip
        granted = cover.grant(wanted, contract, "ent_1", on(self.first))
        state = changed(InsuranceCover(), granted, granted.valid_from, "ent_1")
        for each in self.changes:
            command = replace(each, cover_id=identifier)
            events: Any = (
                cover.reduce(state, command, FOREVER)
                if isinstance(each, cover.ReduceCover)
                else cover.cancel(state, command, FOREVER)
            )
            for done in events:
                state = changed(state, done, each.from_on, "ent_1")
        return state


def reduced(amount: int, first: str) -> cover.ReduceCover:
    return cover.ReduceCover("", amount * 100, "EUR", on(first))


def cancelled(first: str, run_off: int = 0, *, by_insurer: bool = True) -> cover.CancelCover:
    return cover.CancelCover("", on(first), run_off, by_insurer)


@dataclass(frozen=True)
class Bill:
    """An invoice in euros."""

    amount: int
    issued: str
    due: str
    paid: str | None = None
    agreed: str | None = None

    def made(self, name: str) -> InsuredInvoice:
        return InsuredInvoice(
            name, name, "cus_1", "EUR", on(self.issued), on(self.due), self.amount * 100,
            agreed_on=on(self.agreed) if self.agreed else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Story:
    """Covers and invoices, and what they come to on a day: insured euros by invoice, open cover, reason of the stop."""

    name: str
    covers: tuple[Granted, ...]
    bills: dict[str, Bill]
    day: str
    insured: dict[str, int]
    cover: int
    deadlines: dict[str, str]
    stop: str | None = None
    contracts: dict[str, tuple[str, str | None, InsuranceTerms]] = field(
        default_factory=lambda: {"A": ("2025-01-01", None, USUAL)}
    )
    handed: dict[str, str] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    """Insured euros that would be lost by the end of the year where those of ``insured`` are not, claim by claim."""


SUMMER = {"overdue_notice": "07-30/07-16", "hand_over": "09-28/09-14"}
WINTER = {"overdue_notice": "02-13/01-30", "hand_over": "04-15/03-31"}
"""Of an invoice due on June 30 and on January 15: 30 and 90 days after, moved to the business day before."""
IN_ROW = {"A": ("2025-01-01", "03-31", USUAL), "B": ("04-01", None, OTHER)}


def of(name: str, **kinds: str) -> dict[str, str]:
    return {f"{name} {kind}": days for kind, days in kinds.items()}


STORIES = (
    Story(
        "a named buyer is covered up to its amount, the oldest first",
        (Granted(1_000, "2025-01-01"),),
        {"F1": Bill(600, "01-02", "01-15"), "F2": Bill(600, "01-05", "01-15")},
        "01-20", {"F1": 540, "F2": 360}, 1_000,
        of("F1", **WINTER, stop_of_cover="03-16/03-02") | of("F2", **WINTER, stop_of_cover="03-16/03-02"),
        lost={"F2": 540},
    ),
    Story(
        "an unnamed buyer is covered up to the amount of the contract",
        (Granted(500, "2025-01-01", buyer="unnamed"),),
        {"F1": Bill(700, "01-02", "01-15")},
        "01-20", {"F1": 450}, 500, of("F1", **WINTER, stop_of_cover="03-16/03-02"),
    ),
    Story(
        "an unnamed buyer whose payment was extended beyond the longest: the insurer has to consent",
        (Granted(500, "2025-01-01", buyer="unnamed"),),
        {"F1": Bill(700, "01-02", "01-15", agreed="04-30")},
        "02-01", {"F1": 450}, 500,
        of("F1", overdue_notice="04-15/03-31", hand_over="06-12/05-29", extension="03-16/03-02",
           stop_of_cover="03-16/03-02"),
        contracts={"A": ("2025-01-01", None, with_fields(USUAL, counted_from="extended_date"))},
    ),
    Story(
        "a temporary cover expires: deliveries after it are not covered, and nothing refuses them",
        (Granted(800, "2025-12-01", "03-31"),),
        {"F1": Bill(600, "03-20", "06-30"), "F2": Bill(300, "04-01", "06-30")},
        "04-10", {"F1": 540}, 0, of("F1", **SUMMER) | {"cover_expiry": "03-31/03-17"},
    ),
    Story(
        "a temporary cover adds to a permanent one, which is taken first",
        (Granted(500, "03-01", "03-31"), Granted(1_000, "2025-01-01")),
        {"F1": Bill(1_200, "03-20", "06-30"), "F2": Bill(400, "04-01", "06-30")},
        "04-10", {"F1": 1_080}, 1_000,
        of("F1", **SUMMER, stop_of_cover="08-29/08-14") | of("F2", **SUMMER, stop_of_cover="08-29/08-14")
        | {"cover_expiry": "03-31/03-17"},
        lost={"F2": 360},
    ),
    Story(
        "a temporary cover is reduced by the insurer before it expires",
        (Granted(800, "2025-12-01", "04-30", changes=(reduced(200, "04-01"),)),),
        {"F1": Bill(100, "03-20", "06-30"), "F2": Bill(300, "04-01", "06-30")},
        "04-10", {"F1": 90, "F2": 90}, 200,
        of("F1", **SUMMER) | of("F2", **SUMMER) | {"cover_expiry": "04-30/04-16"}
        | of("F1", stop_of_cover="08-29/08-14") | of("F2", stop_of_cover="08-29/08-14"),
        lost={"F2": 180},
    ),
    Story(
        "a cover is reduced: an invoice of before keeps the earlier amount and uses up the lower one",
        (Granted(1_000, "2025-01-01", changes=(reduced(400, "04-01"),)),),
        {"F1": Bill(700, "03-20", "06-30"), "F2": Bill(300, "04-01", "06-30")},
        "04-10", {"F1": 630}, 400,
        of("F1", **SUMMER, stop_of_cover="08-29/08-14") | of("F2", **SUMMER, stop_of_cover="08-29/08-14"),
        lost={"F2": 270},
    ),
    Story(
        "a cover is reduced: what earlier invoices left of the lower amount covers later ones",
        (Granted(1_000, "2025-01-01", changes=(reduced(400, "04-01"),)),),
        {"F1": Bill(100, "03-20", "06-30"), "F2": Bill(900, "04-01", "06-30")},
        "04-10", {"F1": 90, "F2": 270}, 400,
        of("F1", **SUMMER, stop_of_cover="08-29/08-14") | of("F2", **SUMMER, stop_of_cover="08-29/08-14"),
        lost={"F2": 360},
    ),
    Story(
        "an unnamed buyer's cover is reduced to nothing: new deliveries are refused",
        (Granted(500, "2025-01-01", buyer="unnamed", changes=(reduced(0, "04-01"),)),),
        {"F1": Bill(400, "03-20", "06-30")},
        "04-10", {"F1": 360}, 0, of("F1", **SUMMER, stop_of_cover="08-29/08-14"), "cover-withdrawn",
    ),
    Story(
        "a cancelled cover runs off: binding orders are delivered under it for 30 days",
        (Granted(1_000, "2025-01-01", changes=(cancelled("04-01", 30),)),),
        {
            "F1": Bill(700, "03-20", "06-30"), "F2": Bill(200, "04-30", "06-30"),
            "F3": Bill(50, "05-01", "06-30"),
        },
        "05-04", {"F1": 630, "F2": 180}, 0,
        of("F1", **SUMMER) | of("F2", **SUMMER) | {"cover_expiry": "03-31/03-17"}, "cover-withdrawn",
    ),
    Story(
        "a cover that the insured gives up ends at once and refuses nothing",
        (Granted(1_000, "2025-01-01", changes=(cancelled("04-01", by_insurer=False),)),),
        {"F1": Bill(700, "03-20", "06-30"), "F2": Bill(200, "04-01", "06-30")},
        "04-10", {"F1": 630}, 0, of("F1", **SUMMER) | {"cover_expiry": "03-31/03-17"},
    ),
    Story(
        "a debt 61 days late stops the cover, also as it runs off; its payment restores it",
        (Granted(1_000, "2025-01-01", changes=(cancelled("04-01", 60),)),),
        {
            "F1": Bill(100, "01-16", "02-15", paid="04-25"), "F2": Bill(300, "04-20", "06-30"),
            "F3": Bill(200, "04-25", "06-30"), "F4": Bill(400, "04-16", "06-30"),
        },
        "04-28", {"F3": 180, "F4": 360}, 0,
        of("F3", **SUMMER) | of("F4", **SUMMER) | {"cover_expiry": "03-31/03-17"}
        | {f"F{n} stop_of_cover": "08-29/08-14" for n in (2, 3, 4)},
        "cover-withdrawn",
        lost={"F1": 90},
    ),
    Story(
        "two insurers in a row: each covers what was invoiced in its time, by its own terms",
        (Granted(1_000, "2025-01-01"), Granted(1_000, "04-01", code="B")),
        {"F1": Bill(700, "03-20", "06-30"), "F2": Bill(700, "04-01", "06-30")},
        "04-10", {"A F1": 630, "B F2": 595}, 1_000,
        of("A F1", **SUMMER) | of("B F2", overdue_notice="08-14/07-31", hand_over="10-28/10-14")
        | of("B F1", stop_of_cover="08-14/07-31") | of("B F2", stop_of_cover="08-14/07-31"),
        contracts=IN_ROW,
    ),
    Story(
        "two insurers with a day between them: the end of the first is a deadline, and the day is not covered",
        (Granted(1_000, "2025-01-01"), Granted(1_000, "04-02", code="B")),
        {"F1": Bill(700, "04-01", "06-30"), "F2": Bill(700, "04-02", "06-30")},
        "04-10", {"B F2": 595}, 1_000,
        {"A contract_expiry": "03-31/03-17"}
        | of("B F2", overdue_notice="08-14/07-31", hand_over="10-28/10-14")
        | of("B F1", stop_of_cover="08-14/07-31") | of("B F2", stop_of_cover="08-14/07-31"),
        contracts=IN_ROW | {"B": ("04-02", None, OTHER)},
    ),
    Story(
        "a temporary cover that the next insurer's follows is no deadline",
        (Granted(800, "2025-12-01", "03-31"), Granted(600, "04-01", "04-30", code="B")),
        {"F1": Bill(600, "03-20", "06-30"), "F2": Bill(700, "04-01", "06-30")},
        "04-10", {"A F1": 540, "B F2": 510}, 600,
        of("A F1", **SUMMER) | of("B F2", overdue_notice="08-14/07-31", hand_over="10-28/10-14")
        | of("B F1", stop_of_cover="08-14/07-31") | of("B F2", stop_of_cover="08-14/07-31")
        | {"B cover_expiry": "04-30/04-16"},
        contracts=IN_ROW | {"A": ("2025-01-01", "12-31", USUAL)} | {"B": ("04-01", "2027-12-31", OTHER)},
    ),
    Story(
        "a claim under an expired temporary cover is handed over: the insurer pays after the waiting time",
        (Granted(800, "2025-12-01", "01-31"),),
        {"F1": Bill(600, "01-02", "01-15")},
        "02-12", {"F1": 540}, 0, of("F1", indemnity="07-10/06-26") | {"cover_expiry": "01-31/01-16"},
        handed={"F1": "02-10"},
        lost={"F1": 0},
    ),
)  # fmt: skip


class Lived:
    """A story with the stops of its covers, as the work of each day up to a day has recorded them."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.books = {}
        for code, (first, last, terms) in story.contracts.items():
            contract = event(
                InsuranceContractSet, insurance_contract_id=contract_of(code), entity_id="ent_1", code=code,
                currency="EUR", valid_from=on(first), valid_until=on(last) if last else None, conditions=terms,
            )  # fmt: skip
            covers = (
                each.made(number, contract) for number, each in enumerate(story.covers) if each.code == code
            )
            self.books[code] = InsuredBook(contract, tuple(covers))
        day = on("2025-12-01")
        while day <= on(story.day):
            for code in self.books:
                self._work(code, day)
            day += DAY

    def _work(self, code: str, day: date) -> None:
        known = self.books[code]
        steps = {id(each): command for each, command in stops_and_ends(self.seen(code, day), day)}
        found = []
        for each in known.covers:
            match steps.get(id(each)):
                case cover.StopCover() as command:
                    done: Any = cover.stop(each, command)
                case cover.ResumeCover() as command:
                    done = cover.resume(each, command)
                case _:
                    done = []
            found.append(changed(each, done[0], day, "ent_1") if done else each)
        self.books[code] = replace(known, covers=tuple(found))

    def seen(self, code: str, day: date) -> InsuredBook:
        """The book of a contract as of a day."""
        story, known = self.story, self.books[code]
        bills = {
            name: each
            for name, each in story.bills.items()
            if on(each.issued) <= day and (each.paid is None or day < on(each.paid))
        }
        beside = [each for each in self.books.values() if each is not known]
        return replace(
            known,
            invoices=tuple(each.made(name) for name, each in bills.items()),
            facts={
                deadline_id_of(contract_of(code), "hand_over", name): DeadlineFacts(met_on=on(told))
                for name, told in story.handed.items()
                if on(told) <= day
            },
            contracts_beside=tuple(each.contract for each in beside),
            covers_beside=tuple(cover_ for each in beside for cover_ in each.covers),
        )

    def name(self, code: str, subject: str | None, kind: str = "") -> str:
        """Name of an invoice or a deadline in a story: with its contract where there are two."""
        several = len(self.story.contracts) > 1
        return " ".join(part for part in (code if several else "", subject, kind) if part)


ALL = pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])


@ALL
def test_a_story_comes_to_the_insured_parts_that_were_worked_out(story: Story) -> None:
    lived, day = Lived(story), on(story.day)
    shares = {code: insured(lived.seen(code, day), "cus_1", day) for code in lived.books}
    assert {
        lived.name(code, invoice): minor
        for code, share in shares.items()
        if share is not None
        for invoice, minor in share.by_invoice.items()
    } == {name: euros * 100 for name, euros in story.insured.items()}
    assert sum(share.cover_minor for share in shares.values() if share) == story.cover * 100
    stops = {share.stop.reason.code for share in shares.values() if share and share.stop}
    assert stops == ({story.stop} if story.stop else set())


@ALL
def test_each_deadline_of_a_story_is_the_one_worked_out_and_is_shown_ten_business_days_before(
    story: Story,
) -> None:
    lived, day = Lived(story), on(story.day)
    shown: dict[str, str] = {}
    for code in lived.books:
        for each in deadlines_of(lived.seen(code, day), day, on("12-31")):
            name = lived.name(code, each.invoice_id, each.kind)
            shown[name] = f"{each.last_day:%m-%d}/{each.alert_on:%m-%d}"
            assert business_days(each.alert_on, each.last_day) == 10
            if each.alert_on > day:
                for then in (each.alert_on - DAY, each.alert_on):
                    alerted = {one.deadline_id for one in near(lived.seen(code, then), then)}
                    covers = [one for one in lived.books[code].covers if one.last_covered >= then]
                    if each.kind != "stop_of_cover" or covers:
                        assert (each.deadline_id in alerted) == (then == each.alert_on)
    assert shown == story.deadlines


def business_days(first: date, last: date) -> int:
    """Count the business days after a day, up to another, by the calendar's file alone."""
    known = business_calendar("FR").holidays
    days = [first + n * DAY for n in range(1, (last - first).days + 1)]
    return sum(day.weekday() < 5 and day not in known for day in days)


@ALL
def test_a_story_in_which_nobody_acts_loses_the_claims_that_were_worked_out(story: Story) -> None:
    lived, found = Lived(story), {}
    for code, known in lived.books.items():
        book = replace(
            lived.seen(code, on(story.day)),
            invoices=tuple(each.made(name) for name, each in story.bills.items()),
            covers=known.covers,
        )
        passed = passed_deadlines(book, on("01-01"), on("12-31"), assume_cover=False)
        open_on = {
            (each.invoice.invoice_id, each.last_day): each.invoice
            for each in passed
            if each.last_day < on(story.bills[each.invoice.invoice_id].paid or "2030-01-01")
        }
        for claim in lost(book, passed, open_on, assume_cover=False):
            found[lived.name(code, claim.passed.invoice.invoice_id)] = claim.insured_minor
    wanted = {name: euros * 100 for name, euros in (story.insured | story.lost).items() if euros}
    assert found == wanted
