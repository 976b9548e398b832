"""A small microcontroller that makes the control pilot and measures it, on a serial port.

docs/PILOT_COPROCESSOR.md is the protocol's reference: `frames` writes and reads it, `port` is the serial
line, `coprocessor` keeps the coprocessor at work from a ``select`` loop, `channels` makes hal ports of it.
"""
