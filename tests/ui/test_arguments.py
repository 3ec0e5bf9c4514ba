"""What visitors and programs may send: everything is either used, defaulted or refused with a sentence."""

import math

import gradio as gr
import pytest
from served import tiny_model

from gan.latent import MAX_SEED
from gan.ui.arguments import (
    choose_model,
    from_link,
    read_choice,
    read_flag,
    read_fraction,
    read_number,
    read_seeds,
    read_whole,
    refuse,
    show,
)

MODELS = (tiny_model("alpha"), tiny_model("beta"))
HUGE = pytest.param(10**5000, id="5001 digits")
NO_NUMBERS = ["7", True, False, [], {}, math.nan, math.inf, -math.inf, "", b"1", 1j]


def test_none_means_the_default():
    assert choose_model(MODELS, None) is MODELS[0]
    assert read_seeds(None, None) == range(1, 17)
    assert read_fraction(None, "Truncation", 0.7) == 0.7
    assert read_number(None, "d1", -10, 10, 0.5) == 0.5
    assert read_choice(None, "Path", ("slerp", "lerp"), "slerp") == "slerp"
    assert read_flag(None, "large", True) is True


def test_what_is_right_is_used():
    assert choose_model(MODELS, "beta") is MODELS[1]
    assert read_seeds(0, 1) == range(0, 1)
    assert read_seeds(MAX_SEED - 63, 64).stop - 1 == MAX_SEED
    assert read_seeds(3.0, 2) == range(3, 5)
    assert [read_fraction(value, "Truncation", 1) for value in (0, 0.5, 1)] == [0, 0.5, 1]
    assert [read_number(value, "d1", -10, 10, 0) for value in (-10, 10, 2.5)] == [-10, 10, 2.5]
    assert read_choice("lerp", "Path", ("slerp", "lerp"), "slerp") == "lerp"
    assert [read_flag(value, "large", False) for value in (True, False, 1, 0)] == [True, False, True, False]


@pytest.mark.parametrize("seed", [*NO_NUMBERS, -1, MAX_SEED + 1, 1.5, 1e300, -(10**30), HUGE])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(gr.Error, match=r"Seed must .*4,294,967,295"):
        read_seeds(seed, 1)


@pytest.mark.parametrize("count", [*NO_NUMBERS, 0, 65, -3, 2.5])
def test_bad_counts_are_refused(count):
    with pytest.raises(gr.Error, match=r"number of pictures must .* 64"):
        read_seeds(1, count)


def test_the_last_seed_counts_too():
    with pytest.raises(gr.Error, match="Take a seed of at most 4,294,967,294, or fewer pictures"):
        read_seeds(MAX_SEED, 2)


@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.01, 1.01, HUGE])
def test_bad_fractions_are_refused(value):
    with pytest.raises(gr.Error, match="Truncation must be a number from 0 to 1"):
        read_fraction(value, "Truncation", 1)


@pytest.mark.parametrize("value", [*NO_NUMBERS, -10.01, 10.01, HUGE])
def test_bad_numbers_are_refused(value):
    with pytest.raises(gr.Error, match="d1 must be a number from -10 to 10"):
        read_number(value, "d1", -10, 10, 0)


@pytest.mark.parametrize("value", ["", "Slerp", 1, True, [], {}, math.nan, ["slerp"]])
def test_bad_choices_are_refused(value):
    with pytest.raises(gr.Error, match="Path must be one of slerp, lerp, not"):
        read_choice(value, "Path", ("slerp", "lerp"), "slerp")


@pytest.mark.parametrize("value", ["", "true", 2, -1, 0.5, [], {}, math.nan, HUGE])
def test_bad_flags_are_refused(value):
    with pytest.raises(gr.Error, match="large must be true or false, not"):
        read_flag(value, "large", False)


@pytest.mark.parametrize(
    "text, value",
    [
        ("7", 7),
        ("-7", -7),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("slerp", "slerp"),
        ("", ""),
        ("1,2", "1,2"),
        ("0x10", "0x10"),
    ],
)
def test_a_links_numbers_are_numbers_and_all_else_is_text(text, value):
    found = from_link(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("text", ["nan", "inf", "-1e999", "9" * 2000])
def test_what_a_link_calls_a_number_is_still_refused_where_it_is_none(text):
    with pytest.raises(gr.Error, match="Seed must"):
        read_whole(from_link(text), "Seed", 0, MAX_SEED, 1)


@pytest.mark.parametrize("name", ["gamma", "", 3, [], {}, "x" * 10_000])
def test_unknown_models_are_refused_and_the_known_named(name):
    with pytest.raises(gr.Error, match="There is: alpha, beta") as refused:
        choose_model(MODELS, name)
    assert len(refused.value.message) < 200


def test_a_refusal_prints_no_traceback():
    with pytest.raises(gr.Error) as refused:
        read_whole("x", "Epoch", 0, 9, 0)
    assert refused.value.print_exception is False


def test_what_was_sent_is_shown_short_and_is_no_markup():
    assert "'‹img src=x›'" in refuse(f"What is {show('<img src=x>')}?").message and len(show("x" * 100)) == 40
    assert show(10**5_000) == "a number that large"
