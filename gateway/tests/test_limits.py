"""What is too large is refused before it costs anything; what real clients send is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from gateway.tests.crm import SUPERGRAPH, admitted, pipeline, refusal
from gateway.tests.subgraph_world import InProcessClient
from graphql import DocumentNode
from hostile_documents import Hostile, hostile_documents

from rapport_gateway.errors import RequestRefused
from rapport_gateway.limits import cost, documents
from rapport_gateway.limits.limits import Limits
from rapport_gateway.limits.measure import Size, measure
from rapport_gateway.limits.refusal import DocumentRefused, Refusals
from rapport_gateway.limits.variables import check_variables
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Pipeline
from rapport_gateway.settings import InvalidSetting, load_settings


@dataclass
class Work:
    """What a request took, counted."""

    validations: int = 0
    measured: int = 0
    walked: int = 0


@pytest.fixture(name="work")
def _work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    validate, fields = documents._validate, cost._Walk._fields

    def counted_validate(*arguments: Any) -> None:
        work.validations += 1
        validate(*arguments)

    def counted_measure(document: DocumentNode) -> Size:
        size = measure(document)
        work.measured += size.steps
        return size

    def counted_fields(self: Any, place: Any) -> Iterator[Any]:
        for found in fields(self, place):
            work.walked += 1
            yield found

    monkeypatch.setattr(documents, "_validate", counted_validate)
    monkeypatch.setattr(documents, "measure", counted_measure)
    monkeypatch.setattr(cost._Walk, "_fields", counted_fields)
    return work


AFTER_VALIDATION = {
    "GRAPHQL_VALIDATION_FAILED",
    "field_comparisons",
    "introspection",
    "cost",
    "input_depth",
    "variable_values",
}


@pytest.mark.parametrize("hostile", hostile_documents(), ids=lambda hostile: hostile.name)
def test_a_hostile_request_is_refused_for_little_work(hostile: Hostile, work: Work) -> None:
    by = pipeline()
    error = refusal(hostile.text, hostile.variables, by=by)
    told = error["extensions"]
    assert told.get("limit", told["code"]) == hostile.gateway
    assert told.get("actual", 10**6) > told.get("max", 0)
    assert len(error["message"]) < 1_100
    assert work.measured <= Limits().max_tokens
    # A field is met again for each level of fragments that it is found through.
    assert work.walked <= Limits().max_selections * 10
    assert work.validations == 0 or hostile.gateway in AFTER_VALIDATION


@pytest.mark.parametrize("hostile", hostile_documents(), ids=lambda hostile: hostile.name)
def test_a_hostile_document_is_read_once(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    by = pipeline()
    first = refusal(hostile.text, hostile.variables, by=by)
    monkeypatch.setattr(documents, "parse", _never)
    assert refusal(hostile.text, hostile.variables, by=by) == first


def test_there_are_enough_hostile_documents() -> None:
    assert len({hostile.name for hostile in hostile_documents()}) >= 50
    assert {hostile.gateway for hostile in hostile_documents()} >= {
        name.removeprefix("max_") for name in Limits.__slots__ if name.startswith("max_") and name != "max_height"
    }


def _never(*_: Any, **__: Any) -> Any:
    raise AssertionError("it was read again")


def test_what_is_remembered_is_bounded() -> None:
    refusals = Refusals(10)
    for number in range(50):
        refusals.remember(f"{number}", DocumentRefused([{"message": "no"}]))
    refusals.remember("long", DocumentRefused([{"message": "n" * 9_000}]))
    assert len(refusals) == 10
    refusals.check("0")
    refusals.check("long")
    with pytest.raises(DocumentRefused):
        refusals.check("49")


def test_prepared_operations_are_kept_within_bounds() -> None:
    by = Pipeline(SUPERGRAPH, InProcessClient({}), metrics=Metrics(), plan_cache_size=10)
    for number in range(30):
        admitted(f"query Q{number} {{ me {{ id }} }}", by=by)
    assert len(by._operations) == 10
    for number in range(5):
        admitted(f"query Q{number} {{ me {{ {'id name ' * 90} }} }}", by=by)
    assert len(by._operations) == 2
    fields = "id name email title role active version externalId createdAt updatedAt"
    admitted("{ " + " ".join(f"m{number}: me {{ {fields} }}" for number in range(50)) + " }", by=by)
    assert len(by._operations) == 2


def test_a_long_variable_is_not_looked_through() -> None:
    class Opaque(list[int]):
        def __iter__(self) -> Iterator[int]:
            raise AssertionError("it was looked through")

    with pytest.raises(RequestRefused):
        check_variables({"a": Opaque(range(10_001))}, Limits())


# -- settings


@pytest.mark.parametrize(
    ("limits", "at_the_limit", "beyond"),
    [
        (Limits(max_depth=2), "{ me { id } }", "{ me { manager { id } } }"),
        (Limits(max_height=3), "{ me { id id name } }", "{ me { id name email } }"),
        (Limits(max_aliases=1), "{ a: me { id } }", "{ a: me { b: id } }"),
        (Limits(max_root_fields=1), "{ me { id } }", "{ me { id } ... { me { name } } }"),
        (Limits(max_tokens=6), "{ me { id } }", "{ me { id name } }"),
        (Limits(max_tokens=7), "# one\n{ me { id } }", "# one\n# two\n{ me { id } }"),
        (Limits(max_selections=3), "{ ...F } fragment F on Query { me { id } }", "{ me { id name email } }"),
        (Limits(max_directives=1), "{ me @skip(if: true) { id } }", "{ me @skip(if: true) { id @skip(if: true) } }"),
        (Limits(max_literal_values=1), '{ user(id: "1") { id } }', "{ users(filter: {active: true}) { totalCount } }"),
        (Limits(max_cost=2), "{ me { manager { id } } }", "{ me { manager { manager { id } } } }"),
    ],
)  # fmt: skip
def test_a_limit_is_the_last_that_is_admitted(limits: Limits, at_the_limit: str, beyond: str) -> None:
    by = pipeline(limits)
    admitted(at_the_limit, by=by)
    assert refusal(beyond, by=by)["extensions"]["code"] == "OPERATION_TOO_LARGE"


@pytest.mark.parametrize(
    "text", ["{ __schema { types { name } } }", '{ ...F } fragment F on Query { __type(name: "User") { name } }']
)
def test_introspection_can_be_turned_off(text: str) -> None:
    admitted(text)
    by = pipeline(Limits(introspection=False))
    assert refusal(text, by=by)["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    admitted("{ __typename }", by=by)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ custommers { totalCount } }", {}),
        ("query($f: CustomerFilter) { customers(filter: $f) { totalCount } }", {"f": {"nam": 1}}),
    ],
)
def test_suggestions_can_be_turned_off(text: str, variables: dict[str, Any]) -> None:
    assert "Did you mean" in refusal(text, variables)["message"]
    assert "Did you mean" not in refusal(text, variables, by=pipeline(Limits(suggestions=False)))["message"]


def test_limits_are_settings() -> None:
    environment = {"RAPPORT_GATEWAY_MAX_DEPTH": "7", "RAPPORT_GATEWAY_INTROSPECTION": "false"}
    settings = load_settings(environment, {})
    assert (settings.max_depth, settings.introspection, settings.suggestions) == (7, False, True)
    for name, value in (("MAX_COST", "0"), ("SUGGESTIONS", "maybe")):
        with pytest.raises(InvalidSetting, match=name):
            load_settings({f"RAPPORT_GATEWAY_{name}": value}, {})


def test_few_mistakes_get_suggestions_and_many_get_none() -> None:
    """Each suggestion compares a name with all that are possible in its place."""
    for number, suggested in ((5, True), (6, False)):
        names = " ".join(f"customer{place}s" for place in range(number))
        assert ("Did you mean" in refusal(f"{{ {names} }}")["message"]) == suggested
