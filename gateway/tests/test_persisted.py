"""Automatic persisted queries and trusted documents, at every door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from gateway.tests.event_stream import Stream
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.ticking import TICKS

from rapport_gateway.errors import RequestRefused
from rapport_gateway.operations import Lru
from rapport_gateway.server.manifest_reload import ALARM, ManifestReloader
from rapport_gateway.server.manifests import documents, read_manifest
from rapport_gateway.server.persisted import Documents
from rapport_gateway.settings import InvalidSetting, Settings

NOW = "{ now }"
TRUSTED = {"a": "query A { now }", "b": "subscription B { tick(count: 1) { number } }", "m": "mutation M { set }"}


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def apollo(text: str, *, version: int = 1) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": hash_of(text)}}}


def manifest(folder: Path, content: Any) -> Path:
    file = folder / "manifest.json"
    file.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    return file


def code(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with running_gateway(folder, ticks=TICKS) as gateway:
        yield gateway


@pytest_asyncio.fixture(name="strict", scope="module")
async def _strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """It runs nothing but trusted documents."""
    folder: Path = tmp_path_factory.mktemp("strict")
    settings = {"TRUSTED_DOCUMENTS": str(manifest(folder, TRUSTED)), "TRUSTED_DOCUMENTS_ONLY": "true"}
    async with running_gateway(folder, settings, ticks=TICKS) as gateway:
        yield gateway


async def post(gateway: Gateway, **body: Any) -> tuple[int, Any]:
    async with gateway.http.post(f"{gateway.url}/graphql", json=body) as response:
        return response.status, await response.json()


async def get(gateway: Gateway, **parameters: Any) -> tuple[int, Any]:
    sent = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in parameters.items()
    }
    headers = {"apollo-require-preflight": "1"}
    async with gateway.http.get(f"{gateway.url}/graphql", params=sent, headers=headers) as response:
        return response.status, await response.json()


async def stream(gateway: Gateway, **body: Any) -> list[Any]:
    headers = {"accept": "text/event-stream"}
    async with gateway.http.post(f"{gateway.url}/graphql", json=body, headers=headers) as response:
        return await Stream(response).rest()


async def socket(gateway: Gateway, **payload: Any) -> Any:
    async with gateway.websocket() as client:
        await client.send(id="s", type="subscribe", payload=payload)
        return (await client.receive())["payload"]


async def test_a_query_is_asked_for_by_its_hash_once_it_has_been_sent(gateway: Gateway) -> None:
    text = "query Kept { now }"
    status, answer = await post(gateway, **apollo(text))
    assert (status, code(answer), answer["errors"][0]["message"]) == (
        200,
        "PERSISTED_QUERY_NOT_FOUND",
        "PersistedQueryNotFound",
    )
    assert await post(gateway, query=text, **apollo(text)) == (200, {"data": {"now": 5}})
    assert await post(gateway, **apollo(text)) == (200, {"data": {"now": 5}})
    assert await get(gateway, **apollo(text)) == (200, {"data": {"now": 5}})
    assert await get(gateway, documentId=f"sha256:{hash_of(text)}") == (200, {"data": {"now": 5}})
    assert await socket(gateway, **apollo(text)) == {"data": {"now": 5}}
    assert (await stream(gateway, **apollo(text)))[0] == ("next", {"data": {"now": 5}})


async def test_a_client_may_introduce_a_query_at_any_door(gateway: Gateway) -> None:
    for number, door in enumerate((get, socket, stream)):
        text = f"query Kept{number} {{ now }}"
        await door(gateway, query=text, **apollo(text))
        assert await post(gateway, **apollo(text)) == (200, {"data": {"now": 5}})


async def test_what_is_not_valid_is_not_kept(gateway: Gateway) -> None:
    text = "{ nope }"
    _, answer = await post(gateway, query=text, **apollo(text))
    assert code(answer) == "GRAPHQL_VALIDATION_FAILED"
    _, answer = await post(gateway, **apollo(text))
    assert code(answer) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": NOW, **apollo("{ other }")}, "PERSISTED_QUERY_HASH_MISMATCH"),
        ({"query": NOW, "documentId": f"sha256:{hash_of('{ other }')}"}, "PERSISTED_QUERY_HASH_MISMATCH"),
        (apollo(NOW, version=2), "PERSISTED_QUERY_NOT_SUPPORTED"),
        ({"extensions": {"persistedQuery": {"version": 1}}}, "BAD_REQUEST"),
        ({"extensions": {"persistedQuery": "x"}}, "BAD_REQUEST"),
        ({"documentId": "sha256:ABC"}, "BAD_REQUEST"),
        ({"documentId": ""}, "BAD_REQUEST"),
        ({"documentId": "x" * 300}, "BAD_REQUEST"),
        ({"documentId": 5}, "BAD_REQUEST"),
        ({"documentId": "never-heard-of"}, "PERSISTED_QUERY_NOT_SUPPORTED"),
    ],
)
async def test_what_cannot_be_found_or_is_wrong(gateway: Gateway, body: dict[str, Any], expected: str) -> None:
    status, answer = await post(gateway, **body)
    assert (status, code(answer)) == (400, expected)


async def test_a_mutation_by_hash_is_no_query_for_get(gateway: Gateway) -> None:
    text = "mutation Kept { set }"
    await post(gateway, query=text, **apollo(text))
    status, answer = await get(gateway, **apollo(text))
    assert (status, code(answer)) == (405, "METHOD_NOT_ALLOWED")


async def test_trusted_documents_are_run_by_id_by_hash_and_by_their_text(strict: Gateway) -> None:
    answer = {"data": {"now": 5}}
    assert await post(strict, documentId="a") == (200, answer)
    assert await get(strict, documentId="a") == (200, answer)
    assert await post(strict, documentId=f"sha256:{hash_of(TRUSTED['a'])}") == (200, answer)
    assert await post(strict, **apollo(TRUSTED["a"])) == (200, answer)
    assert await post(strict, query=TRUSTED["a"]) == (200, answer)
    assert await socket(strict, documentId="b") == {"data": {"tick": {"number": 0}}}
    assert (await stream(strict, documentId="b"))[0] == ("next", {"data": {"tick": {"number": 0}}})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": NOW}, "QUERY_NOT_IN_LIST"),
        ({"query": NOW, **apollo(NOW)}, "QUERY_NOT_IN_LIST"),
        ({"query": "query A {now}", "documentId": "a"}, "QUERY_NOT_IN_LIST"),
        ({"documentId": "unknown"}, "PERSISTED_QUERY_NOT_IN_LIST"),
        (apollo(NOW), "PERSISTED_QUERY_NOT_IN_LIST"),
    ],
)
async def test_everything_else_is_refused_at_every_door(strict: Gateway, body: dict[str, Any], expected: str) -> None:
    for door in (post, get):
        assert code((await door(strict, **body))[1]) == expected
    assert (await socket(strict, **body))[0]["extensions"]["code"] == expected
    assert code((await stream(strict, **body))[0][1]) == expected


def known(automatic: Documents, *texts: str) -> list[str]:
    """Those of the texts that are kept."""
    found = []
    for text in texts:
        try:
            found.append(automatic.find(apollo(text)).text)
        except RequestRefused:
            continue
    return found


def test_what_is_kept_is_bounded_in_number_and_bytes() -> None:
    kept = Documents(automatic=Lru(2, 20))
    for text in ("{ a }", "{ b }", "{ c }"):
        kept.keep(kept.find({"query": text, **apollo(text)}))
    assert known(kept, "{ a }", "{ b }", "{ c }") == ["{ b }", "{ c }"]
    long = "{ a_field_of_16 }"
    kept.keep(kept.find({"query": long, **apollo(long)}))
    assert known(kept, "{ b }", "{ c }", long) == [long]


def test_without_automatic_ones_nothing_is_kept() -> None:
    nothing = documents(Settings(persisted_queries=False))
    nothing.keep(nothing.find({"query": NOW, **apollo(NOW)}))
    with pytest.raises(RequestRefused) as refused:
        nothing.find(apollo(NOW))
    assert refused.value.errors[0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"


def test_apollos_manifest_is_read(tmp_path: Path) -> None:
    operations = [{"id": hash_of(NOW), "name": "Now", "type": "query", "body": NOW}]
    content = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    assert read_manifest(manifest(tmp_path, content)) == {hash_of(NOW): NOW}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "is no JSON"),
        ([], "is neither a map"),
        ({"a": 1}, "is neither a map"),
        ({"format": "other", "operations": []}, "is not of the format"),
        ({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{}]}, "without id or body"),
        (
            {
                "format": "apollo-persisted-query-manifest",
                "version": 1,
                "operations": [{"id": "1", "body": "a"}, {"id": "1", "body": "b"}],
            },
            "two documents with the id '1'",
        ),
    ],
)
def test_a_manifest_that_cannot_be_used(tmp_path: Path, content: Any, reason: str) -> None:
    with pytest.raises(InvalidSetting, match=reason):
        documents(Settings(trusted_documents=str(manifest(tmp_path, content))))


def test_the_only_mode_needs_a_list(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="TRUSTED_DOCUMENTS_ONLY"):
        documents(Settings(trusted_documents_only=True))
    with pytest.raises(InvalidSetting, match="No such file"):
        documents(Settings(trusted_documents=str(tmp_path / "missing.json")))


async def test_a_changed_list_is_put_in_force_and_a_broken_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = manifest(tmp_path, TRUSTED)
    found = documents(Settings(trusted_documents=str(file), trusted_documents_only=True))
    reloader = ManifestReloader(file, found, interval=60)
    assert not await reloader.look()
    manifest(tmp_path, {"n": "query New { now }"})
    assert await reloader.look()
    assert not await reloader.look()
    assert found.find({"documentId": "n"}).text == "query New { now }"
    with pytest.raises(RequestRefused):
        found.find({"query": TRUSTED["a"]})
    manifest(tmp_path, b"[broken")
    assert not await reloader.look()
    file.unlink()
    assert not await reloader.look()
    assert found.find({"query": "query New { now }"}).text == "query New { now }"
    assert [record.message.partition(":")[0] for record in caplog.records if record.levelname == "ERROR"] == [ALARM] * 2


async def test_the_running_gateway_takes_a_new_list(tmp_path: Path) -> None:
    settings = {
        "TRUSTED_DOCUMENTS": str(manifest(tmp_path, TRUSTED)),
        "TRUSTED_DOCUMENTS_ONLY": "true",
        "RELOAD_INTERVAL": "0.05",
    }
    async with running_gateway(tmp_path, settings, ticks=TICKS) as gateway:
        text = "query New { now }"
        assert code((await gateway.post(text))[1]) == "QUERY_NOT_IN_LIST"
        manifest(tmp_path, {**TRUSTED, "n": text})
        for _ in range(400):
            if "errors" not in (await gateway.post(text))[1]:
                break
            await asyncio.sleep(0.05)
        assert (await gateway.post(text))[1] == {"data": {"now": 5}}
        assert (await gateway.post(TRUSTED["a"]))[1] == {"data": {"now": 5}}
