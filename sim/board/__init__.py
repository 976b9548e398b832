"""The simulated board, a process of its own: pilot, contactor, lock, vehicle, meter on a line, display.

It stands behind the hal's socket and behind a pty; the station cannot tell it from hardware by its wires.
Mechanics and reactions take real time; current, energy and the meter run in billing time.
"""
