"""Money: an exact amount in a currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, overload

from babel.numbers import get_currency_precision, is_currency

SCALE: Final = 10_000
"""Stored amounts are whole ten-thousandths: exact, of one size for all currencies, and summed by any database."""
MAX_AMOUNT: Final = Decimal(10) ** 14


class InvalidMoney(ValueError):
    """No currency of ISO 4217, more decimals than it has, or an amount out of range; the text says which."""


@dataclass(frozen=True, slots=True)
class Money:
    """``amount`` in units of ``currency`` (ISO 4217), with no more decimals than that currency has."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """Checked. Raises InvalidMoney."""
        if not is_currency(currency):
            raise InvalidMoney("The currency is no code of ISO 4217, such as CNY.")
        if not amount.is_finite() or abs(amount) >= MAX_AMOUNT:
            raise InvalidMoney("The amount is out of range.")
        places = get_currency_precision(currency)
        rounded = amount.quantize(Decimal(1).scaleb(-places))
        if rounded != amount:
            raise InvalidMoney(f"An amount in {currency} has at most {places} decimals.")
        return cls(rounded, currency)

    @overload
    @classmethod
    def stored(cls, document: dict[str, Any]) -> "Money": ...

    @overload
    @classmethod
    def stored(cls, document: None) -> None: ...

    @classmethod
    def stored(cls, document: dict[str, Any] | None) -> "Money | None":
        """What ``document`` wrote."""
        if document is None:
            return None
        return cls.of(unscaled(document["amount"]), document["currency"])

    def document(self) -> dict[str, Any]:
        """The stored form: ``{amount: ten-thousandths, currency}``."""
        return {"amount": scaled(self.amount), "currency": self.currency}

    def times(self, quantity: Decimal) -> "Money":
        """The price of so many, rounded to the currency's decimals (half to even)."""
        places = get_currency_precision(self.currency)
        return Money((self.amount * quantity).quantize(Decimal(1).scaleb(-places)), self.currency)


def scaled(amount: Decimal) -> int:
    """The stored form of an amount; what is finer than a ten-thousandth is cut off."""
    return int(amount * SCALE)


def unscaled(amount: int) -> Decimal:
    """The amount of a stored form."""
    return Decimal(amount) / SCALE
