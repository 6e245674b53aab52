"""Refuses request bodies that are too large, before they are read whole."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rapport_shared.http.answers import error_answer


class BodyLimit:
    """ASGI middleware: 413 with the code PAYLOAD_TOO_LARGE past ``max_bytes``, announced or streamed."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it stays within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if int(announced) > self._max_bytes if announced.isdigit() else False:
            await self._refuse(scope, receive, send)
            return
        try:
            await self._app(scope, self._counting(receive), send)
        except _TooLargeError:
            await self._refuse(scope, receive, send)

    def _counting(self, receive: Receive) -> Receive:
        total = 0

        async def counted() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > self._max_bytes:
                raise _TooLargeError
            return message

        return counted

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"The request body is larger than {self._max_bytes} bytes."
        await error_answer(413, "PAYLOAD_TOO_LARGE", message)(scope, receive, send)


class _TooLargeError(Exception):
    pass
