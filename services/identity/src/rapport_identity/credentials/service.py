"""The use cases of passwords: invited users set them, users change them, administrators reset them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rapport_identity.credentials.errors import InvalidInvitation, WrongPassword
from rapport_identity.credentials.model import INVITATION_LIFETIME, RESET_LIFETIME, Invited, SetupToken
from rapport_identity.credentials.repository import SetupTokenRepository
from rapport_identity.sessions.attempts import Attempts
from rapport_identity.sessions.model import SignedIn, digest_of
from rapport_identity.sessions.service import SessionService
from rapport_identity.users.guards import require_person
from rapport_identity.users.model import User
from rapport_identity.users.passwords import Passwords
from rapport_identity.users.service import ID_PREFIX, UserService
from rapport_identity.users.values import valid_password
from rapport_identity.work import IdentityWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotFound
from rapport_shared.ids import new_id
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import EVERYTHING


class CredentialService:
    """Every public method is one use case."""

    def __init__(
        self,
        transactions: Transactions[IdentityWork],
        tokens: SetupTokenRepository,
        users: UserService,
        sessions: SessionService,
        passwords: Passwords,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._tokens = tokens
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    async def invite(self, details: Mapping[str, Any], *, by: Actor) -> Invited:
        """A new user, and the token with which they set their first password. Who sends it is not our business."""
        self._sessions.require_passwords()
        self._users.require_right_to_create(details, by)
        return await self._invite(details, by=by)

    @transactional
    async def _invite(self, work: IdentityWork, details: Mapping[str, Any], *, by: Actor) -> Invited:
        user = User.create(new_id(ID_PREFIX), details, invited=True, now=self._clock())
        await self._users.add(work, user, by=by)
        return await self._issue(work, user, INVITATION_LIFETIME)

    @transactional
    async def renew_invitation(self, work: IdentityWork, user_id: str, *, by: Actor) -> Invited:
        """Another token for a user who has no password yet; the one before works no longer."""
        user = await self._users.to_change(work, user_id, None, by=by)
        if user.password_hash is not None:
            raise NotFound("This user has a password: reset it instead.", path=("input", "id"))
        user.invite(now=self._clock())
        await work.users.save(user, by=by)
        return await self._issue(work, user, INVITATION_LIFETIME)

    @transactional
    async def reset(self, work: IdentityWork, user_id: str, *, expected_version: int | None, by: Actor) -> Invited:
        """Take a user's password away, and end all sessions; the token sets a new one."""
        user = await self._users.to_change(work, user_id, expected_version, by=by)
        now = self._clock()
        user.invite(now=now)
        await work.users.save(user, by=by)
        await work.sessions.end_all(user.id, now=now, by=by)
        return await self._issue(work, user, RESET_LIFETIME)

    async def accept(self, token: str, password: str, *, device: str | None) -> SignedIn:
        """Set a password with a token, and sign in. Raises InvalidInvitation before any work is done."""
        self._sessions.require_passwords()
        digest = digest_of(token)
        if await self._tokens.find(digest) is None:
            raise _invalid()
        password_hash = await self._passwords.hash(valid_password(password))
        user = await self._accept(digest, password_hash)
        await self._attempts.succeed(user.email)
        return await self._sessions.begin(user, device=device)

    @transactional
    async def _accept(self, work: IdentityWork, digest: str, password_hash: str) -> User:
        token, now = await work.setup_tokens.find(digest), self._clock()
        user = None if token is None else await work.users.find(token.user_id, EVERYTHING)
        if token is None or user is None or token.expires_at <= now or not user.active:
            raise _invalid()
        user.set_password(password_hash, now=now)
        await work.users.save(user, by=Actor(user.id, user.role))
        await work.setup_tokens.drop(user.id)
        return user

    async def change(self, old: str, new: str, *, by: Actor) -> User:
        """Change one's own password; one's other sessions end. Wrong tries count like failed sign-ins."""
        require_person(by)
        self._sessions.require_passwords()
        valid_password(new, "newPassword")
        user = await self._users.find(by.id, by=by)
        if user is None:
            raise NotFound("There is no such user.")
        await self._attempts.begin(user.email)
        if not await self._passwords.verify(user.password_hash, old):
            raise WrongPassword("This is not your present password.", path=("input", "oldPassword"))
        await self._attempts.succeed(user.email)
        return await self._change(user.id, await self._passwords.hash(new), by=by)

    @transactional
    async def _change(self, work: IdentityWork, user_id: str, password_hash: str, *, by: Actor) -> User:
        now = self._clock()
        user = await work.users.get(user_id, readable=EVERYTHING, changeable=EVERYTHING)
        user.set_password(password_hash, now=now)
        await work.users.save(user, by=by)
        await work.setup_tokens.drop(user_id)
        await work.sessions.end_all(user_id, kept=by.session_id, now=now, by=by)
        return user

    async def _issue(self, work: IdentityWork, user: User, lifetime: timedelta) -> Invited:
        text, token = SetupToken.issue(user.id, lifetime=lifetime, now=self._clock())
        await work.setup_tokens.replace(token)
        return Invited(user=user, token=text, expires_at=token.expires_at)


def _invalid() -> InvalidInvitation:
    message = "This invitation is used, replaced or expired: ask for another one."
    return InvalidInvitation(message, path=("input", "token"))
