"""The use case of signing in by a provider."""

from rapport_identity.providers.errors import InvalidIdToken, NoAccount, ProviderNotConfigured
from rapport_identity.providers.id_tokens import IdTokens
from rapport_identity.providers.model import Identity
from rapport_identity.sessions.model import SignedIn
from rapport_identity.sessions.service import SessionService
from rapport_identity.users.model import User
from rapport_identity.work import IdentityWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.persistence import Transactions, transactional


class ProviderService:
    """Without ``id_tokens`` there is no provider."""

    def __init__(
        self,
        transactions: Transactions[IdentityWork],
        id_tokens: IdTokens | None,
        sessions: SessionService,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._id_tokens = id_tokens
        self._sessions = sessions
        self._clock = clock

    async def sign_in(self, id_token: str, nonce: str, *, device: str | None, address: str | None = None) -> SignedIn:
        """A new session of the user whom the ID token is about.

        Raises ProviderNotConfigured, ProviderUnavailable, InvalidIdToken, NoAccount, TooManyAttempts.
        """
        if self._id_tokens is None:
            raise ProviderNotConfigured("Sign in with a password here.", path=("input",))
        await self._sessions.count(address)
        identity = await self._id_tokens.verify(id_token, nonce)
        return await self._sessions.begin(await self._recognise(identity), device=device)

    @transactional
    async def _recognise(self, work: IdentityWork, identity: Identity) -> User:
        """The user of this subject, or else the one of this verified mail address, who has the subject from now on."""
        if not await work.used_id_tokens.first_time(identity):
            raise InvalidIdToken("This ID token was used before.", path=("input", "idToken"))
        user = await work.users.find_by_subject(identity.subject)
        if user is None and identity.email is not None:
            user = await work.users.find_by_email(identity.email)
            # Addresses change hands; who has been recognised once is known by the subject alone.
            user = None if user is None or user.subject is not None else user
        if user is None or not user.active:
            raise NoAccount("There is no account for you here: ask an administrator.", path=("input",))
        user.bind(identity.subject, now=self._clock())
        await work.users.save(user, by=Actor(user.id, user.role))
        return user
