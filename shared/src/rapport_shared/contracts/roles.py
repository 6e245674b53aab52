"""The default roles, what makes a record somebody's, and which fields a role can be kept from.

The default roles hold in every service until it hears of a role of that name from identity.
"""

from collections.abc import Mapping
from typing import Final

from rapport_shared.contracts.identity import RoleState
from rapport_shared.rights import FieldRight, FieldRights, Policy, Reach, RoleRights, Snapshot, Verb

MASKABLE: Final[Mapping[str, frozenset[str]]] = {
    "Customer": frozenset({"phone", "email", "wechat", "source", "externalId", "contactPerson"}),
    "Contact": frozenset({"title", "phone", "email", "role", "customRole", "influence", "stance"}),
    "Deal": frozenset({"amount", "lines", "expectedCloseAt", "source"}),
    "Order": frozenset({"lines", "total"}),
    "Need": frozenset({"text"}),
    "Interaction": frozenset({"participants", "content", "outcome", "intent", "nextFollowUpAt"}),
    "Task": frozenset({"description", "dueAt", "result"}),
}
"""The fields that a role can be kept from seeing (MASK), by type: nullable ones that nobody's rights depend on."""

SETTABLE: Final[Mapping[str, frozenset[str]]] = {
    "Customer": MASKABLE["Customer"]
    | {"kind", "name", "industry", "companySize", "stage", "priority", "ownerId", "tags"},
    "Contact": MASKABLE["Contact"] | {"name", "reportsToId"},
    "Deal": MASKABLE["Deal"] | {"name", "stage", "decisionChain"},
    "Order": MASKABLE["Order"] | {"status", "orderedAt"},
    "Need": MASKABLE["Need"] | {"kind", "status", "interactionId"},
    "Interaction": MASKABLE["Interaction"] | {"channel", "occurredAt"},
    "Task": MASKABLE["Task"] | {"title", "priority", "status", "assigneeId", "customerId"},
    "User": frozenset({"email", "name", "role", "title", "teamId", "managerId", "externalId"}),
}
"""The fields that a role can be kept from setting (READ), by type."""

CUSTOM: Final = "custom."
"""Custom fields, which are defined while the system runs, are named so in rules: ``custom.taxNumber``."""
_WITH_CUSTOM_FIELDS: Final = frozenset({"Customer"})


def restrictable(type_name: str, field: str, fields: Mapping[str, frozenset[str]]) -> bool:
    """Whether a role's rule may be about this field: one of ``fields`` (MASKABLE or SETTABLE), or a custom field."""
    if field.startswith(CUSTOM):
        return type_name in _WITH_CUSTOM_FIELDS and len(field) > len(CUSTOM)
    return field in fields.get(type_name, frozenset())


_ALL: Final = dict.fromkeys(map(str, Verb), "ALL")
_OWN: Final = dict.fromkeys(("READ", "CREATE", "UPDATE", "DELETE"), "OWN")
_READ: Final = {"READ": "ALL"}
# Whoever helps every customer writes down what was said, and mends what is their own.
_HELP: Final = {"READ": "ALL", "CREATE": "ALL", "UPDATE": "OWN", "DELETE": "OWN"}
_FEED: Final = {"READ": "ALL", "CREATE": "ALL", "UPDATE": "ALL", "IMPORT": "ALL", "EXPORT": "ALL"}


def _role(
    label: str, fields: Mapping[str, Mapping[str, str]] | None = None, /, **grants: Mapping[str, str]
) -> RoleState:
    rules = {name: dict(rights) for name, rights in (fields or {}).items()}
    return RoleState(
        label=label, grants={name: dict(verbs) for name, verbs in grants.items()}, fields=rules, builtin=True
    )


# What sorts customers: everybody goes by it, managers and marketing say what there is.
_SORTING: Final = ("TagGroup", "Tag", "Segment", "Tiers")
_STAFF: Final = {
    **dict.fromkeys(("User", "Team", "Role", "Product", "Pipeline", "CustomField"), _READ),
    **dict.fromkeys(_SORTING, _READ),
    "SavedView": _OWN,
}
_CATALOGUE: Final = {"Product": _ALL, "Pipeline": _ALL, **dict.fromkeys(_SORTING, _ALL)}

