"""The use cases of sessions."""

import asyncio
from weakref import WeakValueDictionary

from rapport_identity.keys.service import KeyService
from rapport_identity.sessions.access_tokens import AccessTokens
from rapport_identity.sessions.attempts import AddressLimit, Attempts
from rapport_identity.sessions.errors import InvalidCredentials, InvalidRefreshToken, PasswordSignInOff, SessionNotFound
from rapport_identity.sessions.model import RefreshToken, Session, SignedIn, digest_of
from rapport_identity.sessions.repository import SessionRepository
from rapport_identity.users.guards import require_person
from rapport_identity.users.model import User
from rapport_identity.users.passwords import Passwords
from rapport_identity.users.repository import UserRepository
from rapport_identity.users.values import email_key
from rapport_identity.work import IdentityWork
from rapport_shared.actor import SYSTEM, Actor, Via
from rapport_shared.clock import Clock
from rapport_shared.errors import Forbidden, NotFound
from rapport_shared.ids import new_id
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Verb

ID_PREFIX = "ses"


class SessionService:
    """Every public method is one use case."""

    def __init__(
        self,
        transactions: Transactions[IdentityWork],
        users: UserRepository,
        sessions: SessionRepository,
        passwords: Passwords,
        attempts: Attempts,
        addresses: AddressLimit,
        keys: KeyService,
        access_tokens: AccessTokens,
        policy: Policy,
        clock: Clock,
        *,
        takes_passwords: bool = True,
    ) -> None:
        self.transactions = transactions
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._attempts = attempts
        self._addresses = addresses
        self._keys = keys
        self._access_tokens = access_tokens
        self._policy = policy
        self._clock = clock
        self.takes_passwords = takes_passwords
        self._in_turn: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def sign_in(
        self, email: str, password: str, *, device: str | None = None, address: str | None = None
    ) -> SignedIn:
        """A new session. Raises InvalidCredentials, or TooManyAttempts without a look at the password."""
        self.require_passwords()
        await self.count(address)
        # One after another for each account: a right password must not be refused for others on their way with it.
        async with self._in_turn.setdefault(email_key(email), asyncio.Lock()):
            await self._attempts.begin(email)
            user = await self._users.find_by_email(email)
            right = await self._passwords.verify(None if user is None else user.password_hash, password)
            if user is None or not right or not user.active:
                raise InvalidCredentials("The mail address or the password is wrong.", path=("input",))
            await self._attempts.succeed(email)
        return await self.begin(user, device=device)

    def require_passwords(self) -> None:
        """Raises PasswordSignInOff where a provider alone says who somebody is."""
        if not self.takes_passwords:
            raise PasswordSignInOff("Sign in with the provider.", path=("input",))

    async def count(self, address: str | None) -> None:
        """One sign-in more from this address. Raises TooManyAttempts."""
        await self._addresses.begin(address)

    async def begin(self, user: User, *, device: str | None) -> SignedIn:
        """A new session of somebody who has shown who they are."""
        session_id, refresh_token = await self._start(user, device)
        return await self._signed_in(user, session_id, refresh_token)

    async def refresh(self, refresh_token: str) -> SignedIn:
        """New tokens for a session; its old refresh token is used up. Raises InvalidRefreshToken."""
        renewed = await self._renew(digest_of(refresh_token))
        if renewed is None:
            raise InvalidRefreshToken("Sign in again.", path=("input", "refreshToken"))
        return await self._signed_in(*renewed)

    async def sign_out(self, refresh_token: str | None, *, by: Actor) -> None:
        """End the caller's session, or the one that the refresh token is of. Raises InvalidRefreshToken."""
        require_person(by)
        if not await self._end(None if refresh_token is None else digest_of(refresh_token), by=by):
            raise InvalidRefreshToken("This token is of no session of yours.", path=("input", "refreshToken"))

    async def mine(self, *, by: Actor) -> list[Session]:
        """The caller's sessions that go on, the newest first; none of an API key's owner."""
        if by.via is Via.KEY:
            return []
        return await self._sessions.open_of(by.id, now=self._clock())

    async def of_user(self, user_id: str, *, by: Actor) -> list[Session]:
        """Those of a user whom the caller may change. Raises Forbidden."""
        own = user_id == by.id and by.via is not Via.KEY
        if not own and await self._users.find(user_id, self._policy.scope(by, Verb.UPDATE, "User")) is None:
            raise Forbidden("Your role does not reach the sessions of this user.")
        return await self._sessions.open_of(user_id, now=self._clock())

    @transactional
    async def revoke(self, work: IdentityWork, session_id: str, *, by: Actor) -> Session:
        """End one session, of one's own or of a user whom the caller may change. Raises SessionNotFound."""
        require_person(by)
        session = await work.sessions.known(session_id)
        if session is None or not await self._may_end(work, session.user_id, by):
            raise SessionNotFound("There is no such session of yours.", path=("input", "id"))
        session.end(now=self._clock())
        await work.sessions.save(session, by=by)
        return session

    @transactional
    async def revoke_all(
        self, work: IdentityWork, user_id: str | None, *, keep_current: bool = False, by: Actor
    ) -> int:
        """End all sessions of the caller, or of a user whom the caller may change; how many there were."""
        require_person(by)
        owner = by.id if user_id is None else user_id
        if not await self._may_end(work, owner, by):
            raise NotFound("There is no such user.", path=("input", "userId"))
        kept = by.session_id if keep_current else None
        return await work.sessions.end_all(owner, kept=kept, now=self._clock(), by=by)

    async def _may_end(self, work: IdentityWork, user_id: str, by: Actor) -> bool:
        if user_id == by.id:
            return True
        user = await work.users.find(user_id, self._policy.scope(by, Verb.UPDATE, "User"))
        return user is not None and await work.roles.has_power_over(by, await work.roles.rights(user.role))

    @transactional
    async def _start(self, work: IdentityWork, user: User, device: str | None) -> tuple[str, str]:
        now = self._clock()
        session = Session.start(new_id(ID_PREFIX), user.id, device=device, now=now)
        text, token = RefreshToken.issue(session.id, now=now)
        await work.sessions.start(session, token)
        by = Actor(user.id, user.role, session.id)
        await work.audit.note("identity.session.started", work.sessions.noun, session.id, version=1, by=by)
        return session.id, text

    @transactional
    async def _renew(self, work: IdentityWork, digest: str) -> tuple[User, str, str] | None:
        """User, session and new token. None where the token is refused: an answer, for the revocation must stay."""
        now = self._clock()
        token = await work.sessions.find_token(digest)
        if token is None or token.expires_at <= now:
            return None
        session = await work.sessions.known(token.session_id)
        if session is None or session.revoked_at is not None:
            return None
        user = await work.users.find(session.user_id, EVERYTHING)
        # A used token is in two hands, and nobody knows which of them is the thief's.
        if token.used_at is not None or user is None or not user.active:
            session.end(now=now)
            await work.sessions.save(session, by=SYSTEM)
            return None
        text, new = RefreshToken.issue(session.id, now=now)
        await work.sessions.rotate(token, new, now=now)
        return user, session.id, text

    @transactional
    async def _end(self, work: IdentityWork, digest: str | None, *, by: Actor) -> bool:
        session_id = by.session_id
        if digest is not None:
            token = await work.sessions.find_token(digest)
            if token is None:
                return False
            session_id = token.session_id
        session = None if session_id is None else await work.sessions.known(session_id)
        if session is not None and session.user_id == by.id:
            session.end(now=self._clock())
            await work.sessions.save(session, by=by)
            return True
        return digest is None

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
