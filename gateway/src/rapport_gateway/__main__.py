"""python -m rapport_gateway serve | compose | check | explain."""

from __future__ import annotations

import sys

from rapport_gateway.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
