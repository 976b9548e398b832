"""A pilot coprocessor for the bench, written from docs/PILOT_COPROCESSOR.md alone.

`wire` reads and writes its frames, `device` is the microcontroller without its pins, `line` puts it on a
pty at the pace of its baud rate, `circuit` is the pilot's wire with a vehicle at it.
"""
