"""One example of each event: the same at every run, made from the event class and the values named here."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import orjson

from rapport_shared.contracts.schemas import publisher
from rapport_shared.events import EVENT_TYPES, Envelope, Event, encode

TIME: Final = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

_IDS: Final[Mapping[str, str]] = {
    "contact": "con_01kjmbqde0e9pn4vr6w3hd8y2m",
    "customer": "cus_01kjmbqde0ewx9msbsthjn4fbx",
    "field": "cfd_01kjmbqde0f8n3rz5kx1t7wq2c",
    "deal": "dea_01kjmbqde0f1rk5ctp9w2nx8eh",
    "handling": "customers",
    "interaction": "int_01kjmbqde0fc8rrggfdrn93h6r",
    "key": "key_01kjmbqde0f4s7n0vb5zqj6p3c",
    "need": "nee_01kjmbqde0f9x3v7c1n5h8wq2r",
    "order": "ord_01kjmbqde0e2yq6h8msv4zb7kd",
    "pipeline": "pip_01kjmbqde0fvwn1c4x7jg9ta3r",
    "merge": "mrg_01kjmbqde0f7w3k9v2x5t8hn4d",
    "pool": "pool",
    "product": "prd_01kjmbqde0ek8s5dz2mhb6qy4t",
    "replay": "rpl_01kjmbqde0e5wz8n3bq7hdk4tm",
    "survivor": "cus_01kjmbqde0e3r8t5n1w6k9x2vb",
    "session": "ses_01kjmbqde0e8w6t2hx9y4mdk7a",
    "segment": "seg_01kjmbqde0e4v8y2pc6tn9xk3h",
    "tag": "tag_01kjmbqde0fw5j7r3mz9hd2c8q",
    "group": "tgr_01kjmbqde0f2n6x4kb8vt5ys7e",
    "tiers": "trs_00000000000000000000000000",
    "membership": "mbr_6z4kq1v0yhe3m8x5tj2nrwd7cp",
    "request": "sbr_01kjmbqde0fr2x8h6q9cz4v7tn",
    "task": "tsk_01kjmbqde0fhcb7m2eewctmmqp",
    "team": "tem_01kjmbqde0ev3c1rg8w5n2bz4y",
    "view": "viw_01kjmbqde0ew7b2m9tq5xk3rnz",
    "webhook": "whk_01kjmbqde0f6td8kx2ry4wqv9a",
    "transfer": "trf_01kjmbqde0f6w2n8k4c7v9x5hq",
    "user": "usr_01kjmbqde0fm2a3xwkr1dyhmgt",
}
# Whom a field such as ``customer_owner_id`` means: its last word before ``_id``.
_ROLES: Final[Mapping[str, str]] = {
    "owner": "user",
    "from": "user",
    "to": "user",
    "author": "user",
    "by": "user",
    "assignee": "user",
    "parent": "team",
}

_VALUES: Final[Mapping[str, Any]] = {
    "active": True,
    "assigned_rule": "NORTH",
    "at": datetime(2026, 3, 1, 9, 20, tzinfo=UTC),
    "chain": "customers",
    "applies_to": "Customer",
    "channel": "PHONE",
    "field": "taxNumber",
    "holds": "TEXT",
    "archived": False,
    "average": 12_500_000,
    "choice": "MULTI",
    "currency": "CNY",
    "days_between_orders": 21,
    "from_tier": "SILVER",
    "to_tier": "GOLD",
    "merged_into_id": None,
    "open": True,
    "order_count": 4,
    "orders": 4,
    "rule_version": 2,
    "ruled": True,
    "spend": 50_000_000,
    "tier": None,
    "tiers": ("GOLD", "SILVER"),
    "builtin": True,
    "customers": True,
    "customer_ids": None,
    "code": "SEAT-1Y",
    "due_at": datetime(2026, 3, 6, 17, 0, tzinfo=UTC),
    "events": ("customers.#",),
    "paused_reason": "UNREACHABLE",
    "queue": "warehouse",
    "expires_at": datetime(2026, 8, 28, 9, 30, tzinfo=UTC),
    "fields": {"Deal": {"amount": "READ"}},
    "grants": {"Customer": {"READ": "TEAM", "CREATE": "OWN", "UPDATE": "OWN"}},
    "hash": "c0ffee" * 10 + "abcd",
    "intent": "HIGH",
    "kind": "COMPANY",
    "label": "Sales",
    "next_follow_up_at": datetime(2026, 3, 4, 9, 0, tzinfo=UTC),
    "occurred_at": datetime(2026, 3, 1, 9, 15, tzinfo=UTC),
    "origin": "FOLLOW_UP",
    "priority": "HIGH",
    "purpose": "MARKETING_EMAIL",
    "records": 12,
    "role": "SALES",
    "seq": 3,
    "service": "tasks",
    "shared_roles": ("SALES",),
    "shared_team_ids": (),
    "stage": "OPPORTUNITY",
    "stages": ("QUALIFIED", "PROPOSAL", "WON", "LOST"),
    "status": "OPEN",
}
"""The value of each field of that name, whatever the event."""

_FACTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "automation.replay.started": {"after.status": "RUNNING"},
    "automation.replay.ended": {"before.status": "RUNNING", "after.status": "DONE"},
    "automation.audit.sealed": {"chain": "automation"},
    "automation.webhook.created": {"after.paused_reason": None},
    "automation.webhook.updated": {
        "changed": ("events",),
        "before.events": ("customers.customer.#",),
        "before.paused_reason": None,
        "after.paused_reason": None,
    },
    "automation.webhook.paused": {"before.paused_reason": None, "after.active": False},
    "automation.webhook.deleted": {
        "before.paused_reason": None,
        "after.paused_reason": None,
        "after.active": False,
        "after.deleted": True,
    },
    "identity.audit.sealed": {"chain": "identity"},
    "interactions.audit.sealed": {"chain": "interactions"},
    "tasks.audit.sealed": {"chain": "tasks"},
    "customers.customer.updated": {"changed": ("owner_id",), "before.owner_id": None},
    "customers.customer.deleted": {"after.deleted": True},
    "customers.saved_view.updated": {"changed": ("shared_roles",), "before.shared_roles": ()},
    "customers.saved_view.deleted": {"after.deleted": True},
    "customers.custom_field.updated": {"changed": ("label",)},
    "customers.custom_field.deleted": {"after.deleted": True},
    "customers.custom_field.restored": {"before.deleted": True},
    "customers.contact.created": {"after.role": "BUYER"},
    "customers.contact.updated": {"changed": ("role",), "before.role": None, "after.role": "APPROVER"},
    "customers.contact.deleted": {"before.role": "BUYER", "after.role": "BUYER", "after.deleted": True},
    "customers.contact.restored": {"before.role": "BUYER", "after.role": "BUYER", "before.deleted": True},
    "customers.deal.created": {"after.stage": "QUALIFIED"},
    "customers.deal.updated": {
        "changed": ("stage", "status"),
        "before.stage": "PROPOSAL",
        "after.stage": "WON",
        "after.status": "WON",
    },
    "customers.deal.deleted": {"before.stage": "PROPOSAL", "after.stage": "PROPOSAL", "after.deleted": True},
    "customers.deal.restored": {"before.stage": "PROPOSAL", "after.stage": "PROPOSAL", "before.deleted": True},
    "customers.need.created": {"after.kind": "PAIN"},
    "customers.need.updated": {
        "changed": ("status",),
        "before.kind": "PAIN",
        "after.kind": "PAIN",
        "after.status": "ADDRESSED",
    },
    "customers.need.deleted": {"before.kind": "PAIN", "after.kind": "PAIN", "after.deleted": True},
    "customers.need.restored": {"before.kind": "PAIN", "after.kind": "PAIN", "before.deleted": True},
    "customers.transfer.started": {"after.tasks": True},
    "customers.transfer.completed": {"before.tasks": True, "after.tasks": True, "after.done": True},
    "customers.pool.updated": {"changed": ("idle_days",)},
    "customers.handling.updated": {"changed": ("moves",)},
    "customers.customer.tier_changed": {"before.tier": "SILVER", "after.tier": "GOLD"},
    "customers.segment.updated": {"changed": ("rule_version",), "before.rule_version": 1},
    "customers.segment.deleted": {"after.deleted": True},
    "customers.tag_group.updated": {"changed": ("open",), "before.open": False},
    "customers.tag.updated": {"changed": ("rule_version",), "before.rule_version": 1},
    "customers.tag.merged": {
        "before.ruled": False,
        "after.ruled": False,
        "before.rule_version": 0,
        "after.rule_version": 0,
        "after.archived": True,
        "into_tag_id": "tag_01kjmbqde0f8s2x6cd4wv7h9pm",
        "after.merged_into_id": "tag_01kjmbqde0f8s2x6cd4wv7h9pm",
    },
    "customers.tiers.updated": {"before.tiers": ("GOLD",)},
    "customers.order.created": {"after.status": "PLACED"},
    "customers.order.updated": {"changed": ("status",), "after.status": "PAID", "before.status": "PLACED"},
    "customers.pipeline.updated": {"changed": ("archived",), "after.archived": True},
    "customers.product.updated": {"changed": ("active",), "after.active": False},
    "customers.customer.erased": {"after.erased": True},
    "customers.customer.purged": {"before.deleted": True, "after.deleted": True, "after.erased": True},
    "customers.customer.restored": {"before.deleted": True},
    "customers.customer.merged": {"after.deleted": True, "after.merged_into_id": _IDS["survivor"]},
    "customers.customer.unmerged": {"before.deleted": True, "before.merged_into_id": _IDS["survivor"]},
    "identity.api_key.updated": {"changed": ("expires_at",), "before.expires_at": datetime(2026, 3, 1, 9, tzinfo=UTC)},
    "identity.api_key.revoked": {"after.active": False},
    "identity.role.updated": {
        "changed": ("grants",),
        "before.grants": {"Customer": {"READ": "OWN", "CREATE": "OWN", "UPDATE": "OWN"}},
    },
    "identity.role.deleted": {"after.deleted": True},
    "identity.team.updated": {"changed": ("parent_id",), "before.parent_id": None},
    "identity.team.deleted": {"after.deleted": True},
    "identity.user.updated": {"changed": ("role",), "before.role": "SUPPORT"},
    "interactions.customer.handed_over": {"before.owner_id": None},
    "tasks.customer.handed_over": {"before.owner_id": None},
    "interactions.interaction.updated": {"changed": ("intent",), "before.intent": "MEDIUM"},
    "interactions.interaction.deleted": {"after.deleted": True},
    "tasks.task.updated": {"changed": ("assignee_id",), "before.assignee_id": None},
    "tasks.task.completed": {"after.status": "DONE"},
    "tasks.task.reopened": {"before.status": "DONE"},
    "tasks.task.cancelled": {"after.status": "CANCELLED"},
}
"""What makes an event the fact that its name says, by the event's name without version, then by the field's path."""


class ExampleMissing(LookupError):
    """A field of an event has no example value yet."""


def example_message(routing_key: str) -> dict[str, Any]:
    """A whole message, as it is published. Raises ExampleMissing."""
    event = example_event(EVENT_TYPES[routing_key])
    envelope = Envelope(
        id="019ca8bb-b5c0-773a-9a65-79d465523d7d",
        routing_key=routing_key,
        source=f"/rapport/{publisher(routing_key)}",
        subject=event.subject,
        time=TIME,
        version=3 if hasattr(event, "before") else 1,
        actor=_IDS["user"],
        correlation_id="019ca8bb-b5a2-7c1e-8d57-5b0c34e7f912",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    message: dict[str, Any] = orjson.loads(encode(envelope, event))
    return message


def example_event(event_type: type[Event]) -> Event:
    """An event of that type. Raises ExampleMissing."""
    made: Event = _Maker(event_type).make(event_type, "")
    return made


class _Maker:
    def __init__(self, event_type: type[Event]) -> None:
        self._routing_key = event_type.routing_key
        self._fact = _FACTS.get(self._routing_key.rpartition(".")[0], {})

    def make(self, cls: type[Any], path: str) -> Any:
        hints = get_type_hints(cls)
        return cls(**{field.name: self._field(hints[field.name], f"{path}{field.name}") for field in fields(cls)})

    def _field(self, kind: Any, path: str) -> Any:
        name = path.rpartition(".")[2]
        if path in self._fact:
            return self._fact[path]
        if name in _VALUES:
            return _VALUES[name]
        if name.endswith("_id"):
            return self._id(name.removesuffix("_id").rpartition("_")[2], path)
        return self._of_kind(kind, path)

    def _id(self, noun: str, path: str) -> str:
        noun = _ROLES.get(noun, noun)
        if noun not in _IDS:
            raise self._missing(path)
        return _IDS[noun]

    def _of_kind(self, kind: Any, path: str) -> Any:
        origin = get_origin(kind)
        if origin in {Union, UnionType}:
            return self._field(next(each for each in get_args(kind) if each is not NoneType), path)
        if origin is tuple:
            return (self._of_kind(get_args(kind)[0], path),)
        if origin is Literal:
            return get_args(kind)[0]
        if is_dataclass(kind) and isinstance(kind, type):
            return self.make(kind, f"{path}.")
        if isinstance(kind, type) and issubclass(kind, Enum):
            return next(iter(kind))
        plain: dict[Any, Any] = {bool: False, datetime: TIME}
        if kind not in plain:
            raise self._missing(path)
        return plain[kind]

    def _missing(self, path: str) -> ExampleMissing:
        return ExampleMissing(f"{self._routing_key}: name an example value of {path} in {__name__}")
