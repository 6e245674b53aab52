"""The planned company: the same each time, shaped like a real one, and valid by the API's rules."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import phonenumbers
import pytest
from faker import Faker
from graphql import GraphQLEnumType, build_schema

from rapport_cli.importing.customer_values import MAIL_SHAPE
from rapport_cli.sample.plan import TEAM_TASKS, make_plan
from rapport_cli.sample.records import Plan

# Read before any test runs: while CPython 3.11.2 parses a module, it must not log a traceback of what it collects (a
# SystemError, gh-106905), which other tests may leave.
Faker(["zh_CN", "en_US"])
SEED = 20250101
TODAY = date(2025, 6, 30)
NOW = datetime.combine(TODAY, time(), tzinfo=UTC)
SCHEMA = build_schema(Path(__file__).with_name("crm_contract.graphql").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(SEED, TODAY, 500)


def _enum(name: str) -> set[str]:
    enum = SCHEMA.type_map[name]
    assert isinstance(enum, GraphQLEnumType)
    return set(enum.values)


def test_the_same_seed_and_day_give_the_same_company(plan: Plan) -> None:
    assert make_plan(SEED, TODAY, 500) == plan


def test_another_seed_gives_another_company(plan: Plan) -> None:
    other = make_plan(7, TODAY, 500)

    assert not {customer.phone for customer in other.customers if customer.phone} >= {
        customer.phone for customer in plan.customers if customer.phone
    }
    assert not {member.email for member in other.staff} & {member.email for member in plan.staff}


def test_a_small_company_is_the_beginning_of_a_large_one(plan: Plan) -> None:
    small = make_plan(SEED, TODAY, 40)

    assert plan.staff == small.staff
    assert plan.customers[:40] == small.customers
    assert plan.interactions[: len(small.interactions)] == small.interactions
    assert plan.tasks[: len(small.tasks)] == small.tasks


def test_another_day_moves_the_year_but_keeps_the_people(plan: Plan) -> None:
    later = make_plan(SEED, TODAY + timedelta(days=7), 500)

    assert later.customers == plan.customers
    assert later.interactions != plan.interactions


def test_keys_are_unique(plan: Plan) -> None:
    for records in (plan.staff, plan.customers, plan.interactions, plan.tasks):
        assert len({record.key for record in records}) == len(records)


def test_the_staff_is_a_small_organisation(plan: Plan) -> None:
    assert Counter(member.role for member in plan.staff) == {"MANAGER": 2, "SALES": 7, "SUPPORT": 3}
    assert len({member.email for member in plan.staff}) == 12
    managers = {member.key for member in plan.staff if member.role == "MANAGER"}
    assert all((member.manager_key in managers) == (member.role != "MANAGER") for member in plan.staff)


def test_customers_are_distributed_as_in_real_life(plan: Plan) -> None:
    total = len(plan.customers)
    people = sum(customer.kind == "PERSON" for customer in plan.customers) / total
    chinese = sum(customer.language == "zh" for customer in plan.customers) / total
    stages = Counter(customer.stage for customer in plan.customers)
    owners = Counter(customer.owner_key for customer in plan.customers)

    assert 0.52 < people < 0.68
    assert 0.52 < chinese < 0.68
    assert set(stages) == _enum("CustomerStage") - {"CHURN_RISK"}, "who may be lost, rules say"
    assert stages["LEAD"] > stages["REPEAT"] > stages["ADVOCATE"] > 10
    assert len(owners) == 7
    assert sum(count for _, count in owners.most_common(3)) > 0.5 * total
    assert 0.02 < sum(customer.phone is None for customer in plan.customers) / total < 0.1
    assert 0.08 < sum(customer.email is None for customer in plan.customers) / total < 0.22
    assert {"老客户", "高意向"} <= {tag for customer in plan.customers for tag in customer.tags}


def test_sizes_are_those_of_a_busy_year(plan: Plan) -> None:
    follow_ups = [record for record in plan.interactions if record.next_follow_up_at]

    assert 1400 < len(plan.interactions) < 1900
    assert 380 < len(plan.tasks) < 560
    assert 80 < len(follow_ups) < 220
    assert {channel: count > 20 for channel, count in Counter(r.channel for r in plan.interactions).items()} == (
        dict.fromkeys(_enum("Channel"), True)
    )


def test_every_customer_is_valid(plan: Plan) -> None:
    sellers = {member.key for member in plan.staff if member.role == "SALES"}
    for customer in plan.customers:
        assert 1 < len(customer.name) <= 200
        assert customer.kind in _enum("CustomerKind")
        assert customer.owner_key in sellers
        assert customer.phone or customer.email
        assert len(set(customer.tags)) == len(customer.tags)
        assert all(0 < len(tag) <= 100 for tag in customer.tags)
        if customer.phone:
            assert phonenumbers.is_valid_number(phonenumbers.parse(customer.phone, "CN")), customer.phone
        if customer.email:
            assert MAIL_SHAPE.fullmatch(customer.email)
            assert customer.email.endswith(".example.com")


def test_every_interaction_is_valid(plan: Plan) -> None:
    customers = {customer.key: customer for customer in plan.customers}
    support = {member.key for member in plan.staff if member.role == "SUPPORT"}
    names = {member.key: member.name for member in plan.staff}
    for record in plan.interactions:
        customer = customers[record.customer_key]
        assert record.author_key in {customer.owner_key, *support}
        assert record.participants[0] == names[record.author_key]
        assert record.channel in _enum("Channel")
        assert record.intent in {None, *_enum("Intent")}
        assert NOW - timedelta(days=366) < record.occurred_at < NOW
        assert len(record.content) > 8
        assert "{" not in record.content + (record.outcome or "")
        assert record.content.isascii() == (customer.language == "en") or not customer.name.isascii()


def test_conversations_run_forward_and_only_the_last_asks_for_a_follow_up(plan: Plan) -> None:
    for customer in plan.customers[:200]:
        records = [record for record in plan.interactions if record.customer_key == customer.key]
        moments = [record.occurred_at for record in records]
        assert records
        assert moments == sorted(moments)
        assert all(record.next_follow_up_at is None for record in records[:-1])
        last = records[-1].next_follow_up_at
        assert last is None or (NOW - timedelta(hours=8) < last < NOW + timedelta(days=30) and customer.stage != "LOST")


def test_companies_are_met_on_working_days(plan: Plan) -> None:
    companies = {customer.key for customer in plan.customers if customer.kind == "COMPANY"}

    assert {record.occurred_at.weekday() for record in plan.interactions if record.customer_key in companies} <= {
        0,
        1,
        2,
        3,
        4,
    }


def test_every_task_is_valid_and_its_date_fits_its_status(plan: Plan) -> None:
    staff = {member.key: member.role for member in plan.staff}
    customers = {customer.key: customer for customer in plan.customers}
    overdue = 0
    for task in plan.tasks:
        assert 0 < len(task.title) <= 300
        assert "{" not in task.title + (task.description or "") + (task.result or "") + (task.reason or "")
        assert task.priority in _enum("TaskPriority")
        assert task.status in _enum("TaskStatus")
        assert bool(task.result) == (task.status == "DONE")
        assert bool(task.reason) == (task.status == "CANCELLED")
        if task.customer_key:
            owner = customers[task.customer_key].owner_key
            assert task.creator_key == owner or staff[task.creator_key] == "MANAGER"
            assert task.assignee_key == owner or staff[task.assignee_key] == "SUPPORT"
        past = task.due_at < NOW
        assert past or task.status in {"OPEN", "IN_PROGRESS"}
        overdue += past and task.status == "OPEN"
    assert set(Counter(task.status for task in plan.tasks)) == _enum("TaskStatus")
    assert overdue > 20
    assert sum(task.customer_key is None for task in plan.tasks) == TEAM_TASKS


def test_texts_vary(plan: Plan) -> None:
    contents = {record.content for record in plan.interactions}

    assert len(contents) > 0.9 * len(plan.interactions)
