"""The default roles and what they may do."""

from typing import Final

from rapport_shared.rights import Grants, Policy, Reach, Verb

_ALL = dict.fromkeys(Verb, Reach.ALL)
_OWN = dict.fromkeys(Verb, Reach.OWN)
_READ = {Verb.READ: Reach.ALL}

DEFAULT_GRANTS: Final[Grants] = {
    "ADMIN": {"User": _ALL, "Customer": _ALL, "Interaction": _ALL, "Task": _ALL},
    "MANAGER": {"User": _READ, "Customer": _ALL, "Interaction": _ALL, "Task": _ALL},
    # Sellers see their own customers only, and what hangs on them.
    "SALES": {"User": _READ, "Customer": _OWN, "Interaction": _OWN, "Task": _OWN},
    # Service reads and looks after every customer, but neither creates nor deletes one.
    "SUPPORT": {
        "User": _READ,
        "Customer": {Verb.READ: Reach.ALL, Verb.UPDATE: Reach.ALL},
        "Interaction": {Verb.READ: Reach.ALL, Verb.CREATE: Reach.ALL, Verb.UPDATE: Reach.OWN, Verb.DELETE: Reach.OWN},
        "Task": {Verb.READ: Reach.ALL, Verb.CREATE: Reach.ALL, Verb.UPDATE: Reach.OWN, Verb.DELETE: Reach.OWN},
    },
}

DEFAULT_POLICY: Final = Policy(
    grants=DEFAULT_GRANTS,
    # What hangs on a customer is its owner's; a task also belongs to who works on it and who asked for it.
    owner_fields={
        "Customer": ("owner_id",),
        "Interaction": ("customer_owner_id",),
        "Task": ("assignee_id", "created_by_id", "customer_owner_id"),
    },
    # Service, which owns no customers, mends what it wrote itself; a seller who lost a customer does not even see it.
    author_fields={"Interaction": ("author_id",)},
)
