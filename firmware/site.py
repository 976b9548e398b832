"""A site file as the firmware takes it: loaded, its tariff one that this station can price, its key named."""

from pathlib import Path

from config.load import ConfigError, load
from config.schema import Loaded
from firmware.core.tariff_type import TariffError, parse
from firmware.signing import pkcs11_uri


def load_site(path: Path) -> Loaded:
    """Return the site at ``path``. Raises ConfigError with every problem found."""
    loaded = load(path)
    try:
        parse(loaded.tariff)
    except TariffError as error:
        raise ConfigError([f"{loaded.site.tariff}: {error}"]) from error
    try:
        pkcs11_uri.check(loaded.site.signing.key)
    except pkcs11_uri.KeyUriError as error:
        raise ConfigError([f"{path.name}: signing.key: {error}"]) from error
    return loaded
