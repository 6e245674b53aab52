"""The use cases of sessions."""

import asyncio
from weakref import WeakValueDictionary

from rapport_identity.keys.service import KeyService
from rapport_identity.sessions.access_tokens import AccessTokens
from rapport_identity.sessions.attempts import Attempts
from rapport_identity.sessions.errors import InvalidCredentials, InvalidRefreshToken
from rapport_identity.sessions.model import RefreshToken, Session, SignedIn, digest_of
from rapport_identity.users.model import User
from rapport_identity.users.passwords import Passwords
from rapport_identity.users.repository import UserRepository
from rapport_identity.users.values import email_key
from rapport_identity.work import IdentityWork
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.ids import new_id
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Verb

ID_PREFIX = "ses"


class SessionService:
    """Every public method is one use case."""

    def __init__(
        self,
        transactions: Transactions[IdentityWork],
        users: UserRepository,
        passwords: Passwords,
        attempts: Attempts,
        keys: KeyService,
        access_tokens: AccessTokens,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._users = users
        self._passwords = passwords
        self._attempts = attempts
        self._keys = keys
        self._access_tokens = access_tokens
        self._everybody = policy.scope(SYSTEM, Verb.READ, "User")
        self._clock = clock
        self._in_turn: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def sign_in(self, email: str, password: str) -> SignedIn:
        """A new session. Raises InvalidCredentials, or TooManyAttempts without a look at the password."""
        # One after another for each account: a right password must not be refused for others on their way with it.
        async with self._in_turn.setdefault(email_key(email), asyncio.Lock()):
            await self._attempts.begin(email)
            user = await self._users.find_by_email(email)
            right = await self._passwords.verify(None if user is None else user.password_hash, password)
            if user is None or not right or not user.active:
                raise InvalidCredentials("The mail address or the password is wrong.", path=("input",))
            await self._attempts.succeed(email)
        session_id, refresh_token = await self._start(user.id)
        return await self._signed_in(user, session_id, refresh_token)

    async def refresh(self, refresh_token: str) -> SignedIn:
        """New tokens for a session; its old refresh token is used up. Raises InvalidRefreshToken."""
        renewed = await self._renew(digest_of(refresh_token))
        if renewed is None:
            raise InvalidRefreshToken("Sign in again.", path=("input", "refreshToken"))
        return await self._signed_in(*renewed)

    async def sign_out(self, refresh_token: str | None, *, by: Actor) -> None:
        """End the caller's session, or the one that the refresh token is of. Raises InvalidRefreshToken."""
        if not await self._end(None if refresh_token is None else digest_of(refresh_token), by=by):
            raise InvalidRefreshToken("This token is of no session of yours.", path=("input", "refreshToken"))

    @transactional
    async def _start(self, work: IdentityWork, user_id: str) -> tuple[str, str]:
        now = self._clock()
        session = Session.start(new_id(ID_PREFIX), user_id, now=now)
        text, token = RefreshToken.issue(session.id, now=now)
        await work.sessions.start(session, token)
        return session.id, text

    @transactional
    async def _renew(self, work: IdentityWork, digest: str) -> tuple[User, str, str] | None:
        """User, session and new token. None where the token is refused: an answer, for the revocation must stay."""
        now = self._clock()
        token = await work.sessions.find_token(digest)
        if token is None or token.expires_at <= now:
            return None
        session = await work.sessions.find(token.session_id)
        if session is None or session.revoked_at is not None:
            return None
        user = await work.users.find(session.user_id, self._everybody)
        # A used token is in two hands, and nobody knows which of them is the thief's.
        if token.used_at is not None or user is None or not user.active:
            await work.sessions.revoke(session.id, now=now)
            return None
        text, new = RefreshToken.issue(session.id, now=now)
        await work.sessions.rotate(token, new, now=now)
        return user, session.id, text

    @transactional
    async def _end(self, work: IdentityWork, digest: str | None, *, by: Actor) -> bool:
        session_id = by.session_id
        if digest is not None:
            token = await work.sessions.find_token(digest)
            session = None if token is None else await work.sessions.find(token.session_id)
            if session is None or session.user_id != by.id:
                return False
            session_id = session.id
        if session_id is not None:
            await work.sessions.revoke(session_id, now=self._clock())
        return True

    async def _signed_in(self, user: User, session_id: str, refresh_token: str) -> SignedIn:
        access_token, expires_at = self._access_tokens.issue(
            user, session_id, await self._keys.current(), now=self._clock()
        )
        return SignedIn(
            user=user,
            session_id=session_id,
            access_token=access_token,
            refresh_token=refresh_token,
            expires_at=expires_at,
        )
