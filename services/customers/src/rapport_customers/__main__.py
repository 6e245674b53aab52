"""``python -m rapport_customers``."""

import sys

from rapport_customers.app import PROCESS

sys.exit(PROCESS.main())
