"""Rules: in memory and as a database filter they say the same, and the clock flips none before it says it may."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapport_customers.customers.facts import order_facts
from rapport_customers.rules.errors import InvalidRule
from rapport_customers.rules.model import next_flip
from rapport_customers.rules.reading import facts_of, rule_of, with_tag_replaced
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

NOW = datetime.fromisoformat("2026-03-01T09:00:00+00:00")
CURRENCIES = ("CNY", "USD")
TAGS = ("tag_a", "tag_b", "tag_c")
KINDS, STATUSES = ("PAIN", "REQUIREMENT"), ("OPEN", "ADDRESSED")
ages = st.integers(-2, 120).map(lambda days: NOW - timedelta(days=days)) | st.integers(0, 120 * 24).map(
    lambda hours: NOW - timedelta(hours=hours)
)
amounts = st.integers(0, 20).map(lambda units: units * 10_000)


@st.composite
def order_sums(draw: st.DrawFn) -> dict[str, Any]:
    rows = []
    for currency in draw(st.sets(st.sampled_from(CURRENCIES))):
        first, last = sorted((draw(ages), draw(ages)))
        count = draw(st.integers(1, 4))
        rows.append({"_id": currency, "count": count, "spend": draw(amounts), "first": first, "last": last})
    return order_facts(rows)


@st.composite
def customers(draw: st.DrawFn) -> dict[str, Any]:
    """A stored customer; one that nothing was counted of has no facts at all."""
    facts: dict[str, Any] = {}
    if draw(st.booleans()):
        facts |= draw(order_sums())
    if draw(st.booleans()):
        facts["last_interaction_at"] = draw(st.none() | ages)
    if draw(st.booleans()):
        facts["open_tasks"] = draw(st.integers(0, 3))
    if draw(st.booleans()):
        needs = draw(st.sets(st.tuples(st.sampled_from(KINDS), st.sampled_from(STATUSES)), max_size=2))
        facts["needs"] = sorted({mark for kind, status in needs for mark in (kind, status, f"{kind}:{status}")})
    document = {
        "kind": draw(st.sampled_from(("PERSON", "COMPANY"))),
        "stage": draw(st.sampled_from(("LEAD", "CUSTOMER", "LOST"))),
        "source": draw(st.none() | st.sampled_from(("展会", "WEBSITE"))),
        "owner_id": draw(st.none() | st.sampled_from(("usr_a", "usr_b"))),
        "tag_ids": draw(st.lists(st.sampled_from(TAGS), unique=True)),
        "tier": draw(st.none() | st.sampled_from(("GOLD", "SILVER"))),
        "created_at": draw(ages),
        "deleted": False,
    }
    return document | ({"facts": facts} if facts else {})


def texts(*values: str) -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from(values)
    return st.one_of(
        st.fixed_dictionaries({"eq": one}),
        st.fixed_dictionaries({"in": st.lists(one, max_size=2)}),
        st.fixed_dictionaries({"isNull": st.booleans()}),
    )


comparisons = st.sampled_from(("eq", "gt", "gte", "lt", "lte"))
days = st.sampled_from((1, 7, 30, 90))
numbers = st.dictionaries(comparisons, st.integers(0, 4), min_size=1, max_size=2)
times = st.one_of(
    st.fixed_dictionaries({"withinDays": days}),
    st.fixed_dictionaries({"notForDays": days}),
    st.fixed_dictionaries({"after": ages.map(datetime.isoformat)}),
    st.fixed_dictionaries({"before": ages.map(datetime.isoformat), "isNull": st.booleans()}),
)
money = st.builds(
    lambda currency, compared: {"currency": currency, **compared},
    st.sampled_from(CURRENCIES),
    st.dictionaries(comparisons, st.integers(0, 20).map(str), min_size=1, max_size=2),
)
needs = st.one_of(
    st.fixed_dictionaries({"kinds": st.lists(st.sampled_from(KINDS), max_size=2)}),
    st.fixed_dictionaries({"statuses": st.lists(st.sampled_from(STATUSES), min_size=1)}),
    st.fixed_dictionaries({"kinds": st.just(["PAIN"]), "statuses": st.just(["OPEN"])}),
    st.fixed_dictionaries({"isNull": st.booleans()}),
)
leaves = st.one_of(
    st.fixed_dictionaries({"needs": needs}),
    st.fixed_dictionaries({"kind": texts("PERSON", "COMPANY")}),
    st.fixed_dictionaries({"stage": texts("LEAD", "CUSTOMER", "LOST")}),
    st.fixed_dictionaries({"source": texts("展会", "WEBSITE")}),
    st.fixed_dictionaries({"ownerId": texts("usr_a", "usr_b")}),
    st.fixed_dictionaries({"tagIds": texts(*TAGS)}),
    st.fixed_dictionaries({"tier": texts("GOLD", "SILVER")}),
    *(
        st.fixed_dictionaries({name: times})
        for name in ("createdAt", "firstOrderAt", "lastOrderAt", "lastInteractionAt")
    ),
    *(st.fixed_dictionaries({name: numbers}) for name in ("orderCount", "daysBetweenOrders", "openTasks")),
    *(st.fixed_dictionaries({name: money}) for name in ("spend", "averageOrder")),
)
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"and": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
        st.builds(lambda one, other: {**one, **other}, inner, leaves),
    ),
    max_leaves=6,
)


async def test_memory_and_database_agree(mongo: Mongo, clock: ManualClock) -> None:
    """Random customers, then random rules about them."""
    collection = mongo.database["customers"]
    stored: list[dict[str, Any]] = []

    @settings(max_examples=60, database=None, derandomize=True)
    @given(customers())
    def store(customer: dict[str, Any]) -> None:
        stored.append({"_id": f"cus_{len(stored)}", **customer})

    store()
    await collection.insert_many(stored)
    asked: list[dict[str, Any]] = []

    @settings(max_examples=150, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(rules)
    def ask(rule: dict[str, Any]) -> None:
        asked.append(rule)

    ask()
    matched = 0
    for said in asked:
        rule = rule_of(said)
        found = {each["_id"] async for each in collection.find(rule.condition(clock()), {"_id": 1})}
        assert found == {each["_id"] for each in stored if rule.holds(each, clock())}, said
        matched += 0 < len(found) < len(stored)
    assert matched > len(asked) / 3


@settings(max_examples=300, deadline=None)
@given(customers(), rules)
def test_the_clock_changes_nothing_before_the_next_flip(customer: dict[str, Any], said: dict[str, Any]) -> None:
    rule, now = rule_of(said), NOW
    for _ in range(20):
        due = next_flip(rule, customer, now)
        end = due or now + timedelta(days=400)
        held = rule.holds(customer, now)
        for share in (0.3, 0.9):
            assert rule.holds(customer, now + (end - now) * share) is held
        if due is None:
            return
        assert due > now
        now = due
    pytest.fail("the clock never comes to an end")


def test_a_rule_is_true_of_what_it_says() -> None:
    ordered = order_facts([{"_id": "CNY", "count": 3, "spend": 100_000, "first": NOW - timedelta(40), "last": NOW}])
    customer = {"created_at": NOW - timedelta(days=100), "tag_ids": ["tag_a"], "facts": ordered}

    def holds(**said: Any) -> bool:
        return rule_of(said).holds(customer, NOW)

    assert holds(lastOrderAt={"withinDays": 30}, orderCount={"gte": 3}, daysBetweenOrders={"lte": 20})
    assert holds(spend={"currency": "CNY", "eq": "10.00"}, averageOrder={"currency": "CNY", "lt": "3.34"})
    assert not holds(averageOrder={"currency": "USD", "lt": "3"})
    assert holds(lastInteractionAt={"notForDays": 90}, openTasks={"eq": 0})
    assert not holds(lastInteractionAt={"notForDays": 101})


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"and": []},
        {"or": [{}]},
        {"lastOrderAt": {}},
        {"needs": {}},
        {"lastOrderAt": {"withinDays": 0}},
        {"spend": {"currency": "CNY"}},
        {"spend": {"currency": "XXY", "gt": "1"}},
        {"spend": {"currency": "CNY", "gt": "0.001"}},
        {"stage": {"in": ["LEAD"] * 201}},
        {"or": [{"stage": {"eq": "LEAD"}}] * 51},
        {"phone": {"eq": "1"}},
    ],
)
def test_rules_that_say_nothing_or_too_much_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidRule):
        rule_of(said)
    nested: dict[str, Any] = {"stage": {"eq": "LEAD"}}
    for _ in range(9):
        nested = {"not": nested}
    with pytest.raises(InvalidRule):
        rule_of(nested)


def test_a_tag_is_replaced_wherever_a_rule_names_it() -> None:
    said = {"or": [{"tagIds": {"in": ["tag_a", "tag_b"]}}, {"not": {"tagIds": {"eq": "tag_a"}}}]}
    assert with_tag_replaced(said, "tag_a", "tag_z") == {
        "or": [{"tagIds": {"in": ["tag_z", "tag_b"]}}, {"not": {"tagIds": {"eq": "tag_z"}}}]
    }
    assert list(facts_of(said)) == ["tagIds", "tagIds"]
