"""The settings for subscriptions to subgraphs."""

from __future__ import annotations

import pytest

from rapport_gateway.server.streaming import stream_settings
from rapport_gateway.settings import InvalidSetting, Settings, load_settings


def test_what_is_set_is_used() -> None:
    settings = Settings(
        subscription_urls="a=ws://x/ws, b=https://y/stream", subscription_sse="b", subscription_resumed="*"
    )
    found = stream_settings(settings, ["a", "b"])
    assert found.urls == {"a": "ws://x/ws", "b": "https://y/stream"}
    assert [found.over_sse("a"), found.over_sse("b")] == [False, True]
    assert found.is_resumed("a")


def test_by_default_nothing_is_resumed_and_all_are_reached_over_websocket() -> None:
    found = stream_settings(Settings(), ["a"])
    assert (found.urls, found.over_sse("a"), found.is_resumed("a")) == ({}, False, False)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("SSE", "a,b", " names 'b', which is no subgraph"),
        ("RESUMED", "nope", " names 'nope', which is no subgraph"),
        ("URLS", "a=ftp://x", ": 'a=ftp://x' is not of the form NAME=URL"),
        ("URLS", "a=ws://[x", ": 'a=ws://[x' is not of the form NAME=URL"),
        ("URLS", "a", ": 'a' is not of the form NAME=URL"),
        ("URLS", "b=ws://x/ws", " names 'b', which is no subgraph"),
        ("SOCKET_SIZE", "0", " is '0', but must be more than 0"),
        ("RESUME_TIMEOUT", "soon", " is 'soon', which is no float"),
    ],
)
def test_settings_are_checked(name: str, value: str, problem: str) -> None:
    setting = f"RAPPORT_GATEWAY_SUBSCRIPTION_{name}"
    with pytest.raises(InvalidSetting) as refused:
        stream_settings(load_settings({setting: value}, {}), ["a"])
    assert str(refused.value) == setting + problem
