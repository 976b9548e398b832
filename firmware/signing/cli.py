"""``wattseal key``: makes, shows and replaces the key that seals a station's usage records."""

import argparse
import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config.load import ConfigError, describe_problems
from config.schema import Loaded
from firmware import __version__
from firmware.core.key_rotation import StationName
from firmware.csms.meter_values import public_key_text
from firmware.ledger.errors import LedgerError
from firmware.ledger.store import Ledger
from firmware.runtime.stamping import Stamper, clock_of
from firmware.signing.durable import write_durably
from firmware.signing.keys import KeyPlace, KeyStore, SigningKeyError
from firmware.signing.public_keys import PublicKeys
from firmware.signing.request import request_for
from firmware.signing.rotation import rotate
from firmware.signing.seal import public_key
from firmware.signing.stores import key_in_use, place_of
from firmware.site import load_site


class _Keys(NamedTuple):
    """One station's key, as a command finds it."""

    loaded: Loaded
    state_dir: Path
    place: KeyPlace
    public: PublicKeys


def main(argv: Sequence[str]) -> int:
    """Run ``create``, ``show``, ``csr`` or ``rotate``, each with ``--config SITE``; return the exit code.

    0: done. 1: it could not be done, said on stderr. 2: the command line or the site file is wrong.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as leave:  # argparse has said why
        return int(leave.code or 0)
    command: Callable[[_Keys, argparse.Namespace], None] = arguments.command
    try:
        command(_keys(load_site(arguments.config)), arguments)
    except ConfigError as error:
        return _complain(describe_problems(error), 2)
    except (SigningKeyError, LedgerError) as error:
        return _complain(f"wattseal key: {error}", 1)
    except OSError as error:
        return _complain(f"wattseal key: {error.filename}: {error.strerror}", 1)
    return 0


def _keys(loaded: Loaded) -> _Keys:
    state_dir = Path(loaded.site.state_dir)
    owner = state_dir.stat().st_uid if state_dir.exists() else os.geteuid()
    if owner != os.geteuid():
        raise SigningKeyError(
            f"{state_dir} belongs to user {owner}; run this as the station's own user, so that the station "
            f"can read what it leaves there: sudo -u '#{owner}' wattseal key …"
        )
    return _Keys(loaded, state_dir, place_of(loaded.site.signing.key, state_dir), PublicKeys(state_dir))


def _create(keys: _Keys, _: argparse.Namespace) -> None:
    there = keys.place.all_keys()
    if there or keys.public.current() is not None:
        raise SigningKeyError(
            f"{keys.place}: there is a key already ({_fingerprint(key_in_use(keys.place, keys.public))}); "
            "`wattseal key rotate` replaces it"
        )
    keys.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = keys.place.create()
    keys.public.publish(key.public_key_der)
    _tell(_described(keys, key))


def _show(keys: _Keys, _: argparse.Namespace) -> None:
    _tell(_described(keys, key_in_use(keys.place, keys.public)))


def _csr(keys: _Keys, arguments: argparse.Namespace) -> None:
    request = request_for(key_in_use(keys.place, keys.public), keys.loaded.site.station.id)
    if arguments.out is None:
        _tell(request.decode())
    else:
        write_durably(arguments.out, [request], mode=0o644)


def _rotate(keys: _Keys, _: argparse.Namespace) -> None:
    site = keys.loaded.site
    station = StationName(f"{site.station.vendor} {site.station.model}", site.station.id, __version__)
    keys.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger = Ledger.open(keys.state_dir / "ledger.db")
    try:
        now = Stamper(clock_of(keys.loaded.board.clock), site.time_zone)()
        rotation = rotate(keys.place, keys.public, ledger, station, now)
    finally:
        ledger.close()
    _tell(
        f"the key was replaced, record F{rotation.number} of it goes to the backend when the station starts\n"
        + _described(keys, key_in_use(keys.place, keys.public))
    )


def _described(keys: _Keys, key: KeyStore) -> str:
    der = key.public_key_der
    pem = public_key(der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    lines = (
        ("where", str(keys.place)),
        ("fingerprint", _fingerprint(key)),
        ("public key", der.hex()),
        ("OCPP", public_key_text(der)),
    )
    others = [_fingerprint(other) for other in keys.place.all_keys() if other.public_key_der != der]
    return (
        "".join(f"{name:12} {value}\n" for name, value in lines)
        + "".join(f"{'not in use':12} {other}\n" for other in others)
        + pem
    )


def _fingerprint(key: KeyStore) -> str:
    return "SHA256:" + hashlib.sha256(key.public_key_der).hexdigest()


def _tell(text: str) -> None:
    sys.stdout.write(text)


def _complain(why: str, code: int) -> int:
    sys.stderr.write(f"{why}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wattseal key", description="Look after a station's signing key.")
    commands = parser.add_subparsers(required=True, metavar="create|show|csr|rotate")
    for name, command, text in (
        ("create", _create, "make the key where signing.key in the site file says"),
        ("show", _show, "show the public key, and where the private one is"),
        ("csr", _csr, "write a certificate signing request (PKCS #10) for the key"),
        ("rotate", _rotate, "replace the key of a stopped station, with a record that both keys sign"),
    ):
        adding = commands.add_parser(name, help=text)
        adding.set_defaults(command=command)
        adding.add_argument("--config", required=True, type=Path, metavar="FILE", help="the site file (TOML)")
        if name == "csr":
            adding.add_argument("--out", type=Path, metavar="FILE", help="else to standard output")
    return parser
