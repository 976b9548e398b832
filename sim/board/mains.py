"""The mains at the charger: three phases that can be high, low, gone one by one, or gone altogether."""

PHASE_V = 230.0
Volts = tuple[float, float, float]
NO_VOLTS: Volts = (0.0, 0.0, 0.0)


class Mains:
    """Voltages of L1 to L3 against neutral."""

    def __init__(self) -> None:
        self.failed = False
        self._volts = [PHASE_V] * 3

    @property
    def volts(self) -> Volts:
        """What the phases have, without their wandering."""
        if self.failed:
            return NO_VOLTS
        first, second, third = self._volts
        return first, second, third

    @property
    def disturbed(self) -> bool:
        """Whether anything is not as it should be."""
        return self.failed or self._volts != [PHASE_V] * 3

    def set_volts(self, volts: float, phase: int | None) -> None:
        """Set one phase (1 to 3), or all."""
        for index in range(3) if phase is None else [phase - 1]:
            self._volts[index] = volts

    def fail(self) -> None:
        """All phases are gone."""
        self.failed = True

    def restore(self) -> None:
        """All is well again."""
        self.failed = False
        self._volts = [PHASE_V] * 3

    def measured(self, billing_ms: int) -> Volts:
        """Return what a meter sees: phases that are there wander by some tenths, as mains do."""
        tenths = [((billing_ms // 1_000 + 7 * phase) % 13 - 6) / 10 for phase in range(3)]
        first, second, third = (v + t if v else 0.0 for v, t in zip(self.volts, tenths, strict=True))
        return first, second, third
