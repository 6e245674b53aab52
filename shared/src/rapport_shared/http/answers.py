"""JSON answers."""

import orjson
from starlette.responses import Response


def json_answer(status: int, content: object) -> Response:
    """Any content as JSON."""
    return Response(orjson.dumps(content), status_code=status, media_type="application/json")


def error_answer(status: int, code: str, message: str) -> Response:
    """An error in the form of a GraphQL answer, whatever the status."""
    return json_answer(status, {"errors": [{"message": message, "extensions": {"code": code}}]})
