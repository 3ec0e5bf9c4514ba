"""Models whose folders change while the page is served: read again as a whole, or left as they were."""

import gradio as gr
import pytest
from served import EPOCHS, plant, tiny_generator

from gan.checkpoints import save_network, weights_digest
from gan.files import LOCK_FILE
from gan.folder import read_history, write_history
from gan.ui.arguments import find_model, moved_on
from gan.ui.loaded import load_models
from gan.ui.shelf import Shelf
from gan.ui.specimen import write_latent
from gan.ui.studio import Studio
from gan.ui.tabs.morph import read_stops


@pytest.fixture
def folder(tmp_path):
    return plant(tmp_path / "alpha", 1, EPOCHS)


def shelf_of(*folders):
    return Shelf(load_models(folders)[0])


def test_what_has_not_changed_is_not_read_again(folder):
    shelf = shelf_of(folder)
    (before,) = shelf
    shelf.refresh()
    assert shelf[0] is before and len(shelf) == 1


def test_new_weights_and_a_longer_history_are_there_after_the_next_look(folder, tmp_path):
    shelf = shelf_of(folder, plant(tmp_path / "other" / "alpha", 2))
    before, beside = shelf
    save_network(folder / "model.safetensors", tiny_generator(7))
    write_history(folder, [*read_history(folder), read_history(folder)[-1] | {"epoch": 7}])
    shelf.refresh()
    assert shelf[0].weights != before.weights and shelf[0].history[-1]["epoch"] == 7
    assert before.history[-1]["epoch"] == 6  # whoever draws with it goes on with it
    assert shelf[1] is beside and [model.name for model in shelf] == ["alpha", "other/alpha"]


def test_a_model_that_can_no_longer_be_read_stays_as_it_was_until_it_can(folder):
    shelf = shelf_of(folder)
    (before,) = shelf
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    shelf.refresh()
    assert shelf[0] is before
    save_network(weights, tiny_generator(7))
    shelf.refresh()
    assert shelf[0].weights != before.weights


def test_a_run_that_was_read_while_it_went_on_is_read_once_more(folder):
    (folder / LOCK_FILE).touch()
    shelf = shelf_of(folder)
    (before,) = shelf
    shelf.refresh()
    again = shelf[0]
    shelf.refresh()
    assert again is not before and shelf[0] is again


def test_a_run_gets_its_model_at_the_end_of_its_first_epoch(tmp_path):
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh" / LOCK_FILE).touch()
    shelf = shelf_of(tmp_path / "fresh")
    assert shelf[0].name == "fresh" and shelf[0].weights == ""
    save_network(tmp_path / "fresh" / "model.safetensors", tiny_generator(7))
    shelf.refresh()
    assert shelf[0].name == "fresh" and len(shelf[0].weights) == 16


@pytest.mark.parametrize("trains", [True, False])
def test_a_link_to_a_run_whose_weights_moved_on_while_it_was_shown_leads_to_it_without_a_warning(trains, folder):
    if trains:
        (folder / LOCK_FILE).touch()
    shelf = shelf_of(folder)
    links = [{"model": "alpha", "weights": shelf[0].weights, "seed": 5}]
    for seed in (7, 8):
        save_network(folder / "model.safetensors", tiny_generator(seed))
        shelf.refresh()
        links.append({"model": "alpha", "weights": shelf[0].weights, "seed": 5})
    for link in links[:-1]:
        model, remark = find_model(shelf, moved_on(shelf, link))
        assert model is shelf[0] and (remark == "") == trains
    assert moved_on(shelf, links[-1]) == links[-1]
    assert find_model(shelf, moved_on(shelf, {"model": "alpha", "weights": "0123456789012345"}))[1]


def studio_of(shelf):
    studio = object.__new__(Studio)
    object.__setattr__(studio, "models", shelf)
    return studio


def test_programs_are_answered_by_a_run_as_it_is_now(folder):
    studio = studio_of(shelf_of(folder))
    before = studio.asked_of("alpha").weights
    save_network(folder / "model.safetensors", tiny_generator(9))
    assert studio.asked_of("alpha").weights == weights_digest(folder / "model.safetensors") != before


def test_a_kept_picture_of_a_run_is_found_by_its_weights_under_the_name_of_its_checkpoint(folder, tmp_path):
    studio = studio_of(shelf_of(folder))
    latent = write_latent(tuple([0.5] * studio.models[0].generator.z_dim))
    recipe = {"model": "runs/folder", "weights": studio.models[0].weights, "seed": 7, "latent": latent}
    model, specimen = studio.in_hand(recipe)
    assert model is studio.models[0] and specimen.latent[0] == 0.5
    assert read_stops(model, [recipe]) == [specimen]  # a morph through it, too
    with pytest.raises(gr.Error, match="which is not here"):
        studio.in_hand(recipe | {"weights": "0" * 16})
