"""Budget: how many crops the heads may look at in a frame, so that the picture stays live."""

from __future__ import annotations

from collections import deque
from math import inf

from obscura.live.timing import median

MEASURED = 15
"""Runs over which the median cost of a crop is taken."""
LEAST = 0.25
"""Of what the detector takes, that is left for crops whatever else there is to do."""
ROUNDING = 1e-6
"""Milliseconds that sums may be off."""
SHOWN = 30
"""Frames over which `Budget.shares` averages."""


class Budget:
    """Milliseconds a frame that all heads of a pipeline share.

    All heads of a frame together take at most the smaller of ``ms_per_frame`` and of what the
    detector takes, so the picture keeps at least half of its rate without heads. Heads that want
    crops have equal shares of it in time, which they save up, and what one does not need is free
    for the others (deficit round robin, Shreedhar and Varghese 1996). So a dear head has its turn
    less often, and holds up nobody. What costs more than a frame's limit for a single crop runs in
    a frame of its own, and so does a head of which nobody knows what it costs.

    Attributes:
        ms_per_frame: limit; infinite for none, as with files, where nobody waits.
        boundless: whether there is no limit for now, as while a video is paused.
        free: names of heads that get all that they ask for, whatever it takes; the others share
            the limit without them.
    """

    def __init__(self, ms_per_frame: float = inf) -> None:
        if not ms_per_frame > 0:
            raise ValueError(f"ms_per_frame: wanted more than 0, got {ms_per_frame}")
        self.ms_per_frame = ms_per_frame
        self.boundless = False
        self.free: frozenset[str] = frozenset()
        self._detector: deque[float] = deque(maxlen=MEASURED)
        self._overheads: deque[float] = deque(maxlen=MEASURED)  # of whole frames
        self._overhead = 0.0  # of this one
        self._costs: dict[str, deque[float]] = {}
        self._warm: set[str] = set()
        self.reset()

    def reset(self) -> None:
        """Forget savings, turns and demands, because another source follows; costs stay."""
        self._frame: int | None = None
        self._saved: dict[str, float] = {}  # of each head, in ms
        self._free = 0.0  # of this frame's limit, as estimated
        self._spare = 0.0  # of it, what no head saves
        self._alone: str | None = None  # the head that this frame is for
        self._wanted: dict[str, int] = {}  # crops of each head that has asked in this frame
        self._waiting: list[str] = []  # heads that got nothing of what they wanted, longest first
        self._frames: deque[dict[str, float]] = deque(maxlen=SHOWN)

    @property
    def limit(self) -> float:
        """Milliseconds that all heads together may take in a frame, on average."""
        if self.boundless:
            return inf
        if not self._detector:
            return self.ms_per_frame
        own = median(self._detector)
        overhead = median(self._overheads) if self._overheads else 0.0
        return min(self.ms_per_frame, max(own - overhead, LEAST * own))

    def add_detector(self, ms: float) -> None:
        """Record for how long the detector itself ran on a frame. Ignored without a limit."""
        if self.ms_per_frame < inf and ms > 0:
            self._detector.append(ms)

    def add_overhead(self, ms: float) -> None:
        """Record time in this frame that was spent on heads without running any: to find out what
        is due, and to add what is known. The picture waits for that, too."""
        self._overhead += ms

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
        self._wanted[head] = crops
        if crops == 0:
            self._stop_waiting(head)
            return 0
        if self.limit == inf:
            return crops
        count = min(crops, self._fitting(head))
        if count < 1:
            if head not in self._waiting:
                self._waiting.append(head)
            return 0
        self._stop_waiting(head)
        cost = self.cost(head)
        if cost is None:
            self._alone = head  # nobody else in this frame
        else:
            own = min(self._saved.get(head, 0.0), count * cost)
            self._saved[head] = self._saved.get(head, 0.0) - own
            self._spare -= count * cost - own
            self._free -= count * cost
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
        self._wanted.pop(head, None)
        self._saved.pop(head, None)
        self._costs.pop(head, None)
        self._warm.discard(head)

    def _enter(self, frame: int) -> None:
        """Begin a frame, unless it is the same."""
        if frame == self._frame:
            return
        if self._frame is not None:
            self._overheads.append(self._overhead)
        self._frame, self._overhead = frame, 0.0
        wanted, self._wanted = self._wanted, {}
        for head in [each for each in self._waiting if each not in wanted]:
            self._stop_waiting(head)  # it is gone, or was not asked
        self._saved = {head: ms for head, ms in self._saved.items() if head in wanted}
        self._frames.append({})
        if self.limit == inf:
            return
        self._free = self.limit
        self._alone = self._next_alone()
        self._spare = self._share_out({head: crops for head, crops in wanted.items() if crops})

    def _next_alone(self) -> str | None:
        """Return the head that the frame is for; None if it is for all."""
        for head in self._waiting:
            cost = self.cost(head)
            if cost is None or (cost > self.limit and self._saved.get(head, 0.0) >= cost):
                return head
        return None

    def _share_out(self, wanted: dict[str, int]) -> float:
        """Add to the savings of heads, in equal parts, but to none more than it has a use for;
        return what is left of the limit."""
        needs = {}
        ms = self.limit
        for head, crops in wanted.items():
            cost = self.cost(head)
            if cost is not None:
                most = max(min(crops * cost, self.limit), cost)
                needs[head] = max(0.0, most - self._saved.get(head, 0.0))
        for place, head in enumerate(sorted(needs, key=lambda head: needs[head])):
            part = min(needs[head], ms / (len(needs) - place))
            self._saved[head] = self._saved.get(head, 0.0) + part
            ms -= part
        return ms

    def _fitting(self, head: str) -> int:
        """Return the number of crops that fit into what is left for this head."""
        if self._alone not in (None, head):
            return 0
        cost, unused = self.cost(head), self._free == self.limit
        if cost is None:
            return int(unused)
        saved = self._saved.get(head, 0.0)
        if cost > self.limit:
            return int(unused and saved >= cost)
        room = self._free - sum(self.cost(other) or 0.0 for other in self._ahead(head))
        return int((min(saved + self._spare, room) + ROUNDING) // cost)

    def _ahead(self, head: str) -> list[str]:
        """Return the heads that have waited longer, and can run later in this frame."""
        made = []
        for other in self._waiting:
            if other == head:
                break
            cost = self.cost(other)
            if other not in self._wanted and cost and cost <= self._saved.get(other, 0.0):
                made.append(other)
        return made

    def _stop_waiting(self, head: str) -> None:
        if head in self._waiting:
            self._waiting.remove(head)
