"""Routes of ``/v1`` on decisions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response

from features.documents import Sha256
from features.errors import Refusal
from features.wording import N_
from models.record.canonical import canonical
from serving.decisions import examples, service
from serving.decisions.documents import BatchDocument, DecisionDocument, ReplayedDocument
from serving.decisions.records import StoredDecision
from serving.decisions.requests import BatchAsked, DecisionAsked
from serving.web.access import County
from serving.web.context import Here
from serving.web.ids import by_id
from serving.web.openapi import ANY_CALLER, ANY_CHANGE, answers, refusals, told

router = APIRouter(prefix="/v1", tags=["decisions"])

# Codes that are about one household; the others would befall every household of the batch alike.
OF_ONE = ("unknown_household", "contributions_differ")
NO_JUDGEMENT = ("not_published", "no_champion", "catalogue_mismatch", "bundle_damaged", "too_busy")
SEAL = {"Fangpin_SHA256": ("SHA-256 of the body.", examples.ID)}

Decision = Annotated[Sha256, Path(description="The decision's id.", examples=[examples.ID])]


def _said(**asked: Any) -> dict[str, Any]:
    return {name: {"summary": name.replace("_", " "), "value": value} for name, value in asked.items()}


def _whole(stored: StoredDecision) -> Response:
    """The stored bytes, untouched: what was hashed, replayed and listed is what is sent."""
    return Response(
        stored.body,
        status_code=201 if stored.new else 200,
        media_type="application/json",
        headers={"Fangpin-SHA256": stored.sha256},
    )


@router.post(
    "/decisions",
    operation_id="decide",
    status_code=201,
    response_model=DecisionDocument,
    **told(
        N_("Decide one household"),
        "Scores and explains one household on a published day (default: the latest). The decision is stored before it is answered. Asking again while snapshot, model and policy are the same gives the stored decision, byte for byte.",
    ),
    responses={
        200: answers("It was decided before: the stored document.", examples.DECISION, **SEAL)
        | {"model": DecisionDocument},
        201: answers("Decided just now, and stored.", examples.DECISION, **SEAL),
        **refusals("unknown_household", "contributions_differ", *NO_JUDGEMENT, *ANY_CALLER, *ANY_CHANGE),
    },
)
async def decide(
    asked: Annotated[
        DecisionAsked,
        Body(
            openapi_examples=_said(
                by_id={"household": examples.HOUSEHOLD},
                by_number={"key": "990101-000123"},
                on_a_day={"household": examples.HOUSEHOLD, "as_of": "2026-09-30"},
            )
        ),
    ],
    here: Here,
    caller: County,
) -> Response:
    stored = await here.desk.decide(
        scope=caller.scope,
        household=asked.meant(here.home),
        as_of=asked.as_of,
        by=caller.name,
    )
    return _whole(stored)


@router.post(
    "/decisions/batch",
    operation_id="decide_batch",
    status_code=201,
    response_model=BatchDocument,
    **told(
        N_("Decide up to 1,000 households"),
        "As for one household; what goes wrong with one leaves the others alone. Households are answered in the order in which they were first named, each once. Where no household could be decided for a reason that is none of its own (no day published, the store in use), the whole batch is refused with that reason.",
    ),
    responses={
        200: answers("All of them were decided before.", {"decisions": [examples.DECISION], "errors": []})
        | {"model": BatchDocument},
        201: answers(
            "At least one was decided just now.",
            {
                "decisions": [examples.DECISION],
                "errors": [{"household": examples.UNKNOWN, **Refusal("unknown_household").document()}],
            },
        ),
        **refusals("batch_too_large", *NO_JUDGEMENT, *ANY_CALLER, *ANY_CHANGE),
    },
)
async def decide_batch(
    asked: Annotated[
        BatchAsked,
        Body(openapi_examples=_said(two={"households": [examples.HOUSEHOLD, examples.UNKNOWN]})),
    ],
    here: Here,
    caller: County,
) -> Response:
    if len(asked.households) > here.settings.batch:
        raise Refusal("batch_too_large", limit=here.settings.batch)
    households = list(dict.fromkeys(asked.households))
    answered = await here.desk.decide_many(
        scope=caller.scope, households=households, as_of=asked.as_of, by=caller.name
    )
    stored = [each for each in answered if isinstance(each, StoredDecision)]
    refused = [(h, each) for h, each in zip(households, answered, strict=True) if isinstance(each, Refusal)]
    general = next((each for _, each in refused if each.code not in OF_ONE), None)
    if general is not None and not stored:
        raise general
    errors = [{"household": household, **each.document()} for household, each in refused]
    body = b'{"decisions":[' + b",".join(each.body for each in stored) + b'],"errors":'
    return Response(
        body + canonical(errors) + b"}",
        status_code=201 if any(each.new for each in stored) else 200,
        media_type="application/json",
    )


@router.get(
    by_id("/decisions/{decision}"),
    operation_id="fetch_decision",
    response_model=DecisionDocument,
    **told(N_("Fetch a stored decision"), "The same bytes as when it was made. Who looked is noted."),
    responses={
        200: answers("The stored document.", examples.DECISION, **SEAL),
        **refusals("unknown_decision", "no_such_page", *ANY_CALLER),
    },
)
def fetch_decision(decision: Decision, here: Here, caller: County) -> Response:
    return _whole(service.fetch(store=here.store, scope=caller.scope, decision=decision, by=caller.name))


@router.post(
    by_id("/decisions/{decision}/replay"),
    operation_id="replay_decision",
    response_model=ReplayedDocument,
    **told(
        N_("Replay a stored decision"),
        "Judges again from the frozen row, model and policy, and compares the bytes. The bundle is read as it lies on the disk now, so that a changed one is found.",
    ),
    responses={
        200: answers(
            "Whether it is equal, and if not the first difference.", {"equal": True, "difference": None}
        ),
        **refusals(
            "unknown_decision",
            "no_such_page",
            "unknown_snapshot",
            "unknown_bundle",
            "bundle_damaged",
            *ANY_CALLER,
            *ANY_CHANGE,
        ),
    },
)
def replay_decision(decision: Decision, here: Here, caller: County) -> ReplayedDocument:
    found = service.replay(home=here.home, store=here.store, scope=caller.scope, decision=decision)
    return ReplayedDocument(equal=found["equal"], difference=found["difference"])
