"""The two image-to-image tasks in the one loop: exact resume, what is held out, checkpoints, and what they learn."""

import colorsys
import itertools
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from training.test_loop import assert_equal_runs, newest_state, stop_after

from gan.checkpoints import load_generator, load_network, read_described, save_state
from gan.config import RECIPES, Stage, recipe_config
from gan.data.datasets import DATASETS
from gan.data.holdout import held_out
from gan.data.scan import read_pictures
from gan.errors import UserError
from gan.files import read_json, write_json
from gan.folder import SAMPLES, list_epochs, read_history
from gan.images import from_uint8, to_uint8
from gan.insight.reconstructions import Reconstructions
from gan.publishing.provenance import learned_before
from gan.tasks import TASKS
from gan.training.loop import train
from gan.training.trainer import Trainer, train_step
from gan.translation.coloring import UNUSED, Colorize, off_palette, patchiness
from gan.translation.inputs import network_inputs
from gan.translation.networks import Colorizer, PatchDiscriminator, Upscaler

TRANSLATIONS = ("colorize", "upscale")
SIZES = {"image_size": 32, "base_channels": 4, "batch_size": 8, "device": "cpu", "precision": "fp32"}

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def creatures(tmp_path_factory):
    """Twenty-four pictures of a coloured figure on white, 64 pixels a side."""
    folder, rng = tmp_path_factory.mktemp("data") / "creatures", random.Random(0)
    folder.mkdir()
    for number in range(24):
        picture = Image.new("RGB", (64, 64), "white")
        colour = tuple(round(255 * part) for part in colorsys.hsv_to_rgb(rng.random(), 1, 0.8))
        left, top = rng.randrange(4, 20), rng.randrange(4, 20)
        ImageDraw.Draw(picture).ellipse((left, top, left + 36, top + 36), fill=colour, outline="black", width=2)
        picture.save(folder / f"{number}.png")
    return folder


def config_of(task, data, out, **changes):
    return recipe_config(f"folder-{task}", **{**SIZES, "images": 3 * 23, "data": str(data), "out": str(out), **changes})


@pytest.fixture(scope="module", params=TRANSLATIONS)
def trained(request, creatures, tmp_path_factory):
    """A run of three epochs of each task."""
    folder = tmp_path_factory.mktemp("run") / request.param
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    train(config_of(request.param, creatures, folder))
    torch.set_num_threads(threads)
    return folder


def test_every_data_set_has_a_recipe_for_every_task():
    recipes = {f"{dataset}-{task}" for dataset in DATASETS for task in TASKS if task != "generate"}
    assert recipes == {name for name, fields in RECIPES.items() if fields.get("task", "generate") != "generate"}
    assert all(RECIPES[name]["task"] == name.split("-")[1] for name in recipes)


def test_a_stopped_and_resumed_run_ends_like_one_that_ran_through(trained, creatures, tmp_path):
    task = trained.name
    train(config_of(task, creatures, tmp_path / "run"), stop=stop_after(4))
    train(config_of(task, creatures, tmp_path / "run"))
    assert_equal_runs(tmp_path / "run", trained)


def test_a_cache_that_lies_in_a_file_is_parted_there_and_the_run_is_the_same(trained, creatures, tmp_path, monkeypatch):
    monkeypatch.setattr("gan.training.opening.SPILL_BYTES", 0)
    train(config_of(trained.name, creatures, tmp_path / "run"))
    assert_equal_runs(tmp_path / "run", trained)


def test_pictures_that_are_others_are_counted_as_they_lie_there(trained, creatures, tmp_path):
    fewer = tmp_path / "fewer"
    shutil.copytree(creatures, fewer)
    (fewer / "3.png").unlink()
    shutil.copytree(trained, tmp_path / "run")
    with pytest.raises(UserError, match=f"on other pictures than these 23 of {fewer}"):
        train(config_of(trained.name, fewer, tmp_path / "run", images=200))


