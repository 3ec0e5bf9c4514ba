"""The config and the table of recipes: what is valid, what a schedule means, and the way to JSON and back."""

import json
from dataclasses import replace

import pytest
from conftest import ROOT

from gan.config import (
    CHOICES,
    DATASETS,
    DIFFAUGMENT,
    RECIPES,
    SCORES,
    Stage,
    TrainConfig,
    flag_name,
    parse_stages,
    recipe_config,
)
from gan.folder import read_metrics

FIRST, SECOND, THIRD = Stage(2, 2e-4, 0.5), Stage(3, 1e-4, 0.3), Stage(4, 1e-5, 0.5)


def staged(*stages, images=0):
    return recipe_config("folder", stages=stages, images=images)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_valid_and_comes_back_from_json_as_it_was(recipe):
    config = recipe_config(recipe)
    assert config.recipe == recipe
    assert config.dataset in DATASETS
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_every_dataset_has_a_default_recipe():
    assert set(DATASETS) <= set(RECIPES)


def test_scores_are_of_recipes_and_the_bundled_measurements_bear_them_out():
    assert SCORES.keys() <= RECIPES.keys()
    for score in (score for scores in SCORES.values() for score in scores if score.run):
        lines = read_metrics(ROOT / score.run)
        found = [(line["images_seen"], round(line["kid_train"], 1), line["generated"]) for line in lines]
        assert (score.seen, score.kid, score.generated) in found


@pytest.mark.parametrize("recipe", RECIPES)
def test_our_own_recipes_roll_back_and_the_reports_are_left_alone(recipe):
    config = recipe_config(recipe)
    ours = config.task == "generate" and not recipe.endswith("-report")  # the signs were measured on generators
    assert config.guard == ("rollback" if ours else "off")


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name.endswith("-report")])
def test_a_report_recipe_is_the_plain_loop(recipe):
    config = recipe_config(recipe)
    plain = ("bce", "", False, 0, 0, "batch", False)
    assert plain == (
        config.loss,
        config.augment,
        config.flip,
        config.ema_half_life_images,
        config.r1_gamma,
        config.d_norm,
        config.minibatch_std,
    )
    assert config.stages[0].lr == 2e-4
    assert config.stages[0].beta1 == 0.5


def test_the_second_report_has_its_four_stages():
    config = recipe_config("anime-report")
    assert config.batch_size == 128
    assert config.stages == parse_stages("5:2e-4:0.5,5:1e-4:0.3,10:1e-4:0.5,10:1e-5:0.5")
    assert config.budget(1_000) == 30_000


@pytest.mark.parametrize("recipe", ["pokemon", "anime", "folder"])
def test_a_default_recipe_uses_what_is_best_known(recipe):
    config = recipe_config(recipe)
    assert config.loss == "relativistic"
    assert config.r1_gamma > 0
    assert config.augment.split(",") == list(DIFFAUGMENT)
    assert config.ema_half_life_images > 0
    assert config.minibatch_std == (recipe != "anime")


def test_a_changed_field_overrides_the_recipe():
    assert recipe_config("pokemon", batch_size=7) == replace(recipe_config("pokemon"), batch_size=7)


def test_an_unknown_recipe_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'pokemons'.*pokemon-report"):
        recipe_config("pokemons")


@pytest.mark.parametrize("name, value, before", [("fit", "pad", "crop"), ("minibatch_std", True, False)])
def test_a_config_from_before_a_field_means_what_there_was(name, value, before):
    values = recipe_config("folder", **{name: value}).to_dict()
    assert getattr(TrainConfig.from_dict(values), name) == value
    del values[name]
    assert getattr(TrainConfig.from_dict(values), name) == before


def test_a_field_of_another_version_is_refused_by_name():
    values = {**recipe_config("folder").to_dict(), "momentum": 0.9}
    with pytest.raises(ValueError, match="momentum"):
        TrainConfig.from_dict(values)


