"""Cash of a month on a day of the past: funds by their day, promises and due dates as they were known."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from dunning_svc.read_models.cases.past import folded
from dunning_svc.read_models.collectors.past_cash import cash_in
from tests.histories.cash import received_between
from tests.histories.dunning import CUS, START, History

JANUARY = date(2026, 1, 1)


def test_received_is_what_a_naive_count_of_the_events_up_to_a_position_gives() -> None:
    for seed in range(6):
        random, history = Random(seed), History()
        for _ in range(3):
            history.issue(random.randrange(30), 10_000)
        for _ in range(25):
            which = random.randrange(3)
            match random.choice(("settle", "settle", "unsettle", "day", "day")):
                case "settle":
                    history.settle(which, random.randrange(1, 4_000))
                case "unsettle":
                    history.unsettle(which, random.random() < 0.5)
                case _:
                    history.open_day()
        position, day = random.randrange(4, len(history.events)), START + timedelta(days=random.randrange(9))
        known = [e for e in history.events if e.position <= position and e.effective_on <= day]
        rows = folded({"all": history.events[:position]}, day)
        naive = received_between(known, JANUARY, day)
        assert cash_in(rows, JANUARY, day).received.get((CUS, "EUR"), 0) == naive, seed


def test_expected_follows_the_promise_that_was_known_then() -> None:
    history = History()
    history.issue(10, 5_000)
    history.issue(12, 3_000)
    before = len(history.events)
    history.open_day()
    history.promise(0, 20)
    history.settle(0, 1_000)
    history.dispute(1, 500)
    day = history.today
    now, then = folded({"all": history.events}), folded({"all": history.events[:before]})
    assert cash_in(then, JANUARY, START).expected == {(CUS, "EUR"): 8_000}
    assert cash_in(now, JANUARY, day).expected == {(CUS, "EUR"): 4_000 + 2_500}
    assert cash_in(now, date(2026, 2, 1), day).expected == {}
    assert cash_in(now, JANUARY, day, granted=("ent_other",)).expected == {}
