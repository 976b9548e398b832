"""Debian packages for another architecture, downloaded and unpacked without being installed.

apt runs on a state of its own, apart from the machine's, so nothing here needs root or changes the host.
"""

import subprocess
from pathlib import Path

RELEASE = "bookworm"
BACKPORTS = f"{RELEASE}-backports"
_MIRROR = "http://deb.debian.org/debian"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Apt:
    """An apt that knows Debian's packages for arm64, and those for amd64 as tools."""

    def __init__(self, state: Path) -> None:
        for folder in ("lists/partial", "cache/archives/partial"):
            (state / folder).mkdir(parents=True)
        (state / "status").touch()
        source = f"deb [signed-by={_KEYRING}] {_MIRROR} {{}} main\n"
        (state / "sources.list").write_text("".join(source.format(suite) for suite in (RELEASE, BACKPORTS)))
        options = (
            *(
                f"Dir::State={state}",
                f"Dir::State::status={state / 'status'}",
                f"Dir::Cache={state / 'cache'}",
            ),
            *(f"Dir::Etc::sourcelist={state / 'sources.list'}", "Dir::Etc::sourceparts=/dev/null"),
            *("APT::Architecture=arm64", "APT::Architectures::=arm64", "APT::Architectures::=amd64"),
            *("APT::Sandbox::User=", "Acquire::Languages=none"),
        )
        self._flags = [part for option in options for part in ("-o", option)]
        run(["apt-get", *self._flags, "-qq", "update"])

    def kernel_version(self) -> str:
        """Return the version in the names of the newest kernel's packages, such as 6.12.95+deb12."""
        said = run(["apt-cache", *self._flags, "-t", BACKPORTS, "depends", "linux-image-arm64"])
        name = next(line.split()[1] for line in said.splitlines() if "Depends: linux-image-" in line)
        return name.removeprefix("linux-image-").removesuffix("-arm64")

    def unpack(self, names: tuple[str, ...], into: Path, suite: str = RELEASE) -> None:
        """Download the packages and unpack them over each other into a tree whose /bin is /usr/bin."""
        debs = into.with_name(f"{into.name}-debs")
        debs.mkdir(parents=True)
        for folder in ("bin", "sbin", "lib"):
            (into / "usr" / folder).mkdir(parents=True, exist_ok=True)
            if not (into / folder).exists():
                (into / folder).symlink_to(f"usr/{folder}")
        run(["apt-get", *self._flags, "-qq", "-t", suite, "download", *names], cwd=debs)
        for deb in sorted(debs.glob("*.deb")):
            _unpack(deb, into)


def _unpack(deb: Path, into: Path) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as tar:
        command = ["tar", "--extract", "--keep-directory-symlink", "--no-same-owner", f"--directory={into}"]
        subprocess.run(command, stdin=tar.stdout, check=True)
    if tar.returncode:
        raise subprocess.CalledProcessError(tar.returncode, f"dpkg-deb {deb}")


def run(command: list[str], cwd: Path | None = None, said: str | None = None) -> str:
    """Run a command and return what it prints; it reads ``said``. Raises CalledProcessError."""
    return subprocess.run(command, cwd=cwd, input=said, check=True, text=True, stdout=subprocess.PIPE).stdout
