"""The one-file verifier as a backend uses it: beside its own code, record by record, from any state on."""

import ast
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.entries import TransactionEnded
from firmware.core.pricing import Cost, fixed_cost, prices_at, total_e4
from firmware.core.tariff import local_time
from firmware.core.tariff_type import TariffError, parse
from tests.ledger.samples import KnownKey, rotated
from tests.support.long_stream import long_stream
from tests.support.mutations import Tampered, lie, tamper
from tests.support.streams import STREAMS, TARIFFS, TIME_OF_USE, WITH_EVERYTHING, as_json
from tests.support.verifiers import ONE_FILE, OneFile, one_file

KEY = KnownKey(1).public_key_der.hex()
GARAGE = STREAMS["garage"]()


@pytest.fixture
def module() -> ModuleType:
    return one_file()


@pytest.fixture
def verifier(module: ModuleType) -> Any:
    return module.Verifier(KEY, [module.Tariff(tariff) for tariff in TARIFFS])


def test_each_record_comes_back_read_and_priced(verifier: Any) -> None:
    records = [verifier.feed(text.decode()) for text in GARAGE.texts]
    usage = [record for record in records if record.name.startswith("T")]
    assert {record.kind for record in usage} == set("BCSTE")
    assert all(record.priced_e4 == record.cost_e4 for record in usage)
    bills = {
        entry.transaction_id: entry.cost.total_e4
        for entry in GARAGE.entries
        if isinstance(entry, TransactionEnded)
    }
    assert {record.transaction_id: record.cost_e4 for record in usage if record.kind == "E"} == bills
    assert verifier.running == []


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, len(GARAGE.texts) - 1), max_size=6))
def test_it_resumes_at_any_record_from_a_saved_text(stops: set[int]) -> None:
    module = one_file()
    tariffs = [module.Tariff(tariff) for tariff in TARIFFS]
    whole, parts = module.Verifier(KEY, tariffs), module.Verifier(KEY, tariffs)
    for index, text in enumerate(GARAGE.texts):
        if index in stops:
            parts = module.Verifier.resume(json.loads(json.dumps(parts.state)), tariffs)
        assert parts.feed(text.decode()) == whole.feed(text.decode())
    assert json.dumps(parts.state) == json.dumps(whole.state)


def test_a_bad_record_changes_nothing_and_the_true_one_follows(module: ModuleType, verifier: Any) -> None:
    for text in GARAGE.texts:
        before = json.dumps(verifier.state)
        with pytest.raises(module.BadRecord):
            verifier.feed(text.decode().replace('"UU":"CNY"', '"UU":"EUR"').replace('"UK":"30', '"UK":"31'))
        assert json.dumps(verifier.state) == before
        verifier.feed(text.decode())


def test_a_refused_record_of_a_lying_station_changes_nothing_either(module: ModuleType) -> None:
    chance, keys = random.Random(5), [KnownKey(number) for number in range(1, 9)]
    tariffs = [module.Tariff(tariff) for tariff in TARIFFS]
    verifier, states = module.Verifier(KEY, tariffs), []
    for text in GARAGE.texts:
        states.append(json.dumps(verifier.state))
        verifier.feed(text.decode())
    for _ in range(200):
        lied = lie(GARAGE.texts, keys, chance)
        verifier = module.Verifier.resume(json.loads(states[lied.first]), tariffs)
        try:
            verifier.feed(lied.texts[0].decode())
        except module.BadRecord:
            assert json.dumps(verifier.state) == states[lied.first], lied.what


def test_a_record_that_comes_again_is_told_apart_from_a_bad_one(module: ModuleType, verifier: Any) -> None:
    for text in GARAGE.texts[:9]:
        verifier.feed(text.decode())
    with pytest.raises(module.Repeated, match="T4: after T9; repeated"):
        verifier.feed(GARAGE.texts[3].decode())
    with pytest.raises(module.BadRecord, match="the newest before it is T9; a record is missing") as missing:
        verifier.feed(GARAGE.texts[10].decode())
    assert not isinstance(missing.value, module.Repeated)


def test_after_a_rotation_the_new_key_seals(module: ModuleType) -> None:
    verifier = module.Verifier(KEY)
    for text in rotated():
        verifier.feed(text.decode())
    assert verifier.state["key"] == KnownKey(2).public_key_der.hex()


@pytest.mark.parametrize(
    "texts",
    [
        rotated(proof_of=KnownKey(3)), rotated(KnownKey(1)), rotated(UK="00ff"), rotated(UK="3059"),
        rotated(PG="F2"), rotated(UT="tx-1"), rotated(UH="00" * 32), rotated(GS="chu-004"),
        rotated(UA="noon"), rotated(RD=[{}]),
    ],
)  # fmt: skip
def test_a_rotation_that_is_not_one_is_found(module: ModuleType, texts: list[bytes]) -> None:
    verifier = module.Verifier(KEY)
    for text in texts[:5]:
        verifier.feed(text.decode())
    with pytest.raises(module.BadRecord):
        verifier.feed(texts[5].decode())


