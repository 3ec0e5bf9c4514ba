"""The forecast against a clock that stands still between the steps."""

import pytest

from gan.training.pace import MEASURED_SECONDS, WARM_UP_SECONDS, Pace, duration


def test_the_forecast_leaves_the_warm_up_out_and_comes_once():
    now = [100.0]
    pace, said = Pace(lambda: now[0]), {}
    for second in range(60):
        seen = max(0, second - WARM_UP_SECONDS) * 50  # nothing for a while, then 50 pictures a second
        now[0] = 100.0 + second
        if sentence := pace.forecast(seen, 100_000 + seen):
            said[second] = sentence
    assert said == {WARM_UP_SECONDS + MEASURED_SECONDS: "50 pictures/s on this machine: about 33 minutes to go"}


def test_a_run_that_went_back_meanwhile_is_measured_on():
    now = [0.0]
    pace = Pace(lambda: now[0])
    for now[0], seen, said in ((5, 900, False), (30, 400, False), (31, 910, True)):
        assert bool(pace.forecast(seen, 10_000)) == said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "2 seconds"),
        (99, "99 seconds"),
        (101, "2 minutes"),
        (4_000, "67 minutes"),
        (9_000, "2.5 hours"),
        (260_000, "3.0 days"),
    ],
)
def test_a_duration_in_words(seconds, words):
    assert duration(seconds) == words
