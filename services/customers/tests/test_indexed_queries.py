"""What the list of customers can be asked, each of it answered from an index that `migrate` makes, or refused."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from rapport_customers.app import INDEXES
from rapport_customers.consents.model import ConsentPurpose
from rapport_customers.custom_fields.errors import QueryNeedsIndex
from rapport_customers.customers.inputs import FIELDS, CustomerFilter, CustomerOrderField, condition
from rapport_customers.customers.model import CustomerKind, CustomerPriority, CustomerStage
from rapport_customers.customers.repository import COLLECTION
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, IntFilter, StringFilter
from rapport_shared.mongo import Mongo

INDEXED = [index for index in INDEXES if index.collection == COLLECTION]
ENUMS: dict[str, Any] = {
    "kind": CustomerKind.PERSON,
    "stage": CustomerStage.LEAD,
    "priority": CustomerPriority.HIGH,
    "consented_to": ConsentPurpose.MARKETING_EMAIL,
}
# Names of tags are ids by the time that the database is asked; an index on two values would not help.
APART = {"tags", "tag_ids", "deleted"}
SEARCHED = {"name", "phone", "email", "external_id"}


def operands(name: str) -> Iterator[Any]:
    """A filter of each operator that the attribute has."""
    hint = str(CustomerFilter.__annotations__[name])
    kind = next(each for each in (IntFilter, DateTimeFilter, IdFilter, StringFilter, Filter) if each.__name__ in hint)
    value: Any = ENUMS.get(name, {IntFilter: 3, DateTimeFilter: datetime(2026, 1, 1, tzinfo=UTC)}.get(kind, "cus_1"))
    for operator in (field.name for field in dataclasses.fields(kind)):
        given: Any = {"in_": [value], "is_null": False}.get(operator, value)
        yield kind(**{operator: given})


def paths(document: Any) -> Iterator[str]:
    """The document fields of a condition."""
    for key, value in document.items():
        if key.startswith("$"):
            for part in value:
                yield from paths(part)
        else:
            yield key


def indexed(path: str) -> bool:
    """Whether an index begins with the field, or with ``deleted`` and the field."""
    keys = [[field for field, _ in index.keys] for index in INDEXED]
    return path in {"_id", "deleted"} or any(path in (key[0], key[1] if key[0] == "deleted" else "") for key in keys)


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - APART))
def test_every_operator_goes_by_an_index_or_is_refused(name: str) -> None:
    for given in operands(name):
        try:
            asked = condition(CustomerFilter(**{name: given}), None)
        except QueryNeedsIndex:
            assert given == StringFilter(contains="cus_1")
            assert name not in SEARCHED
        else:
            assert [path for path in paths(asked) if not indexed(path)] == []
            assert "$options" not in str(asked), "a text in the middle of a value is not found by an index"


@pytest.mark.parametrize("key", list(CustomerOrderField))
def test_every_sort_key_has_its_index(key: CustomerOrderField) -> None:
    assert any([field for field, _ in index.keys][:2] == ["deleted", key.value] for index in INDEXED)


async def test_the_database_takes_these_indexes(mongo: Mongo) -> None:
    await mongo.database[COLLECTION].insert_one({"_id": "cus_1", "deleted": False, "phone": "+8613812345678"})
    for name in sorted(FIELDS.keys() - APART - {"id"}):
        asked = condition(CustomerFilter(**{name: next(operands(name))}), None)
        plan = await mongo.database[COLLECTION].find(asked).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), name
