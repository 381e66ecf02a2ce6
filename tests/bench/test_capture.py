"""bench/experiments/capture.py: what becomes of the page's report."""

from __future__ import annotations

import pytest

from experiments.capture import command, spread, tables


def test_a_spread_is_the_median_and_the_95th_percentile() -> None:
    assert spread([float(n) for n in range(101, 0, -1)]) == "51.00 / 96.00"
    assert spread([3.0]) == "3.00 / 3.00"


def test_the_report_is_told_as_tables_what_failed_included() -> None:
    report = {
        "browser": "Some/1.0",
        "cores": 2,
        "sizes": [
            {
                "size": "640 by 480",
                "times": {"canvas": [[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]},
                "failed": {"frame": "TypeError: no"},
                "loops": [
                    {
                        "threads": 2,
                        "runs": {
                            "idle": [
                                {"rate": 20.0, "delays": [40.0, 50.0]},
                                {"rate": 22.0, "delays": [45.0]},
                            ]
                        },
                    }
                ],
            }
        ],
    }

    told = tables(report).splitlines()

    assert told[0] == "Some/1.0, 2 cores"
    assert "| canvas | 1.00 / 2.80 | 2.00 / 3.80 |" in told
    assert "| frame | failed: TypeError: no | |" in told
    assert "| 2 | idle | 21.0 | 45.00 / 49.50 |" in told


def test_a_browser_that_is_not_there_is_named(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("FIREFOX", raising=False)

    with pytest.raises(SystemExit, match="firefox"):
        command("firefox", tmp_path, "http://localhost/")
