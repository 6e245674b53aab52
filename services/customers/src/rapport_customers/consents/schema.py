"""Consents in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.consents.inputs import GrantConsentInput, WithdrawConsentInput
from rapport_customers.consents.service import Word
from rapport_customers.context import Info
from rapport_customers.customers.schema import CustomerPayload
from rapport_shared.graphql.errors import mutation
from rapport_shared.graphql.inputs import given


@strawberry.type
class ConsentMutation:
    """Recording what customers agree to."""

    @mutation("Record that a customer agrees to something.")
    async def grant_consent(self, info: Info, input: GrantConsentInput) -> CustomerPayload:
        """Grant."""
        return await _record(info, input, granted=True)

    @mutation("Record that a customer does not agree to something, or not any more.")
    async def withdraw_consent(self, info: Info, input: WithdrawConsentInput) -> CustomerPayload:
        """Withdraw."""
        return await _record(info, input, granted=False)


async def _record(info: Info, input: GrantConsentInput | WithdrawConsentInput, *, granted: bool) -> CustomerPayload:
    word = Word(
        purpose=input.purpose,
        granted=granted,
        source=input.source,
        evidence=given(input.evidence),
        at=given(input.occurred_at),
    )
    changed = await info.context.consents.record(
        input.customer_id, word, expected_version=given(input.expected_version), by=info.context.actor
    )
    return CustomerPayload.of(changed)
