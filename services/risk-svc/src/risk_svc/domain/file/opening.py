"""Opening of an account: required items, done with evidence or waived, opened by four eyes or refused.

Streams: the checklist of an entity, the opening file of a customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.events.account_opening import (
    AccountChecklistSet,
    AccountItemDone,
    AccountItemWaived,
    AccountOpened,
    AccountOpeningRequested,
    AccountRefused,
    ChecklistItem,
)
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.ids import with_prefix
from risk_svc.domain.policy import DecidesOwnRequest

OpeningEvent = AccountOpeningRequested | AccountItemDone | AccountItemWaived | AccountOpened | AccountRefused


class AccountChecklistNotFound(NotFound):
    """The entity has no checklist (404)."""

    code = "account-checklist-not-found"
    title = "Entity has no account checklist"
    remedy = (
        "PUT /v1/entities/{entity_id}/account-checklist sets one; without one no account has to be opened."
    )


class AccountOpeningNotFound(NotFound):
    """Nobody has asked for an account of the customer (404)."""

    code = "account-opening-not-found"
    title = "Account opening not found"
    remedy = "POST /v1/customers/{customer_id}/account-opening asks for the account."


class NoAccountChecklist(Refusal):
    """The entity has no checklist, so no account has to be opened."""

    code = "no-account-checklist"
    title = "Entity asks for no account opening"
    remedy = "PUT /v1/entities/{entity_id}/account-checklist first."


class AccountItemNotFound(NotFound):
    """The file does not need an item of the code (404)."""

    code = "account-item-not-found"
    title = "Item is not in the file"
    remedy = "Use a code from GET /v1/customers/{customer_id}/account-opening."


class AccountOpeningDecided(Refusal):
    """The account is open, or was refused."""

    code = "account-opening-decided"
    title = "Account opening is decided"
    remedy = "A refused account can be asked for again."


class AccountItemsMissing(Refusal):
    """Items are neither done nor waived."""

    code = "account-items-missing"
    title = "Items of the account are missing"
    remedy = "Complete or waive the items in `missing`."


@dataclass(frozen=True, slots=True)
class SetAccountChecklist:
    """Set the checklist of an entity; all of it."""

    entity_id: str
    currency: str
    items: tuple[ChecklistItem, ...]
    refers: bool


@dataclass(frozen=True, slots=True)
class AskForAccount:
    """Ask for an account with credit up to an amount."""

    customer_id: str
    amount_minor: int
    currency: str
    text: str


@dataclass(frozen=True, slots=True)
class SettleItem:
    """Record that an item is done, or waive it."""

    customer_id: str
    item_code: str
    text: str
    evidence_sha256: tuple[str, ...] = ()
    waived: bool = False


@dataclass(frozen=True, slots=True)
class DecideOpening:
    """Open or refuse an account."""

    customer_id: str
    opened: bool
    text: str


@dataclass(frozen=True, slots=True)
class AccountChecklist:
    """The checklist in force; version 0 asks for nothing."""

    entity_id: str = ""
    version: int = 0
    currency: str = ""
    items: tuple[ChecklistItem, ...] = ()
    refers: bool = False


@dataclass(frozen=True, slots=True)
class SettledItem:
    """An item that is done or waived."""

    waived: bool
    by: str
    on: date
    text: str
    evidence_sha256: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountOpening:
    """Opening file of a customer, since it was last asked for."""

    asked: AccountOpeningRequested | None = None
    entity_id: str = ""
    asked_by: str = ""
    asked_on: date | None = None
    settled: Mapping[str, SettledItem] = field(default_factory=dict)
    state: str = "none"
    """``none``, ``requested``, ``open`` or ``refused``."""
    decided_by: str | None = None
    decided_on: date | None = None
    text: str | None = None

    @property
    def missing(self) -> list[str]:
        """Codes of the items that are neither done nor waived."""
        needed = self.asked.items if self.asked else ()
        return [each.item_code for each in needed if each.item_code not in self.settled]


def checklist_of(entity_id: str) -> str:
    """Return the stream of the checklist of an entity."""
    return with_prefix(entity_id, "acl")


def opening_of(customer_id: str) -> str:
    """Return the stream of the opening file of a customer."""
    return with_prefix(customer_id, "aco")


def evolve_checklist(state: AccountChecklist, recorded: Recorded) -> AccountChecklist:
    """Return the checklist after one more event."""
    event = recorded.data
    assert isinstance(event, AccountChecklistSet)
    return AccountChecklist(event.entity_id, event.version, event.currency, event.items, event.refers)


def evolve(state: AccountOpening, recorded: Recorded) -> AccountOpening:
    """Return the file after one more event."""
    event: OpeningEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case AccountOpeningRequested():
            return AccountOpening(
                event, recorded.entity, recorded.actor, recorded.effective_on, {}, "requested"
            )
        case AccountItemDone():
            done = SettledItem(
                False, recorded.actor, recorded.effective_on, event.text, event.evidence_sha256
            )
            return replace(state, settled={**state.settled, event.item_code: done})
        case AccountItemWaived():
            waived = SettledItem(True, recorded.actor, recorded.effective_on, event.text)
            return replace(state, settled={**state.settled, event.item_code: waived})
        case AccountOpened() | AccountRefused():
            return replace(
                state,
                state="open" if isinstance(event, AccountOpened) else "refused",
                decided_by=recorded.actor,
                decided_on=recorded.effective_on,
                text=event.text,
            )
        case _:
            assert_never(event)


def set_checklist(state: AccountChecklist, command: SetAccountChecklist) -> list[AccountChecklistSet]:
    """Set the checklist; no event if it is the same. Raises :class:`Invalid` for two items of one code."""
    codes = [each.item_code for each in command.items]
    if len(set(codes)) < len(codes):
        raise Invalid("Two items have the same code.", "/items")
    same = (command.currency, command.items, command.refers) == (state.currency, state.items, state.refers)
    if state.version and same:
        return []
    return [
        AccountChecklistSet(
            account_checklist_id=checklist_of(command.entity_id),
            entity_id=command.entity_id,
            version=state.version + 1,
            currency=command.currency,
            items=command.items,
            refers=command.refers,
        )
    ]


def ask(
    state: AccountOpening, command: AskForAccount, checklist: AccountChecklist, segment: str | None
) -> AccountOpeningRequested:
    """Ask for an account, with the items that segment and amount need.

    Raises :class:`NoAccountChecklist`, :class:`AccountOpeningDecided` for an account that is open or asked for, and
    :class:`Invalid` for another currency than the checklist's.
    """
    if not checklist.version:
        raise NoAccountChecklist("The entity has no checklist of accounts.")
    if state.state in {"requested", "open"}:
        raise AccountOpeningDecided(f"The account is {'open' if state.state == 'open' else 'asked for'}.")
    if command.currency != checklist.currency:
        raise Invalid(f"The checklist is in {checklist.currency}; use that currency.", "/amount/currency")
    needed = (
        each
        for each in checklist.items
        if (not each.segments or segment in each.segments)
        and (each.from_minor is None or command.amount_minor >= each.from_minor)
    )
    return AccountOpeningRequested(
        account_opening_id=opening_of(command.customer_id),
        customer_id=command.customer_id,
        amount_minor=command.amount_minor,
        currency=command.currency,
        segment=segment,
        checklist_version=checklist.version,
        items=tuple(needed),
        text=command.text,
    )


def settle(state: AccountOpening, command: SettleItem) -> list[AccountItemDone | AccountItemWaived]:
    """Record that an item is done or waived, again too: the last counts; no event for the same.

    Raises :class:`AccountOpeningDecided`, :class:`AccountItemNotFound`.
    """
    _require_undecided(state)
    assert state.asked is not None
    if command.item_code not in {each.item_code for each in state.asked.items}:
        raise AccountItemNotFound(command.item_code)
    known = state.settled.get(command.item_code)
    told = (command.waived, command.text, command.evidence_sha256)
    if known is not None and told == (known.waived, known.text, known.evidence_sha256):
        return []
    stream = opening_of(command.customer_id)
    if command.waived:
        waived = AccountItemWaived(
            account_opening_id=stream,
            customer_id=command.customer_id,
            item_code=command.item_code,
            text=command.text,
        )
        return [waived]
    done = AccountItemDone(
        account_opening_id=stream,
        customer_id=command.customer_id,
        item_code=command.item_code,
        text=command.text,
        evidence_sha256=command.evidence_sha256,
    )
    return [done]


def decide(
    state: AccountOpening, command: DecideOpening, *, actor: str
) -> list[AccountOpened | AccountRefused]:
    """Open or refuse an account; no event for the same decision again.

    Raises :class:`AccountOpeningDecided`, :class:`AccountItemsMissing`, and :class:`DecidesOwnRequest` for whoever
    asked for the account, or did or waived an item, and would open it.
    """
    if state.state == ("open" if command.opened else "refused"):
        return []
    _require_undecided(state)
    stream = opening_of(command.customer_id)
    if not command.opened:
        refused = AccountRefused(
            account_opening_id=stream, customer_id=command.customer_id, text=command.text
        )
        return [refused]
    if actor in {state.asked_by, *(each.by for each in state.settled.values())}:
        raise DecidesOwnRequest(f"{actor} has worked on the file, and cannot open the account.")
    if missing := state.missing:
        raise AccountItemsMissing(
            f"Items are neither done nor waived: {', '.join(missing)}.", extra={"missing": missing}
        )
    return [AccountOpened(account_opening_id=stream, customer_id=command.customer_id, text=command.text)]


def _require_undecided(state: AccountOpening) -> None:
    if state.state != "requested":
        raise AccountOpeningDecided(f"The account is {state.state}.")