DEFAULT_ROLES: Final[Mapping[str, RoleState]] = {
    "ADMIN": _role(
        "Administrator · 管理员",
        User=_ALL,
        Team=_ALL,
        Role=_ALL,
        ApiKey=_ALL,
        **_CATALOGUE,
        CustomField=_ALL,
        SavedView=_ALL,
        Customer=_ALL,
        CustomerHandling=_ALL,
        Pool={"READ": "ALL", "UPDATE": "ALL"},
        Contact=_ALL,
        Need=_ALL,
        Deal=_ALL,
        Order=_ALL,
        Interaction=_ALL,
        Task=_ALL,
        Webhook=_ALL,
        Replay=_ALL,
        AuditEntry=_READ,
        SubjectRequest={"READ": "ALL", "EXPORT": "ALL", "ERASE": "ALL"},
    ),
    "MANAGER": _role(
        "Manager · 主管",
        **{**_STAFF, **_CATALOGUE, "SavedView": _ALL},
        Customer=_ALL,
        CustomerHandling=_ALL,
        Pool={"READ": "ALL", "UPDATE": "ALL"},
        Contact=_ALL,
        Need=_ALL,
        Deal=_ALL,
        Order=_ALL,
        Interaction=_ALL,
        Task=_ALL,
    ),
    # Sellers see their own customers only, and what hangs on them.
    "SALES": _role(
        "Sales · 销售",
        **_STAFF,
        Customer=_OWN,
        Contact=_OWN,
        Pool={"READ": "ALL", "UPDATE": "ALL"},
        Need=_OWN,
        Deal=_OWN,
        Order=_OWN,
        Interaction=_OWN,
        Task=_OWN,
    ),
    # Service reads and looks after every customer, but neither creates nor deletes one, nor says what a deal is worth.
    "SUPPORT": _role(
        "Support · 客服",
        {"Deal": {"amount": "READ", "lines": "READ"}},
        **_STAFF,
        Customer={"READ": "ALL", "UPDATE": "ALL"},
        Contact={"READ": "ALL", "CREATE": "ALL", "UPDATE": "ALL"},
        Need={"READ": "ALL", "CREATE": "ALL", "UPDATE": "ALL"},
        Deal={"READ": "ALL", "UPDATE": "ALL"},
        Order=_READ,
        Interaction=_HELP,
        Task=_HELP,
    ),
    # Whom to write to, but not what was said in confidence.
    "MARKETING": _role(
        "Marketing · 市场",
        **{**_STAFF, **dict.fromkeys(_SORTING, _ALL)},
        Customer={"READ": "ALL", "EXPORT": "ALL"},
        Contact=_READ,
        Need=_READ,
        Task=_OWN,
    ),
    # Programs bring and fetch records, and delete none.
    "INTEGRATOR": _role(
        "Integrator · 集成",
        **{**_STAFF, "Product": _FEED},
        Customer=_FEED,
        Contact=_FEED,
        Need=_FEED,
        Order=_FEED,
        Interaction=_FEED,
        Task=_FEED,
        Webhook=_OWN,
    ),
}


def field_rights(type_name: str, rules: Mapping[str, str]) -> FieldRights:
    """The rights that a role's rules give for the fields of a type.

    A field that cannot be hidden is at least not to be set; a right that is not known here counts as MASK.
    """
    hidden = {name for name, right in rules.items() if right not in {FieldRight.READ.value, FieldRight.WRITE.value}}
    masked = frozenset(name for name in hidden if restrictable(type_name, name, MASKABLE))
    guarded = {name for name, right in rules.items() if right != FieldRight.WRITE}
    return FieldRights(masked, frozenset(guarded) - masked)


def role_rights(role: RoleState) -> RoleRights:
    """What a role may do; a verb or reach that is not known here grants nothing."""
    verbs, reaches = set(map(str, Verb)), set(map(str, Reach))
    grants = {
        type_name: {Verb(verb): Reach(reach) for verb, reach in granted.items() if verb in verbs and reach in reaches}
        for type_name, granted in role.grants.items()
    }
    return RoleRights(grants, {name: field_rights(name, rules) for name, rules in role.fields.items()})


_DEFAULT: Final = Snapshot({name: role_rights(role) for name, role in DEFAULT_ROLES.items()})

DEFAULT_POLICY: Final = Policy(
    current=lambda: _DEFAULT,
    # What hangs on a customer is its owner's; a task also belongs to who works on it and who asked for it.
    owner_fields={
        "User": ("id",),
        "Webhook": ("owner_id",),
        "SavedView": ("owner_id",),
        "ApiKey": ("owner_id",),
        "Customer": ("owner_id",),
        "Contact": ("customer_owner_id",),
        "Need": ("customer_owner_id",),
        "Deal": ("customer_owner_id",),
        "Order": ("customer_owner_id",),
        "Interaction": ("customer_owner_id",),
        "Task": ("assignee_id", "created_by_id", "customer_owner_id"),
    },
    # Service, which owns no customers, mends what it wrote itself; a seller who lost a customer does not even see it.
    author_fields={"Interaction": ("author_id",)},
)
