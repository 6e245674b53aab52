"""``python -m rapport_automation``."""

import sys

from rapport_automation.app import PROCESS

sys.exit(PROCESS.main())
