"""python -m gan.evaluate on networks that colour and enlarge: what a line says, on what, and what is refused."""

import json

import numpy as np
import pytest
import torch
from conftest import draw_pictures
from served import tiny_generator
from test_evaluate import Patches
from translation.planted import COUNT, HELD_OUT, draw_boxes, plant

from gan import evaluate, exam, metrics
from gan.checkpoints import save_network
from gan.data.holdout import held_out
from gan.data.scan import read_pictures
from gan.files import read_json, write_json
from gan.folder import metrics_in, read_metrics, rows_of
from gan.models import Generator
from gan.publishing import CHECKPOINTS
from gan.publishing.card import card_text
from gan.publishing.staging import best_measured
from gan.translation import coloring_exam, enlarging_exam
from gan.translation.hints import OFF
from gan.translation.lines import STYLES
from gan.translation.networks import Upscaler

TRANSLATIONS = ("colorize", "upscale")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder of pictures."""
    return draw_boxes(tmp_path_factory.mktemp("data") / "boxes")


class Colours(Patches):
    """Features as small as Inception's."""

    def __call__(self, batches):
        return super().__call__(batches) / 255


@pytest.fixture
def extractor(monkeypatch, tmp_path):
    """Let `Colours` stand in for Inception; return how many pictures were looked at, each time."""
    seen = []
    monkeypatch.setattr(metrics, "load_extractor", lambda weights: Colours(weights, seen))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(exam, "TIMED", 1)
    return seen


def run(*arguments):
    return evaluate.main([str(argument) for argument in arguments])


def measured(folder, data, *arguments):
    assert run(folder, "--data", data, *arguments) == 0
    return read_metrics(folder)[-1]


@pytest.fixture
def generator(tmp_path):
    torch.manual_seed(0)
    (tmp_path / "faces").mkdir()
    save_network(tmp_path / "faces" / "model.safetensors", Generator(base_channels=4, image_size=32).eval())
    return tmp_path / "faces"


def test_a_network_that_colours_is_measured_on_what_was_kept_from_it(extractor, data, tmp_path, capsys):
    folder = plant(tmp_path / "colours", "colorize", data)
    line = measured(folder, data)
    printed = capsys.readouterr().out
    assert json.loads(printed) == line and printed.count("\n") == 1
    drawings = HELD_OUT * len(STYLES)
    assert (line["task"], line["generated"], line["real"]) == ("colorize", drawings, COUNT - HELD_OUT)
    assert extractor == [COUNT - HELD_OUT, HELD_OUT, drawings, drawings, drawings, drawings]
    assert line["kid_lines_kept_perfect"] < line["kid_lines_kept"]
    assert line["floor"]["count"] == HELD_OUT and line["epoch"] == 2 and line["threads"] == 1
    assert line["kid_train_flood_fill"] < line["kid_train"]  # of a network that learned nothing
    assert line["kid_lines_kept"] not in (line["kid_train"], line["kid_train_flood_fill"])
    assert line["hint_error_flood_fill"] < 30 < line["hint_error"]
    assert line["lab_error_flood_fill"] < line["lab_error"] and line["outside_white_flood_fill"] == 1
    assert line["line_recall_flood_fill"] > 0.9 and line["line_recall_real"] > 0.9


def test_a_network_that_enlarges_is_measured_on_real_and_generated_pictures(extractor, data, generator, tmp_path):
    folder = plant(tmp_path / "enlarges", "upscale", data)
    line = measured(folder, data, "--generator", generator, "--count", "50")
    assert (line["task"], line["generated"], line["enlarged"]) == ("upscale", HELD_OUT, 50)
    assert {"kid_train", "kid_generated", "kid_generated_standard_error_bicubic", "psnr", "lab_error_lanczos"} <= set(
        line
    )
    assert line["consistency_mean"] < 0.5  # what rounding leaves, and what is cut off at black and white
    assert abs(line["psnr"] - line["psnr_bicubic"]) < 3  # an untrained network begins as bicubic enlarging
    assert measured(folder, data, "--generator", generator, "--count", "50") | {"seconds": 0, "milliseconds": 0} == (
        line | {"seconds": 0, "milliseconds": 0}
    )
    assert extractor[-2:] == [HELD_OUT, 50]  # what the usual ways make is kept


