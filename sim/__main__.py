"""``python -m sim`` is ``wattseal sim``."""

import sys

from sim.cli import main

sys.exit(main())
