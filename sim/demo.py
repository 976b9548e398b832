"""``make demo``: the bench with its page, and one one-hour charge at 60 × billing time, told as it goes.

The demo is a visitor with a phone and a car: it starts ``python -m sim`` and drives it over its HTTP API.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from sim.terminal import bar, painted, table

Json = dict[str, Any]
SPEED = 60
MINUTES = 60
START_WITHIN_S = 60.0
TELL_EVERY_MINUTES = 5
PORT = 8080


class DemoError(RuntimeError):
    """The demo cannot go on; the text says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo. Returns 0 when the charge was settled and verified, else 1; 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sim.demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="leave after the bill instead of staying up")
    parser.add_argument("--port", type=int, default=None, help=f"the page's port (default {PORT} if free)")
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="directory for the artifacts")
    arguments = parser.parse_args(argv)
    port = arguments.port or _free_port()
    command = [sys.executable, "-m", "sim", "--port", str(port), "--speed", str(SPEED)]
    log = arguments.out / "bench.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # A session of its own: Ctrl-C reaches the demo alone, which then ends the bench in good order.
    with log.open("wb") as output:
        bench = subprocess.Popen(
            [*command, "--out", str(arguments.out)], stdout=output, stderr=output, start_new_session=True
        )
    try:
        return _show(bench, f"http://127.0.0.1:{port}", log, stay=not arguments.exit)
    except DemoError as error:
        print(painted(f"\n  {error}", "red"))
        return 1
    except KeyboardInterrupt:
        print()
        return 130
    finally:
        _end(bench)


def _show(bench: subprocess.Popen[bytes], url: str, log: Path, *, stay: bool) -> int:
    with httpx.Client(base_url=url, timeout=30.0, trust_env=False) as http:
        print(f"\n  {painted('Wattseal', 'bold')}  one hour at {SPEED}× billing time", flush=True)
        print(
            f"  {painted(url, 'cyan', 'bold')}  display, phone, vehicle, faults and backend, live", flush=True
        )
        _wait_for_page(bench, http, log)
        charge = Charge(http)
        charge.run()
        good = charge.tell_result()
        if stay:
            print(f"\n  The bench stays up at {painted(url, 'cyan')}; Ctrl-C ends it.", flush=True)
            bench.wait()
    return 0 if good else 1


class Charge:
    """One charge over the bench's API, told line by line."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._id = ""
        self._waits: list[tuple[str, float]] = []

    def run(self) -> None:
        """Pay, plug in and wait until the backend has settled."""
        scanned_ns = time.monotonic_ns()
        self._id = self._post("pay", {"minutes": MINUTES})["transaction_id"] or ""
        for _ in self._until("the lock is released", 10, lambda: self._board()["lock"] == "released"):
            pass
        self._id = self._id or self._get("transactions")[-1]["id"]
        self._waited("scan → unlock", (self._board()["marks"]["lock_released"] - scanned_ns) / 1e6)
        _say(f"paid for {MINUTES} minutes on the phone", "lock released", self._waits[-1][1])
        self._post("plug_in")
        for _ in self._until(
            "the contactor closes", 10, lambda: bool(self._board()["marks"].get("power_on"))
        ):
            pass
        marks = self._board()["marks"]
        self._waited("plug → power", (marks["power_on"] - marks["plugged"]) / 1e6)
        _say("plugged in", "power on", self._waits[-1][1])
        self._follow()

    def tell_result(self) -> bool:
        """Print timeline, bill and verification; returns whether it was settled and verified."""
        charge = self._charge()
        opened_ns = self._board()["marks"]["contactor_opened"]
        self._waited("end → settled", (charge["receipt"]["settled_ns"] - opened_ns) / 1e6)
        _heading("Timeline")
        _print_rows([(name, f"{ms:,.0f} ms") for name, ms in self._waits])
        _heading("Bill")
        _print_rows(bill_rows(charge))
        _heading("Verification")
        return tell_verification(charge)

    def _follow(self) -> None:
        """Print a line every few minutes until the charge is settled."""
        print(painted("\n    minute     power     energy      cost   remaining", "dim"))
        told = -1
        for _ in self._until("the charge is settled", MINUTES * 60 / SPEED + 30, self._is_settled):
            minutes = len(self._charge()["minutes"]) - 1
            if minutes >= 0 and minutes // TELL_EVERY_MINUTES > told // TELL_EVERY_MINUTES:
                told = minutes
                print(progress_line(self._charge(), minutes, self._board()["watts"]), flush=True)

    def _is_settled(self) -> bool:
        return self._charge()["receipt"] is not None

    def _until(self, what: str, within_s: float, is_true: Any) -> Iterator[None]:
        """Yield five times a second until ``is_true()``. Raises DemoError when it takes too long."""
        deadline = time.monotonic() + within_s
        while not is_true():
            if time.monotonic() > deadline:
                raise DemoError(f"Waited {within_s:.0f} s until {what}; see the page for what goes on.")
            yield
            time.sleep(0.2)

    def _waited(self, name: str, ms: float) -> None:
        self._waits.append((name, ms))

    def _board(self) -> Json:
        board: Json = self._get("state")["board"]
        return board

    def _charge(self) -> Json:
        charge: Json = self._get(f"transactions/{self._id}")
        return charge

    def _get(self, path: str) -> Any:
        return _checked(self._http.get(f"/api/{path}"))

    def _post(self, path: str, body: Json | None = None) -> Any:
        return _checked(self._http.post(f"/api/{path}", json=body))


def progress_line(charge: Json, minutes: int, watts: float) -> str:
    """Return one line of the charge's progress."""
    newest = charge["minutes"][-1]
    energy_kwh = float(newest["energy_wh"]) / 1000
    left = max(0, MINUTES - minutes)
    shown = painted(bar(minutes / MINUTES), "green")
    return (
        f"    {minutes:6}  {watts / 1000:5.1f} kW  {energy_kwh:6.2f} kWh  {float(newest['cost']):8.2f}"
        f"   {left:5} min  {shown}"
    )


