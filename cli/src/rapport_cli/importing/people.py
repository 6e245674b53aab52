"""Staff by external id: whom a row names as owner or manager."""

from collections.abc import Collection
from typing import Any

from rapport_cli.batch import Executor, chunks
from rapport_cli.client import Json

USER_FIELDS = "id externalId email name role title manager { id }"
PAGE = 100

USERS_BY_EXTERNAL_ID = f"""query UsersByExternalId($keys: [String!]!) {{
  users(first: {PAGE}, filter: {{ externalId: {{ in: $keys }} }}) {{ nodes {{ {USER_FIELDS} }} }}
}}"""


class UserDirectory:
    """Looks users up by external id, each at most once."""

    def __init__(self, session: Executor) -> None:
        self._session = session
        self._users: dict[str, Json | None] = {}

    async def fetch(self, external_ids: Collection[str]) -> None:
        """Learn about these users, in as few queries as the page size allows."""
        unknown = sorted({key for key in external_ids if key} - self._users.keys())
        for keys in chunks(unknown, PAGE):
            data = await self._session.execute(USERS_BY_EXTERNAL_ID, {"keys": keys}, repeatable=True)
            found: dict[str, Any] = {user["externalId"]: user for user in data["users"]["nodes"]}
            self._users.update({key: found.get(key) for key in keys})

    def user(self, external_id: str) -> Json | None:
        """The user, when fetched or learned and existing."""
        return self._users.get(external_id)

    def learn(self, user: Json) -> None:
        """Remember a user that was just created."""
        self._users[user["externalId"]] = user
