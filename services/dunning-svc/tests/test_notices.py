"""Notices leave by their own channel, whatever the server of another one does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dunning_svc.outbox.carriers import Carriers
from encours.contracts import Event
from encours.contracts.events.dunning.alerts import AlertDigestSent
from encours.contracts.events.dunning.reminders import Channel, MessageProof
from encours.mail.attempts import Claim
from encours.mail.notices import DOWN_PAUSE_S, NoticeDispatcher
from encours.mail.smtp import Handed, Verdict

INFO = cast(Any, SimpleNamespace(name="main"))


class Kept:
    """Attempts of one process, and the pauses of those that wait."""

    owner = "here"

    def __init__(self) -> None:
        self.paused: dict[str, float] = {}

    async def read(self, _ledger: str, _keys: list[str]) -> dict[str, Any]:
        return {}

    async def claim(self, _ledger: str, wanted: list[tuple[str, str]]) -> dict[str, Any]:
        return {key: SimpleNamespace(age=timedelta(), tries=1, first_at=None) for key, _ in wanted}

    async def defer(self, _ledger: str, key: str, pause_s: float) -> None:
        self.paused[key] = pause_s


class Noticing(NoticeDispatcher[str, str, Carriers]):
    """One notice, whose server answers with the same verdict every time."""

    def __init__(self, carriers: Carriers, channel: Channel, verdict: Verdict) -> None:
        self.kept = Kept()
        ledger = cast(Any, SimpleNamespace(today=self._today))
        super().__init__(ledger, cast(Any, None), cast(Any, self.kept), carriers, channel)
        self.verdict: Verdict = verdict
        self.tries = 0
        self.recorded: list[Event] = []

    async def _today(self, _name: str) -> date:
        return date(2026, 6, 1)

    async def requested(self, _info: Any) -> tuple[Mapping[str, str], bool]:
        return {"alg_1": "one"}, True

    async def standing(self, _info: Any, fresh: Mapping[str, str], _today: date) -> Mapping[str, str]:
        return fresh

    async def send(
        self, _info: Any, _key: str, _prepared: str, _claim: Claim
    ) -> tuple[Handed, MessageProof | None]:
        self.tries += 1
        return Handed(self.verdict, "as it says"), None

    def outcome(
        self, _ledger: str, _request: str, handed: Handed, _age: timedelta, _proof: MessageProof | None
    ) -> Event | None:
        return AlertDigestSent(digest_id="alg_1", evidence="250") if handed.verdict == "accepted" else None

    async def append(self, _ledger: str, _request: str, outcome: Event, _on: date) -> None:
        self.recorded.append(outcome)


@pytest.mark.parametrize(("down", "up"), [("email", "webhook"), ("webhook", "email")])
async def test_a_server_that_is_down_holds_up_its_own_channel_alone(down: Channel, up: Channel) -> None:
    none: Any = None
    carriers = Carriers(none, none, none)
    waits, leaves = Noticing(carriers, down, "unreachable"), Noticing(carriers, up, "accepted")
    for _ in range(3):
        assert await waits.pick_up(INFO), "it is tried again"
        await leaves.pick_up(INFO)
    assert (waits.tries, waits.kept.paused) == (1, {"alg_1": DOWN_PAUSE_S})
    assert leaves.tries == len(leaves.recorded) == 3
