"""A board's ports on Linux kernel interfaces: gpio (uAPI v2), PWM, IIO, hwmon, LEDs, fbdev, watchdog, RTC.

Each port takes its table of the board file (docs/WIRING.md has a worked example) and ``root``, the directory
under which ``sys`` and ``dev`` are looked for.
"""
