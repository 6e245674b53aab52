"""Configuration files that name subgraphs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from gateway.tests.gateway_process import start_process, subgraph_server
from gateway.tests.subgraph_world import LINK, Subgraph

from rapport_gateway.sources import InvalidSource, Named, from_config
from rapport_gateway.supergraph.loader import load_supergraph

SDL = LINK + "type Query { a: Int }"


async def test_compose_of_a_file_and_of_running_subgraphs(tmp_path: Path) -> None:
    (tmp_path / "sdl").mkdir()
    (tmp_path / "sdl" / "a.graphql").write_text(SDL)
    told = LINK + "type Query { b: Int }"
    config = tmp_path / "supergraph.yaml"
    async with subgraph_server("b", Subgraph("type Query { b: Int }", {"_service": {"sdl": told}})) as running:
        config.write_text(f"""
federation_version: =2.9
subgraphs:
  a:
    routing_url: http://a.test/graphql
    schema: {{file: sdl/a.graphql}}
  b:
    routing_url: http://b.test/graphql
    schema:
      subgraph_url: {running.url}
  c:
    routing_url: http://c.test/graphql
    schema:
      sdl: "type Query {{ c: Int }}"
""")
        process = await start_process("compose", "--config", str(config))
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, err) == (0, b"")
    supergraph = load_supergraph(out.decode())
    assert {each.name: each.url for each in supergraph.subgraphs.values()} == {
        name: f"http://{name}.test/graphql" for name in "abc"
    }
    assert sorted(supergraph.types["Query"].fields) == ["a", "b", "c"]


def test_json_is_read_as_well(tmp_path: Path) -> None:
    file = tmp_path / "supergraph.json"
    entry = {"schema": {"subgraph_url": "http://inside.test/graphql"}}
    file.write_text(json.dumps({"subgraphs": {"a": entry, "b": {"routing_url": "http://b.test"}}}))
    assert from_config(str(file)) == [
        Named("a", "http://inside.test/graphql", None, "http://inside.test/graphql"),
        Named("b", "http://b.test"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("subgraphs: [", "neither YAML nor JSON"),
        ("", "names no subgraphs"),
        ("subgraphs: {}", "names no subgraphs"),
        ("subgraphs: {a: }", "the subgraph a is not told by"),
        ("subgraphs: {a: {routing_url: 7}}", "the subgraph a is not told by"),
        ("subgraphs: {a: {schema: {file: x.graphql}}}", "the subgraph a is not told by"),
        ("subgraphs: {a: {routing_url: u, schema: {graphref: x@y}}}", "the subgraph a is not told by"),
        ("subgraphs: {a: {routing_url: u, schema: {file: x, sdl: y}}}", "the subgraph a is not told by"),
        ("subgraphs: {a: {routing_url: u, schema: x.graphql}}", "the subgraph a is not told by"),
    ],
)
def test_what_names_no_subgraph_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "supergraph.yaml"
    file.write_text(content)
    with pytest.raises(InvalidSource, match=reason):
        from_config(str(file))
