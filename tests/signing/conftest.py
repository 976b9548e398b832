"""The tokens, each set up once: their libraries read the environment when they are loaded, and only then."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.signing import tokens

_LABELS = itertools.count(1)


@pytest.fixture(scope="session")
def short_dir() -> Iterator[Path]:
    """A path short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="wattseal-token-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def softhsm(short_dir: Path) -> Iterator[tokens.SoftHsm]:
    (short_dir / "softhsm").mkdir()
    yield from tokens.softhsm(short_dir / "softhsm")


@pytest.fixture(scope="session")
def tpm_with_token(short_dir: Path) -> Iterator[tokens.Tpm]:
    (short_dir / "tpm").mkdir()
    yield from tokens.tpm(short_dir / "tpm")


@pytest.fixture
def tpm(tpm_with_token: tokens.Tpm) -> tokens.Tpm:
    """Just switched on: it has room for three loaded keys, and no resource manager that would make more."""
    tpm_with_token.pull_out()
    tpm_with_token.plug_in()
    return tpm_with_token


@pytest.fixture(params=["softhsm", "tpm"])
def token(request: pytest.FixtureRequest) -> tokens.Token:
    """Each kind of token in turn."""
    found: tokens.Token = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def label() -> str:
    """A label that no other test's key has."""
    return f"station-{next(_LABELS)}"


@pytest.fixture(params=["file", "softhsm", "tpm"])
def key_uri(request: pytest.FixtureRequest, label: str) -> str:
    """What a site file says of a key, for each kind of store in turn; there is no key there yet."""
    if request.param == "file":
        return "file:station.key"
    return tokens.uri(request.getfixturevalue(request.param), label)
