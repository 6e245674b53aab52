"""Where webhooks may go, and on which connections."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest

from rapport_automation.deliveries.sender import Sender, Targets
from rapport_automation.webhooks.errors import InvalidPatterns, InvalidUrl
from rapport_automation.webhooks.values import matches, new_secret, valid_patterns, valid_url

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not Targets().admits(ip_address(address), encrypted=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"])
def test_public_addresses_are_called_over_https_only(address: str) -> None:
    assert Targets().admits(ip_address(address), encrypted=True)
    assert not Targets().admits(ip_address(address), encrypted=False)


def test_allowed_networks_are_called_over_http_too() -> None:
    targets = Targets([ip_network("10.1.0.0/16")])
    assert targets.admits(ip_address("10.1.2.3"), encrypted=False)
    assert not targets.admits(ip_address("10.2.2.3"), encrypted=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_however_a_host_is_written_it_is_checked_where_it_is_connected_to(host: str, scheme: str) -> None:
    sender = Sender(Targets())
    url = f"{scheme}://{host}:9/hook"
    outcome = await sender.send(url, b"{}", message_id="1", secrets=[new_secret()], now=NOW)
    await sender.close()
    assert (outcome.status, outcome.error) == (None, "TARGET_NOT_ALLOWED")


async def test_a_connection_that_the_server_may_be_closing_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(0)
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
                served[-1] += 1
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    sender = Sender(Targets([ip_network("127.0.0.0/8")]))
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        for later in (0.0, 1.0, 5.9):
            monkeypatch.setattr("aiohttp.connector.monotonic", lambda later=later: time.monotonic() + later)
            outcome = await sender.send(url, b"{}", message_id="1", secrets=[new_secret()], now=NOW)
            assert outcome.status == 204
        await sender.close()
    assert served == [2, 1]


@pytest.mark.parametrize(
    "url",
    ["", "hook", "ftp://a.example/", "https://", "https://user:pw@a.example/", "https://a.example/#x", "https://a:0/"],
)
def test_bad_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        valid_url(url)


@pytest.mark.parametrize("patterns", [[], ["customers."], ["Customers.#"], ["a..b"], ["#", ""]])
def test_bad_patterns_are_refused(patterns: list[str]) -> None:
    with pytest.raises(InvalidPatterns):
        valid_patterns(patterns)


@pytest.mark.parametrize(
    ("pattern", "key", "found"),
    [
        ("#", "customers.deal.created.v1", True),
        ("customers.#", "customers.deal.created.v1", True),
        ("customers.#", "tasks.task.created.v1", False),
        ("*.*.created.v1", "customers.deal.created.v1", True),
        ("*.created.v1", "customers.deal.created.v1", False),
        ("#.v1", "customers.deal.created.v1", True),
        ("#.created.#", "customers.deal.created.v1", True),
        ("customers.deal.created.v1.#", "customers.deal.created.v1", True),
        ("customers.deal.created.v1.*", "customers.deal.created.v1", False),
        ("#.#", "customers.deal.created.v1", True),
    ],
)
def test_patterns_match_as_a_topic_exchange_does(pattern: str, key: str, found: bool) -> None:
    assert matches([pattern], key) is found
