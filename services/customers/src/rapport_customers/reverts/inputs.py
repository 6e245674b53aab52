"""The inputs of undoing changes."""

import strawberry

from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, optional


@strawberry.input(description="A change of a customer's history to be undone.")
class RevertCustomerInput:
    """Fields of revertCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    version: int = strawberry.field(description="The version that the change led to, as the history has it.")
    fields: list[str] | None = optional("Only these of its fields, by the names in the history; all where not given.")
    overwrite: bool | None = optional("True: also where a field was changed again since.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)
