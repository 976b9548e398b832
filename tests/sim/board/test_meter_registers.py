import struct

from sim.board.meter import Measured, input_registers


def test_values_are_where_the_sdm630_has_them() -> None:
    measured = Measured((229.5, 230.0, 230.5), (2295.0, 0.0, 461.0), 1_234_567.8)
    registers = input_registers(measured)

    def at(address: int) -> float:
        value: float = struct.unpack(">f", struct.pack(">2H", *registers[address : address + 2]))[0]
        return value

    assert [at(0x00), at(0x02), at(0x04)] == [229.5, 230.0, 230.5]
    assert [at(0x06), at(0x08), at(0x0A)] == [10.0, 0.0, 2.0]
    assert at(0x34) == 2756.0
    assert at(0x46) == 50.0
    assert at(0x48) == struct.unpack("f", struct.pack("f", 1234.5678))[0]
