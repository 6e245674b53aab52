"""Taking a list away: a right of its own, no more than what may be read, and none of the fields that are hidden.

Whoever makes an export begins with ``export_of``, adds its ``scope`` and ``condition`` to the query, leaves ``hidden``
fields out of what it writes, and notes it with ``AuditTrail.note_export(…, asked=export.asked, rows=…)``.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from pydantic.alias_generators import to_camel
from strawberry import UNSET

from rapport_shared.actor import Actor
from rapport_shared.errors import Forbidden
from rapport_shared.graphql.field_rights import check_asked, without_hidden
from rapport_shared.graphql.lists import Listing, searched
from rapport_shared.graphql.scalars import serialize_date_time
from rapport_shared.mongo import Document
from rapport_shared.rights import Policy, Reach, Scope

LEFT_OUT: Final = "…"
_ID: Final = re.compile(r"[a-z]{3}_[0-9a-z]{26}")


@dataclass(frozen=True, slots=True)
class Export:
    """What of a list somebody may take away.

    ``scope`` is whose records, ``condition`` which of them as a database condition, ``hidden`` the fields (by their
    names in the schema) that are not theirs to see, and ``asked`` the filter as the audit log keeps it.
    """

    scope: Scope
    condition: Document
    hidden: frozenset[str]
    asked: Mapping[str, Any]


def export_of(
    policy: Policy, listing: Listing, *, given: object = None, search: str | None = None, by: Actor
) -> Export:
    """The export of a list by the filter and the search that its field takes.

    Raises Forbidden without the right EXPORT on the type, ForbiddenField for a filter or search by what is hidden, and
    BadInput for what no list could answer.
    """
    scope = policy.export_scope(by, listing.type_name)
    if scope.reach is Reach.NONE:
        raise Forbidden(f"Your role does not export any {listing.type_name}.")
    hidden = policy.fields(by, listing.type_name).hidden
    check_asked(hidden, given=given)
    condition = without_hidden(listing.condition(given, searched(search)), hidden)
    asked = described(given)
    return Export(scope, condition, hidden, {**asked, "search": LEFT_OUT} if searched(search) else asked)


def described(given: object) -> dict[str, Any]:
    """A filter input as the audit log keeps it: its fields and operators, and the values that are no person's words.

    Texts may be names or numbers of people, so only ids are kept of them.
    """
    if not dataclasses.is_dataclass(given):
        return {}
    content = ((field.name, getattr(given, field.name)) for field in dataclasses.fields(given))
    return {to_camel(name.strip("_")): _value(value) for name, value in content if value is not UNSET}


def _value(value: object) -> Any:
    if dataclasses.is_dataclass(value):
        return described(value)
    return [_value(each) for each in value] if isinstance(value, list) else _plain(value)


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return serialize_date_time(value)
    if isinstance(value, Decimal) or (isinstance(value, str) and _ID.fullmatch(value)):
        return str(value)
    return value if value is None or isinstance(value, bool | int) else LEFT_OUT
