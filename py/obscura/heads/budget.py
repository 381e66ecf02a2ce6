"""Budget: how many crops the heads may look at in a frame, so that the picture stays live."""

from __future__ import annotations

from collections import deque
from math import inf

from obscura.live.timing import median

MEASURED = 15
"""Runs over which the median cost of a crop is taken."""
SHOWN = 30
"""Frames over which `Budget.shares` averages."""


class Budget:
    """Milliseconds a frame that all heads of a pipeline share.

    All heads of a frame together take at most the smaller of ``ms_per_frame`` and of what the
    detector takes, so the picture keeps at least half of its rate without heads. What costs more
    than that for a single crop is saved up for over several frames, and then runs alone. Heads take
    turns: one that got nothing goes before the others, and those leave its share to it.

    Attributes:
        ms_per_frame: limit; infinite for none, as with files, where nobody waits.
        free: names of heads that get all that they ask for, whatever it takes; the others share
            the limit without them.
    """

    def __init__(self, ms_per_frame: float = inf) -> None:
        if not ms_per_frame > 0:
            raise ValueError(f"ms_per_frame: wanted more than 0, got {ms_per_frame}")
        self.ms_per_frame = ms_per_frame
        self.free: frozenset[str] = frozenset()
        self._detector: deque[float] = deque(maxlen=MEASURED)
        self._costs: dict[str, deque[float]] = {}
        self._warm: set[str] = set()
        self.reset()

    def reset(self) -> None:
        """Forget savings, turns and demands, because another source follows; costs stay."""
        self._frame: int | None = None
        self._saved = 0.0
        self._granted = 0.0  # in this frame, as estimated
        self._unknown = False  # whether a head whose cost is not known runs in this frame
        self._asked: set[str] = set()  # in this frame
        self._demand: dict[str, float] = {}  # of each head when it last asked, in ms
        self._waiting: list[str] = []
        self._frames: deque[dict[str, float]] = deque(maxlen=SHOWN)

    @property
    def limit(self) -> float:
        """Milliseconds that all heads together may take in a frame, on average."""
        own = median(self._detector) if self._detector else inf
        return min(self.ms_per_frame, own)

    def add_detector(self, ms: float) -> None:
        """Record for how long the detector itself ran on a frame. Ignored without a limit."""
        if self.ms_per_frame < inf and ms > 0:
            self._detector.append(ms)

    def cost(self, head: str) -> float | None:
        """Return the median milliseconds of a crop; None before the second run of the head.

        The first run, in which the runtime warms up, is no measure.
        """
        costs = self._costs.get(head)
        return median(costs) if costs else None

    def shares(self) -> dict[str, float]:
        """Return the mean milliseconds a frame that each head took lately."""
        totals: dict[str, float] = {}
        for frame in self._frames:
            for head, ms in frame.items():
                totals[head] = totals.get(head, 0.0) + ms
        return {head: ms / len(self._frames) for head, ms in totals.items()}

    def grant(self, head: str, crops: int, frame: int) -> int:
        """Return how many crops a head may look at now; the driver runs these at once.

        Args:
            head: its name.
            crops: how many it wants, 0 included.
            frame: index of the frame; a new one begins when it changes.
        """
        self._enter(frame)
        if head in self.free:
            return crops
        self._asked.add(head)
        cost = self.cost(head) or 0.0
        self._demand[head] = crops * cost
        if crops == 0:
            self._stop_waiting(head)
            return 0
        if self.limit == inf:
            return crops
        count = min(crops, self._fitting(head, cost))
        if count < 1 and self._may_have_one(head, cost):
            count = 1
        if count < 1:
            if head not in self._waiting:
                self._waiting.append(head)
            return 0
        self._stop_waiting(head)
        self._granted += count * cost
        self._saved -= count * cost
        self._unknown |= not cost
        return count

    def spent(self, head: str, crops: int, ms: float) -> None:
        """Record that a head took ``ms`` milliseconds for a number of crops."""
        if crops < 1 or not 0 <= ms < inf:
            return
        if self._frames:
            self._frames[-1][head] = self._frames[-1].get(head, 0.0) + ms
        if head not in self._warm:
            self._warm.add(head)
        else:
            self._costs.setdefault(head, deque(maxlen=MEASURED)).append(ms / crops)

    def drop(self, head: str) -> None:
        """Forget a head that is off."""
        self._stop_waiting(head)
        self._demand.pop(head, None)
        self._costs.pop(head, None)
        self._warm.discard(head)

    def _enter(self, frame: int) -> None:
        """Begin a frame, unless it is the same."""
        if frame == self._frame:
            return
        for head in set(self._demand) - self._asked:  # it is gone, or was not asked
            self._demand.pop(head)
            self._stop_waiting(head)
        self._frame = frame
        self._asked.clear()
        self._granted, self._unknown = 0.0, False
        self._frames.append({})
        if self.limit < inf:
            dearest = max((self.cost(head) or 0.0 for head in self._waiting), default=0.0)
            self._saved = min(self._saved + self.limit, max(self.limit, dearest))

    def _fitting(self, head: str, cost: float) -> int:
        """Return the number of crops that fit into what is left for this head."""
        if not cost or self._unknown:
            return 0
        share = self.limit / max(1, sum(1 for demand in self._demand.values() if demand))
        reserved = 0.0
        for other, demand in self._demand.items():
            if other == head:
                continue
            if other in self._waiting:
                # Its turn: a whole crop if it still comes in this frame, else what it saves.
                ahead = max(share, self.cost(other) or 0.0)
                reserved += share if other in self._asked else ahead
            elif other not in self._asked:
                reserved += min(demand, share)
        return int((min(self._saved, self.limit - self._granted) - reserved) // cost)

    def _may_have_one(self, head: str, cost: float) -> bool:
        """Return whether a head whose crops do not fit is given one all the same."""
        if self._waiting and self._waiting[0] != head:
            return False
        if self._unknown or not cost:
            return not self._unknown and not self._granted
        fits = not self._granted or self._granted + cost <= self.limit
        return fits and cost <= self._saved

    def _stop_waiting(self, head: str) -> None:
        if head in self._waiting:
            self._waiting.remove(head)
