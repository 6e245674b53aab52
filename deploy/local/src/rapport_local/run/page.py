"""The gateway's page for people: on where `make run` could get GraphiQL (see deploy/graphiql.sh)."""

from urllib.parse import urljoin

from rapport_local.layout import REPOSITORY, STATE

_GRAPHIQL = STATE / "graphiql"
_QUERIES = REPOSITORY / "docs" / "examples" / "queries"


def page_settings() -> dict[str, str]:
    """Settings of the gateway; none where GraphiQL is not there."""
    if not _GRAPHIQL.is_dir():
        return {}
    return {
        "RAPPORT_GATEWAY_PAGE": str(_GRAPHIQL),
        "RAPPORT_GATEWAY_PAGE_EXAMPLES": str(_QUERIES),
        "RAPPORT_GATEWAY_PAGE_SIGN_IN": str(_QUERIES / "sign-in.graphql"),
    }


def page_url(gateway: str) -> str | None:
    """Where the page is, for the gateway's endpoint; None where there is none."""
    return urljoin(gateway, "/") if page_settings() else None
