"""Staff users, as far as this service needs them: who can own a customer."""

from typing import Final

from rapport_shared.access import COLLECTION as ACCESS
from rapport_shared.access import AccessRecords

COLLECTION: Final = ACCESS
users = AccessRecords
