"""The policy: read back from its frozen document alone."""

from __future__ import annotations

import copy
import json
from datetime import date
from hashlib import sha256
from typing import Any

from models.judgement.policy import Policy, policy_document
from models.record.canonical import canonical

DAY = date(2026, 9, 30)


def changed(**values: Any) -> Policy:
    document = copy.deepcopy(policy_document(None))
    for name, value in values.items():
        document["parameters"][name]["values"].insert(
            0, {"from": "2020-01-01", "area": "/", "value": value, "source": "test", "overlay": True}
        )
    return Policy.from_document(document)


def test_the_hash_is_that_of_the_document_and_survives_storage() -> None:
    document = policy_document(None)
    policy = Policy.from_document(json.loads(canonical(document)))
    assert policy.hash == sha256(canonical(document)).hexdigest()
    assert set(policy.rules) == {rule["id"] for rule in document["rules"]}


def test_any_change_of_rule_word_or_parameter_changes_the_hash() -> None:
    hashes = {Policy.from_document(policy_document(None)).hash, changed(visit_check_share=0.1).hash}
    for part, key in (("rules", "sentence"), ("units", "name"), ("groups", "name")):
        document = copy.deepcopy(policy_document(None))
        document[part][0][key]["en"] += "!"
        hashes.add(Policy.from_document(document).hash)
    assert len(hashes) == 5


def test_floors_are_the_bundle_s_unless_policy_sets_them() -> None:
    assert changed().floors("needs_help", DAY) is None
    floors = {"orange": 0.4, "yellow": 0.2, "blue": 0.1, "relapse.orange": 0.6}
    policy = changed(tier_floors=floors)
    assert policy.floors("needs_help", DAY) == {"orange": 0.4, "yellow": 0.2, "blue": 0.1}
    assert policy.floors("relapse", DAY) == {"orange": 0.6, "yellow": 0.2, "blue": 0.1}
    assert policy.floors("needs_help", date(2019, 1, 1)) is None


def test_the_plan_of_visits() -> None:
    plan = changed().plan(DAY, {"99/01", "99/02"}, "/")
    assert (plan.visits, plan.visits_share, plan.score_share, plan.check_share) == ({}, 0.01, 0.25, 0.05)
    plan = changed(visit_capacity=30).plan(DAY, {"99/01"}, "/")
    assert plan.visits == {"99/01": 30}


def test_a_norm_is_the_parameter_that_a_rule_compares_with() -> None:
    policy = changed()
    ordinary = policy.parameters.value("self_paid_threshold_ordinary", DAY)
    lifted = policy.parameters.value("self_paid_threshold_lifted", DAY)
    assert ordinary != lifted
    assert policy.norm("self_paid_12m", {"listed_group": False}, DAY, "/") == ordinary
    assert policy.norm("self_paid_12m", {"listed_group": True}, DAY, "/") == lifted
    assert policy.norm("self_paid_12m", {"listed_group": None}, DAY, "/") == ordinary
    assert policy.norm("members", {}, DAY, "/") is None


def test_values_are_looked_up_once_and_stay_the_same() -> None:
    policy = changed()
    plain = Policy.from_document(policy_document(None)).parameters
    for id_ in sorted(plain.ids()):
        for area in ("/", "990101/01", "41"):
            assert policy.parameters.value(id_, DAY, area) == policy.parameters.value(id_, DAY, area)
            assert policy.parameters.value(id_, DAY, area) == plain.value(id_, DAY, area)
