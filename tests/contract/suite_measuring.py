"""What holds for every `hal.ports.Adc` and `hal.ports.Thermometer`."""

import pytest

from hal.ports import BoardLostError
from tests.contract.rig import Rig, until


class AdcContract:
    """``within_mv`` is half a step of the converter, as the terminal sees it; 0 tells to the millivolt."""

    name = "evse1.pilot_high"
    values_mv: tuple[int, ...] = (12_000, 9_000, 6_000, 3_000, 0)
    within_mv = 0

    def test_it_has_its_value_from_the_opening_on(self, rig: Rig) -> None:
        rig.set_mv(self.name, self.values_mv[0])
        adc = rig.open().adc(self.name)
        assert abs(adc.read_mv() - self.values_mv[0]) <= self.within_mv

    def test_it_follows_in_whole_millivolts(self, rig: Rig) -> None:
        rig.set_mv(self.name, self.values_mv[-1])
        board = rig.open()
        adc = board.adc(self.name)
        for mv in self.values_mv:
            rig.set_mv(self.name, mv)
            until(rig, board, lambda mv=mv: abs(adc.read_mv() - mv) <= self.within_mv)
            assert type(adc.read_mv()) is int

    def test_a_closed_board_tells_nothing(self, rig: Rig) -> None:
        board = rig.open()
        adc = board.adc(self.name)
        board.close()
        with pytest.raises(BoardLostError):
            adc.read_mv()


class ThermometerContract:
    """It may tell what was true a second ago."""

    name = "evse1.temperature"

    def test_it_follows_below_zero_too(self, rig: Rig) -> None:
        rig.set_mc(self.name, 25_000)
        board = rig.open()
        thermometer = board.thermometer(self.name)
        assert thermometer.read_mc() == 25_000
        for mc in (81_500, -12_500):
            rig.set_mc(self.name, mc)
            until(rig, board, lambda mc=mc: thermometer.read_mc() == mc)

    def test_a_sensor_that_vanishes_is_lost_alone_and_found_again(self, rig: Rig) -> None:
        rig.set_mc(self.name, 25_000)
        board = rig.open()
        thermometer = board.thermometer(self.name)
        rig.set_mc(self.name, None)

        def lost() -> bool:
            try:
                thermometer.read_mc()
            except BoardLostError:
                return True
            return False

        until(rig, board, lost)
        board.refresh()
        rig.set_mc(self.name, 30_000)
        until(rig, board, lambda: not lost())
        assert thermometer.read_mc() == 30_000

    def test_a_closed_board_tells_nothing(self, rig: Rig) -> None:
        board = rig.open()
        thermometer = board.thermometer(self.name)
        board.close()
        with pytest.raises(BoardLostError):
            thermometer.read_mc()
