"""``python -m rapport_identity``."""

import sys

from rapport_identity.app import PROCESS

sys.exit(PROCESS.main())
