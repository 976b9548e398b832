"""The contactor: a coil output, and the mirror contact that tells where the main contacts are."""

from hal.ports import Input, Output


class Contactor:
    """One contactor; its mirror contact (IEC 60947-4-1, Annex F) is active while main contacts are open."""

    def __init__(self, coil: Output, mirror: Input) -> None:
        self._coil = coil
        self._mirror = mirror

    def drive(self, closed: bool) -> None:
        """Energise or release the coil. Raises BoardLostError."""
        self._coil.set(closed)

    def mirror_open(self) -> bool:
        """Return whether the mirror contact says that the main contacts are open. Raises BoardLostError."""
        return self._mirror.read()
