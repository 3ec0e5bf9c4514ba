"""Flags are fields of TrainConfig: none is forgotten by the parser, the config or the card."""

from dataclasses import fields

import pytest

import train
from gan.config import NO_FLAG, TrainConfig, flag_name
from gan.flags import FIELDS, RESUMABLE, WORKED_OUT, resumed_config
from gan.publishing.retraining import DECISIVE, NOT_DECISIVE

NAMES = [field.name for field in fields(TrainConfig)]
OPTIONS = {action.dest: action.option_strings for action in train.build_parser()._actions}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_FLAG])
def test_a_field_has_a_flag_of_its_name_or_a_reason_to_have_none(name):
    assert flag_name(name) in OPTIONS[name]
    assert name in FIELDS or WORKED_OUT[name]


def test_what_is_left_out_with_a_reason_is_a_field_and_has_no_flag():
    for reasons in (NO_FLAG, WORKED_OUT, NOT_DECISIVE):
        assert set(reasons) <= set(NAMES) and all(reasons.values())
    assert not OPTIONS.keys() & NO_FLAG.keys()
    assert {*FIELDS, *WORKED_OUT, *NO_FLAG} == {*DECISIVE, *NOT_DECISIVE} == set(NAMES)


def test_what_a_resumed_run_may_be_given_is_a_flag():
    assert OPTIONS.keys() >= RESUMABLE


@pytest.mark.parametrize(
    ("name", "kept"), [("seed", True), ("task", False), ("scale", False), ("image_size", False), ("d_norm", False)]
)
def test_weights_that_would_not_fit_are_no_advice(name, kept):
    with pytest.raises(ValueError, match=f"{flag_name(name)} cannot change") as refused:
        resumed_config({"resume": "run", name: "x"})
    assert ("--init-from" in str(refused.value)) is kept
