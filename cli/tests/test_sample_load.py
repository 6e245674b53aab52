"""`rapport sample load` against a running API."""

import json
import re
import stat
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cli.tests.commands import Rapport
from cli.tests.crm_server import CrmServer
from cli.tests.crm_store import RefusedError
from typer.testing import Result

from rapport_cli.sample import steps
from rapport_cli.sample.plan import make_plan
from rapport_cli.sample.records import Plan

SEED = 11
DAY = "2025-06-30"


def _load(rapport: Rapport, *options: object) -> Result:
    return rapport("sample", "load", "--customers", 12, "--seed", SEED, "--accounts-out", "accounts.json", *options)


def _plan(customers: int = 12) -> Plan:
    return make_plan(SEED, date.fromisoformat(DAY), customers)


def _without_marker(crm: CrmServer) -> list[dict[str, Any]]:
    return [task for task in crm.store.records["task"] if not task["title"].startswith("Load the sample")]


def _check_complete(crm: CrmServer, plan: Plan) -> None:
    records, users = crm.store.records, {user["id"]: user for user in crm.store.records["user"]}
    assert len(records["user"]) == 1 + len(plan.staff)
    assert [customer["name"] for customer in records["customer"]] == [customer.name for customer in plan.customers]
    assert Counter(record["content"] for record in records["interaction"]) == Counter(
        r.content for r in plan.interactions
    )
    tasks = _without_marker(crm)
    assert Counter((task["title"], task["status"], task["result"]) for task in tasks) == Counter(
        (task.title, task.status, task.result) for task in plan.tasks
    )
    authors = {member.key: member.email for member in plan.staff}
    recorded = {(record["content"], users[record["authorId"]]["email"]) for record in records["interaction"]}
    assert recorded == {(record.content, authors[record.author_key]) for record in plan.interactions}


def test_everything_is_loaded_as_planned(rapport: Rapport, crm: CrmServer, tmp_path: Path) -> None:
    result = _load(rapport, "--today", DAY)

    assert result.exit_code == 0, result.output
    plan = _plan()
    _check_complete(crm, plan)
    assert f"12 staff, 12 customers, {len(plan.interactions)} communications, {len(plan.tasks)} tasks" in result.stdout
    accounts = json.loads((tmp_path / "accounts.json").read_text(encoding="utf-8"))
    assert [account["email"] for account in accounts] == [member.email for member in plan.staff]
    assert all(crm.store.passwords[account["email"]] == account["password"] for account in accounts)
    assert stat.S_IMODE((tmp_path / "accounts.json").stat().st_mode) == 0o600


def test_a_second_run_asks_once_and_changes_nothing(rapport: Rapport, crm: CrmServer) -> None:
    _load(rapport, "--today", DAY)
    before = json.dumps(crm.store.records)
    crm.operations.clear()

    result = _load(rapport)

    assert result.exit_code == 0, result.output
    assert f"loaded already (seed {SEED}, 12 customers, as of {DAY})" in result.stdout
    assert crm.operations == ["SignIn", "SampleLoads"]
    assert json.dumps(crm.store.records) == before


@pytest.mark.parametrize("survivors", [0, 1, 2, 5, 12, 20])
def test_an_interrupted_load_continues_without_duplicates(rapport: Rapport, crm: CrmServer, survivors: int) -> None:
    left = [survivors]

    def interrupt(body: dict[str, Any]) -> web.Response | None:
        if "mutation Batch" not in body["query"]:
            return None
        left[0] -= 1
        return None if left[0] >= 0 else web.Response(status=503, text="gone")

    crm.intercept = interrupt
    broken = _load(rapport, "--today", DAY)
    assert broken.exit_code == 2
    assert "error TRANSPORT" in broken.stderr
    crm.intercept = lambda _: None

    # Some days later, and the day is not named again: the year stays the one that was begun.
    result = _load(rapport, *(["--today", DAY] if survivors == 0 else []))

    assert result.exit_code == 0, result.output
    _check_complete(crm, _plan())


def test_lost_answers_do_not_double_anything(rapport: Rapport, crm: CrmServer) -> None:
    crm.lose_answer_of = ["Batch"] * 2

    result = _load(rapport, "--today", DAY)

    assert result.exit_code in {0, 2}
    assert _load(rapport).exit_code == 0
    _check_complete(crm, _plan())


def test_a_company_can_grow(rapport: Rapport, crm: CrmServer) -> None:
    _load(rapport, "--today", DAY)

    result = _load(rapport, "--customers", 20)

    assert result.exit_code == 0, result.output
    _check_complete(crm, _plan(20))