def test_pictures_that_would_all_be_kept_are_refused_in_a_sentence(creatures, cli, tmp_path):
    (tmp_path / "of one").mkdir()
    for place, path in enumerate(sorted(creatures.iterdir())[:12]):
        shutil.copy(path, tmp_path / "of one" / f"25-{place}{path.suffix}")
    for flags in (["--check"], []):
        refused = cli("--dataset", "pokemon", "--task", "colorize", "--data", tmp_path / "of one", *flags)
        assert refused.status == 2 and "12 pictures: --task colorize keeps some from training" in refused.err
        assert refused.err.count("\n") == 1


def test_the_run_folder_tells_of_its_task_and_its_terms(trained):
    described = read_described(trained)
    assert described["task"] == trained.name
    assert described["data"]["pictures"] == 23  # one of 24 is held out
    assert len(described.get("palettes", [])) == {"colorize": 4, "upscale": 0}[trained.name]
    if trained.name == "colorize":
        assert len(load_network(trained).palettes) == 4
    own = {"colorize": {"lines", "patches", "silhouette"}, "upscale": set()}[trained.name]
    assert {"l1", "perceptual", *own} < read_history(trained)[-1].keys()
    (*_, grid) = list_epochs(trained, SAMPLES).values()
    with Image.open(grid) as image:
        assert image.width == {"colorize": 8 * 32, "upscale": 6 * 128}[trained.name]  # one is held out, the rest white
        assert image.height == {"colorize": 32, "upscale": 128}[trained.name]


def test_a_checkpoint_is_loaded_by_its_task_alone(trained):
    network = load_network(trained)
    assert isinstance(network, {"colorize": Colorizer, "upscale": Upscaler}[trained.name])
    assert not network.training
    with pytest.raises(UserError, match=TASKS[trained.name].network):
        load_generator(trained)


def test_a_run_begins_with_the_networks_of_another(trained, creatures, tmp_path):
    run = train(config_of(trained.name, creatures, tmp_path / "run", init_from=str(trained), images=23))
    assert run.trainer.images_before == 69 and read_described(run.folder)["learned_before"] == []
    other = next(task for task in TRANSLATIONS if task != trained.name)
    with pytest.raises(UserError, match=TASKS[other].network):
        train(config_of(other, creatures, tmp_path / "other", init_from=str(trained)))


def test_a_run_says_whose_pictures_its_networks_had_learned_from(trained, creatures, tmp_path):
    theirs = tmp_path / "theirs"
    shutil.copytree(trained, theirs)
    described = read_json(theirs / "config.json")
    write_json(
        theirs / "config.json", described | {"data": described["data"] | {"name": "pokemon", "fingerprint": "f"}}
    )
    config = config_of(trained.name, creatures, tmp_path / "run", init_from=str(theirs), images=23)
    train(config)
    shutil.rmtree(theirs)
    run = train(replace(config, images=46))
    assert read_described(run.folder)["learned_before"] == ["pokemon"] == list(learned_before(run.described))


def test_a_run_begins_with_networks_that_learned_on_smaller_pictures(trained, creatures, tmp_path):
    larger = 2 * SIZES["image_size"]
    run = train(
        config_of(trained.name, creatures, tmp_path / "run", init_from=str(trained), images=23, image_size=larger)
    )
    assert load_network(run.folder).image_size == larger and int(run.trainer.generator.side) == larger
    assert run.trainer.images_before == 69
    begun = train(replace(run.config, out=str(tmp_path / "begun")), stop=stop_after(0)).trainer.generator
    theirs = dict(load_network(trained).named_parameters())
    same = [torch.equal(value, theirs[name]) for name, value in begun.named_parameters()]
    assert same.count(True) > len(same) / 2  # all but what the average of the generator had not caught up with


@pytest.mark.parametrize("task", TRANSLATIONS)
def test_a_run_that_began_before_its_task_had_all_of_its_terms_goes_on(task, creatures, tmp_path):
    config = config_of(task, creatures, tmp_path / "run")
    run = train(config, stop=stop_after(4))
    state = newest_state(run.folder)
    shutil.rmtree(run.folder / "states")
    save_state(run.folder / "states", state["images_seen"], state | {"sums": state["sums"][:-1]})
    assert train(config).finished
    assert "perceptual" in read_history(run.folder)[-1]


