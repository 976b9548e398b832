"""A serial line with DL/T 645-2007 meters: one question and its answer at a time."""

from config.schema import Rs485
from drivers.meter import dlt645_frames as frames
from drivers.meter.errors import (
    MeterError,
    MeterJunkError,
    MeterRefusedError,
    MeterSilentError,
)
from drivers.meter.held_port import QUIET_S, HeldPort
from drivers.meter.serial_port import LineSettings

ANSWER_S = 0.55
"""How long a meter may think before it answers: 500 ms by the standard, and a margin."""

PLAIN = LineSettings(2400, "E", 1, ANSWER_S)
"""How a meter is set when nobody has set it otherwise."""

_MOST_VALUES = 12  # four values of three bytes: the most that a map of ours asks for
_ADDRESS_CHARS = 6
_QUIET_CHARS = 4


class SeveralMetersError(MeterJunkError):
    """More than one meter told its ``addresses`` where there was to be one."""

    def __init__(self, addresses: set[str]) -> None:
        self.addresses = tuple(sorted(addresses))
        super().__init__(f"meters {', '.join(self.addresses)} answer: write the address of each")


class Dlt645Line:
    """The one owner of a serial port. ``rs485``: the kernel's mode, for a transceiver that cannot turn.

    A meter that is set otherwise than the others gets its own settings with `set_meter`.
    """

    def __init__(self, device: str, settings: LineSettings = PLAIN, rs485: Rs485 | None = None) -> None:
        self._settings = settings
        self._meters: dict[str, LineSettings] = {}
        self._port = HeldPort(device, settings, rs485)
        self._troubled = True

    def set_meter(self, address: str, settings: LineSettings) -> None:
        """Give a meter its own speed, parity, stop bits and time to answer."""
        self._meters[address] = settings

    async def open(self) -> bool:
        """Open the port if it is not open; return whether it has just been opened. Raises MeterPortError."""
        opened = await self._port.open()
        self._troubled = self._troubled or opened
        return opened

    async def ask(self, address: str, data_id: int, *, listen_s: float = 0.0) -> bytes:
        """Ask a meter for a data item and return its values. Raises MeterError.

        It listens for ``listen_s`` after the answer: a second one, which two meters of one address would
        give, is an error.
        """
        settings = self._meters.get(address, self._settings)
        await self._fall_silent(settings)
        chars = 2 * (frames.OVERHEAD_CHARS + 4) + _MOST_VALUES
        wait_s = settings.answer_within_s + settings.wire_s(chars)
        self._send(frames.read_request(address, data_id))
        try:
            values = await self._port.until(
                lambda: frames.find_reply(self._port.heard, address, data_id), wait_s
            )
        except frames.RefusedError as error:
            raise MeterRefusedError(f"meter {address} refused data {data_id:08X}: {error}") from error
        if values is None:
            raise self._failure(address, data_id, wait_s)
        self._port.heard = b""
        if listen_s and await self._port.until(lambda: self._from(address), listen_s):
            raise MeterJunkError(f"meter {address} answered twice: two meters of one address")
        self._troubled = False
        return values

    async def only_address(self) -> str:
        """Return the address of the only meter on the line; it takes the time in which others would answer.

        Raises SeveralMetersError, and MeterError as `ask` does.
        """
        await self._fall_silent(self._settings)
        chars = 2 * frames.OVERHEAD_CHARS + _ADDRESS_CHARS
        wait_s = self._settings.answer_within_s + self._settings.wire_s(chars)
        self._send(frames.address_request())
        await self._port.until(lambda: None, wait_s)
        told = frames.addresses_told(self._port.heard)
        if len(told) == 1:
            self._troubled, self._port.heard = False, b""
            return told.pop()
        if told:
            raise SeveralMetersError(told)
        if not self._port.heard:
            raise MeterSilentError(f"no meter told its address in {wait_s * 1000:.0f} ms")
        raise MeterJunkError(
            f"{len(self._port.heard)} bytes, no meter's address among them: noise, or several meters at once"
        )

    def overheard(self) -> set[str]:
        """Return, once, the meters that were heard although nobody had asked: something says things twice."""
        if self._troubled:
            return set()  # late answers are what is waited for
        heard, self._port.heard = self._port.heard, b""
        return {frame.address for frame in frames.frames_in(heard)}

    async def close(self) -> None:
        """Close the port."""
        self._port.close()

    def _from(self, address: str) -> bool | None:
        return any(frame.address == address for frame in frames.frames_in(self._port.heard)) or None

    def _failure(self, address: str, data_id: int, waited_s: float) -> MeterError:
        if not self._port.heard:
            return MeterSilentError(f"meter {address} gave no reply in {waited_s * 1000:.0f} ms")
        return MeterJunkError(frames.describe(self._port.heard, address, data_id))

    def _send(self, request: bytes) -> None:
        self._troubled = True
        self._port.send(request)

    async def _fall_silent(self, settings: LineSettings) -> None:
        """After a failure let late bytes run out; set the port for the meter.

        Raises MeterJunkError when somebody goes on talking.
        """
        silence_s = max(QUIET_S, settings.wire_s(_QUIET_CHARS)) if self._troubled else 0.0
        await self._port.fall_silent(silence_s)
        self._port.set(settings)