def test_consistency_is_the_difference_of_what_is_reduced_again():
    small = torch.arange(0, 240, 5, dtype=torch.uint8).view(1, 3, 4, 4)
    pixels = enlarging_exam.Reduced(lambda given: given.repeat_interleave(2, 2).repeat_interleave(2, 3), 2)
    assert pixels(small).shape == (1, 3, 8, 8) and (pixels.largest, pixels.mean) == (0, 0)
    lighter = enlarging_exam.Reduced(lambda given: pixels(given) + 10 * (pixels(given) == 0), 2)
    lighter(small)
    assert (lighter.largest, lighter.mean) == (10, pytest.approx(10 / 48))


def test_without_a_generator_only_real_pictures_are_brought_back(extractor, data, tmp_path):
    line = measured(plant(tmp_path / "enlarges", "upscale", data), data)
    assert "kid_train" in line and not [key for key in line if key.startswith("kid_generated")]
    assert "real brought back" in card_text(tmp_path / "enlarges")


def test_the_bundled_generator_is_enlarged_where_it_draws_as_small_as_the_network_takes(data, tmp_path):
    for scale, side, expected in ((2, 32, ""), (2, 64, str(CHECKPOINTS / "pokemon"))):
        folder = plant(tmp_path / f"from {side}", "upscale", data)
        save_network(folder / "model.safetensors", Upscaler(4, scale, side))
        described = read_json(folder / "config.json")
        write_json(folder / "config.json", described | {"data": described["data"] | {"name": "pokemon"}})
        (subject,) = evaluate.read_subjects(str(folder))
        assert evaluate._bundled(subject) == expected


def test_what_the_usual_ways_make_is_kept_for_each_scale(extractor, data, tmp_path):
    lines = []
    for scale, side in ((2, 64), (4, 32)):
        folder = plant(tmp_path / f"by {scale}", "upscale", data)
        save_network(folder / "model.safetensors", Upscaler(4, scale, side))
        lines.append(measured(folder, data))
    assert lines[0]["kid_train_bicubic"] != lines[1]["kid_train_bicubic"]


def test_a_perfect_network_is_off_by_nothing(extractor, data, tmp_path, monkeypatch):
    """In place of a network stands what looks up the real picture of each drawing."""
    subject = evaluate.read_subjects(str(plant(tmp_path / "colours", "colorize", data)))[0]
    paper = coloring_exam.Exam(subject, exam.Asked(data, None, 1000), Colours("", []))
    real = [trial.picture for trial in paper.trials]
    proposals = [[trial.picture] * 4 for trial in paper.trials[: paper.pictures]]
    features = paper.extract(coloring_exam._batches(real))
    answers = coloring_exam.Answers(real, real, proposals, features, features)
    monkeypatch.setattr(paper, "_coloured", lambda *_: answers)
    line = paper.line(subject)
    assert (line["lab_error"], line["variety"], line["colourfulness"], line["bleed"]) == (0, 0, 1, 1)
    assert line["hint_error"] < OFF and line["outside_white"] == 1
    assert line["line_recall"] == line["line_recall_real"] and line["kid_train"] < line["kid_train_flood_fill"]
    assert line["kid_train"] == pytest.approx(line["floor"]["kid"], abs=0.01)  # however often each is drawn
    assert line["kid_train"] < line["kid_lines_kept_perfect"]  # whose lines the real pictures have not


def test_lines_are_kept_as_they_were_drawn():
    drawing = np.full((8, 8), 255, np.uint8)
    drawing[3] = 0
    trial = coloring_exam.Trial(*[np.zeros((8, 8, 3), np.uint8)] * 2, drawing, *[np.zeros(1)] * 3, [])
    colours = torch.tensor([1.0, -1.0, -1.0, 1.0]).view(1, 4, 1, 1).expand(1, 4, 8, 8)  # red, all of it covered
    shown = coloring_exam._with_lines(colours, trial)
    assert (shown[3] == 0).all() and (np.delete(shown, 3, axis=0) == (255, 0, 0)).all()


def test_drawings_are_on_white_as_they_are_coloured(data):
    pictures = read_pictures(data, 32, progress=False).images[:6].permute(0, 2, 3, 1).contiguous().numpy()
    assert all(np.median(trial.drawing) == 255 for trial in coloring_exam.trials_of(pictures))


