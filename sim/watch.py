"""An observer that goes along with a scenario: pictures of each screen, contactor closings, alarms seen."""

import asyncio
import time
from dataclasses import dataclass, field

from PIL import Image

from sim.bench import Bench
from sim.facts import Facts, gather

LOOK_EVERY_S = 0.2
SETTLE_S = 0.5
"""A picture counts when its screen is still the same this much later: drawing may be behind the facts."""


@dataclass
class Shot:
    """The newest sure picture of one screen, and one that is not sure yet."""

    screen: str
    since: float
    sure: Image.Image | None = None
    pending: Image.Image | None = None
    taken_at: float = 0.0


@dataclass
class Watch:
    """What was seen so far. ``failure`` is set when watching itself failed."""

    bench: Bench
    shots: list[Shot] = field(default_factory=list)
    closings: set[int] = field(default_factory=set)
    alarms: set[str] = field(default_factory=set)
    most_offered_a: float = 0.0
    facts: Facts | None = None
    failure: BaseException | None = None
    _task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.create_task(self._go_on_looking())

    async def end(self) -> None:
        """Take the last screen's picture and stop."""
        await self.look()
        await self.settled()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.look()
        for shot in self.shots:
            shot.sure = shot.sure or shot.pending

    async def settled(self, within_s: float = 2.0) -> None:
        """Wait until the screen of this moment has a sure picture, but not for ever."""
        await self.look()
        for _ in range(round(within_s / LOOK_EVERY_S)):
            if self.shots and self.shots[-1].sure is not None:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, evse: int = 1) -> Facts:
        """Take in one moment and return its facts as they are at an EVSE; pictures go by EVSE 1."""
        if evse != 1:
            await self.look()
            return await gather(self.bench, evse)
        facts = self.facts = await gather(self.bench)
        self.most_offered_a = max(self.most_offered_a, facts.offered_a)
        self.alarms |= facts.active_alarms
        for board in facts.boards:
            if closed_ns := board["marks"].get("contactor_closed"):
                self.closings.add(closed_ns)
        await self._photograph(facts.screen)
        return facts

    async def _photograph(self, screen: str) -> None:
        now = time.monotonic()
        if not self.shots or self.shots[-1].screen != screen:
            self.shots.append(Shot(screen, since=now))
        shot = self.shots[-1]
        if shot.pending is not None and now - shot.taken_at >= SETTLE_S:
            shot.sure, shot.pending = shot.pending, None
        if shot.pending is None and now - shot.since >= SETTLE_S / 2 and self.bench.has_power:
            shot.pending, shot.taken_at = await self.bench.board.picture(), now

    async def _go_on_looking(self) -> None:
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK_EVERY_S)
        except (OSError, RuntimeError) as error:
            self.failure = error
