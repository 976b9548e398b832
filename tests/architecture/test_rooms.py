"""The house rules on imports: each room imports only what docs/ARCHITECTURE.md lets it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("firmware", "drivers", "hal", "config", "sim")
STANDARD = sys.stdlib_module_names

OWN_ROOMS = {
    "hal": {"hal"},
    "config": {"config"},
    "drivers": {"drivers", "hal", "config"},
    "firmware": {"firmware", "hal", "config"},
    "sim": {"sim", "hal"},
}
DOORS = {
    "pymodbus": {"drivers/meter/requests.py", "drivers/meter/frames.py", "sim/board/meter.py"},
    "gpiod": {"hal/linux/gpio.py"},
    "websockets": {"firmware/csms/link.py", "sim/csms/server.py"},
    "jsonschema_rs": {"firmware/csms/schemas.py"},
    "cryptography": {
        "firmware/signing/",
        "sim/board/signing_parts.py",
        "sim/csms/verify.py",
        "sim/csms/ocmf.py",
    },
    "pkcs11": {"firmware/signing/"},
    "qrcode": {"firmware/screens/"},
    "PIL": {"firmware/screens/", "sim/"},
    "cvttf_NotoSansCJK_Regular": {"firmware/screens/"},
    "msgspec": {"config/", "firmware/ledger/", "firmware/csms/"},
}
COMPOSITION_ROOTS = {
    "firmware/wiring.py",
    "firmware/interlock/wiring.py",
    "firmware/board/wiring.py",
    "firmware/metering_cli/wiring.py",
}
IMPURE_INTERLOCK = ("__main__", "agent_port", "log", "priority", "shell", "sign_of_life", "vigil", "wiring")
PURE = (
    "firmware/core/",
    *(
        f"firmware/interlock/{path.name}"
        for path in (ROOT / "firmware" / "interlock").glob("*.py")
        if path.stem not in IMPURE_INTERLOCK
    ),
)
IMPURE = {"asyncio", "time", "os", "random", "logging", "socket", "threading", "subprocess", "pathlib", "io"}
LEAN = ("firmware/interlock/", "hal/remote/", "hal/linux/", "hal/coprocessor/")
HEAVY = {"asyncio", "msgspec", "tomllib", "logging", "sqlite3", "ssl"}


def modules() -> list[str]:
    paths = (path for room in PRODUCT for path in (ROOT / room).rglob("*.py"))
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def within(module: str, places: set[str] | tuple[str, ...]) -> bool:
    return any(module == place or (place.endswith("/") and module.startswith(place)) for place in places)


@pytest.mark.parametrize("module", modules())
def test_a_room_imports_only_what_it_may(module: str) -> None:
    room = module.split("/")[0]
    allowed = OWN_ROOMS[room] | ({"drivers"} if module in COMPOSITION_ROOTS else set())
    wrong = {name for name in imports(module) if name.split(".")[0] in PRODUCT} - {
        name for name in imports(module) if name.split(".")[0] in allowed
    }
    assert not wrong, f"{module} imports {sorted(wrong)}"


@pytest.mark.parametrize("module", modules())
def test_third_party_packages_have_one_door_each(module: str) -> None:
    for name in {name.split(".")[0] for name in imports(module)} - set(PRODUCT) - STANDARD:
        if module.startswith("sim/") and name not in ("pymodbus", "cryptography"):
            continue
        assert within(module, DOORS.get(name, set())), f"{module} imports {name}"


@pytest.mark.parametrize("module", [module for module in modules() if module.startswith(PURE)])
def test_the_cores_are_pure(module: str) -> None:
    tops = {name.split(".")[0] for name in imports(module)}
    assert not tops & IMPURE, f"{module} imports {sorted(tops & IMPURE)}"
    assert tops <= STANDARD | {"firmware"}
    beyond = {name for name in imports(module) if name.startswith("firmware")}
    assert all(name.startswith(("firmware.core", "firmware.interlock")) for name in beyond)


@pytest.mark.parametrize("module", [module for module in modules() if module.startswith(LEAN)])
def test_the_interlock_stays_lean(module: str) -> None:
    tops = {name.split(".")[0] for name in imports(module)}
    assert not tops & HEAVY, f"{module} imports {sorted(tops & HEAVY)}"
    assert not {name for name in imports(module) if name.startswith(("firmware.csms", "firmware.ledger"))}


def test_no_production_code_knows_that_it_is_simulated() -> None:
    firmware = [module for module in modules() if not module.startswith("sim/")]
    knowing = [
        module
        for module in firmware
        if any(
            isinstance(node, ast.Name | ast.Attribute)
            and "simulat" in (node.id if isinstance(node, ast.Name) else node.attr).lower()
            for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8")))
        )
    ]
    assert knowing == []
