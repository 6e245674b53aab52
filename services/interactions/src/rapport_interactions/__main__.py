"""``python -m rapport_interactions``."""

import sys

from rapport_interactions.app import PROCESS

sys.exit(PROCESS.main())