def test_the_trials_are_always_the_same_each_picture_once_in_every_style(data):
    pictures = read_pictures(data, 32, progress=False).images[:6].permute(0, 2, 3, 1).contiguous().numpy()
    trials, again = coloring_exam.trials_of(pictures), coloring_exam.trials_of(pictures)
    assert len(trials) == 6 * len(STYLES)
    for one, other in zip(trials, again, strict=True):
        assert all((a == b).all() for a, b in zip(one[:6], other[:6], strict=True))
    assert [len(trial.others) for trial in trials] == [4] * 6 + [0] * (len(trials) - 6)


def test_what_is_measured_on_was_not_trained_on(data, tmp_path):
    subject = evaluate.read_subjects(str(plant(tmp_path / "colours", "colorize", data)))[0]
    trained, kept = exam.split(subject, exam.Asked(data, None, 1000))
    pictures = read_pictures(data, 32, progress=False)
    rows = held_out("folder", pictures.names, pictures.order)
    assert kept.names == tuple(pictures.names[row] for row in rows)
    assert not {*kept.names} & {*trained.names} and len(kept.names) + len(trained.names) == COUNT


@pytest.mark.parametrize("task", TRANSLATIONS)
def test_every_row_says_what_it_found_and_the_card_has_it(task, extractor, data, generator, tmp_path):
    folder = plant(tmp_path / "it", task, data)
    line = measured(folder, data, *(["--generator", generator, "--count", 50] if task == "upscale" else []))
    text, rows = card_text(folder), rows_of(line)
    assert "pipeline_tag: image-to-image" in text and rows.EXPLAINED in text
    found = metrics_in(line)
    missing = [metric for metric in rows.METRICS if metric not in found]
    assert all("anime4k" in key for metric in missing for key in metric.digits)
    for metric in found:
        title, words = metric.words(line)
        assert f"| {title} |" in text and any(digit in words for digit in "0123456789")
    assert f"{HELD_OUT} of them were kept from training" in text
    assert f'load_network("checkpoints/{folder.name}")' in text


@pytest.mark.parametrize("task", TRANSLATIONS)
def test_the_best_snapshot_is_the_one_with_the_lowest_kid(task, extractor, data, tmp_path):
    folder = plant(tmp_path / "run", task, data, (1, 2))
    assert run(folder, "--data", data, "--snapshots", *(["--count", 50] if task == "upscale" else [])) == 0
    lines = read_metrics(folder)
    assert [line["epoch"] for line in lines] == [1, 2]
    best = min(lines, key=lambda line: line["kid_train"])
    assert best_measured(folder)[1] == {"epoch": best["epoch"], "images_seen": best["images_seen"]}


@pytest.mark.parametrize(
    ("task", "arguments", "says"),
    [
        ("colorize", ["--data", "OTHERS"], "holds other pictures than model.safetensors was trained on"),
        ("colorize", ["--data", "DATA", "--count", "1"], "--count 1: 2 pictures are the least"),
        ("colorize", ["--data", "DATA", "--generator", "FACES"], "--generator is for a network that enlarges"),
        ("upscale", ["--data", "DATA", "--count", "10"], "--count 10: 50 pictures are the least"),
        ("upscale", ["--data", "DATA", "--generator", "LARGE"], "name another --generator"),
        ("upscale", ["--data", "DATA", "--generator", "nowhere"], "nowhere"),
        ("upscale", ["--data", "DATA", "--generator", "OTHER_TASK"], "not a generator of pictures"),
    ],
)
def test_mistakes_get_one_sentence(task, arguments, says, extractor, data, generator, tmp_path, capsys):
    (tmp_path / "large").mkdir()
    save_network(tmp_path / "large" / "model.safetensors", tiny_generator(1))
    places = {
        "DATA": data,
        "OTHERS": draw_pictures(tmp_path / "others", 60),
        "FACES": generator,
        "LARGE": tmp_path / "large",
        "OTHER_TASK": plant(tmp_path / "colours", "colorize", data),
    }
    folder = plant(tmp_path / "it", task, data)
    assert run(folder, *[places.get(argument, argument) for argument in arguments]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("gan.evaluate: ") and says in said
    assert not (folder / "metrics.jsonl").exists()


def test_lines_of_tasks_unknown_here_are_passed_over_and_others_stay(extractor, data, tmp_path):
    folder = plant(tmp_path / "colours", "colorize", data)
    line = measured(folder, data, "--count", "2")
    with open(folder / "metrics.jsonl", "a") as file:
        for task in ("sharpen", ["colorize"], None, "generate"):
            file.write(json.dumps(line | {"task": task}) + "\n")
    assert read_metrics(folder) == [line]