@pytest.mark.parametrize(
    "name, value",
    [
        ("dataset", "cats"),
        ("loss", "wasserstein"),
        ("d_norm", "layer"),
        ("image_size", 48),
        ("fit", "stretch"),
        ("device", "tpu"),
        ("precision", "fp8"),
        ("augment", "color,blur"),
        ("images", -1),
        ("batch_size", 1),
        ("r1_gamma", -0.1),
        ("r1_gamma", float("nan")),
        ("penalty_every", 0),
        ("ema_half_life_images", -1),
        ("base_channels", 0),
        ("z_dim", 0),
        ("seed", -1),
        ("seed", 2**32),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        recipe_config("folder", **{name: value})


@pytest.mark.parametrize(
    "stage",
    [Stage(1, 0.0, 0.5), Stage(1, 1.0, 0.5), Stage(1, float("nan"), 0.5), Stage(1, 2e-4, 1.0), Stage(-1, 2e-4, 0.5)],
)
def test_a_stage_out_of_range_is_refused(stage):
    with pytest.raises(ValueError, match="must have 0 <= epochs"):
        staged(stage)


def test_a_run_without_stages_or_without_a_budget_is_refused():
    with pytest.raises(ValueError, match="at least one stage"):
        staged()
    with pytest.raises(ValueError, match="budget"):
        staged(Stage(0, 2e-4, 0.5))
    with pytest.raises(ValueError, match="last stage"):
        staged(Stage(0, 2e-4, 0.5), FIRST, images=1_000)


def test_stages_are_read_as_epochs_lr_beta1():
    assert parse_stages("5:2e-4:0.5,5:1e-4:0.3") == (Stage(5, 2e-4, 0.5), Stage(5, 1e-4, 0.3))


@pytest.mark.parametrize("text", ["", "5", "5:2e-4", "5:2e-4:0.5:1", "five:2e-4:0.5", "5:2e-4:0.5,", "1.5:2e-4:0.5"])
def test_stages_that_cannot_be_read_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match="epochs:lr:beta1, as in"):
        parse_stages(text)


def test_the_budget_is_the_images_or_the_epochs_of_the_stages():
    assert staged(FIRST, images=1_000).budget(40) == 1_000
    assert staged(FIRST, SECOND).budget(40) == 5 * 40


def test_the_stage_of_an_epoch_counts_from_where_the_stage_begins():
    config = staged(FIRST, SECOND, THIRD)
    places = [config.stage_at(epoch, 9) for epoch in range(9)]
    assert places == [
        *((FIRST, i, 2) for i in range(2)),
        *((SECOND, i, 3) for i in range(3)),
        *((THIRD, i, 4) for i in range(4)),
    ]


def test_the_last_stage_reaches_to_the_end_of_the_run():
    config = staged(FIRST, SECOND)
    assert config.stage_at(9, 12) == (SECOND, 7, 10)  # the budget in images goes beyond the stages
    assert config.stage_at(3, 4) == (SECOND, 1, 2)  # or ends before them
    assert staged(Stage(0, 2e-4, 0.5), images=400).stage_at(9, 10) == (Stage(0, 2e-4, 0.5), 9, 10)


def test_an_epoch_after_the_end_still_has_a_place_in_the_last_stage():
    assert staged(FIRST, SECOND).stage_at(5, 5) == (SECOND, 3, 4)


@pytest.mark.parametrize("epochs", range(1, 15))
def test_a_budget_in_epochs_leaves_the_stages_whole_and_counts_as_far_as_it_goes(epochs):
    config = staged(FIRST, SECOND, THIRD)
    changed = config.with_epochs(epochs)
    assert changed.budget(40) == epochs * 40
    assert changed.stages == config.stages
    lengths = {stage.lr: length for stage, _, length in (changed.stage_at(epoch, epochs) for epoch in range(epochs))}
    assert sum(lengths.values()) == epochs
    assert changed.with_epochs(9).with_epochs(epochs) == changed


@pytest.mark.parametrize("epochs", range(1, 15))
def test_stages_appended_behind_a_cut_begin_there(epochs):
    longer = staged(FIRST, SECOND, THIRD).with_epochs(epochs).with_more_stages((Stage(2, 1e-6, 0.1),), epochs)
    assert longer.budget(40) == (epochs + 2) * 40
    assert [longer.stage_at(epoch, epochs + 2)[0].lr == 1e-6 for epoch in range(epochs + 2)] == [
        *[False] * epochs,
        True,
        True,
    ]


def test_epochs_replace_a_budget_in_images():
    changed = staged(Stage(0, 2e-4, 0.5), images=1_000).with_epochs(3)
    assert (changed.images, changed.epochs, changed.budget(40)) == (0, 3, 120)


def test_appended_stages_begin_where_the_budget_so_far_ends():
    config = staged(Stage(0, 2e-4, 0.5), images=95).with_more_stages((SECOND,), 3)
    assert config.stages == (Stage(3, 2e-4, 0.5), SECOND)  # the third epoch, begun, is filled up
    assert config.budget(40) == 6 * 40


def test_stages_appended_twice_follow_each_other():
    config = staged(FIRST).with_more_stages((SECOND,), FIRST.epochs)
    config = config.with_more_stages((THIRD,), FIRST.epochs + SECOND.epochs)
    assert config.stages == (FIRST, SECOND, THIRD)


@pytest.mark.parametrize("field", ["dataset", "loss", "d_norm", "guard", "image_size", "fit"])
def test_the_manual_names_every_choice(field):
    manual = (ROOT / "gan" / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in manual.splitlines() if line.startswith("| `--") and f"{flag_name(field)} " in line]
    assert r"\|".join(map(str, CHOICES[field])) in row


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        (1, "budget 10 pictures, 1 epoch; it ends before stage 2 of 3, whose epochs --stages shortens"),
        (5, "budget 50 pictures, 5 epochs; it ends before stage 3 of 3, whose epochs --stages shortens"),
        (6, "budget 60 pictures, 6 epochs"),
    ],
)
def test_the_budget_is_told_with_the_stages_that_it_cuts_off(epochs, words):
    stages = parse_stages("2:2e-4:0.5,3:1e-4:0.3,4:1e-5:0.5")
    assert recipe_config("pokemon-report", stages=stages).with_epochs(epochs).budget_line(10) == words
