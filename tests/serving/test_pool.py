"""Pool: as many run as there are workers, as many wait as may, and a worker outlives its jobs."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import CancelledError
from threading import Barrier, Event, current_thread

import pytest

from obscura.errors import ModelMissing
from obscura.serving.pool import Pool
from obscura.serving.refusal import Refusal

LONG = 30


class Stand:
    """Stands in for a detector."""

    closed = 0

    def close(self) -> None:
        Stand.closed += 1


def opened() -> dict[str, Stand]:
    return {"stand": Stand()}


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(opened, jobs=2, most_waiting=3)  # type: ignore[arg-type]
    pool.start()
    wait_for(lambda: pool.ready)
    yield pool
    pool.close()


def wait_for(happened: object) -> None:
    pause = Event()
    for _ in range(LONG * 1000):
        if happened():  # type: ignore[operator]
            return
        pause.wait(0.001)
    raise AssertionError("it did not happen")


def test_as_many_run_at_once_as_there_are_workers(pool: Pool) -> None:
    both = Barrier(2, timeout=LONG)

    def work(_: object) -> str:
        both.wait()
        return current_thread().name

    names = {job.result(LONG).value for job in [pool.submit(work), pool.submit(work)]}

    assert names == {"worker-0", "worker-1"}


def test_beyond_the_bound_nobody_waits(pool: Pool) -> None:
    go = Event()
    jobs = [pool.submit(lambda _: go.wait(LONG)) for _ in range(2 + 3)]

    with pytest.raises(Refusal) as refused:
        pool.submit(lambda _: None)

    assert refused.value.status == 429
    assert int(refused.value.headers["Retry-After"]) >= 1
    go.set()
    assert [job.result(LONG).value for job in jobs] == [True] * 5
    assert pool.submit(lambda _: "again").result(LONG).value == "again"


@pytest.mark.parametrize("fails", [False, True])
def test_a_worker_is_free_before_its_answer_is_there(pool: Pool, fails: bool) -> None:
    """Or whoever asks again at once may be refused, though nobody else waits."""
    go = Event()
    busy: list[int] = []

    def work(_: object) -> None:
        go.wait(LONG)
        if fails:
            raise ValueError

    job = pool.submit(work)
    job.add_done_callback(lambda _: busy.append(pool.busy))
    go.set()
    job.exception(LONG)

    wait_for(lambda: busy)
    assert busy == [0]


def test_to_come_again_is_later_where_runs_are_longer(pool: Pool) -> None:
    def told() -> int:
        go = Event()
        jobs = [pool.submit(lambda _: go.wait(LONG)) for _ in range(5)]
        with pytest.raises(Refusal) as refused:
            pool.submit(lambda _: None)
        go.set()
        for job in jobs:
            job.result(LONG)
        return int(refused.value.headers["Retry-After"])

    pool._runs.extend([0.01] * 64)
    soon = told()
    pool._runs.extend([4.0] * 64)

    assert soon == 1
    assert told() == 10  # five of 4 s, by two


def test_a_failure_is_told_without_its_words_and_the_worker_goes_on(
    pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    def work(_: object) -> None:
        raise RuntimeError("secret of a picture")

    for _ in range(4):
        with pytest.raises(Refusal) as refused:
            pool.submit(work).result(LONG)
        assert refused.value.status == 500

    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text + str(refused.value)
    assert pool.submit(lambda _: 1).result(LONG).value == 1


class Picture:
    """Something whose end can be seen."""


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_of_a_picture_outlives_its_job(pool: Pool, fails: bool) -> None:
    def submit() -> weakref.ref[Picture]:
        picture = Picture()

        def work(_: object) -> None:
            kept = picture
            if fails:
                raise ValueError(kept)

        job = pool.submit(work)
        if fails:
            assert isinstance(job.exception(LONG), Refusal)
        else:
            job.result(LONG)
        return weakref.ref(picture)

    gc.disable()
    try:
        seen = submit()
        wait_for(lambda: seen() is None)
    finally:
        gc.enable()


def test_until_models_are_open_the_answer_is_to_come_again() -> None:
    go = Event()

    def slowly() -> dict[str, Stand]:
        go.wait(LONG)
        return opened()

    pool = Pool(slowly, jobs=1, most_waiting=1)  # type: ignore[arg-type]
    pool.start()
    with pytest.raises(Refusal) as refused:
        pool.submit(lambda _: None)
    go.set()
    wait_for(lambda: pool.ready)
    pool.close()

    assert (refused.value.status, refused.value.code) == (503, "loading")


def test_a_model_that_cannot_be_opened_is_told_to_the_host() -> None:
    told = Event()

    def missing() -> dict[str, Stand]:
        raise ModelMissing("There is no such model")

    pool = Pool(missing, jobs=2, most_waiting=1)  # type: ignore[arg-type]
    pool.on_failure = told.set
    pool.start()

    assert told.wait(LONG)
    assert isinstance(pool.failure, ModelMissing)
    assert not pool.ready
    pool.close()


def test_at_its_end_what_runs_is_finished_and_what_waits_is_not_begun() -> None:
    pool = Pool(opened, jobs=1, most_waiting=2)  # type: ignore[arg-type]
    pool.start()
    wait_for(lambda: pool.ready)
    running, go = Event(), Event()
    closed = Stand.closed

    def work(_: object) -> str:
        running.set()
        go.wait(LONG)
        return "done"

    job = pool.submit(work)
    assert running.wait(LONG)
    waiting = pool.submit(work)
    waiting.add_done_callback(lambda _: go.set())
    pool.close()

    assert job.result(0).value == "done"
    with pytest.raises(CancelledError):
        waiting.result(0)
    assert Stand.closed == closed + 1
