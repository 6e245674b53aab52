"""The page for people: served whole from files of the machine, and only where it is turned on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.subgraph_world import Subgraph

from rapport_gateway.server.page.content import page_content
from rapport_gateway.settings import InvalidSetting, Settings

HELLO = Subgraph("type Query { hello: String }", {"hello": "world"})
SIGN_IN = (
    "mutation SignIn($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }"
)


def graphiql(folder: Path) -> Path:
    """A folder with files under the names that GraphiQL's have."""
    for name in ("graphiql.css", "yoga-graphiql.umd.js", *(f"monacoeditorwork/{kind}" for kind in WORKERS)):
        file = folder / "graphiql" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"/* {name} */" * 200)
    return folder / "graphiql"


WORKERS = ("editor.worker.bundle.js", "graphql.worker..bundle.js", "json.worker.bundle.js")


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("page")
    examples = folder / "examples"
    examples.mkdir()
    (examples / "2.graphql").write_text("query Second { hello }")
    (examples / "1.graphql").write_text("query First { hello }")
    (examples / "README.md").write_text("no query")
    sign_in = examples / "sign-in.graphql"
    sign_in.write_text(SIGN_IN)
    settings = {"PAGE": str(graphiql(folder)), "PAGE_EXAMPLES": str(examples), "PAGE_SIGN_IN": str(sign_in)}
    async with running_gateway(folder, settings, hello=HELLO) as gateway:
        yield gateway


async def test_the_page_and_all_that_it_names_is_served(gateway: Gateway) -> None:
    for path, media_type in [
        ("/", "text/html"),
        ("/page/page.js", "text/javascript"),
        ("/page/page.css", "text/css"),
        ("/page/graphiql.css", "text/css"),
        ("/page/yoga-graphiql.umd.js", "text/javascript"),
        *((f"/page/{worker}", "text/javascript") for worker in WORKERS),
    ]:
        async with gateway.http.get(gateway.url + path) as response:
            assert (response.status, response.content_type) == (200, media_type)
            assert (await response.text()).strip()
            assert response.headers["content-encoding"] == "br"
            policy = response.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "http" not in policy
            assert response.headers["x-content-type-options"] == "nosniff"
            tag = response.headers["etag"]
        async with gateway.http.get(gateway.url + path, headers={"if-none-match": tag}) as response:
            assert response.status == 304


async def test_nothing_on_the_page_comes_from_elsewhere(gateway: Gateway) -> None:
    for path in ("/", "/page/page.js", "/page/page.css"):
        async with gateway.http.get(gateway.url + path) as response:
            assert "//" not in (await response.text()).replace("\n//", "").removeprefix("//")


async def test_examples_and_the_form_for_signing_in(gateway: Gateway) -> None:
    async with gateway.http.get(f"{gateway.url}/page/settings.json") as response:
        assert await response.json() == {
            "examples": ["query First { hello }", "query Second { hello }"],
            "signIn": {"query": SIGN_IN, "variables": ["email", "password"]},
        }


async def test_other_methods_and_files_are_not_there(gateway: Gateway) -> None:
    async with gateway.http.post(gateway.url + "/", json={}) as response:
        assert response.status == 404
    for path in ("/page/", "/page/..%2fsign-in.graphql", "/page/sign-in.graphql", "/graphiql"):
        async with gateway.http.get(gateway.url + path) as response:
            assert response.status == 404, path


async def test_without_the_setting_there_is_no_page(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, hello=HELLO) as gateway:
        for path in ("/", "/page/page.js", "/page/settings.json"):
            async with gateway.http.get(gateway.url + path) as response:
                assert response.status == 404


def test_settings_are_checked(tmp_path: Path) -> None:
    page = str(graphiql(tmp_path))
    wrong = tmp_path / "wrong.graphql"
    wrong.write_text("{")
    two = tmp_path / "two.graphql"
    two.write_text("query A { a } query B { b }")
    for settings, reason in [
        (Settings(page=str(tmp_path / "nowhere")), "PAGE: .*No such file"),
        (Settings(page=page, page_examples=str(tmp_path / "nowhere")), "PAGE_EXAMPLES: .* is no folder"),
        (Settings(page=page, page_examples=str(tmp_path)), "PAGE_EXAMPLES: .*wrong.graphql: Syntax Error"),
        (Settings(page=page, page_sign_in=str(two)), "PAGE_SIGN_IN: .*two.graphql is not one operation"),
    ]:
        with pytest.raises(InvalidSetting, match=reason):
            page_content(settings)
