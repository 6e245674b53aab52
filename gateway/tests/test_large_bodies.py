"""Bodies with very many values are refused before they are decoded where others wait; long ones are not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from gateway.tests.crm import pipeline
from gateway.tests.gateway_process import running_gateway
from gateway.tests.subgraph_world import Subgraph
from hypothesis import given
from hypothesis import strategies as st

from rapport_gateway.errors import RequestRefused
from rapport_gateway.limits.bodies import may_hold_more
from rapport_gateway.limits.variables import has_more_values
from rapport_gateway.pipeline import Pipeline

MOST = 20_000
TEXT = "{ __typename }"
JSON = st.recursive(
    st.none() | st.integers(0, 9) | st.text('a",[{\\', max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
    max_leaves=30,
)


def body(variables: Any, **others: Any) -> bytes:
    return orjson.dumps({"query": TEXT, "variables": variables, **others})


@pytest.fixture(name="apart", scope="module")
def _apart() -> Iterator[Pipeline]:
    made = pipeline(reads_apart=True)
    yield made
    assert made.apart is not None
    made.apart.close()


@given(JSON, st.integers(0, 40))
def test_no_value_escapes_the_count(value: Any, most: int) -> None:
    assert may_hold_more(orjson.dumps([value]), most) or not has_more_values([value], most)


@pytest.mark.parametrize(
    "sent",
    [
        body({"v": list(range(MOST + 1))}),
        body({f"v{number}": 1 for number in range(MOST + 1)}),
        body({"v": [[[]]] * (MOST // 2)}),
        body({}, extensions={"v": [{"a": {"b": 1}}] * MOST}),
        b"[" + b"{}," * MOST + b"{}]",
    ],
)
async def test_too_many_values(apart: Pipeline, sent: bytes) -> None:
    with pytest.raises(RequestRefused) as refused:
        await apart.check_body(sent, 1, "")
    assert refused.value.errors[0]["extensions"]["limit"] == "variable_values"
    if sent.startswith(b"[{}"):
        await apart.check_body(sent, 2, "")


@pytest.mark.parametrize(
    "sent", [body({"v": "a, [b] {c}" * MOST}), body({"v": list(range(MOST // 2))}), b"no JSON", b"", b'"' + b"," * MOST]
)
async def test_what_is_long_or_unusual_is_not_refused_for_its_values(apart: Pipeline, sent: bytes) -> None:
    try:
        await apart.check_body(sent, 1, "")
    except RequestRefused as refused:
        assert refused.errors[0]["extensions"]["code"] == "BAD_REQUEST"  # noqa: PT017  (only one of them is no JSON)
        assert sent.startswith(b'",')


async def test_where_no_process_can_be_started_nothing_is_refused_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    await pipeline(reads_apart=True).check_body(body(list(range(2 * MOST))), 1, "")


async def test_over_http(tmp_path: Path) -> None:
    shop = Subgraph("type Query { a(of: [Int!]): Int }", {"a": lambda **given: len(given["of"])}, {})
    text = "query ($of: [Int!]) { a(of: $of) }"
    async with running_gateway(tmp_path, shop=shop) as gateway:
        assert (await gateway.post(text, {"of": [1] * 9_000}))[1] == {"data": {"a": 9_000}}
        _, answer = await gateway.post(text, {"of": [1] * 60_000})
        assert answer["errors"][0]["extensions"]["limit"] == "variable_values"