def test_a_cost_held_by_a_limit_is_shown_beside_the_price(module: ModuleType) -> None:
    sealed = STREAMS["one EVSE"]()
    verifier = module.Verifier(KEY, [module.Tariff(WITH_EVERYTHING)])
    records = [verifier.feed(text.decode()) for text in sealed.texts]
    held = [
        record for record in records if record.priced_e4 is not None and record.cost_e4 < record.priced_e4
    ]
    assert held, "one was paid for with one yuan, which is less than the least cost"
    assert {record.cost_e4 for record in held} == {10_000}


def test_without_its_tariff_a_record_holds_unpriced(module: ModuleType) -> None:
    verifier = module.Verifier(KEY, [module.Tariff(TIME_OF_USE)])
    records = [verifier.feed(text.decode()) for text in GARAGE.texts]
    unpriced = [record for record in records if record.kind and record.priced_e4 is None]
    assert {record.tariff[0] for record in unpriced} == {"everything"}
    assert verifier.state["unpriced"] == len(unpriced) > 0


def test_a_state_that_prices_is_not_resumed_without_the_tariff(module: ModuleType, verifier: Any) -> None:
    verifier.feed(GARAGE.texts[0].decode())
    with pytest.raises(ValueError, match=r"the tariff chu-ac-2026-1 .* is needed to go on"):
        module.Verifier.resume(verifier.state, [])
    with pytest.raises(ValueError, match="no state of this verifier"):
        module.Verifier.resume({}, [])


intervals = st.lists(
    st.tuples(st.integers(0, 100_000), st.integers(0, 3_600_000), st.integers(0, 600_000),
              st.integers(1_780_000_000_000, 1_800_000_000_000)),
    min_size=1, max_size=20,
)  # fmt: skip


@settings(deadline=None)
@given(intervals, st.sampled_from(TARIFFS), st.sampled_from([-210, 0, 480, 765]))
def test_its_prices_are_those_of_the_station_to_the_last_digit(
    spans: list[tuple[int, int, int, int]], tariff: dict[str, Any], offset_min: int
) -> None:
    module = one_file()
    ours, theirs = parse(tariff), module.Tariff(tariff)
    assert (theirs.id, theirs.version) == (ours.tariff_id, ours.version)
    begun = local_time(spans[0][3], offset_min)
    cost, exact, dwh = Cost(), 0, 0
    for energy_dwh, charging_ms, idle_ms, utc_ms in spans:
        cost = cost.plus(prices_at(ours, local_time(utc_ms, offset_min)), energy_dwh, charging_ms, idle_ms)
        last = module.Record("", "", "", at=(utc_ms, offset_min, "S"))
        record = last._replace(register_dwh=energy_dwh, charging_ms=charging_ms, idle_ms=idle_ms)
        exact += theirs.exact(last, record)
        dwh += energy_dwh
    with_fee = cost._replace(fixed=fixed_cost(ours, begun) if dwh else 0)
    local = module.Record("", "", "", at=(spans[0][3], offset_min, "S")).local
    assert theirs.total_e4(exact, dwh, local) == total_e4(ours, with_fee, dwh, None)


@pytest.mark.parametrize(
    "change",
    [
        {"energy": {"prices": [{"priceKwh": 1.5}]}},
        {"energy": {"prices": [{"priceKwh": Decimal("1.123456")}]}},
        {"energy": {"prices": [{"priceKwh": -1}]}},
        {"energy": {"prices": [{"priceKwh": 1, "conditions": {"minPower": 7}}]}},
        {"energy": {"prices": [{"priceKwh": 1}], "taxRates": [{"type": "VAT", "tax": 19, "stack": 1}]}},
        {"reservationTime": {"prices": [{"priceMinute": 1}]}},
        {"validFrom": "2026-06-01T00:00:00Z"},
    ],
)
def test_what_stations_do_not_price_it_does_not_price_either(
    module: ModuleType, change: dict[str, Any]
) -> None:
    tariff = {"tariffId": "t", "currency": "CNY", **change}
    with pytest.raises(TariffError):
        parse(tariff)
    with pytest.raises(ValueError, match=r"."):
        module.Tariff(tariff)


def test_it_is_one_short_file_that_needs_only_cryptography() -> None:
    source = ONE_FILE.read_text()
    assert sum(bool(line.strip()) for line in source.splitlines()) < 400
    tree = ast.parse(source, feature_version=(3, 9))
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in names} - sys.stdlib_module_names == {"cryptography"}


