"""The judge of the queries' indexes: what it lets pass, and what not."""

from typing import Any

import pytest
from index_use import Keys, Reading, readings, served

NEWEST = Keys((("deleted", 1), ("created_at", -1), ("_id", -1)))
PHONE = Keys((("deleted", 1), ("phone", 1)))
OPEN = Keys((("code", 1),), only={"open": True})
PAIRS = Keys((("deleted", 1), ("pairs.k", 1), ("pairs.v", 1)))
LIVING = {"deleted": False}
AFTER = {"$or": [{"created_at": {"$lt": 5}}, {"created_at": None}, {"created_at": 5, "_id": {"$lt": "x"}}]}


def find(condition: dict[str, Any], **given: Any) -> Reading:
    [reading] = readings({"find": "things", "filter": condition, **given})
    return reading


PAGE: dict[str, Any] = {"sort": {"created_at": -1, "_id": -1}, "limit": 21}
BACK: dict[str, Any] = {"sort": {"created_at": 1, "_id": 1}, "limit": 21}
MIXED: dict[str, Any] = {"sort": {"created_at": 1, "_id": -1}, "limit": 21}
SERVED = [
    find({"_id": {"$in": ["a", "b"]}, "owner": "x"}),
    find({**LIVING, "phone": {"$regex": "^138"}}),
    find({**LIVING, "phone": "1", "name": {"$ne": None}}),
    find(LIVING, **PAGE),
    find(LIVING, **BACK),
    find({"$and": [LIVING, AFTER]}, **PAGE),
    find({**LIVING, "$or": [{"phone": "1"}, {"created_at": {"$gt": 1}}]}),
    find({"code": "a", "open": True}),
    find({**LIVING, "$or": [{"phone": {"$all": ["1", "2"]}}, {"phone": {"$all": ["3"]}}]}),
    find({**LIVING, "pairs": {"$elemMatch": {"k": "size", "v": {"$gt": 3}}}}),
]
NOT_SERVED = [
    find({}),
    find(LIVING),
    find({"phone": "1"}),
    find({**LIVING, "phone": {"$regex": "138"}}),
    find({**LIVING, "phone": None}),
    find(LIVING, sort=PAGE["sort"]),
    find(LIVING, **MIXED),
    find({**LIVING, "industry": "x"}, **PAGE),
    find({**LIVING, "$or": [{"phone": "1"}, {"industry": "x"}]}),
    find({"code": "a"}),
    find({"$nor": [{"_id": "a"}]}),
]


@pytest.mark.parametrize("reading", SERVED, ids=str)
def test_served(reading: Reading) -> None:
    assert served(reading, [NEWEST, PHONE, OPEN, PAIRS])


@pytest.mark.parametrize("reading", NOT_SERVED, ids=str)
def test_not_served(reading: Reading) -> None:
    assert not served(reading, [NEWEST, PHONE, OPEN, PAIRS])


def test_an_aggregation_reads_of_each_collection_it_joins() -> None:
    match = {"$match": {"_id": "a"}}
    inner = [{"$match": LIVING}, {"$sort": {"at": 1}}, {"$limit": 3}]
    lookup = {"from": "others", "localField": "_id", "foreignField": "thing", "pipeline": inner, "as": "found"}
    other, thing = readings({"aggregate": "things", "pipeline": [match, {"$lookup": lookup}]})
    assert (other.collection, thing.collection) == ("others", "things")
    assert served(thing, [])
    assert served(other, [Keys((("thing", 1),))])
    assert not served(other, [Keys((("at", 1),))])


def test_counting_needs_an_index_that_holds_the_condition() -> None:
    counting = {"aggregate": "things", "pipeline": [{"$match": LIVING}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]}
    [reading] = readings(counting)
    assert reading.counts
    assert served(reading, [NEWEST])
    assert not served(reading, [OPEN])
    [by_phone] = readings({"aggregate": "things", "pipeline": [{"$match": LIVING}, {"$group": {"_id": "$phone"}}]})
    assert served(by_phone, [PHONE])
    assert not served(by_phone, [NEWEST])


def test_counting_everything_needs_the_hint_of_an_index() -> None:
    counting = {"aggregate": "things", "pipeline": [{"$match": {}}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]}
    [[hinted], [plain]] = [list(readings(each)) for each in ({**counting, "hint": "_id_"}, counting)]
    assert served(hinted, [])
    assert not served(plain, [NEWEST])
