"""``python -m rapport_tasks``."""

import sys

from rapport_tasks.app import PROCESS

sys.exit(PROCESS.main())
