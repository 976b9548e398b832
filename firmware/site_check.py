"""``wattseal config check``: the site file's check, with what the firmware knows of tariffs."""

from collections.abc import Sequence

from config import check
from firmware.site import load_site


def main(argv: Sequence[str]) -> int:
    """Run ``wattseal config …``."""
    return check.main(argv, load_site)
