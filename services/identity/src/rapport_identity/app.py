"""The composition root: the only file that names concrete classes."""

import sys
from argparse import Namespace
from datetime import timedelta
from functools import partial

from starlette.applications import Starlette

from rapport_identity.api_keys import repository as api_keys
from rapport_identity.api_keys.repository import ApiKeyRepository
from rapport_identity.api_keys.routes import token_route
from rapport_identity.api_keys.service import ApiKeyService
from rapport_identity.consumers import HANDLERS
from rapport_identity.context import Context, UseCases
from rapport_identity.credentials import repository as setup_tokens
from rapport_identity.credentials.repository import SetupTokenRepository
from rapport_identity.credentials.service import CredentialService
from rapport_identity.keys import repository as signing_keys
from rapport_identity.keys.repository import SigningKeyRepository
from rapport_identity.keys.routes import jwks_route, own_keys
from rapport_identity.keys.service import KeyService
from rapport_identity.providers import repository as used_id_tokens
from rapport_identity.providers.id_tokens import IdTokens
from rapport_identity.providers.model import Provider
from rapport_identity.providers.service import ProviderService
from rapport_identity.roles.repository import RoleRepository
from rapport_identity.roles.routes import policies_route
from rapport_identity.roles.service import RoleService
from rapport_identity.schema import build_schema
from rapport_identity.sessions import attempts, repository
from rapport_identity.sessions.access_tokens import AccessTokens
from rapport_identity.sessions.attempts import AddressLimit, Attempts
from rapport_identity.sessions.repository import SessionRepository
from rapport_identity.sessions.service import SessionService
from rapport_identity.settings import Settings
from rapport_identity.teams.repository import INDEXES as TEAM_INDEXES
from rapport_identity.teams.repository import TeamRepository
from rapport_identity.teams.service import TeamService
from rapport_identity.users.passwords import Passwords
from rapport_identity.users.repository import INDEXES as USER_INDEXES
from rapport_identity.users.repository import UserRepository
from rapport_identity.users.service import UserService
from rapport_identity.work import SERVICE, IdentityWork
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock, system_clock
from rapport_shared.contracts.identity import TeamCreated, UserCreated
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.delivery.snapshots import Snapshot
from rapport_shared.errors import UserFault
from rapport_shared.http.jwks import fetch_json
from rapport_shared.http.tokens import KeySet, TokenVerifier
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.process import Command, ServiceProcess
from rapport_shared.rights import Policy
from rapport_shared.service import api_app, connect_database, migrate, worker_app

INDEXES = (
    *USER_INDEXES,
    *TEAM_INDEXES,
    *repository.INDEXES,
    *attempts.INDEXES,
    *setup_tokens.INDEXES,
    *api_keys.INDEXES,
    *signing_keys.INDEXES,
    *used_id_tokens.INDEXES,
)


def transactions(mongo: Mongo, clock: Clock) -> Transactions[IdentityWork]:
    """The service's transactions."""
    return Transactions(mongo, partial(IdentityWork, clock=clock))


def passwords(settings: Settings) -> Passwords:
    """The hasher, as costly as the settings say."""
    return Passwords(
        memory_kib=settings.argon2_memory_kib,
        time_cost=settings.argon2_time_cost,
        parallelism=settings.argon2_parallelism,
    )


def key_service(mongo: Mongo, clock: Clock = system_clock, settings: Settings | None = None) -> KeyService:
    """The use cases of signing keys, which follow each other by the settings' age."""
    max_age = None if settings is None else timedelta(days=settings.key_max_age_days)
    return KeyService(SigningKeyRepository(mongo.database), clock, max_age)


def user_service(
    mongo: Mongo, hasher: Passwords, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY
) -> UserService:
    """The use cases of users."""
    return UserService(transactions(mongo, clock), UserRepository(mongo.database), hasher, policy, clock)


def team_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> TeamService:
    """The use cases of teams."""
    return TeamService(transactions(mongo, clock), TeamRepository(mongo.database), policy, clock)


def role_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> RoleService:
    """The use cases of roles."""
    return RoleService(transactions(mongo, clock), RoleRepository(mongo.database), policy, clock)


def session_service(
    settings: Settings,
    mongo: Mongo,
    hasher: Passwords,
    clock: Clock = system_clock,
    policy: Policy = DEFAULT_POLICY,
) -> SessionService:
    """The use cases of sessions."""
    return SessionService(
        transactions(mongo, clock),
        UserRepository(mongo.database),
        SessionRepository(mongo.database),
        hasher,
        Attempts(mongo.database, clock),
        AddressLimit(mongo.database, clock, settings.sign_ins_per_minute),
        key_service(mongo, clock, settings),
        access_tokens(settings),
        policy,
        clock,
        takes_passwords=settings.password_sign_in,
    )


def access_tokens(settings: Settings) -> AccessTokens:
    """What signs access tokens."""
    return AccessTokens(issuer=settings.issuer, audience=settings.audience)


