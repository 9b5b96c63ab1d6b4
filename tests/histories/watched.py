"""A history that keeps in mind, naively, what reminders and thank-yous depend on, and random facts for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from encours.contracts.events import customer
from encours.contracts.events.dunning.promises import PromiseMade, PromiseWithdrawn
from tests.histories.approvals import answer
from tests.histories.dunning import ADDRESS, CUS
from tests.histories.family import Family

INVOICES = 3
ACTS = (
    *("settle", "receive", "dispute", "concede", "credit", "write_off", "hold", "move"),
    *("tag", "firm", "promise", "unpromise", "place", "answer", "answer"),
)


class Watched(Family):
    """A history that keeps in mind, naively, what a reminder depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.cash = 0
        self.held = False
        self.held_until = date.min
        self.reachable = True
        self.tagged = False
        self.firm = False
        self.waits = False
        """True while the reminder needs an answer that nobody has given, or that was no."""

    def claims(self, invoices: list[str]) -> dict[str, int]:
        """Amount of each of these invoices that is neither paid, contested nor conceded."""
        return {
            inv: max(0, self.open[inv] - self.disputed.get(inv, 0) - self.conceded.get(inv, 0))
            for inv in invoices
        }

    def act(self, random: Random, kinds: Sequence[str] = ACTS, invoices: int = INVOICES) -> str:
        """Record one fact of those that other people may record at any time; return its kind."""
        which, amount = random.randrange(invoices), random.choice((1, 400, 1_000, 3_000))
        match kind := random.choice(kinds):
            case "settle":
                self.settle(which, amount)
            case "receive":
                self.receive(amount)
                self.cash += amount
            case "dispute":
                self.dispute(which, amount)
            case "concede":
                self.concede(which)
            case "credit":
                self.credit(which, amount)
            case "write_off":
                self.write_off(which, amount)
            case "hold":
                days = random.choice((0, 5))
                self.hold(days)
                self.held = True
                self.held_until = self.today + timedelta(days=days)
            case "unsettle":
                self.unsettle(which, random.random() < 0.5)
            case "judge":
                self.judge(random.randrange(9))
            case "move":
                self.reachable = random.random() < 0.5
                self.amend()
            case "promise":
                self.promise(which, random.choice((0, 5)))
            case "unpromise":
                self.unpromise()
            case "tag":
                self.tagged = not self.tagged
                self.amend()
            case "answer":
                outcome = random.choice(("approved", "approved", "declined"))
                if answer(self, outcome) is not None:
                    self.waits = outcome == "declined"
            case "place":
                self.place(which)
            case "firm":
                self.firm = not self.firm
                if self.firm:
                    self.activate("firm")
                else:
                    self.retire("firm")
        return kind

    def promised(self, invoices: list[str]) -> bool:
        """Return True if one of these invoices has a promise that was neither withdrawn nor replaced."""
        ended = {e.stream for e in self.events if isinstance(e.data, PromiseWithdrawn)}
        made = [e.data for e in self.events if isinstance(e.data, PromiseMade) and e.stream not in ended]
        return any(set(each.invoice_ids) & set(invoices) for each in made)

    def amend(self) -> None:
        """Record the customer as it is now."""
        self.add(
            customer.CustomerAmended(
                customer_id=CUS, name="Débiteur", country="FR", language="fr", phone=None, siren=None,
                email="a@example.com" if self.reachable else None, vat_id=None, address=ADDRESS, segment=None,
                salesperson=None, tags=("firm",) if self.tagged else (),
            ),
            CUS,
        )  # fmt: skip
