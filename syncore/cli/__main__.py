"""``python -m syncore.cli``."""

import sys

from syncore.cli import main

if __name__ == "__main__":
    sys.exit(main())
