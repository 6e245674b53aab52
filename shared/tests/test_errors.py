"""What a client is told of a failure of the database."""

import pytest
from graphql import GraphQLError
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure, PyMongoError

from rapport_shared.graphql.errors import MASKED, TRY_AGAIN, make_safe

GIVEN_UP = {"errorLabels": ["TransientTransactionError"]}
UNKNOWN = {"errorLabels": ["UnknownTransactionCommitResult"]}


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (AutoReconnect("cus_1"), "SERVICE_UNAVAILABLE", TRY_AGAIN),
        (OperationFailure("cus_1", 251, GIVEN_UP), "SERVICE_UNAVAILABLE", TRY_AGAIN),
        (ExecutionTimeout("cus_1", 50, UNKNOWN), "SERVICE_UNAVAILABLE", TRY_AGAIN),
        (OperationFailure("cus_1", 2), "INTERNAL_SERVER_ERROR", MASKED),
    ],
)
def test_what_may_go_through_at_another_try_is_told_apart(failure: PyMongoError, code: str, message: str) -> None:
    error = GraphQLError("cus_1", path=["updateCustomer"], original_error=failure)
    make_safe(error)
    assert (error.extensions, error.message) == ({"code": code}, message)