def own_verifier(settings: Settings, keys: KeyService) -> TokenVerifier:
    """What says who a caller is, by the keys of this very process."""
    return TokenVerifier(KeySet(own_keys(keys)), issuer=settings.issuer, audience=settings.audience)


def api_key_service(
    settings: Settings, mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY
) -> ApiKeyService:
    """The use cases of API keys."""
    database = mongo.database
    return ApiKeyService(
        transactions(mongo, clock),
        ApiKeyRepository(database),
        UserRepository(database),
        RoleRepository(database),
        key_service(mongo, clock, settings),
        access_tokens(settings),
        policy,
        clock,
    )


def credential_service(
    mongo: Mongo, hasher: Passwords, users: UserService, sessions: SessionService, clock: Clock
) -> CredentialService:
    """The use cases of passwords."""
    attempts, tokens = Attempts(mongo.database, clock), SetupTokenRepository(mongo.database)
    return CredentialService(transactions(mongo, clock), tokens, users, sessions, hasher, attempts, clock)


def provider_of(settings: Settings) -> Provider | None:
    """The provider that is configured."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    return Provider(issuer=settings.oidc_issuer, client_id=settings.oidc_client_id)


def provider_service(settings: Settings, mongo: Mongo, sessions: SessionService, clock: Clock) -> ProviderService:
    """The use case of signing in by a provider."""
    provider = provider_of(settings)
    id_tokens = None if provider is None else IdTokens(provider, fetch_json)
    return ProviderService(transactions(mongo, clock), id_tokens, sessions, clock)


def api(settings: Settings, clock: Clock = system_clock) -> Starlette:
    """The API process."""
    mongo, hasher = connect_database(settings, SERVICE), passwords(settings)
    directory = Directory(mongo.database, clock)
    policy, keys = directory.policy, key_service(mongo, clock)
    feed = ChangeFeed(SERVICE)
    users = user_service(mongo, hasher, clock, policy)
    sessions = session_service(settings, mongo, hasher, clock, policy)
    use_cases = UseCases(
        users=users,
        teams=team_service(mongo, clock, policy),
        roles=role_service(mongo, clock, policy),
        sessions=sessions,
        credentials=credential_service(mongo, hasher, users, sessions, clock),
        api_keys=api_key_service(settings, mongo, clock, policy),
        providers=provider_service(settings, mongo, sessions, clock),
    )

    def make_context(caller: Actor | None) -> Context:
        return Context(caller=caller, use_cases=use_cases, feed=feed, provider=provider_of(settings))

    return api_app(
        settings,
        service=SERVICE,
        mongo=mongo,
        schema=build_schema(),
        feed=feed,
        make_context=make_context,
        directory=directory,
        fetch_keys=own_keys(keys),
        routes=[
            jwks_route(keys),
            token_route(use_cases.api_keys, clock),
            policies_route(own_verifier(settings, keys), directory),
        ],
    )


def worker(settings: Settings) -> Starlette:
    """The worker process."""
    mongo = connect_database(settings, SERVICE)
    work = transactions(mongo, system_clock)
    return worker_app(settings, service=SERVICE, mongo=mongo, transactions=work, handlers=HANDLERS)


async def prepare(settings: Settings) -> None:
    """Indexes, exchanges and queues, the first signing key, and the first administrator."""
    mongo = connect_database(settings, SERVICE)
    await migrate(settings, service=SERVICE, mongo=mongo, indexes=INDEXES, handlers=HANDLERS)
    await key_service(mongo).ensure()
    await SessionRepository(mongo.database).adopt()
    await role_service(mongo).seed()
    if settings.admin_email is not None and settings.admin_password is not None:
        users = user_service(mongo, passwords(settings))
        try:
            await users.create_first_admin(settings.admin_email, settings.admin_password.get_secret_value())
        except UserFault as fault:
            sys.exit(f"the first administrator was not made: {fault.code}: {fault.message}")
    await mongo.close()


async def rotate_keys(settings: Settings, arguments: Namespace) -> None:
    """Have another key sign access tokens."""
    mongo = connect_database(settings, SERVICE)
    try:
        key = await key_service(mongo).rotate(at_once=arguments.now)
    finally:
        await mongo.close()
    sys.stdout.write(f"{key.id} signs from {key.signs_from.isoformat()}\n")


ROTATE_KEYS = Command(
    name="rotate-keys",
    help="have another key sign access tokens; those signed so far last until they expire",
    run=rotate_keys,
    flags={"--now": "at once: every access token signed so far is void within a minute (the key is in wrong hands)"},
)
SNAPSHOTS = (
    Snapshot(UserCreated, UserRepository),
    Snapshot(TeamCreated, TeamRepository),
)

PROCESS = ServiceProcess(
    name=SERVICE,
    settings=Settings,
    api=api,
    worker=worker,
    migrate=prepare,
    sdl=lambda: build_schema().as_str(),
    snapshots=SNAPSHOTS,
    commands=(ROTATE_KEYS,),
)
