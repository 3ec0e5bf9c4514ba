"""What one picture is a function of: read from anything, written into links and files, and read back."""

import json
import math
from urllib.parse import parse_qsl, urlencode

import gradio as gr
import pytest
import torch
from served import tiny_model

from gan.latent import MAX_SEED, edit, sample_z
from gan.ui.arguments import from_link
from gan.ui.specimen import Specimen, read_specimen, stack

MODEL = tiny_model("alpha", seed=7)
EDITED = Specimen(12345, 0.35, (0.0, 1.35, 0.0, -2.05, 0.0, 0.0, 0.0, 10.0), ((0, -0.15), (99, 3.0)))


@pytest.mark.parametrize("nothing", [None, {}, [], "seed", 5, {"other": 1, "d": 1, "z": 2, "dx": 3, 4: 5}])
def test_without_values_it_is_the_first_seed_unedited(nothing):
    assert read_specimen(MODEL, nothing) == Specimen(1, 1.0)


def test_directions_count_from_1_and_coordinates_from_0():
    specimen = read_specimen(MODEL, {"seed": 5, "d1": 1, "d8": -2, "z0": 3, "z99": 4.5})
    assert specimen.amounts == (1, 0, 0, 0, 0, 0, 0, -2)
    assert specimen.offsets == ((0, 3), (99, 4.5))


def test_sliders_at_zero_are_no_edits():
    sliders = {f"d{k}": 0 for k in range(1, 9)} | {f"z{i}": 0.0 for i in range(100)}
    assert read_specimen(MODEL, {"seed": 5, "truncation": 0.5, **sliders}) == Specimen(5, 0.5)


def test_its_latent_is_that_of_the_design():
    z = EDITED.z(MODEL)
    plain = 0.35 * sample_z([12345], 100)[0]
    assert torch.allclose(z, edit(plain, MODEL.directions, EDITED.amounts, {0: -0.15, 99: 3.0}))
    assert not torch.allclose(z, plain)
    assert torch.equal(Specimen(9).z(MODEL), sample_z([9], 100)[0])
    assert torch.equal(stack(MODEL, [EDITED, Specimen(9)]), torch.stack([z, sample_z([9], 100)[0]]))


@pytest.mark.parametrize(
    "specimen", [EDITED, Specimen(0), Specimen(MAX_SEED, 0.0), Specimen(7, 1.0, (), ((50, 1e-9),))]
)
def test_a_recipe_is_read_back_from_a_link_and_from_a_file(specimen):
    recipe = specimen.recipe(MODEL)
    linked = {key: from_link(value) for key, value in parse_qsl(urlencode(recipe))}
    assert read_specimen(MODEL, linked) == specimen
    assert read_specimen(MODEL, json.loads(json.dumps(recipe))) == specimen


def test_a_recipe_says_the_model_and_no_edit_that_is_none():
    assert EDITED.recipe(MODEL) == {
        "model": "alpha", "weights": "0000000000000007", "seed": 12345, "truncation": 0.35,
        "d2": 1.35, "d4": -2.05, "d8": 10, "z0": -0.15, "z99": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "values, says",
    [
        ({"seed": "x"}, "Seed must be a whole number"),
        ({"truncation": 1.5}, "Truncation must be a number"),
        ({"d0": 1}, "d0 is none of this model’s directions, d1 to d8"),
        ({"d9": 1}, "d9 is none of this model’s directions, d1 to d8"),
        ({"z100": 0}, "z100 is none of this model’s coordinates, z0 to z99"),
        ({"d1": 10.5}, "d1 must be a number from -10 to 10, not 10.5"),
        ({"d1": math.nan}, "d1 must be a number"),
        ({"z5": math.inf}, "z5 must be a number"),
        ({"z5": "1"}, "z5 must be a number"),
        ({"z5": True}, "z5 must be a number"),
        ({"z5": {}}, "z5 must be a number"),
        ({"z5": 10**5000}, "z5 must be a number"),
    ],
)
def test_what_is_wrong_is_said(values, says):
    with pytest.raises(gr.Error, match=says):
        read_specimen(MODEL, values)
