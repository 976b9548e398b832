"""LEDs of /sys/class/leds, driven like outputs."""

from pathlib import Path
from typing import Any

from hal.linux.files import ROOT, read_number, write_text
from hal.ports import BoardLostError


class SysfsLed:
    """A LED, off to begin with and when it is closed. Raises BoardLostError."""

    def __init__(self, led: dict[str, Any], root: Path = ROOT) -> None:
        leds = root / "sys/class/leds"
        self._folder = leds / led["led"]
        if not self._folder.exists():
            listed = ", ".join(sorted(path.name for path in leds.glob("*"))) or "none"
            raise BoardLostError(f'{leds}: there is no "{led["led"]}"; there is {listed}')
        if (self._folder / "trigger").exists():
            write_text(self._folder / "trigger", "none")  # a kernel's own blinking would show through
        self._bright = str(read_number(self._folder / "max_brightness"))
        self.set(False)

    def set(self, active: bool) -> None:
        """Switch it. Raises BoardLostError."""
        write_text(self._folder / "brightness", self._bright if active else "0")

    def close(self) -> None:
        """Switch it off."""
        self.set(False)