_PARTS = {
    "energy": ("energy, electricity and service", "{kwh:.4f} kWh"),
    "time": ("charging time", "{minutes} min"),
    "idle": ("idle time", ""),
    "fixed": ("fixed fee", ""),
    "adjust": ("rounding", ""),
}


def bill_rows(charge: Json) -> list[tuple[str, str, str]]:
    """Return the bill as rows of what, how much, price."""
    receipt = charge["receipt"]
    amounts = {"kwh": float(receipt["energy_wh"]) / 1000, "minutes": receipt["minutes"]}
    rows = [(*_PARTS[name], price) for name, price in receipt["costs"].items()]
    told = [(what, amount.format(**amounts), price) for what, amount, price in rows]
    return [*told, ("total", receipt["currency"], receipt["total"])]


def tell_verification(charge: Json) -> bool:
    """Print what the backend checked; returns whether the charge was settled and verified."""
    receipt, records = charge["receipt"], charge["minutes"]
    bad = [record for record in records if not record["verified"]]
    seals = f"{len(records) - len(bad)} of {len(records)} sealed records verified, chain unbroken"
    _say_good(not bad and bool(receipt["verified"]), seals)
    _say_good(bool(receipt["settled"]), f"priced again by the backend and settled: {receipt['total']}")
    for problem in receipt.get("problems") or []:
        print(painted(f"    {problem}", "red"))
    return bool(receipt["settled"] and receipt["verified"])


def _wait_for_page(bench: subprocess.Popen[bytes], http: httpx.Client, log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while True:
        if bench.poll() is not None or time.monotonic() > deadline:
            raise DemoError(f"The bench did not start. The end of {log}:\n{_tail(log)}")
        try:
            if http.get("/api/state").is_success:
                return
        except httpx.TransportError:
            pass  # not listening yet
        time.sleep(0.1)


def _end(bench: subprocess.Popen[bytes]) -> None:
    """Ask the bench to end as Ctrl-C does; what does not end in time is killed."""
    if bench.poll() is None:
        bench.send_signal(signal.SIGINT)
    try:
        bench.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(bench.pid, signal.SIGKILL)
        bench.wait()


def _checked(response: httpx.Response) -> Any:
    if response.is_error:
        raise DemoError(f"{response.request.url.path}: {response.text[:300]}")
    return response.json()


def _free_port() -> int:
    """Return PORT if nothing listens there, else any free port."""
    for port in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            free: int = probe.getsockname()[1]
            return free
    raise DemoError("There is no free port on 127.0.0.1.")


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-lines:])


def _heading(text: str) -> None:
    print(painted(f"\n  {text}", "bold"), flush=True)


def _say(what: str, then: str, ms: float) -> None:
    print(f"  {painted('●', 'green')} {what}, {then} {painted(f'{ms:,.0f} ms', 'bold')} later", flush=True)


def _say_good(good: bool, text: str) -> None:
    print(f"    {painted('✓', 'green') if good else painted('✗', 'red')} {text}", flush=True)


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    for line in table(rows):
        print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