def test_growing_leaves_what_was_complete_alone(rapport: Rapport, crm: CrmServer) -> None:
    _load(rapport, "--today", DAY)
    crm.store.delete_customer({"id": crm.store.records["customer"][0]["id"]})
    crm.store.records["interaction"].clear()

    result = _load(rapport, "--customers", 14)

    assert result.exit_code == 0, result.output
    assert "12 staff, 2 customers, " in result.stdout
    assert len(crm.store.records["customer"]) == 14
    assert len(crm.store.records["interaction"]) == len(_plan(14).interactions) - len(_plan().interactions)


def test_a_continued_load_respects_work_done_meanwhile(rapport: Rapport, crm: CrmServer) -> None:
    _load(rapport, "--today", DAY)
    marker = next(task for task in crm.store.records["task"] if task["title"].startswith("Load the sample"))
    marker["status"] = "OPEN"
    task = next(task for task in _without_marker(crm) if task["status"] == "DONE")
    crm.store._change(task, {"status": "OPEN"})
    crm.store.delete_customer({"id": crm.store.records["customer"][0]["id"]})

    result = _load(rapport)

    assert result.exit_code == 0, result.output
    assert "11 customers (1 deleted customers left out)" in result.stdout
    assert (task["status"], marker["status"]) == ("OPEN", "DONE")
    assert len(crm.store.records["customer"]) == 12


def test_a_smaller_company_is_part_of_a_larger_one(rapport: Rapport, crm: CrmServer) -> None:
    _load(rapport, "--today", DAY)

    assert "loaded already" in _load(rapport, "--customers", 5).stdout


def test_a_service_that_has_not_heard_yet_is_asked_again(
    rapport: Rapport, crm: CrmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PAUSE_SECONDS", 0.0)
    original, asked = crm.store.add_interaction, Counter[str]()

    def slow_to_learn(input: Any, caller: Any) -> Any:
        asked[input["content"]] += 1
        if asked[input["content"]] <= 3:
            raise RefusedError("NOT_FOUND", "customerId")
        return original(input, caller)

    crm.store.add_interaction = slow_to_learn  # type: ignore[method-assign]

    result = _load(rapport, "--today", DAY)

    assert result.exit_code == 0, result.output
    _check_complete(crm, _plan())


def test_a_refused_record_is_named_and_the_load_stays_open(rapport: Rapport, crm: CrmServer) -> None:
    original = crm.store.add_customer
    name = _plan().customers[3].name

    def picky(input: Any, caller: Any) -> Any:
        if input["name"] == name:
            raise RefusedError("INVALID_NAME", "name")
        return original(input, caller)

    crm.store.add_customer = picky  # type: ignore[method-assign]
    result = _load(rapport, "--today", DAY)

    assert result.exit_code == 2
    assert re.search(r"error SAMPLE_REFUSED: The API refused c0004: INVALID_NAME", result.stderr)
    crm.store.add_customer = original  # type: ignore[method-assign]
    assert _load(rapport).exit_code == 0


def test_another_day_of_the_same_seed_is_refused(rapport: Rapport, crm: CrmServer) -> None:
    _load(rapport, "--today", DAY)

    result = _load(rapport, "--today", "2025-07-01")

    assert result.exit_code == 2
    assert "SAMPLE_EXISTS" in result.stderr


def test_lost_passwords_are_told_before_anything_happens(rapport: Rapport, crm: CrmServer, tmp_path: Path) -> None:
    _load(rapport, "--today", DAY)
    (tmp_path / "accounts.json").unlink()

    result = _load(rapport, "--customers", 20)

    assert result.exit_code == 2
    assert "ACCOUNTS_MISSING" in result.stderr
    assert len(crm.store.records["customer"]) == 12


@pytest.mark.parametrize("content", ["{", "[{}]", '[{"email": "a@example.com", "password": ""}]'])
def test_a_file_that_holds_something_else_is_not_overwritten(rapport: Rapport, tmp_path: Path, content: str) -> None:
    (tmp_path / "accounts.json").write_text(content, encoding="utf-8")

    result = _load(rapport)

    assert result.exit_code == 2
    assert "BAD_ACCOUNTS_FILE" in result.stderr
    assert (tmp_path / "accounts.json").read_text(encoding="utf-8") == content


def test_a_second_company_keeps_the_first_ones_passwords(rapport: Rapport, tmp_path: Path) -> None:
    for seed in (11, 12):
        arguments = ("--customers", 2, "--seed", seed, "--accounts-out", "accounts.json", "--today", DAY)
        assert rapport("sample", "load", *arguments).exit_code == 0

    assert len(json.loads((tmp_path / "accounts.json").read_text(encoding="utf-8"))) == 24
