"""A ledger of several customers, some of which pay for others or are of one group."""

from __future__ import annotations

from typing import Any

from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.written import document_of
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered, RolesAssigned
from encours.kernel.ids import derived_id
from encours.testing.events import event
from tests.histories.dunning import ADDRESS, CUS, ENT, History
from tests.histories.policies import written_policy

SUBSIDIARIES = tuple(derived_id("cus", n) for n in (2, 3))
MEMBERS = (CUS, *SUBSIDIARIES)


class Family(History):
    """The customer of a history, and two more. An act on an invoice is one of its customer."""

    def __init__(self) -> None:
        super().__init__()
        for n, customer_id in enumerate(SUBSIDIARIES, 2):
            self.add(
                event(
                    CustomerRegistered,
                    customer_id=customer_id,
                    entity_id=ENT,
                    name=f"Filiale {n}",
                    email=f"f{n}@example.com",
                    address=ADDRESS,
                ),
                customer_id,
            )

    def group_by(self, grouping: str, **more: Any) -> None:
        """Put a policy with that grouping in force."""
        self.activate_document(grouping, document_of(written_policy(grouping=grouping, **more)))

    def as_member(self, member: int) -> None:
        """Let the next acts be about that member: the payer is 0."""
        self.customer = MEMBERS[member % len(MEMBERS)]

    def bill(self, member: int, days: int, amount: int) -> None:
        """Issue an invoice to a member."""
        self.as_member(member)
        self.issue(days, amount)

    def pay_for(self, member: int, payer: int | None, group: int | None = None) -> None:
        """Assign who pays for a member and whose group it is, from today on; ``None`` is the member itself."""
        customer_id = MEMBERS[member % len(MEMBERS)]
        self.add(
            event(
                RolesAssigned,
                customer_id=customer_id,
                valid_from=self.today,
                payer_id=None if payer is None else MEMBERS[payer],
                group_id=None if group is None else MEMBERS[group],
            ),
            customer_id,
        )

    def mark(self, member: int, *tags: str) -> None:
        """Amend the tags of a member."""
        customer_id = MEMBERS[member % len(MEMBERS)]
        amended = event(
            CustomerAmended,
            customer_id=customer_id,
            name=f"Membre {member}",
            country="FR",
            email=f"m{member}@example.com",
            address=ADDRESS,
            tags=tags,
        )
        self.add(amended, customer_id)

    def cases(self) -> list[Case]:
        """Return the cases of all members."""
        merged = self.rows.survivors(self.today)
        groups = {(merged.of(group[0]), *group[1:]) for group in self.rows.groups()}
        found = (self.rows.case(group, self.today, merged=merged) for group in sorted(groups))
        return [case for case in found if case is not None]

    def requests(self) -> list[ReminderRequested]:
        """Return the reminders that were decided."""
        return [made for _, made in self.decided if isinstance(made, ReminderRequested)]


def paid_by_one(grouping: str = "payer", **more: Any) -> Family:
    """A family whose first member pays for the others, with an invoice of each that is due at once."""
    family = Family()
    family.group_by(grouping, **more)
    for member in (1, 2):
        family.pay_for(member, 0)
    for member in (0, 1, 2):
        family.bill(member, 1, 1_000 * (member + 1))
    return family


def lived(family: Family, days: int) -> None:
    """Open so many days."""
    for _ in range(days):
        family.open_day()
