"""What the page says of a run: how far it is, and whether it goes on."""

import os
import re

import gradio as gr
import pytest
from filelock import FileLock
from served import EPOCHS, plant

from gan.files import LOCK_FILE, read_json, write_json
from gan.folder import HISTORY_FILE, read_history, write_history
from gan.ui.arguments import choose_model
from gan.ui.loaded import load_models
from gan.ui.specimen import Specimen
from gan.ui.studio import on_stage
from gan.ui.tabs.training import no_grids
from gan.ui.underway import standing


@pytest.fixture
def run(tmp_path):
    """A run that has seen 240 of 480 pictures, at 2 a second, and that nobody trains now."""
    folder = plant(tmp_path / "mine", 1, EPOCHS)
    write_history(folder, [line | {"images_per_second": 2.0} for line in read_history(folder)])
    plan(folder, epochs=12)
    (folder / LOCK_FILE).touch()
    return folder


def plan(folder, **changes):
    config = read_json(folder / "config.json")
    write_json(folder / "config.json", config | {"train": config["train"] | {"images": 0} | changes})


def said_of(folder):
    (model,), _ = load_models([folder])
    return standing(model)


def test_a_run_that_is_trained_says_how_far_it_is_and_how_long_it_will_take(run):
    with FileLock(run / LOCK_FILE):
        assert said_of(run) == "The run is at epoch 6 of 12, still training, about 2 minutes to go."
        written = (run / HISTORY_FILE).stat().st_mtime
        os.utime(run / HISTORY_FILE, (written, written - 60))
        assert re.fullmatch(r"The run is at epoch 6 of 12, still training, about [56]\d seconds to go.", said_of(run))
        os.utime(run / HISTORY_FILE, (written, written - 1000))  # it has been slower than it was
        assert said_of(run) == "The run is at epoch 6 of 12, still training."
    assert (run / LOCK_FILE).exists()


def test_a_run_that_nobody_trains_was_stopped_or_is_at_its_end(run):
    assert said_of(run) == "The run was stopped at epoch 6 of 12."
    plan(run, epochs=6)
    assert said_of(run) == ""


def test_a_published_model_is_no_run(run):
    (run / LOCK_FILE).unlink()
    assert said_of(run) == ""


@pytest.mark.parametrize("config", [None, {}, {"train": 1, "data": []}, {"train": {}, "data": {"pictures": 0}}])
def test_what_the_folder_does_not_say_is_left_out(run, config):
    (run / "config.json").unlink()
    if config is not None:
        write_json(run / "config.json", config)
    with FileLock(run / LOCK_FILE):
        assert said_of(run) == "The run is at epoch 6, still training."


def test_a_run_before_the_end_of_its_first_epoch_has_nothing_to_show_and_nothing_draws_it(tmp_path):
    run = tmp_path / "fresh"
    run.mkdir()
    with FileLock(run / LOCK_FILE):
        models, problems = load_models([run])
        assert problems == () and on_stage(models[0], Specimen())["problem"] == standing(models[0])
        assert no_grids(models[0]) == standing(models[0])
        with pytest.raises(gr.Error, match=r"^'fresh: nothing to show yet\. Training has begun"):
            choose_model(models, "fresh")
    assert said_of(run).startswith("fresh: nothing to show. Training was stopped")
