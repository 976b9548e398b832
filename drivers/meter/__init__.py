"""Electricity meters on a Modbus serial line: register maps as data, one owner per bus, exact decoding."""
