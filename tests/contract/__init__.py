"""What every board must do: a suite for each port of `hal.ports`, run unchanged at every rig.

The suites are no test modules themselves: their asserts are to tell as much as a test's.
"""

import pytest

SUITES = ("board", "framebuffer", "input", "measuring", "output", "pwm", "watchdog")

pytest.register_assert_rewrite(*(f"tests.contract.suite_{name}" for name in SUITES))
