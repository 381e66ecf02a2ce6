"""The tracker: gives every object a number that stays with it from frame to frame. Pure numpy.

What is predicted for each track is paired with what was detected, the surest first, as in
ByteTrack (Zhang et al. 2022, arXiv 2110.06864):

1. Confirmed and lost tracks with detections that are strong.
2. Tracks that were seen in the previous frame, or are still shown, with all that is left, also weak
   detections: what is half hidden has a low score, and is still there.
3. New tracks, which are not confirmed, with strong detections.

A strong detection that is left begins a track. The second detection confirms it, so a box that
appears in a single frame is never counted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.tracking.assignment import assign
from obscura.tracking.course import Course
from obscura.tracking.motion import Motion, to_centre, to_xyxy
from obscura.tracking.options import TrackerOptions
from obscura.tracking.rows import alone, followed, like, reaches
from obscura.tracking.similarity import overlap
from obscura.update import FrameInfo, Update

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_TRACK = -1
"""The track_id of a detection that belongs to no confirmed track."""
MARGIN, MOST_MARGIN = 0.15, 1.2
"""Of a track that is certain, and the most for one that is not, in sides of the box."""
NEAR_MARGIN, NEW_MARGIN = 0.2, 0.5
"""Margins of the second and of the third association."""
NEW_SPEED = 1.0
"""What the third margin grows by in a second: a new track's velocity is not known yet."""
MOST_NEW_MARGIN = 2.5
OUTSIDE_S = 0.2
"""Seconds for which a track outside the picture is kept: who comes in there next is usually new."""
STRONG_GATE, NEAR_GATE, NEW_GATE = 0.2, 0.5, 0.15
"""Overlap that a pair has to exceed in each association."""
NO_MARGIN = np.zeros((1, 2))
OTHER_CLASS = 0.6
"""Factor of the overlap of a track with a detection of another class. Detectors waver between car
and truck; the object stays the same."""
SAME_OBJECT = 0.7
"""A detection of another class that overlaps a track's by more than this begins no track."""
MOST_MISSED = 3
"""A longer gap than this many times the one before is no slow camera: nobody watched meanwhile."""
SLOW_S = 0.3
"""Where frames are farther apart, objects show before a second one confirms them, without an id."""
ROUNDING_S = 1e-3
"""By how much times of frames are rounded: 0.4 s are 0.4 s."""
EARLY = 2
"""Tracks that begin in this many first frames are confirmed at once: they were there before."""


