"""A cash forecast that is made for a request: once at a time, few at once, and no other request waits for it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S
from reporting_svc.domain.forecast.made import MadeForecast, make_forecast
from reporting_svc.http.cash_forecast import routes
from reporting_svc.read_models.figures.sources import SOURCES
from reporting_svc.read_models.forecast.making import AT_ONCE, ForecastInMaking, ForecastsInMaking
from tests.integration.report_yard import ENTITY, yard


def test_a_forecast_is_made_once_at_a_time_and_few_at_once() -> None:
    requested = ForecastsInMaking()
    with requested.making("fct_0"):
        with pytest.raises(ForecastInMaking) as same, requested.making("fct_0"):
            pass
        with requested.making("fct_1"):
            with pytest.raises(ForecastInMaking) as further, requested.making(f"fct_{AT_ONCE}"):
                pass
            assert further.value.ended is same.value.ended, "it waits for the oldest"
        assert not same.value.ended.is_set()
    assert same.value.ended.is_set()
    with pytest.raises(LookupError), requested.making("fct_0"):
        raise LookupError
    with requested.making("fct_0"):
        pass


async def test_requests_for_one_forecast_make_it_once_and_others_go_on_meanwhile(
    module_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()
    made: list[MadeForecast] = []

    def held(*arguments: Any) -> MadeForecast:
        begun.release()
        assert go_on.wait(HANG_S)
        made.append(make_forecast(*arguments))
        return made[-1]

    monkeypatch.setattr(routes, "make_forecast", held)
    monkeypatch.setattr(routes, "KEPT_FROM_S", 0.0)
    monkeypatch.setitem(SOURCES, "forecast", None)
    async with yard(module_installation) as place:
        await place.caught_up()

        def asked(**parameters: str) -> asyncio.Task[httpx.Response]:
            return asyncio.create_task(place.http.get("/v1/cash-forecast", params=parameters))

        same = [asked(entity_id=ENTITY) for _ in range(3)]
        assert await asyncio.to_thread(begun.acquire, timeout=HANG_S)
        other, third = asked(entity_id=ENTITY, by="month"), asked()
        assert await asyncio.to_thread(begun.acquire, timeout=HANG_S)
        body = {"figure": "cash-forecast", "title": "Board", "entity_id": ENTITY}
        published = asyncio.create_task(place.http.post("/v1/figures", json=body))
        for path in ("/v1/aged-balance", "/v1/figures", "/v1/dso", "/v1/dashboard") * 3:
            assert (await place.http.get(path)).status_code == 200, path
        assert not begun.acquire(blocking=False), "two are made at once"
        assert not any(task.done() for task in (*same, other, third, published))
        go_on.set()
        answers = await asyncio.gather(*same, other, third, published)
    assert [each.status_code for each in answers] == [200] * 5 + [201], answers[-1].text
    assert len({each.content for each in answers[:3]}) == 1
    assert len(made) == 3, "the same question is made once, and what is published is that"
