"""The backend ``linux``: every port that a board file names, on this machine's kernel."""

import contextlib
import select
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hal.linux.files import ROOT
from hal.linux.life import Life, LivingAdc, LivingInput, LivingOutput, LivingPwm, LivingThermometer
from hal.linux.tick import Tick
from hal.ports import Adc, BoardLostError, Input, Output, PortKind, Pwm, Thermometer, Watchdog

if TYPE_CHECKING:
    from hal.coprocessor.coprocessor import PilotCoprocessor
    from hal.linux.gpio import GpioInput
    from hal.linux.peaks import PeakBuffer

_Port = TypeVar("_Port")


class LinuxBoard:
    """`hal.ports.Board` on the kernel's interfaces; ``io`` is the board file's (`config.board_io`).

    Every port is opened at once, outputs at their safe values. Raises BoardLostError when one cannot be had:
    the text says where in the board file it is named, and what there is instead. A part that fails later, a
    thermometer excepted, is the loss of the board: all else falls to its safe value, and it stays lost.
    What is not used is not imported: the interlock counts its memory.
    """

    def __init__(self, io: dict[str, Any], root: Path = ROOT) -> None:
        self._io, self._root = io, root
        self._where = "board"
        self._open: list[Any] = []
        self._looked_at: list[tuple[str, Any]] = []
        self._life = Life(self._let_go)
        self._inputs: dict[str, GpioInput] = {}
        self._coprocessors: dict[str, PilotCoprocessor] = {}
        self._buffers: dict[int | str, PeakBuffer] = {}
        self._epoll = select.epoll()
        try:
            self._open_all()
        except BaseException:
            self.close()
            raise

    def output(self, name: str) -> Output:
        """Return the output or LED ``name``. Raises KeyError when the board file names none."""
        return LivingOutput(self._life, _named(self._outputs, name, "output"))

    def input(self, name: str) -> Input:
        """Return the input ``name``. Raises KeyError when the board file names none."""
        return LivingInput(self._life, _named(self._inputs, name, "input"))

    def pwm(self, name: str) -> Pwm:
        """Return the PWM channel ``name``. Raises KeyError when the board file names none."""
        return LivingPwm(self._life, _named(self._pwms, name, "PWM channel"))

    def adc(self, name: str) -> Adc:
        """Return the analogue input ``name``. Raises KeyError when the board file names none."""
        return LivingAdc(self._life, _named(self._adcs, name, "analogue input"))

    def thermometer(self, name: str) -> Thermometer:
        """Return the thermometer ``name``. Raises KeyError when the board file names none."""
        return LivingThermometer(self._life, _named(self._thermometers, name, "thermometer"))

    def watchdog(self) -> Watchdog | None:
        """Arm the hardware watchdog and return it, None where the board file names none."""
        if self._io["watchdog"] is None:
            return None
        from hal.linux.watchdog import LinuxWatchdog

        return LinuxWatchdog(self._io["watchdog"], self._root)

    def names(self) -> dict[PortKind, tuple[str, ...]]:
        """Return what there is, by kind."""
        return {
            "output": tuple(self._outputs),
            "input": tuple(self._inputs),
            "pwm": tuple(self._pwms),
            "adc": tuple(self._adcs),
            "thermometer": tuple(self._thermometers),
        }

    def fileno(self) -> int:
        """Return the descriptor that is readable when inputs may have changed, or it is time to look.

        -1 when the board is lost or closed.
        """
        return -1 if self._life.over else self._epoll.fileno()

    def refresh(self) -> None:
        """Look at every input. Raises BoardLostError, which says where the board file names what failed."""
        self._life.use(self._look)

    def _look(self) -> None:
        self._tick.take()
        for where, port in self._looked_at:
            try:
                port.refresh()
            except BoardLostError as error:
                raise BoardLostError(f"{where}: {error}") from error

    def close(self) -> None:
        """Set every output to its safe value and let go of everything; the watchdog is its holder's."""
        self._life.end("the board is closed")

    def _let_go(self) -> None:
        """Close every part, outputs first; one that is gone keeps no other from its safe value."""
        for port in self._open:
            with contextlib.suppress(BoardLostError, OSError):
                port.close()
        self._open = []
        self._epoll.close()

    # opening

    def _open_all(self) -> None:
        """Open every port, outputs first: what they drive is safe from then on."""
        io = self._io
        self._outputs: dict[str, Output] = self._each("outputs", self._output)
        self._outputs |= self._each("leds", self._led)
        self._coprocessors = self._each("coprocessors", self._coprocessor)
        self._pwms: dict[str, Pwm] = self._each("pwms", self._pwm)
        self._inputs = self._each("inputs", self._input)
        self._adcs: dict[str, Adc] = self._each("adcs", self._adc)
        self._thermometers = self._each("thermometers", self._thermometer)
        self._tick = self._kept(Tick(io["sample_every_ms"]))
        waking: list[Any] = [*self._inputs.values(), *self._coprocessors.values(), self._tick]
        for port in waking:
            self._epoll.register(port, select.EPOLLIN)

    def _each(self, table: str, open_port: Callable[[str, dict[str, Any]], _Port]) -> dict[str, _Port]:
        ports = {}
        for name, part in self._io[table].items():
            self._where = f'{table}."{name}"' if "." in name else f"{table}.{name}"
            try:
                ports[name] = open_port(name, part)
            except (BoardLostError, ValueError, KeyError) as error:
                raise BoardLostError(f"{self._where}: {error.args[0]}") from error
        return ports

    def _kept(self, port: _Port, look: bool = False) -> _Port:
        """Remember to close a port, and to ``look`` at it each time."""
        self._open.append(port)
        if look:
            self._looked_at.append((self._where, port))
        return port

    def _output(self, name: str, part: dict[str, Any]) -> Output:
        from hal.linux.gpio import GpioOutput

        return self._kept(GpioOutput(name, part, self._root))

    def _led(self, _name: str, part: dict[str, Any]) -> Output:
        from hal.linux.led import SysfsLed

        return self._kept(SysfsLed(part, self._root))

    def _input(self, name: str, part: dict[str, Any]) -> "GpioInput":
        from hal.linux.gpio import GpioInput

        return self._kept(GpioInput(name, part, self._root), look=True)

    def _coprocessor(self, _name: str, part: dict[str, Any]) -> "PilotCoprocessor":
        from hal.coprocessor.coprocessor import PilotCoprocessor

        return self._kept(PilotCoprocessor(part["device"], part["baudrate"]), look=True)

    def _pwm(self, _name: str, part: dict[str, Any]) -> Pwm:
        if part["coprocessor"] is not None:
            from hal.coprocessor.channels import open_pwm

            return open_pwm(self._coprocessors[part["coprocessor"]], part["channel"])
        from hal.linux.pwm import SysfsPwm

        return self._kept(SysfsPwm(part, self._root))

    def _adc(self, _name: str, part: dict[str, Any]) -> Adc:
        if part["coprocessor"] is not None:
            from hal.coprocessor.channels import open_adc

            return open_adc(self._coprocessors[part["coprocessor"]], part["channel"])
        if part["peak"] is not None:
            from hal.linux.peaks import PeakAdc

            return PeakAdc(part, self._buffer(part["device"]))
        from hal.linux.adc import IioAdc

        return self._kept(IioAdc(part, self._root), look=True)

    def _buffer(self, device: int | str) -> "PeakBuffer":
        """Return the buffer of a device, with all channels whose peaks the board file asks for."""
        if device not in self._buffers:
            from hal.linux.peaks import PeakBuffer

            parts = self._io["adcs"].values()
            peaks = {part["channel"] for part in parts if part["device"] == device and part["peak"]}
            buffer = PeakBuffer(device, sorted(peaks), self._root)
            self._buffers[device] = self._kept(buffer, look=True)
        return self._buffers[device]

    def _thermometer(self, _name: str, part: dict[str, Any]) -> Thermometer:
        from hal.linux.thermometer import HwmonThermometer

        return HwmonThermometer(part, self._root)


def _named(ports: Mapping[str, _Port], name: str, kind: str) -> _Port:
    if name not in ports:
        raise KeyError(f'the board has no {kind} "{name}"; it has {", ".join(sorted(ports)) or "none"}')
    return ports[name]
