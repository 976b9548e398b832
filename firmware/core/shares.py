"""How a supply's current is shared out at one moment: fair, whole, never above what a phase carries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

LEAST_MA = 6_000
"""The least that a pilot can offer (IEC 61851-1, Table A.7): below it there is nothing."""
_STEP_MA = 100


class Claim(NamedTuple):
    """What one EVSE could take: ``usable_ma`` is what its vehicle is known to use, ``most_ma`` what its cable
    carries. ``phases`` are the supply's phases that it loads, 1 to 3.
    """

    evse: int
    most_ma: int
    phases: tuple[int, ...]
    usable_ma: int


def fair_shares(claims: Sequence[Claim], room_ma: Mapping[int, int]) -> dict[int, int]:
    """Return each EVSE's share in mA, 0 for those that must wait; earlier claims are let in first.

    Everybody who is let in has 6 A; the rest is raised for all alike until a phase is full, first up to what
    each is known to use, then up to what each could take.
    """
    shares, left = dict.fromkeys((claim.evse for claim in claims), 0), dict(room_ma)
    inside = [claim for claim in claims if claim.most_ma >= LEAST_MA and _let_in(claim, shares, left)]
    _raise(inside, {claim.evse: min(claim.usable_ma, claim.most_ma) for claim in inside}, shares, left)
    _raise(inside, {claim.evse: claim.most_ma for claim in inside}, shares, left)
    return {evse: share // _STEP_MA * _STEP_MA for evse, share in shares.items()}


def _let_in(claim: Claim, shares: dict[int, int], left: dict[int, int]) -> bool:
    if any(left[phase] < LEAST_MA for phase in claim.phases):
        return False
    _give([claim], LEAST_MA, shares, left)
    return True


def _raise(
    claims: Iterable[Claim], caps: Mapping[int, int], shares: dict[int, int], left: dict[int, int]
) -> None:
    """Raise all shares alike; whoever is at its cap, or on a full phase, stays where it is."""
    growing = list(claims)
    while True:
        growing = [claim for claim in growing if shares[claim.evse] < caps[claim.evse]]
        growing = [claim for claim in growing if _each(claim, growing, left) > 0]
        if not growing:
            return
        step = min(
            min(caps[claim.evse] - shares[claim.evse], _each(claim, growing, left)) for claim in growing
        )
        _give(growing, step, shares, left)


def _each(claim: Claim, growing: Sequence[Claim], left: Mapping[int, int]) -> int:
    """Return how far the fullest phase of a claim lets all those on it grow."""
    return min(left[phase] // sum(phase in other.phases for other in growing) for phase in claim.phases)


def _give(claims: Iterable[Claim], step_ma: int, shares: dict[int, int], left: dict[int, int]) -> None:
    for claim in claims:
        shares[claim.evse] += step_ma
        for phase in claim.phases:
            left[phase] -= step_ma
