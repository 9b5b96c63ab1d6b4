"""Whatever is sent and whatever breaks, the answer is a problem document that says what to do and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints, ValidationError, field_validator

from encours.http.models import Currency, Id, LongText, ShortText
from encours.http.problems import faults, located

THING = "thg_" + "0" * 32
JSON = {"Content-Type": "application/json"}


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["type"]) == (status, f"/problems/{code}")
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["Request-Id"]
    return problem


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "truncated"),
        (b'{"name": NaN}', "invalid character"),
        (b'{"name": Infinity}', "invalid character"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b'{"name": "\\ud800"}', "JSON"),
        (b"[" * 5_000, "nested too deeply"),
        (b'{"name": 1e999}', "out of range"),
        (b'{"name": "a\\u0000b"}', "NUL"),
        (b'{"name": "a", "x": [{"y": "\\u0000"}]}', "NUL"),
        (b'{"a\\u0000": 1}', "NUL"),
    ],
)
async def test_a_body_that_is_no_strict_json_is_refused(
    api: httpx.AsyncClient, body: bytes, says: str
) -> None:
    problem = is_problem(
        await api.post(f"/v1/things/{THING}", content=body, headers=JSON), 400, "malformed-body"
    )
    assert says in problem["detail"]


async def test_a_backslash_before_u0000_is_just_text(api: httpx.AsyncClient) -> None:
    answer = await api.post(f"/v1/things/{THING}", content=rb'{"name": "\\u0000"}', headers=JSON)
    assert answer.json()["name"] == "\\u0000"


async def test_each_fault_has_its_pointer(api: httpx.AsyncClient) -> None:
    body = {
        "name": "",
        "since": "2026-02-30",
        "parts": [{"name": "x", "pieces": 1}, {"pieces": 1.5, "a/b~c": 1}],
    }
    problem = is_problem(
        await api.post(f"/v1/things/{THING}", json=body, params={"limit": "many"}), 422, "invalid-request"
    )
    places = {(fault["in"], fault["pointer"]) for fault in problem["errors"]}
    assert places == {
        ("body", "/name"), ("body", "/since"), ("body", "/parts/1/name"), ("body", "/parts/1/pieces"),
        ("body", "/parts/1/a~1b~0c"), ("query", "/limit"),
    }  # fmt: skip


def test_a_fault_of_a_value_of_several_types_is_where_the_value_was_sent() -> None:
    class Line(BaseModel):
        price: str

    class Sent(BaseModel):
        fields: dict[Annotated[str, StringConstraints(max_length=5)], bool | ShortText | None] = {}
        note: bool | Line = False
        lines: list[Line] = []

    def pointers(sent: Any) -> set[str]:
        with pytest.raises(ValidationError) as refused:
            Sent.model_validate(sent)
        return {fault["pointer"] for fault in faults(located(refused.value, "body", sent))}

    assert pointers({"fields": {"n": [1]}}) == {"/fields/n"}
    assert pointers({"fields": {"n": {}, "": ""}}) == {"/fields/n", "/fields/"}
    assert pointers({"fields": {"much too long": "x"}}) == {"/fields/much too long"}
    assert pointers({"note": {"price": 1}}) == {"/note", "/note/price"}
    assert pointers({"note": {}}) == {"/note", "/note/price"}
    assert pointers({"lines": [{"price": "1"}, {}]}) == {"/lines/1/price"}


async def test_a_wrong_id_body_or_content_type_is_told_apart(api: httpx.AsyncClient) -> None:
    is_problem(await api.post("/v1/things/thg_1", json={"name": "a"}), 422, "invalid-request")
    is_problem(await api.post(f"/v1/things/{THING}"), 422, "invalid-request")
    is_problem(
        await api.post(f"/v1/things/{THING}", content=b"a=1", headers={"Content-Type": "text/plain"}),
        415,
        "unsupported-media-type",
    )
    is_problem(await api.post(f"/v1/things/{THING}", content=b"{}"), 415, "unsupported-media-type")
    unknown = is_problem(
        await api.post(f"/v1/things/{THING}", json={"name": "a"}, params={"Q": "1"}), 400, "unknown-parameter"
    )
    assert unknown["errors"][0]["pointer"] == "/Q"


async def test_a_parameter_of_one_value_is_not_sent_twice(api: httpx.AsyncClient) -> None:
    twice = is_problem(await api.get("/v1/trouble/value?cursor=a&cursor=b"), 400, "repeated-parameter")
    assert twice["errors"] == [{"pointer": "/cursor", "detail": twice["detail"]}]


async def test_a_value_that_the_database_refuses_behind_a_cursor_is_the_cursor_s(
    api: httpx.AsyncClient,
) -> None:
    is_problem(await api.get("/v1/trouble/value?cursor=forged"), 400, "malformed-cursor")


async def test_unknown_paths_and_methods(api: httpx.AsyncClient) -> None:
    is_problem(await api.get("/nothing"), 404, "no-such-path")
    is_problem(await api.get("/v1/things/a/b/c"), 404, "no-such-path")
    refused = await api.delete(f"/v1/things/{THING}")
    is_problem(refused, 405, "method-not-allowed")
    assert refused.headers["Allow"] == "POST"


async def test_nul_in_a_path_or_query_is_refused(api: httpx.AsyncClient) -> None:
    is_problem(await api.get("/v1/trouble/%00"), 400, "malformed-parameter")
    is_problem(await api.get("/v1/trouble/rule?x=%00"), 400, "malformed-parameter")


async def test_a_body_beyond_the_bound_is_refused_declared_or_not(api: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 1000

    for content in (b" " * 10_001, chunks()):
        answer = await api.post(f"/v1/things/{THING}", content=content, headers=JSON)
        is_problem(answer, 413, "body-too-large")
        assert answer.headers["Connection"] == "close"


async def test_what_takes_too_long_is_ended(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/slowly", content=b"x")
    is_problem(answer, 503, "took-too-long")
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rule", 409, "thing-not-open"),
        ("invalid", 422, "invalid-request"),
        ("unavailable", 503, "ledger-unavailable"),
        ("bug", 500, "internal-error"),
        ("refused-statement", 500, "internal-error"),
        ("connection", 503, "database-unavailable"),
        ("no-server", 503, "database-unavailable"),
        ("value", 422, "invalid-request"),
    ],
)
async def test_failures_say_nothing_of_the_inside(
    api: httpx.AsyncClient, kind: str, status: int, code: str
) -> None:
    answer = await api.get(f"/v1/trouble/{kind}")
    is_problem(answer, status, code)
    assert not {"hunter2", "10.0.0.7", "Traceback"} & set(answer.text.split())
    assert "hunter2" not in answer.text
    if status == 503:
        assert int(answer.headers["Retry-After"]) >= 1
    meaning = await api.get(answer.json()["type"])
    assert (meaning.status_code, meaning.json()["code"], meaning.json()["status"]) == (200, code, status)


async def test_a_rule_adds_its_own_members(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/trouble/rule")).json()["thing"] == "thg_1"


async def test_the_meaning_of_a_problem_that_is_none(api: httpx.AsyncClient) -> None:
    is_problem(await api.get("/problems/nonsense"), 404, "problem-not-found")


async def test_request_ids_and_traces_are_taken_over_if_they_are_harmless(api: httpx.AsyncClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    good = await api.get(
        "/nothing", headers={"Request-Id": "abc-12345678", "traceparent": f"00-{trace}-00f067aa0ba902b7-00"}
    )
    assert good.headers["Request-Id"] == "abc-12345678"
    version, same, span, flags = good.headers["traceparent"].split("-")
    assert (version, same, flags) == ("00", trace, "00")
    assert span != "00f067aa0ba902b7"
    for bad in (f"00-{'0' * 32}-00f067aa0ba902b7-00", f"ff-{trace}-00f067aa0ba902b7-00", "nonsense"):
        answer = await api.get("/nothing", headers={"Request-Id": 'a"b', "traceparent": bad})
        assert answer.headers["Request-Id"].startswith("req_")
        assert answer.headers["traceparent"].split("-")[1] not in {trace, "0" * 32}


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode()))
@hypothesis_settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_body_makes_the_service_fail(app: FastAPI, body: bytes) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.post(f"/v1/things/{THING}", content=body, headers=JSON)
        assert answer.status_code in {200, 400, 422}
        assert answer.headers["Request-Id"]


@pytest.mark.parametrize(
    "name", ["Authorization", "Encours-Ledger", "Idempotency-Key", "If-Match", "Last-Event-ID"]
)
async def test_a_header_that_counts_once_is_refused_when_it_comes_twice(
    api: httpx.AsyncClient, name: str
) -> None:
    answer = await api.get("/v1/trouble/rule", headers=[(name, "one"), (name.lower(), "two")])
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-parameter")
    assert name in answer.json()["detail"]
    assert (
        await api.get("/v1/trouble/rule", headers=[("Accept", "a/b"), ("Accept", "c/d")])
    ).status_code == 409


def test_a_code_or_id_of_another_form_is_answered_with_the_form_in_words() -> None:
    class Sent(BaseModel):
        currency: Currency
        entity_id: Annotated[str, Id("ent")]
        bands: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}(,[0-9]{1,4})*$")]
        title: ShortText
        text: LongText
        amount: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$")]
        code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,19}$")]

        @field_validator("code", mode="before")
        @classmethod
        def _no_slash(cls, value: str) -> str:
            if "/" in value:
                raise ValueError("Leave the slash out.")
            return value

    sent = {
        "currency": "eur", "entity_id": "ENT", "bands": "30;60", "title": "a\nb", "text": "\x07", "amount": "1e3",
        "code": "é",
    }  # fmt: skip
    with pytest.raises(ValidationError) as slash:
        Sent.model_validate(sent | {"code": "A/B"})
    assert faults(slash.value.errors(), place="body")[-1]["detail"] == "Leave the slash out."
    with pytest.raises(ValidationError) as refused:
        Sent.model_validate(sent)
    assert [fault["detail"] for fault in faults(refused.value.errors(), place="body")] == [
        "Write the ISO 4217 code of a currency in capitals, such as EUR.",
        "Write an id: ent_ and 32 lower-case hexadecimal digits.",
        "Write the last days of the bands with commas between them, such as 30,60,90.",
        "Write one line of text without control characters and encoded words (=?utf-8?q?…?=).",
        "Write text without control characters; lines may end, and tabulations are allowed.",
        "Write a decimal such as 1234.5, of up to 12 digits and 2 decimals, not below 0.",
        "Write a code: a capital or a digit, then capitals, digits, _ and -, 20 at most.",
    ]
