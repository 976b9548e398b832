"""Every time limit of the interlock, in milliseconds, with its source; docs/INTERLOCK.md shows them."""

MAX_LEASE_MS = 60_000
"""No permission outlives this, whatever the agent asks for: silence opens."""
STABLE_MS = 20
"""How long a new pilot state must stand before it counts. Opening does not wait for it."""
DIODE_MS = 50
"""PWM whose negative half does not reach -10 V: no diode, so no vehicle (IEC 61851-1, A.2.3)."""
MIRROR_MS = 1_000
"""The mirror contact (IEC 60947-4-1, annex F) must have followed the coil within this time."""
ARMATURE_MS = 100
"""Contacts that were called back halfway may still touch for this long, unseen by the mirror contact."""
SETTLE_MS = 2_000
"""After opening, current that the meter still measures is real: its readings come once a second."""
PULL_IN_MS = 200
"""A coil with an economiser gets its full voltage for this long."""
RAMP_MS = 6_000
"""Offer taken back and the vehicle still in C: open under load (IEC 61851-1, Table A.6, sequence 10.2)."""
DUTY_GAP_MS = 5_000
"""Between two changes of the offered current (IEC 61851-1, A.5.4)."""
LOCK_MS = 500
"""One try of the lock motor; a solenoid has all tries' time at once."""
LOCK_REST_MS = 250
"""Between two tries of the lock motor: a bolt under strain comes free when it is let go."""
LOCK_TRIES = 3
"""So often the lock motor is tried before it is a fault."""
RESIDUAL_MS = 1_000
"""The residual current device must trip in its test, and come back after it, each in this time."""
PROXIMITY_MS = 500
"""A proximity contact outside every code, with a plug in the socket."""
TEMPERATURE_MS = 3_000
"""A thermometer that gives no plausible value; it is read once a second."""
MEASURED_MS = 5_000
"""What the agent's meter measured counts for this long."""
VOLTAGE_MS = 3_000
"""Supply voltage outside its band."""
OVER_CURRENT_MS = 10_000
"""A vehicle has 5 s to follow a lower offer (IEC 61851-1, A.5.4); after twice that it does not follow."""
WAKE_AFTER_MS = 30_000
"""A vehicle that leaves an offer unanswered for so long may sleep."""
WAKE_MS = 4_000
"""Length of the state F that wakes it; the field's practice, no clause asks for it."""
WAKES = 2
"""So often at most, per vehicle and offer."""
