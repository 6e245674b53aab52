"""The inputs of merges."""

import strawberry

from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, optional


@strawberry.input(description="Whose value the survivor gets.")
class MergeChoiceInput:
    """One choice."""

    field: str = strawberry.field(description="The field's name in the schema, such as `phone` or `ownerId`.")
    from_id: strawberry.ID = strawberry.field(description="The customer whose value it is: one that takes part.")


@strawberry.input(description="Customers that are one.")
class MergeCustomersInput:
    """Fields of mergeCustomers."""

    survivor_id: strawberry.ID = strawberry.field(description="Whom all of them are from now on.")
    other_ids: list[strawberry.ID] = strawberry.field(description="The others, at most 20.")
    choices: list[MergeChoiceInput] | None = optional(
        "Whose value counts: the survivor's, or the first that there is, where none is chosen; lists are put together."
    )
    dry_run: bool = strawberry.field(default=False, description="Say what would come of it, and change nothing.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A merge to undo.")
class UnmergeCustomersInput:
    """Fields of unmergeCustomers."""

    merge_id: strawberry.ID = strawberry.field(description="The merge: `merges` of its survivor names it.")
    reason: str | None = optional(REASON)
