"""Settings of the server: command line options over environment variables over defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rapport_gateway.errors import ErrorPolicy
from rapport_gateway.limits.limits import Limits

PREFIX = "RAPPORT_GATEWAY_"
_MAY_BE_ZERO = frozenset(
    {
        "port",
        "reload_interval",
        "trace_share",
        "request_timeout",
        "forwarded_hops",
        "rate_limit",
        "address_rate_limit",
        "max_client_operations",
        "max_client_subscriptions",
        "max_client_sockets",
        "max_operations",
    }
)
_SWITCH = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


class InvalidSetting(Exception):
    """A setting has a value that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings(Limits):
    """Sizes in bytes, times in seconds. Each is set by RAPPORT_GATEWAY_<NAME>.

    `subgraphs` and `subscription_urls`: NAME=URL, separated by commas. `subscription_sse`, `subscription_resumed` and
    `subscription_shared`: names of subgraphs, separated by commas, or `*` for all. `service_keys` and
    `service_tokens`: NAME=VALUE, separated by commas; `service_key` and `service_token` are for all other subgraphs.
    """

    supergraph: str = ""
    subgraphs: str = ""
    reload_interval: float = 5.0
    record_operations: str = ""
    record_interval: float = 60.0
    host: str = "127.0.0.1"
    port: int = 4000
    workers: int = 1
    log_level: str = "info"
    log_format: str = "text"
    log_requests: bool = False
    otlp_endpoint: str = ""
    otlp_headers: str = ""
    trace_share: float = 1.0
    max_body_bytes: int = 2 * 1024 * 1024
    max_answer_bytes: int = 64 * 1024 * 1024
    plan_cache_size: int = 1000
    read_apart: bool = True
    connect_timeout: float = 0.5
    query_timeout: float = 10.0
    mutation_timeout: float = 30.0
    share_queries: bool = False
    share_operations: bool = False
    subscription_urls: str = ""
    subscription_sse: str = ""
    subscription_resumed: str = ""
    subscription_shared: str = ""
    subscription_resume_timeout: float = 30.0
    subscription_socket_size: int = 100
    subscription_socket_age: float = 60.0
    subscription_socket_linger: float = 5.0
    subscription_socket_heartbeat: float = 20.0
    websocket_init_timeout: float = 10.0
    max_socket_operations: int = 100
    stream_send_timeout: float = 10.0
    stream_queue_size: int = 256
    stream_queue_bytes: int = 4 * 1024 * 1024
    sse_keep_alive: float = 15.0
    keep_alive: int = 75
    page: str = ""
    page_examples: str = ""
    page_sign_in: str = ""
    max_batch_size: int = 1
    persisted_queries: bool = True
    persisted_query_cache_size: int = 1000
    persisted_query_cache_bytes: int = 8 * 1024 * 1024
    trusted_documents: str = ""
    trusted_documents_only: bool = False
    compression_min_bytes: int = 1024
    csrf_prevention: bool = True
    csrf_headers: str = "apollo-require-preflight,x-apollo-operation-name,x-graphql-require-preflight"
    cors_origins: str = ""
    cors_credentials: bool = False
    cors_max_age: int = 600
    cors_headers: str = (
        "authorization,content-type,x-request-id,traceparent,tracestate,"
        "apollo-require-preflight,x-apollo-operation-name,x-graphql-require-preflight"
    )
    error_extensions: str = ""
    error_subgraphs: bool = False
    error_messages: bool = True
    jwt_jwks_url: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_scopes_claim: str = "scope"
    jwt_policies_claim: str = "policies"
    policies_url: str = ""
    access_undecided: str = "refuse"
    shutdown_timeout: float = 10.0
    request_timeout: float = 60.0
    forwarded_hops: int = 0
    address_header: str = ""
    rate_limit: float = 0.0
    rate_burst: int = 100
    address_rate_limit: float = 0.0
    address_rate_burst: int = 500
    max_client_operations: int = 0
    max_client_subscriptions: int = 0
    max_client_sockets: int = 0
    max_operations: int = 0
    service_key: str = ""
    service_keys: str = ""
    service_token: str = ""
    service_tokens: str = ""

    @property
    def error_policy(self) -> ErrorPolicy:
        names = frozenset(filter(None, (name.strip() for name in self.error_extensions.split(","))))
        return ErrorPolicy(names, self.error_subgraphs, self.error_messages)


def load_settings(environment: Mapping[str, str], options: Mapping[str, Any]) -> Settings:
    """Options that are None count as not given. Raises InvalidSetting."""
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        given = options.get(setting.name)
        if given is None:
            given = environment.get(PREFIX + setting.name.upper())
        if given is None and setting.name == "log_level":
            given = environment.get("RAPPORT_LOG_LEVEL")
        if given is not None:
            values[setting.name] = _converted(setting.name, str(given), type(setting.default))
    return Settings(**values)


def _converted(name: str, text: str, kind: type) -> object:
    try:
        value = _SWITCH[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError) as error:
        raise InvalidSetting(f"{PREFIX}{name.upper()} is {text!r}, which is no {kind.__name__}") from error
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if value < 0 or (value == 0 and name not in _MAY_BE_ZERO):
        least = "0 or more" if name in _MAY_BE_ZERO else "more than 0"
        raise InvalidSetting(f"{PREFIX}{name.upper()} is {text!r}, but must be {least}")
    return value