class CommandLine:
    """The file alone: an isolated interpreter that finds nothing but `cryptography` and what that needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        site = Path(__import__("cryptography").__file__).parents[1]
        self._only = folder / "site"
        self._only.mkdir()
        for name in ("cryptography", "cffi", "_cffi_backend", "pycparser"):
            for path in site.glob(f"{name}*"):
                (self._only / path.name).symlink_to(path)

    def __call__(self, *options: object) -> tuple[int, str, str]:
        start = f"import sys, runpy; sys.path.append({str(self._only)!r}); sys.argv = sys.argv[1:];"
        run = subprocess.run(
            [sys.executable, "-I", "-S", "-c", f"{start} runpy.run_path(sys.argv[0], run_name='__main__')",
             str(ONE_FILE), *map(str, options)],
            capture_output=True, text=True, check=False, cwd=self.folder, timeout=60,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        return run.returncode, run.stdout, run.stderr


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    (tmp_path / "records.ocmf").write_bytes(b"".join(text + b"\n" for text in GARAGE.texts))
    for tariff in TARIFFS:
        (tmp_path / f"{tariff['tariffId']}.json").write_text(as_json(tariff))
    return CommandLine(tmp_path)


def tariffs() -> Iterator[str]:
    for tariff in TARIFFS:
        yield from ("--tariff", f"{tariff['tariffId']}.json")


def test_alone_it_verifies_a_file(run: CommandLine) -> None:
    assert run("records.ocmf", "--key", KEY, *tariffs()) == (0, "44 records hold, 0 of them not priced\n", "")
    assert run("records.ocmf", "--key", KEY)[:2] == (0, "44 records hold, 41 of them not priced\n")


def test_alone_it_names_the_first_bad_record(run: CommandLine) -> None:
    lines = (run.folder / "records.ocmf").read_bytes().splitlines(keepends=True)
    (run.folder / "records.ocmf").write_bytes(b"".join(lines[:6] + lines[7:]))
    code, out, err = run("records.ocmf", "--key", KEY)
    assert (code, out) == (1, "")
    assert err == "wattseal_verify: record 7: T8: the newest before it is T6; a record is missing\n"


def test_alone_it_goes_on_from_a_state_file(run: CommandLine) -> None:
    lines = (run.folder / "records.ocmf").read_bytes().splitlines(keepends=True)
    for begin in range(0, len(lines), 11):
        (run.folder / "part").write_bytes(b"".join(lines[begin : begin + 11]))
        code, out, _ = run("part", "--key", KEY, "--state", "state.json", *tariffs())
        assert (code, out) == (0, f"{min(begin + 11, 44)} records hold, 0 of them not priced\n")
    (run.folder / "part").write_bytes(lines[-1])
    code, _, err = run("part", "--key", KEY, "--state", "state.json", *tariffs())
    assert code == 1
    assert "repeated or out of order" in err
    (run.folder / "state.json").write_text("{")
    assert run("part", "--state", "state.json")[0] == 2


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("records.ocmf",), "not the hex of a public key"),
        (("records.ocmf", "--key", "zz"), "not the hex of a public key"),
        (("nowhere.ocmf", "--key", KEY), "No such file"),
        (("records.ocmf", "--key", KEY, "--tariff", "records.ocmf"), "JSONDecodeError"),
        ((), "usage"),
    ],
)
def test_alone_it_explains_a_wrong_command_line(run: CommandLine, options: tuple[str, ...], why: str) -> None:
    code, out, err = run(*options)
    assert (code, out) == (2, "")
    assert why in err
    assert "Traceback" not in err


MEASURED = """
import re, sys
{work}
print(re.search("VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
"""
LEDGER = "from firmware.ledger.cli import main; assert main(['verify', *sys.argv[1:]]) == 0"
ALONE = f"import runpy; main = runpy.run_path({str(ONE_FILE)!r})['main']; assert main() == 0"


@pytest.mark.parametrize("work", [LEDGER, ALONE], ids=["wattseal ledger verify", "the one-file verifier"])
def test_memory_does_not_grow_with_the_records(tmp_path: Path, work: str) -> None:
    peak_kib = {}
    for length in (100, 10_000):
        path = tmp_path / f"{length}.ocmf"
        path.write_bytes(b"".join(text + b"\n" for text in long_stream(length, KnownKey(1))))
        command = [sys.executable, "-c", MEASURED.format(work=work), path, "--key", KEY]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
        peak_kib[length] = int(run.stdout.split()[-1])
    assert peak_kib[10_000] - peak_kib[100] < 1_024


def test_its_state_does_not_grow_with_the_records(module: ModuleType) -> None:
    verifier, sizes = module.Verifier(KEY), []
    for count, text in enumerate(long_stream(4_000, KnownKey(1)), start=1):
        verifier.feed(text.decode())
        if count % 2_000 == 0:
            sizes.append(len(json.dumps(verifier.state)))
    assert sizes[1] < sizes[0] + 1_000
    assert sizes[1] < 16_384


def test_tampering_after_thousands_of_records_is_found() -> None:
    texts = tuple(long_stream(200, KnownKey(1)))
    chance, checkpoints = random.Random(11), OneFile(GARAGE._replace(texts=texts))
    for _ in range(200):
        assert checkpoints.found(tamper(texts, chance))
    assert checkpoints.found(Tampered("nothing", len(texts), [])) is None


def test_the_digest_is_what_the_next_record_names(verifier: Any) -> None:
    text = GARAGE.texts[0].decode()
    assert verifier.feed(text).digest == hashlib.sha256(text.split("|")[1].encode()).hexdigest()
