"""The use cases of API keys."""

from datetime import datetime, timedelta

from rapport_identity.api_keys.errors import InvalidApiKey
from rapport_identity.api_keys.model import ID_PREFIX, Access, ApiKey, parsed
from rapport_identity.api_keys.repository import ApiKeyRepository
from rapport_identity.keys.service import KeyService
from rapport_identity.roles.repository import RoleRepository
from rapport_identity.sessions.access_tokens import AccessTokens
from rapport_identity.users import guards
from rapport_identity.users.repository import UserRepository
from rapport_identity.work import IdentityWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Verb

TYPE = "ApiKey"


class ApiKeyService(Records[ApiKey]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self,
        transactions: Transactions[IdentityWork],
        api_keys: ApiKeyRepository,
        users: UserRepository,
        roles: RoleRepository,
        signing_keys: KeyService,
        access_tokens: AccessTokens,
        policy: Policy,
        clock: Clock,
    ) -> None:
        super().__init__(api_keys, policy, TYPE)
        self.transactions = transactions
        self._api_keys = api_keys
        self._users = users
        self._roles = roles
        self._signing_keys = signing_keys
        self._access_tokens = access_tokens
        self._clock = clock

    @transactional
    async def create(
        self, work: IdentityWork, name: str, role: str, *, expires_at: datetime | None, by: Actor
    ) -> tuple[ApiKey, str]:
        """A new key of the caller's, whose role may do nothing that the caller may not; and its text."""
        key, text = ApiKey.create(new_id(ID_PREFIX), name, role, by.id, expires_at=expires_at, now=self._clock())
        if not self.scope(by, Verb.CREATE).admits(key):
            raise NotAllowed("Your role may not make API keys.", path=("input",))
        await guards.require_assignable(work, role, by=by)
        await work.api_keys.save(key, by=by)
        return key, text

    @transactional
    async def rotate(
        self, work: IdentityWork, identifier: str, *, overlap: timedelta, expected_version: int | None, by: Actor
    ) -> tuple[ApiKey, str]:
        """A new secret for a key, and the new text; the present secret goes on for ``overlap``."""
        key = await self.load(work.api_keys, identifier, Verb.UPDATE, by=by)
        key.expect_version(expected_version)
        # Whoever gets the new text can do what the key can.
        await guards.require_assignable(work, key.role, by=by)
        text = key.rotate(overlap=overlap, now=self._clock())
        await work.api_keys.save(key, by=by)
        return key, text

    @transactional
    async def revoke(self, work: IdentityWork, identifier: str, *, expected_version: int | None, by: Actor) -> ApiKey:
        """Make a key good for nothing, everywhere within seconds."""
        key = await self.load(work.api_keys, identifier, Verb.DELETE, by=by)
        key.expect_version(expected_version)
        key.revoke(now=self._clock())
        await work.api_keys.save(key, by=by)
        return key

    async def exchange(self, text: str) -> Access:
        """An access token for a key's text. Raises InvalidApiKey."""
        now, parts = self._clock(), parsed(text)
        key = None if parts is None else await self._api_keys.known(parts[0])
        if parts is None or key is None or not key.opens_with(parts[1], now=now) or not await self._may_act(key):
            raise InvalidApiKey("This API key is not valid, or not any more.", path=("input", "key"))
        await self._api_keys.note_use(key.id, now=now)
        token, ends = self._access_tokens.issue_for_key(key, await self._signing_keys.current(), now=now)
        return Access(key_id=key.id, access_token=token, expires_at=ends)

    async def _may_act(self, key: ApiKey) -> bool:
        """The owner is at work, and may still do all that the key may."""
        owner = await self._users.find(key.owner_id, EVERYTHING)
        rights = await self._roles.rights(key.role)
        if owner is None or not owner.active or rights is None:
            return False
        return await self._roles.has_power_over(Actor(owner.id, owner.role), rights)
