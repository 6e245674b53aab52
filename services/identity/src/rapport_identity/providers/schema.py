"""Signing in by a provider in GraphQL: translate, call, translate."""

import strawberry

from rapport_identity.context import Info
from rapport_identity.sessions.schema import SessionPayload
from rapport_shared.graphql.errors import mutation
from rapport_shared.graphql.inputs import given, optional


@strawberry.input(description="What the provider has answered a client's authorization request with.")
class SignInWithProviderInput:
    """Fields of signInWithProvider."""

    id_token: str = strawberry.field(description="The ID token, which signs in once.")
    nonce: str = strawberry.field(
        description="The nonce of the authorization request: at least 16 characters, random, kept by the client alone."
    )
    device: str | None = optional("What the client calls itself, for the list of sessions; at most 200 characters.")


@strawberry.type(description="An OpenID Connect provider, for the authorization code flow with PKCE.")
class SignInProvider:
    """The configured provider."""

    issuer: str = strawberry.field(description="Its issuer; its configuration is below it, by OpenID Discovery.")
    client_id: str = strawberry.field(description="What Rapport is called there.")


@strawberry.type(description="How users sign in here.")
class SignInOptions:
    """What a sign-in page needs to know."""

    password: bool = strawberry.field(description="With mail address and password: signIn.")
    provider: SignInProvider | None = strawberry.field(description="With this provider: signInWithProvider.")


@strawberry.type
class ProviderQuery:
    """What is open to all."""

    @strawberry.field(description="How users sign in here; open to all.")
    def sign_in_options(self, info: Info) -> SignInOptions:
        """By configuration."""
        provider = info.context.provider
        known = None if provider is None else SignInProvider(issuer=provider.issuer, client_id=provider.client_id)
        return SignInOptions(password=info.context.sessions.takes_passwords, provider=known)


@strawberry.type
class ProviderMutation:
    """Signing in by a provider."""

    @mutation("Sign in with an ID token of the provider.")
    async def sign_in_with_provider(self, info: Info, input: SignInWithProviderInput) -> SessionPayload:
        """Begin."""
        signed_in = await info.context.providers.sign_in(
            input.id_token, input.nonce, device=given(input.device), address=info.context.client_address
        )
        return SessionPayload.of(signed_in)