class Tracker:
    """A `Stage` that fills ``track_id``. Call `update` once per analysed frame, also if nothing was
    detected.

    Ids count up from 1 and are not reused before `restart`, also not after `reset`. Detections that
    belong to no confirmed track have `NO_TRACK`. The class of a tracked detection is the one that
    most of the track's detections had, weighted by score.
    """

    def __init__(self, options: TrackerOptions | None = None) -> None:
        self.options = options or TrackerOptions()
        self._scores = self.options.live, self.options.strong
        self._next_id = 1
        self.reset()

    def reset(self) -> None:
        """Forget all tracks."""
        self._motion = Motion()
        self._course = Course()
        self._id: Ints = np.zeros(0, np.int64)
        self._confirmed = np.zeros(0, bool)
        self._begun: Floats = np.zeros(0)
        self._seen: Floats = np.zeros(0)
        self._score: Floats = np.zeros(0)
        self._best: Floats = np.zeros(0)
        self._votes: Floats = np.zeros((0, 1))
        self._class_id = np.zeros(0, np.int32)  # the one that has most votes; of equals the first
        self._frames = 0
        self._gap_s = 0.0  # between the latest two frames
        self._time_s = self._previous_s = 0.0

    def restart(self) -> None:
        """Forget all tracks, and number the next from 1: what follows is another recording."""
        self.reset()
        self._next_id = 1

    def use_card(self, card: ModelCard, threshold: float | None = None) -> None:
        """Use the scores of `TrackerOptions.for_card` from now on; the times stay."""
        of_card = TrackerOptions.for_card(card, threshold)
        self.options = replace(of_card, lost_s=self.options.lost_s, hold_s=self.options.hold_s)

    def set_threshold(self, threshold: float) -> None:
        """Begin tracks at this score from now on, where the detections come without a model.

        Where it is below the options' other scores, those are lowered to it.
        """
        if threshold != self.options.birth:
            live, strong = (min(score, threshold) for score in self._scores)
            self.options = replace(self.options, birth=threshold, strong=strong, live=live)

    def __len__(self) -> int:
        """Number of tracks, those included that are not confirmed or not detected just now."""
        return len(self._id)

    # ---- once per frame --------------------------------------------------------------------------

    def update(self, update: Update) -> Update:
        """Return the update with the track_id of each detection; the order of rows stays.

        Where time runs backwards, or no frame came for longer than a track is kept, all tracks are
        gone: nobody knows who went and who came meanwhile.
        """
        detections, now = update.detections, update.frame.time_s
        gap_s = now - self._time_s if self._frames else 0.0
        if gap_s < 0 or gap_s > max(self.options.lost_s, MOST_MISSED * self._gap_s):
            self.reset()
            self._time_s = now
        self._gap_s = gap_s
        self._frames += 1
        self._previous_s, self._time_s = self._time_s, now
        if self._frames > 1:
            self._motion.advance(now - self._previous_s)
            self._drop_outside(update.frame)
        measured = to_centre(detections.xyxy.astype(np.float64))
        score = detections.score.astype(np.float64)
        tracks, rows = self._associate(measured, detections)
        self._continue(tracks, measured[rows], score[rows], detections.class_id[rows])
        track_id = np.full(len(score), NO_TRACK, np.int64)
        track_id[rows] = self._id[tracks]
        class_id = detections.class_id.copy()
        class_id[rows] = self._class_id[tracks]
        self._drop(tracks)
        if len(rows) < len(score):
            born = self._born(measured, detections, rows)
            ids = self._begin(measured[born], score[born], detections.class_id[born])
            if self._frames <= EARLY:
                track_id[born] = ids
        marked = Detections.owning(
            detections.xyxy, detections.score, class_id, track_id, detections.data
        )
        return Update(update.frame, marked, update.events)

    def _associate(self, measured: Floats, detections: Detections) -> tuple[Ints, Ints]:
        """Return pairs of tracks and detections."""
        options, motion = self.options, self._motion
        class_id, score = detections.class_id, detections.score
        free_track = np.ones(len(self._id), bool)
        free_row = reaches(score, options.live)
        strong = reaches(score, options.strong)
        pairs: list[tuple[Ints, Ints]] = []

        def pair(tracks: Ints, rows: Ints, margin: Floats, gate: float, *, heights: bool) -> None:
            if not tracks.size or not rows.size:
                return
            fit = overlap(motion.state[tracks], measured[rows], margin, heights=heights)
            other = self._class_id[tracks, None] != class_id[rows]
            np.multiply(fit, OTHER_CLASS, out=fit, where=other)
            chosen, of = assign(fit, gate)
            paired = tracks[chosen], rows[of]
            free_track[paired[0]] = False
            free_row[paired[1]] = False
            pairs.append(paired)

        tracks = self._confirmed.nonzero()[0]
        margin = np.minimum(MARGIN + motion.uncertainty[tracks], MOST_MARGIN)
        pair(tracks, (free_row & strong).nonzero()[0], margin, STRONG_GATE, heights=True)
        if np.logical_or.reduce(free_row):
            recent_s = min(self._previous_s, self._time_s - options.hold_s)
            recent = (self._confirmed & free_track & (self._seen >= recent_s)).nonzero()[0]
            near = np.where(self._seen[recent] >= self._previous_s, NEAR_MARGIN, 0.0)[:, None]
            pair(recent, free_row.nonzero()[0], near, NEAR_GATE, heights=False)
            new = (~self._confirmed).nonzero()[0]
            wide = min(NEW_MARGIN + NEW_SPEED * (self._time_s - self._previous_s), MOST_NEW_MARGIN)
            some = (free_row & strong).nonzero()[0]
            pair(new, some, np.full((1, 1), wide), NEW_GATE, heights=True)
        if len(pairs) == 1:
            return pairs[0]
        nobody = np.zeros(0, np.int64)
        all_tracks, all_rows = zip((nobody, nobody), *pairs, strict=True)
        return np.concatenate(all_tracks), np.concatenate(all_rows)

    def _continue(
        self, tracks: Ints, measured: Floats, score: Floats, class_id: NDArray[np.int32]
    ) -> None:
        """Take detections into their tracks."""
        if not tracks.size:
            return
        self._motion.correct(tracks, measured, score)
        self._course.follow(tracks, measured, self._time_s - self._seen[tracks])
        self._confirmed[tracks] = True
        self._seen[tracks] = self._time_s
        self._score[tracks] = score
        self._best[tracks] = np.maximum(self._best[tracks], score)
        self._vote(tracks, class_id, score)

    def _born(self, measured: Floats, detections: Detections, used: Ints) -> Ints:
        """Return the rows that begin tracks."""
        score, class_id = detections.score, detections.class_id
        free = reaches(score, self.options.birth)
        free[used] = False
        born: list[int] = []
        rows = free.nonzero()[0]
        for row in rows[(-score[rows]).argsort(kind="stable")].tolist():
            rivals = np.concatenate([used, np.array(born, np.int64)])
            rivals = rivals[class_id[rivals] != class_id[row]]
            fit = overlap(measured[[row]], measured[rivals], NO_MARGIN, heights=False)
            if not (fit > SAME_OBJECT).any():
                born.append(row)
        return np.array(born, np.int64)

    def _begin(self, measured: Floats, score: Floats, class_id: NDArray[np.int32]) -> Ints:
        """Begin tracks, and return their ids."""
        count = len(score)
        if not count:
            return np.zeros(0, np.int64)
        ids = np.arange(self._next_id, self._next_id + count, dtype=np.int64)
        self._next_id += count
        self._motion.add(measured)
        self._course.add(measured)
        now = np.full(count, self._time_s)
        self._id = np.concatenate([self._id, ids])
        early = np.full(count, self._frames <= EARLY)
        self._confirmed = np.concatenate([self._confirmed, early])
        self._begun = np.concatenate([self._begun, now])
        self._seen = np.concatenate([self._seen, now])
        self._score = np.concatenate([self._score, score])
        self._best = np.concatenate([self._best, score])
        self._class_id = np.concatenate([self._class_id, np.zeros(count, np.int32)])
        self._votes = np.concatenate([self._votes, np.zeros((count, self._votes.shape[1]))])
        self._vote(np.arange(len(self._id) - count, len(self._id)), class_id, score)
        return ids

    def _drop(self, continued: Ints) -> None:
        """Forget tracks that were lost too long, and those that were never confirmed."""
        kept = self._confirmed & (self._seen >= self._time_s - self.options.lost_s)
        kept[continued] = True
        self._keep(kept)

    def _drop_outside(self, frame: FrameInfo) -> None:
        """Forget lost tracks that have left the picture."""
        lost = self._seen < min(self._previous_s, self._time_s - OUTSIDE_S)
        if lost.any():
            centre = self._motion.state[:, :2]
            outside = ((centre < 0) | (centre > (frame.width, frame.height))).any(axis=1)
            self._keep(~(lost & outside))

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        if np.logical_and.reduce(kept):
            return
        self._motion.keep(kept)
        self._course.keep(kept)
        for name in (
            "_id",
            "_confirmed",
            "_begun",
            "_seen",
            "_score",
            "_best",
            "_class_id",
            "_votes",
        ):
            setattr(self, name, getattr(self, name)[kept])

    # ---- classes ---------------------------------------------------------------------------------

    def _vote(self, tracks: Ints, class_id: NDArray[np.int32], score: Floats) -> None:
        missing = int(class_id.max()) + 1 - self._votes.shape[1]
        if missing > 0:
            self._votes = np.pad(self._votes, ((0, 0), (0, missing)))
        self._votes[tracks, class_id] += score
        # Only these votes are more than before: the other classes need not be looked at.
        before = self._class_id[tracks]
        votes, most = self._votes[tracks, class_id], self._votes[tracks, before]
        wins = (votes > most) | ((votes == most) & (class_id < before))
        self._class_id[tracks] = np.where(wins, class_id, before)

    # ---- between frames --------------------------------------------------------------------------

    def predict(self, time_s: float) -> Detections:
        """Return where the confirmed tracks are at a time, for display between analysed frames.

        Args:
            time_s: seconds, as in `FrameInfo`; usually after the latest frame. No track is
                predicted for longer than `TrackerOptions.hold_s` after it was detected.

        Returns:
            One row per confirmed track that was detected at most ``hold_s`` before the latest
            frame, with track_id, the latest score, and in ``data`` three arrays ``(n,)`` float64:
            "seen_s", for how long the track has been in view, in seconds; "missed_s", for how long
            it has not been detected, 0 where it just was; and "best", its highest score so far.
        """
        return self._at(time_s, self._seen >= self._time_s - self.options.hold_s)

    def visible(
        self, update: Update, threshold: float, classes: Collection[int] | None = None
    ) -> Update:
        """Return the latest update as people should see it: nothing blinks.

        Args:
            update: what `update` returned last.
            threshold: score that a track has to have reached once.
            classes: the class_ids shown; None for all.

        Returns:
            The update with the detections of confirmed tracks, whatever their score is now; where
            frames are more than `SLOW_S` apart, with those that have no track; and with tracks that
            were not detected in this frame but will have been at most ``hold_s`` before the next,
            where they are predicted. ``data`` has "seen_s" and "missed_s" as in
            `predict`; other arrays are 0 in the rows that are predicted.
        """
        found = update.detections
        if found.track_id is None:
            raise ValueError("update: wanted one that the tracker returned, got one without ids")
        interval_s = self._time_s - self._previous_s
        rows, tracks = (found.track_id[:, None] == self._id).nonzero()
        parts = [followed(found, rows, self._facts(tracks))]
        if interval_s > SLOW_S:
            parts.append(alone(found[found.track_id == NO_TRACK]))
        # What is shown now stays until the next update, about as long as it was since the last.
        next_s = self._time_s + interval_s
        held = (self._seen < self._time_s) & (
            self._seen >= next_s - self.options.hold_s - ROUNDING_S
        )
        if np.logical_or.reduce(held):
            parts.append(like(found, self._at(self._time_s, held)))
        both = parts[0] if len(parts) == 1 else Detections.concatenate(parts)
        shown = both.data["best"] >= threshold
        if classes is not None:
            # Not np.isin, which needs a part of numpy that the page does not have.
            shown &= np.array([each in classes for each in both.class_id.tolist()], bool)
        if not np.logical_and.reduce(shown):
            both = both[shown]
        data = {name: array for name, array in both.data.items() if name != "best"}
        return Update(
            update.frame,
            Detections.owning(both.xyxy, both.score, both.class_id, both.track_id, data),
            update.events,
        )

    def moved(self, detections: Detections, time_s: float) -> NDArray[np.float32]:
        """Return the boxes of detections where they are at a time.

        Args:
            detections: some of those that `visible` returned last.
            time_s: as of `predict`.

        Returns:
            ``(n, 4)`` float32 xyxy: of tracks that `predict` has, theirs; of all others, their own.
        """
        assert detections.track_id is not None
        rows, tracks = (detections.track_id[:, None] == self._id).nonzero()
        held = self._confirmed & (self._seen >= self._time_s - self.options.hold_s)
        if not np.logical_and.reduce(held):
            known = held[tracks]
            rows, tracks = rows[known], tracks[known]
        boxes = detections.xyxy.copy()
        boxes[rows] = self._places(tracks, time_s)
        return boxes

    def _facts(self, tracks: Ints) -> dict[str, Floats]:
        """Return the arrays that `predict` adds to ``data``."""
        return {
            "seen_s": self._time_s - self._begun[tracks],
            "missed_s": self._time_s - self._seen[tracks],
            "best": self._best[tracks],
        }

    def _at(self, time_s: float, rows: NDArray[np.bool_]) -> Detections:
        """Return confirmed tracks at a time; see `predict`."""
        shown = (self._confirmed & rows).nonzero()[0]
        return Detections.owning(
            self._places(shown, time_s),
            self._score[shown].astype(np.float32),
            self._class_id[shown],
            self._id[shown],
            self._facts(shown),
        )

    def _places(self, tracks: Ints, time_s: float) -> NDArray[np.float32]:
        """Return ``(n, 4)`` xyxy of tracks at a time; see `predict`."""
        most_s = self.options.hold_s
        ahead = np.minimum(np.maximum(time_s - self._seen[tracks], -most_s), most_s)
        state = self._course.at(tracks, ahead)
        np.maximum(state[:, 2:], 1, out=state[:, 2:])
        return to_xyxy(state).astype(np.float32)
