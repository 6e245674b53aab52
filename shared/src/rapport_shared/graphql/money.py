"""Money in the public schema."""

from decimal import Decimal

import strawberry

from rapport_shared.errors import UserFault
from rapport_shared.graphql.inputs import optional
from rapport_shared.money import InvalidMoney
from rapport_shared.money import Money as MoneyValue


class InvalidAmount(UserFault):
    """A sum of money that cannot be."""

    code = "INVALID_MONEY"


@strawberry.federation.type(shareable=True, description="An exact sum of money.")
class Money:
    """The GraphQL form of money."""

    amount: Decimal = strawberry.field(description="In units of the currency, as a decimal text such as 1234.50.")
    currency: str = strawberry.field(description="The code of ISO 4217, such as CNY.")

    @classmethod
    def from_model(cls, money: MoneyValue) -> "Money":
        """The public form."""
        return cls(amount=money.amount, currency=money.currency)


@strawberry.input(description="An exact sum of money.")
class MoneyInput:
    """Money as given."""

    amount: Decimal = strawberry.field(description="In units of the currency, as a decimal text such as 1234.50.")
    currency: str = strawberry.field(description="The code of ISO 4217, such as CNY.")

    def to_model(self, *path: str) -> MoneyValue:
        """The sum; raises InvalidAmount at ``path``."""
        try:
            return MoneyValue.of(self.amount, self.currency)
        except InvalidMoney as wrong:
            raise InvalidAmount(str(wrong), path=("input", *path)) from None


@strawberry.input(description="A condition on an amount, whatever its currency; all given operators hold.")
class AmountFilter:
    """Conditions on amounts."""

    eq: Decimal | None = optional("Is this amount.")
    gt: Decimal | None = optional("Is more than this.")
    gte: Decimal | None = optional("Is at least this.")
    lt: Decimal | None = optional("Is less than this.")
    lte: Decimal | None = optional("Is at most this.")
    is_null: bool | None = optional("Is absent (true) or present (false).")
