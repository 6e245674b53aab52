"""Invitations, resets and changes of passwords."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from subgraph_client import SubgraphClient

from rapport_identity.credentials.errors import InvalidInvitation, WrongPassword
from rapport_identity.credentials.model import INVITATION_LIFETIME, RESET_LIFETIME
from rapport_identity.credentials.service import CredentialService
from rapport_identity.sessions.attempts import LIMIT
from rapport_identity.sessions.errors import InvalidCredentials, InvalidRefreshToken, TooManyAttempts
from rapport_identity.sessions.model import SignedIn
from rapport_identity.sessions.service import SessionService
from rapport_identity.users.errors import EmailTaken, WeakPassword
from rapport_identity.users.model import User
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.errors import NotAllowed, NotFound, VersionConflict
from rapport_shared.mongo import Mongo

EMAIL, PASSWORD, NEW = "li.wei@example.com", "correct horse", "battery staple"
DETAILS = {"email": EMAIL, "name": "李伟", "role": "SALES"}


@pytest.fixture
async def user(users: UserService, admin: Actor) -> User:
    return await users.create(DETAILS, password=PASSWORD, by=admin)


def actor_of(signed_in: SignedIn) -> Actor:
    return Actor(signed_in.user.id, signed_in.user.role, signed_in.session_id)


async def accept(credentials: CredentialService, token: str, password: str = NEW) -> SignedIn:
    return await credentials.accept(token, password, device=None)


async def test_an_invited_user_sets_a_password_and_is_signed_in(
    credentials: CredentialService, sessions: SessionService, users: UserService, mongo: Mongo, admin: Actor
) -> None:
    invited = await credentials.invite(DETAILS, by=admin)
    assert invited.user.invited_at is not None
    with pytest.raises(InvalidCredentials):
        await sessions.sign_in(EMAIL, "")
    signed_in = await accept(credentials, invited.token)
    assert (signed_in.user.id, signed_in.user.invited_at) == (invited.user.id, None)
    assert (await sessions.sign_in(EMAIL, NEW)).user.id == invited.user.id
    with pytest.raises(InvalidInvitation):
        await accept(credentials, invited.token, "another one here")
    for name in await mongo.database.list_collection_names():
        held = str(await mongo.database[name].find({}).to_list(None))
        assert invited.token not in held
        assert NEW not in held


async def test_an_invitation_is_accepted_once(credentials: CredentialService, admin: Actor) -> None:
    invited = await credentials.invite(DETAILS, by=admin)
    outcomes = await asyncio.gather(
        *(accept(credentials, invited.token, f"password number {n}") for n in range(4)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidInvitation"] * 3 + ["SignedIn"]


@pytest.mark.parametrize("token", ["", "x", "\ud800", "A" * 43, "a" * 10_000])
async def test_what_is_no_invitation_costs_no_hash(
    credentials: CredentialService, passwords: Any, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    async def refuse(_: str) -> str:
        raise AssertionError("hashed for a stranger")

    monkeypatch.setattr(passwords, "hash", refuse)
    with pytest.raises(InvalidInvitation):
        await accept(credentials, token)


async def test_an_invitation_ends_and_can_be_renewed(
    credentials: CredentialService, clock: ManualClock, admin: Actor
) -> None:
    first = await credentials.invite(DETAILS, by=admin)
    second = await credentials.renew_invitation(first.user.id, by=admin)
    with pytest.raises(InvalidInvitation):
        await accept(credentials, first.token)
    clock.advance(INVITATION_LIFETIME)
    with pytest.raises(InvalidInvitation):
        await accept(credentials, second.token)
    third = await credentials.renew_invitation(first.user.id, by=admin)
    clock.advance(INVITATION_LIFETIME - timedelta(milliseconds=1))
    with pytest.raises(WeakPassword):
        await accept(credentials, third.token, "short")
    await accept(credentials, third.token)
    with pytest.raises(NotFound):
        await credentials.renew_invitation(first.user.id, by=admin)


async def test_who_was_locked_out_meanwhile_cannot_accept(
    credentials: CredentialService, users: UserService, admin: Actor
) -> None:
    invited = await credentials.invite(DETAILS, by=admin)
    await users.deactivate(invited.user.id, expected_version=None, by=admin)
    with pytest.raises(InvalidInvitation):
        await accept(credentials, invited.token)


async def test_a_reset_ends_the_password_and_every_session(
    credentials: CredentialService, sessions: SessionService, clock: ManualClock, user: User, admin: Actor
) -> None:
    signed_in = await sessions.sign_in(EMAIL, PASSWORD)
    with pytest.raises(VersionConflict):
        await credentials.reset(user.id, expected_version=9, by=admin)
    reset = await credentials.reset(user.id, expected_version=1, by=admin)
    with pytest.raises(InvalidCredentials):
        await sessions.sign_in(EMAIL, PASSWORD)
    with pytest.raises(InvalidRefreshToken):
        await sessions.refresh(signed_in.refresh_token)
    assert reset.expires_at - clock() == RESET_LIFETIME
    await accept(credentials, reset.token)
    assert (await sessions.sign_in(EMAIL, NEW)).user.id == user.id


async def test_a_reset_frees_an_account_that_others_locked(
    credentials: CredentialService, sessions: SessionService, user: User, admin: Actor
) -> None:
    for _ in range(LIMIT):
        with pytest.raises(InvalidCredentials):
            await sessions.sign_in(EMAIL, "guess")
    with pytest.raises(TooManyAttempts):
        await sessions.sign_in(EMAIL, PASSWORD)
    await accept(credentials, (await credentials.reset(user.id, expected_version=None, by=admin)).token)
    await sessions.sign_in(EMAIL, NEW)


async def test_changing_the_own_password_ends_the_other_sessions(
    credentials: CredentialService, sessions: SessionService, mongo: Mongo, user: User
) -> None:
    own, other = await sessions.sign_in(EMAIL, PASSWORD), await sessions.sign_in(EMAIL, PASSWORD)
    changed = await credentials.change(PASSWORD, NEW, by=actor_of(own))
    assert changed.version == 2
    assert (await sessions.refresh(own.refresh_token)).session_id == own.session_id
    with pytest.raises(InvalidRefreshToken):
        await sessions.refresh(other.refresh_token)
    with pytest.raises(InvalidCredentials):
        await sessions.sign_in(EMAIL, PASSWORD)
    row = await mongo.database["outbox"].find_one({"subject": user.id, "version": 2})
    assert row is not None
    assert b'"changed":["password"]' in row["body"]


async def test_guesses_of_the_present_password_count_as_failed_sign_ins(
    credentials: CredentialService, sessions: SessionService, passwords: Any, user: User
) -> None:
    by = actor_of(await sessions.sign_in(EMAIL, PASSWORD))
    with pytest.raises(WeakPassword):
        await credentials.change(PASSWORD, "short", by=by)
    for _ in range(LIMIT):
        with pytest.raises(WrongPassword):
            await credentials.change("guess", NEW, by=by)
    checks = passwords.checks
    with pytest.raises(TooManyAttempts):
        await credentials.change(PASSWORD, NEW, by=by)
    with pytest.raises(TooManyAttempts):
        await sessions.sign_in(EMAIL, PASSWORD)
    assert passwords.checks == checks


@pytest.mark.parametrize("role", ["MANAGER", "SALES", "SUPPORT", "MARKETING", "INTEGRATOR"])
async def test_others_invite_and_reset_nobody(
    credentials: CredentialService, mongo: Mongo, user: User, role: str
) -> None:
    by = Actor("usr_x", role)
    for attempt in (
        credentials.invite({**DETAILS, "email": "new@x.cn"}, by=by),
        credentials.renew_invitation(user.id, by=by),
        credentials.reset(user.id, expected_version=None, by=by),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    assert await mongo.database["setup_tokens"].count_documents({}) == 0


async def test_an_invitation_that_fails_makes_nobody(
    credentials: CredentialService, mongo: Mongo, user: User, admin: Actor
) -> None:
    with pytest.raises(EmailTaken):
        await credentials.invite(DETAILS, by=admin)
    assert await mongo.database["setup_tokens"].count_documents({}) == 0


async def test_clients_invite_accept_and_change(client: SubgraphClient, admin: Actor) -> None:
    selection = "user { id invitedAt } token expiresAt"
    invited = await client.mutate("inviteUser", selection, {**DETAILS, "title": "Agent"}, by=admin)
    assert invited["userErrors"] == []
    document = (
        "mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input)"
        " { accessToken user { id invitedAt } userErrors { code path } } }"
    )
    given = {"token": invited["token"], "password": PASSWORD, "device": "手机"}
    session = (await client.query(document, {"input": given})).data["acceptInvitation"]
    assert session["user"] == {"id": invited["user"]["id"], "invitedAt": None}
    again = (await client.query(document, {"input": given})).data["acceptInvitation"]
    assert again["userErrors"] == [{"code": "INVALID_INVITATION", "path": ["input", "token"]}]
    bearer = f"Bearer {session['accessToken']}"
    change = (
        "mutation($input: ChangePasswordInput!) { changePassword(input: $input)"
        " { user { version } userErrors { code path } } }"
    )
    variables = {"input": {"oldPassword": "wrong one", "newPassword": NEW}}
    answer = await client.post({"query": change, "variables": variables}, authorization=bearer)
    assert answer.data["changePassword"]["userErrors"] == [{"code": "WRONG_PASSWORD", "path": ["input", "oldPassword"]}]
    variables = {"input": {"oldPassword": PASSWORD, "newPassword": NEW}}
    answer = await client.post({"query": change, "variables": variables}, authorization=bearer)
    assert answer.data["changePassword"]["userErrors"] == []
    answer = await client.post({"query": "{ mySessions { device current } }"}, authorization=bearer)
    assert answer.data["mySessions"] == [{"device": "手机", "current": True}]
