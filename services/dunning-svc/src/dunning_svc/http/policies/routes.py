"""Routes of policies. Documents come and go as JSON or as YAML."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from starlette.requests import Request
from starlette.responses import Response

from dunning_svc.domain.policy.decide import PolicyVersionNotFound
from dunning_svc.domain.policy.shipped import SHIPPED
from dunning_svc.domain.policy.state import POLICY, OwnPolicy, PolicyNotFound
from dunning_svc.domain.policy.text import read_yaml, write_yaml
from dunning_svc.http.identifiers import PolicyPath
from dunning_svc.http.policies.answers import (
    POLICY_ANSWER,
    DocumentOut,
    PolicyAsOf,
    PolicyList,
    PolicyOut,
)
from dunning_svc.http.policies.bodies import ActivateBody, PolicyBody, RetireBody
from dunning_svc.read_models.cases import query
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases import policies
from encours.http.bodies.media import AlsoReads
from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id

YAML = "application/yaml"
router = Router(tags=["Policies and runs"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
Document = Annotated[PolicyBody, AlsoReads(YAML, read_yaml)]
VersionPath = Annotated[int, Path(ge=1, le=1_000_000)]
_TAKES_YAML: dict[str, Any] = {
    "requestBody": {"content": {YAML: {"schema": {"$ref": "#/components/schemas/PolicyBody"}}}}
}
_GIVES_YAML: dict[int | str, dict[str, Any]] = {
    200: {"content": {YAML: {"schema": {"type": "string"}}}, "description": "The document."}
}


@router.get("/v1/policies", response_model=PolicyList)
async def list_policies(q: Reading) -> Response:
    """List the policies of the ledger with their versions, and those that Encours ships."""
    async with q.view(MODEL) as view:
        ids = await query.policy_ids(view)
        time = view.time
    streams = await q.ledger.read_streams(q.caller.ledger, ids, upto=time.position)
    states = [POLICY.fold_as_of(events, time.as_of) for events in streams.values()]
    shown = PolicyList.of([state for state in states if state.versions])
    return q.respond({"data": [*map(_plain, shown)], "next_cursor": None} | time.echo())


@router.get("/v1/policies/{id}", response_model=PolicyAsOf)
async def get_policy(policy_id: PolicyPath, q: Reading) -> Response:
    """Get a policy with its versions."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, policy_id, upto=time.position)
    state = POLICY.fold_as_of(events, time.as_of)
    last = events[-1] if state.versions else None
    return q.respond(_plain(_shown(policy_id, state)) | time.echo(), last=last)


@router.get("/v1/policies/{id}/versions/{version}", response_model=DocumentOut, responses=_GIVES_YAML)
async def get_policy_version(
    policy_id: PolicyPath, version: VersionPath, q: Reading, request: Request
) -> Response:
    """Get the document of a version, in YAML with `Accept: application/yaml`."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, policy_id, upto=time.position)
    shown = _shown(policy_id, POLICY.fold_as_of(events, time.as_of))
    found = next((each.document for each in shown.versions if each.version == version), None)
    if found is None:
        raise PolicyVersionNotFound(f"{policy_id} has no version {version}.")
    plain = found.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if YAML in request.headers.get("accept", ""):
        return Response(write_yaml(plain), media_type=YAML, headers={"Cache-Control": "private, no-cache"})
    return q.respond(plain)


@router.post("/v1/policies", response_model=PolicyAsOf, status_code=201, openapi_extra=_TAKES_YAML)
async def create_policy(body: Document, cmd: Writing) -> Response:
    """Create a policy with its first version, from JSON or YAML. It applies to nothing before it is activated."""
    wanted = body.to_command(new_id("pol"))
    return await cmd.run(policies.create_policy, wanted, answer=POLICY_ANSWER, status=201, at="/v1/policies")


@router.post(
    "/v1/policies/{id}/versions", response_model=PolicyAsOf, status_code=201, openapi_extra=_TAKES_YAML
)
async def add_policy_version(policy_id: PolicyPath, body: Document, cmd: Writing) -> Response:
    """Add a version, from JSON or YAML. The version in force stays in force until this one is activated."""
    wanted = body.to_command(policy_id)
    return await cmd.run(policies.add_version, wanted, answer=POLICY_ANSWER, on=policy_id, status=201)


@router.post("/v1/policies/{id}/activate", response_model=PolicyAsOf)
async def activate_policy(policy_id: PolicyPath, body: ActivateBody, cmd: Writing) -> Response:
    """Put a version in force from the next run on, in place of the one before it."""
    return await cmd.run(policies.activate, body.to_command(policy_id), answer=POLICY_ANSWER, on=policy_id)


@router.post("/v1/policies/{id}/retire", response_model=PolicyAsOf)
async def retire_policy(policy_id: PolicyPath, body: RetireBody, cmd: Writing) -> Response:
    """Put no version of the policy in force from the next run on. It may be activated again."""
    return await cmd.run(policies.retire, body.to_command(policy_id), answer=POLICY_ANSWER, on=policy_id)


def _shown(policy_id: str, state: OwnPolicy) -> PolicyOut:
    """Return a policy of the ledger or a shipped one. Raises :class:`PolicyNotFound`."""
    if state.versions:
        return PolicyOut.of(state)
    if policy_id not in SHIPPED:
        raise PolicyNotFound(policy_id)
    return PolicyOut.of_shipped(SHIPPED[policy_id])


def _plain(policy: PolicyOut) -> dict[str, Any]:
    return policy.model_dump(mode="json", by_alias=True)
