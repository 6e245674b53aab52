"""What the page consists of: files by path, read and checked at the start."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import orjson
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse

from rapport_gateway.settings import PREFIX, InvalidSetting, Settings

_OWN = ("page.js", "page.css")
_PACKAGE = "rapport_gateway.server.page"
_ASSETS = (
    "graphiql.css",
    "yoga-graphiql.umd.js",
    "monacoeditorwork/editor.worker.bundle.js",
    "monacoeditorwork/graphql.worker..bundle.js",
    "monacoeditorwork/json.worker.bundle.js",
)
"""Of the npm package @graphql-yoga/graphiql: GraphiQL with everything that it needs, in one script."""
MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


def page_content(settings: Settings) -> dict[str, bytes]:
    """Contents by path, none where the page is off. Raises InvalidSetting."""
    if not settings.page:
        return {}
    return dict(_content(settings))


def _content(settings: Settings) -> Iterator[tuple[str, bytes]]:
    own = files(_PACKAGE)
    yield "/", own.joinpath("index.html").read_bytes()
    for name in _OWN:
        yield f"/page/{name}", own.joinpath(name).read_bytes()
    for name in _ASSETS:
        yield f"/page/{name.rpartition('/')[2]}", _read("PAGE", Path(settings.page) / name)
    yield "/page/settings.json", orjson.dumps({"examples": _examples(settings), "signIn": _sign_in(settings)})


def _examples(settings: Settings) -> list[str]:
    """The texts of the folder's operations, in the order of their names; signing in is done by the form."""
    if not settings.page_examples:
        return []
    folder = Path(settings.page_examples)
    if not folder.is_dir():
        raise InvalidSetting(f"{PREFIX}PAGE_EXAMPLES: {folder} is no folder")
    sign_in = Path(settings.page_sign_in).resolve()
    found = [file for file in sorted(folder.glob("*.graphql")) if file.resolve() != sign_in]
    return [_operation("PAGE_EXAMPLES", file)[0] for file in found]


def _sign_in(settings: Settings) -> dict[str, object] | None:
    """An operation whose variables are what the form asks for."""
    if not settings.page_sign_in:
        return None
    file = Path(settings.page_sign_in)
    text, document = _operation("PAGE_SIGN_IN", file)
    match document.definitions:
        case (OperationDefinitionNode(variable_definitions=variables),):
            return {"query": text, "variables": [variable.variable.name.value for variable in variables or ()]}
    raise InvalidSetting(f"{PREFIX}PAGE_SIGN_IN: {file} is not one operation")


def _operation(setting: str, file: Path) -> tuple[str, DocumentNode]:
    text = _read(setting, file).decode("utf-8", "replace")
    try:
        return text, parse(text, no_location=True)
    except GraphQLError as error:
        raise InvalidSetting(f"{PREFIX}{setting}: {file}: {error.message}") from error


def _read(setting: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidSetting(f"{PREFIX}{setting}: {file}: {error.strerror}") from error