def test_only_what_has_a_target_is_to_look_like_it(creatures):
    task = Trainer(config_of("colorize", creatures, "out"), torch.device("cpu"), "fp32").task
    images = from_uint8(read_pictures(creatures, 32).images[:8])
    batch = next(
        batch
        for seed in range(20)
        if 0 < (batch := task.batch(images, torch.Generator().manual_seed(seed))).free.sum() < 8
    )

    def perceptual(off, batch=batch):
        outputs = batch.target.clone()
        outputs[off, :3] *= -1
        return task.weighted_terms(outputs, batch)[task.terms.index("perceptual")].item()

    assert perceptual(batch.free) == pytest.approx(0, abs=1e-5)
    assert perceptual(~batch.free) > 0.5
    alone = batch._replace(free=torch.ones(8, dtype=torch.bool))
    outputs = torch.zeros_like(batch.target).requires_grad_()
    terms = task.weighted_terms(outputs, alone)
    terms.sum().backward()
    assert terms[task.terms.index("perceptual")] == 0 and outputs.grad.isfinite().all()


@pytest.mark.parametrize("task", TRANSLATIONS)
def test_a_batch_is_a_function_of_the_random_numbers_and_the_target_of_the_pictures(task, creatures):
    config = config_of(task, creatures, "out")
    trainer = Trainer(config, torch.device("cpu"), "fp32")
    images = from_uint8(read_pictures(creatures, config.picture_size).images[:4])
    one, same, other = (trainer.task.batch(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert all(torch.equal(*pair) for pair in zip(one.inputs, same.inputs, strict=True))
    assert torch.equal(one.target, same.target)
    assert not torch.equal(one.inputs[0], other.inputs[0])
    outputs = trainer.generator(*one.inputs)
    assert outputs.shape == one.target.shape
    assert outputs.abs().max() <= 1


def test_another_colour_for_a_whole_region_is_not_patchy_and_patches_inside_it_are():
    halves = torch.cat((torch.full((1, 3, 32, 16), -0.5), torch.full((1, 3, 32, 16), 0.5)), dim=3)
    assert patchiness(halves, halves) == 0
    assert patchiness(-0.6 * halves, halves) == 0
    rows = torch.arange(32).view(32, 1) // 8 % 2  # stripes of eight rows, a step of 0.1 three times in 31 neighbours
    steps = [0.1 * 3 / (side - 1) / 2 for side in (32, 16, 8, 4)]
    assert patchiness(halves + 0.1 * rows, halves).item() == pytest.approx(sum(steps), rel=1e-4)


@pytest.fixture
def reconstructions(creatures, tmp_path):
    """What a generator that sees everything too dark makes of all pictures but the one held out."""
    pictures = read_pictures(creatures, 32)
    kept = held_out("folder", pictures.names, pictures.order)
    pictures = pictures.rows([row for row in range(24) if row not in kept])
    path = tmp_path / "reconstructions.safetensors"
    made_by = torch.zeros(8, dtype=torch.uint8)
    Reconstructions(pictures.images // 2, torch.zeros(23, 100), pictures.order, made_by).save(path)
    return path


def test_half_of_the_samples_enlarge_a_reconstruction_that_lies_where_the_real_picture_does(creatures, reconstructions):
    config = config_of("upscale", creatures, "out", reconstructions=str(reconstructions))
    trainer = Trainer(config, torch.device("cpu"), "fp32")
    real = read_pictures(creatures, config.picture_size)
    small = Reconstructions.load(reconstructions)
    rows = [row for row in range(24) if real.order[row].tolist() in small.order.tolist()]
    images = trainer.task.prepared(real.images[rows], real.order[rows])
    batch = trainer.task.batch(from_uint8(images), torch.Generator().manual_seed(0))
    given, (target, trust) = batch.inputs[0], batch.target.split((3, 1), dim=1)
    own = (batch.condition == 0).flatten(1).all(dim=1)  # D is shown no reconstruction
    assert 6 <= own.sum() <= 17
    darker = (torch.nn.functional.avg_pool2d(target, 4) + 1) / 2 - 1
    assert (given - darker)[own].abs().mean() < 0.03
    assert torch.equal(trust[~own], torch.ones_like(trust[~own]))
    assert trust[own].mean() < 0.5
    outputs = torch.nn.functional.interpolate(given, scale_factor=4, mode="nearest")
    moved = torch.nn.functional.interpolate(torch.rand(given.shape), scale_factor=4, mode="nearest")

    def loss(outputs):
        return dict(zip(trainer.task.terms, trainer.task.weighted_terms(outputs, batch).tolist(), strict=True))

    assert loss(outputs + moved)["l1"] == pytest.approx(loss(outputs)["l1"])  # of colours D and the input decide
    assert loss(target)["perceptual"] == pytest.approx(0, abs=1e-5)
    assert loss(outputs)["perceptual"] > 0.1


def test_with_reconstructions_a_stopped_and_resumed_run_ends_like_one_that_ran_through(
    creatures, reconstructions, tmp_path
):
    config = {"reconstructions": str(reconstructions), "images": 2 * 23}
    train(config_of("upscale", creatures, tmp_path / "straight", **config))
    train(config_of("upscale", creatures, tmp_path / "run", **config), stop=stop_after(2))
    train(config_of("upscale", creatures, tmp_path / "run", **config))
    assert_equal_runs(tmp_path / "run", tmp_path / "straight")
    other = Reconstructions.load(reconstructions)
    other._replace(images=other.images // 2).save(reconstructions)
    with pytest.raises(UserError, match="other reconstructions than this run began with"):
        train(config_of("upscale", creatures, tmp_path / "run", **{**config, "images": 3 * 23}))


def test_reconstructions_that_do_not_fit_are_refused(creatures, reconstructions, tmp_path):
    whole = Reconstructions.load(reconstructions)
    fewer = whole._replace(images=whole.images[:20], z=whole.z[:20], order=whole.order[:20])
    smaller = whole._replace(images=whole.images[:, :, ::2, ::2])
    for odd, words in (
        (fewer, "lacks 3 of 23 training pictures"),
        (smaller, "16 pixels a side, and this run needs 32"),
    ):
        odd.save(reconstructions)
        with pytest.raises(UserError, match=words):
            train(config_of("upscale", creatures, tmp_path / words[:3], reconstructions=str(reconstructions)))
    reconstructions.unlink()
    with pytest.raises(UserError, match="no such file"):
        train(config_of("upscale", creatures, tmp_path / "run", reconstructions=str(reconstructions)))


def test_lines_alone_are_given_the_palette_of_another_picture_and_hints_keep_their_own(creatures):
    config = config_of("colorize", creatures, "out", batch_size=32)
    task = Colorize(config)
    images = from_uint8(read_pictures(creatures, config.picture_size).images)
    batch = task.batch(images[torch.arange(32) % len(images)], torch.Generator().manual_seed(0))
    _, hints, palettes = batch.inputs
    hinted, given = hints[:, 3].amax(dim=(1, 2)) > 0, palettes[:, -1] > 0
    assert 0 < batch.free.sum() < 16 and (hinted | given).all() and not (batch.free & hinted).any()
    assert (given & ~hinted & ~batch.free).any() and (palettes[~given, :-1] == 1).all()
    far = off_palette(batch.target[:, :3], batch.target[:, 3:] > 0, palettes[:, :-1])
    assert far[batch.free].mean() > 2 * far[given & ~batch.free].mean()


def test_off_a_palette_are_pixels_far_from_its_colours_and_colours_that_nothing_has():
    red, blue, black = (torch.tensor(colour) for colour in ([1.0, -1, -1], [-1.0, -1, 1], [-1.0, -1, -1]))
    picture = torch.cat((red.view(1, 3, 1, 1).expand(1, 3, 10, 5), blue.view(1, 3, 1, 1).expand(1, 3, 10, 5)), dim=3)
    everywhere = torch.ones(1, 1, 10, 10, dtype=torch.bool)
    both, one = torch.cat((red, blue, red, blue, red)), red.repeat(5)
    assert off_palette(picture, everywhere, both[None]).item() == 0
    assert off_palette(picture, everywhere, one[None]).item() == pytest.approx(2 / 3 / 2)  # half of the pixels are blue
    left = everywhere.clone()
    left[..., 5:] = False
    assert off_palette(picture, left, one[None]).item() == 0
    unused = torch.cat((both[:12], black))
    assert off_palette(picture, everywhere, unused[None]).item() == pytest.approx(UNUSED / 3 / 5)


@pytest.mark.slow
def test_colours_obey_a_palette_after_some_steps(creatures, monkeypatch):
    config = config_of("colorize", creatures, "out", base_channels=8, stages=(Stage(0, 1e-3, 0.5),), seed=1)
    trainer = Trainer(config, torch.device("cpu"), "fp32")
    images = from_uint8(read_pictures(creatures, config.picture_size).images)
    rows = torch.arange(60 * 8).view(60, 8) % len(images)
    batches = itertools.cycle([trainer.task.batch(images[row], trainer.rng) for row in rows])  # to draw them takes long
    monkeypatch.setattr(trainer.task, "batch", lambda real_images, rng: next(batches))
    for step in range(1, 401):
        train_step(trainer, images[:8])
        if step % 50 == 0 and obeys_a_palette(trainer.shown_generator):
            return
    pytest.fail("after 400 steps, the colours are not those of a palette")


def obeys_a_palette(network):
    """Return whether a disc becomes red where that is the palette, and blue where that is."""
    disc = Image.new("L", (32, 32), 255)
    ImageDraw.Draw(disc).ellipse((6, 6, 26, 26), outline=0, width=2)
    means = []
    for colour in ((200, 30, 30), (30, 60, 200)):
        output = network(*network_inputs(network, disc, None, [colour]))[0, :3, 12:20, 12:20]
        means.append(to_uint8(output).float().mean(dim=(1, 2)))
    red, blue = means
    return red[0] > red[2] + 100 and blue[2] > blue[0] + 100


def test_an_enlarged_picture_reduced_again_is_what_it_was():
    images = torch.rand(2, 3, 12, 16, generator=torch.Generator().manual_seed(0)) - 0.5
    torch.manual_seed(0)
    for scale in (2, 4):
        network = Upscaler(4, scale)
        torch.nn.init.normal_(network.main[-2].weight, 0.0, 0.05)
        large = network(images)
        assert large.shape == (2, 3, 12 * scale, 16 * scale)
        assert (torch.nn.functional.avg_pool2d(large, scale) - images).abs().max() < 1e-5


def test_a_judge_of_patches_sees_the_condition_and_gives_a_logit_a_patch():
    judge = PatchDiscriminator(8, 4)
    shown = torch.zeros(2, 8, 64, 64)
    assert judge(shown).shape == (2, 8, 8)
    condition = shown.clone()
    condition[:, 0] = 1
    assert not torch.equal(judge(shown), judge(condition))


def test_the_species_that_are_held_out_keep_all_their_forms():
    names = [f"{number}{form}.jpg" for number in range(1, 101) for form in ("", "-mega")]
    order = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (200, 8), dtype=np.uint8))
    rows = held_out("pokemon", names, order)
    assert len(rows) == 20
    numbers = {names[row].split(".")[0].split("-")[0] for row in rows}
    assert len(numbers) == 10
    moved = torch.randperm(200, generator=torch.Generator().manual_seed(0)).tolist()
    again = held_out("pokemon", [names[row] for row in moved], order[moved])
    assert {names[moved[row]] for row in again} == {names[row] for row in rows}
    assert len(held_out("folder", names, order)) == 10
