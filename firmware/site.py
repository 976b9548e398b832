"""A site file as the firmware takes it: loaded, and its tariff one that this station can price."""

from pathlib import Path

from config.load import ConfigError, load
from config.schema import Loaded
from firmware.core.tariff_type import TariffError, parse


def load_site(path: Path) -> Loaded:
    """Return the site at ``path``. Raises ConfigError with every problem found."""
    loaded = load(path)
    try:
        parse(loaded.tariff)
    except TariffError as error:
        raise ConfigError([f"{loaded.site.tariff}: {error}"]) from error
    return loaded
