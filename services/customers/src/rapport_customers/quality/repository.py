"""What findings are read by."""

from typing import Final

from rapport_customers.quality.tokens import QUALITY
from rapport_shared.mongo import Index

INDEXES: Final = (Index("customers", ((QUALITY, 1), ("deleted", 1), ("_id", 1))),)
