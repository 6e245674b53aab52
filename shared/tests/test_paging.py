"""Keyset pages, without a database: the position filter must agree with the sort."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport_shared.errors import BadInput
from rapport_shared.mongo import Document
from rapport_shared.mongo.paging import MAX_PAGE_SIZE, RANK, Order, PageRequest, page_request

DOCUMENTS = st.lists(st.tuples(st.none() | st.integers(0, 3), st.integers(0, 3)), max_size=12).map(
    lambda rows: [{"a": a, "b": b, "_id": f"id{number}"} for number, (a, b) in enumerate(rows)]
)
ORDERS = st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=2, unique_by=lambda key: key[0]).map(
    lambda keys: [Order(field, descending) for field, descending in keys]
)


def ask(order: list[Order], **arguments: object) -> PageRequest:
    usual = {"first": None, "after": None, "last": None, "before": None}
    return page_request(**{**usual, **arguments}, order=order)  # type: ignore[arg-type]


def matches(condition: Document, document: Document) -> bool:
    """MongoDB's meaning of the operators that a position uses; null compares with nothing."""
    for key, value in condition.items():
        if key == "$nor":
            if any(matches(part, document) for part in value):
                return False
        elif key in {"$or", "$and"}:
            results = [matches(part, document) for part in value]
            if not (any(results) if key == "$or" else all(results)):
                return False
        elif isinstance(value, dict):
            ((operator, operand),) = value.items()
            if not compares(operator, document[key], operand):
                return False
        elif document[key] != value:
            return False
    return True


def compares(operator: str, actual: object, operand: object) -> bool:
    if operator == "$ne":
        return actual != operand
    if actual is None:
        return False
    return bool(actual > operand if operator == "$gt" else actual < operand)  # type: ignore[operator]


def find(documents: list[Document], request: PageRequest) -> list[Document]:
    found = [document for document in documents if matches(request.filter(), document)]
    for field, direction in reversed(request.sort().items()):
        found.sort(key=lambda document: (document[field] is not None, document[field]), reverse=direction < 0)
    return found[: request.size + 1]


@given(DOCUMENTS, ORDERS, st.integers(1, 4), st.booleans())
def test_walking_either_way_gives_every_record_once_in_order(
    documents: list[Document],
    order: list[Order],
    size: int,
    backward: bool,
) -> None:
    whole = [document["_id"] for document in find(documents, PageRequest(99, ask(order).order))]
    walked: list[str] = []
    cursor = None
    while True:
        arguments = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = ask(order, **arguments).page(find(documents, ask(order, **arguments)))
        ids = [document["_id"] for document in page.items]
        walked = ids + walked if backward else walked + ids
        if not (page.has_previous if backward else page.has_next):
            break
        cursor = page.cursors[0] if backward else page.cursors[-1]
    assert walked == whole


@given(DOCUMENTS, ORDERS, st.integers(1, 4), st.booleans())
def test_walking_a_ranked_list_gives_the_best_first_and_every_record_once(
    documents: list[Document], order: list[Order], size: int, backward: bool
) -> None:
    ranks = ({"b": 2}, {"$or": [{"b": 2}, {"a": 1}]})
    whole = [document for request in [ask(order)] for document in find(documents, PageRequest(99, request.order))]
    best = [document["_id"] for document in whole if document["b"] == 2]
    good = [document["_id"] for document in whole if document["b"] != 2 and document["a"] == 1]
    others = [document["_id"] for document in whole if document["_id"] not in {*best, *good}]
    walked: list[str] = []
    cursor = None
    while True:
        ends = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        request = ask(order, **ends, ranks=ranks)
        found: list[Document] = []
        for rank, meets, part in request.by_rank():
            of_rank = [{**document, RANK: rank} for document in documents if matches(meets, document)]
            found += find(of_rank, part)[: size + 1 - len(found)]
        page = request.page(found)
        ids = [document["_id"] for document in page.items]
        walked = ids + walked if backward else walked + ids
        if not (page.has_previous if backward else page.has_next):
            break
        cursor = page.cursors[0] if backward else page.cursors[-1]
    assert walked == best + good + others


def test_a_cursor_whose_rank_is_no_number_is_refused() -> None:
    cursor = ask([Order(RANK), Order("a")]).cursor({RANK: "x", "a": 1, "_id": "x"})
    with pytest.raises(BadInput):
        list(ask([Order("a")], after=cursor, ranks=[{"a": 1}]).by_rank())


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": MAX_PAGE_SIZE + 1},
        {"last": MAX_PAGE_SIZE + 1},
        {"first": -1},
        {"first": 1, "last": 1},
        {"first": 1, "before": "x"},
        {"after": "not base64!"},
        {"after": ""},
        {"after": "AAAA"},
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        ask([Order("a")], **arguments)


def test_a_cursor_of_another_order_is_refused() -> None:
    cursor = ask([Order("a")]).cursor({"a": 1, "_id": "x"})
    with pytest.raises(BadInput):
        ask([Order("a", descending=True)], after=cursor)


@given(st.text(max_size=60))
def test_no_text_breaks_the_cursor_reader(cursor: str) -> None:
    with pytest.raises(BadInput):
        ask([Order("a")], after=cursor)
