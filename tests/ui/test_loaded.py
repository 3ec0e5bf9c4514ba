"""What the page reads at its start: good folders, damaged ones, histories with holes."""

import json

import pytest
import torch
from conftest import locked
from hostile import HUGE, write_corpus

from gan.checkpoints import save_network
from gan.files import write_json
from gan.folder import SAMPLES, SNAPSHOTS, epoch_file, write_grid, write_history
from gan.models import Generator
from gan.publishing.provenance import learned_from
from gan.translation.networks import Colorizer
from gan.ui.loaded import find_checkpoints, for_visitors, load_models
from gan.ui.specimen import Specimen
from gan.ui.tabs.about import about
from gan.ui.tabs.training import curves_of, player_of, reals_of
from gan.ui.through_training import way_of


def checkpoint(folder):
    folder.mkdir(parents=True)
    save_network(folder / "model.safetensors", Generator(base_channels=8, image_size=32))
    return folder


def test_folders_with_weights_are_found_by_name(tmp_path):
    for name in ("beta", "alpha"):
        checkpoint(tmp_path / name)
    (tmp_path / "notes").mkdir()
    assert [path.name for path in find_checkpoints(tmp_path)] == ["alpha", "beta"]
    assert find_checkpoints(tmp_path / "nowhere") == []


def test_networks_of_other_tasks_are_passed_over_and_one_that_is_asked_for_is_a_sentence(tmp_path):
    checkpoint(tmp_path / "alpha")
    colours = tmp_path / "colours"
    colours.mkdir()
    save_network(colours / "model.safetensors", Colorizer(4, 32))
    write_json(colours / "config.json", {"task": "colorize"})
    assert find_checkpoints(tmp_path) == [tmp_path / "alpha"]
    models, problems = load_models([colours, tmp_path / "alpha"])
    assert [model.name for model in models] == ["alpha"]
    assert problems == (
        f"{colours}/model.safetensors: is a network that colours drawings, not a generator of pictures",
    )


def test_a_folder_that_cannot_be_looked_into_is_named_and_the_others_load(tmp_path):
    _, bad = checkpoint(tmp_path / "good"), checkpoint(tmp_path / "bad")
    with locked(bad):
        models, problems = load_models(find_checkpoints(tmp_path))
    assert [model.name for model in models] == ["good"]
    assert problems == (f"{bad}/model.safetensors: cannot be read (Permission denied)",)


def test_a_damaged_folder_is_named_and_the_others_load(tmp_path):
    good, bad = checkpoint(tmp_path / "good"), checkpoint(tmp_path / "bad")
    (bad / "model.safetensors").write_bytes(b"nonsense")
    models, problems = load_models([bad, good])
    assert [model.name for model in models] == ["good"]
    assert len(problems) == 1 and str(bad) in problems[0]
    (shown,) = for_visitors(problems, [bad, good])
    assert shown == problems[0].replace(f"{tmp_path}/", "") and shown.startswith("bad/model.safetensors: ")


def test_names_are_distinct_and_a_folder_counts_once(tmp_path):
    first, second = checkpoint(tmp_path / "a" / "cats"), checkpoint(tmp_path / "b" / "cats")
    models, _ = load_models([first, second, first])
    assert [model.name for model in models] == ["cats", "b/cats"]


def test_a_history_with_holes_is_read(tmp_path):
    folder = checkpoint(tmp_path / "model")
    (folder / "history.jsonl").write_text(
        '{"epoch": 2, "loss_d": NaN, "loss_g": 1.5, "event": "stage: lr 1"}\n'
        '{"epoch": 1, "loss_d": 9}\n{"epoch": 1, "loss_d": 0.5}\n{"loss_d": 3}\n[]\n{"epoch": 3, "lo'
    )
    (model,), _ = load_models([folder])
    curves = curves_of(model)
    assert curves["epoch"] == [1, 2]
    assert curves["loss_d"] == [0.5, None]
    assert curves["loss_g"] == [None, 1.5]
    assert curves["marks"] == [{"epoch": 2, "text": "stage: lr 1"}]
    assert player_of(model, Specimen(1), 0, False)["labels"] == []


def one(folder):
    (model,), problems = load_models([folder])
    assert problems == ()
    return model


def test_a_folder_full_of_oddities_does_no_harm(tmp_path):
    folder = checkpoint(tmp_path / "odd")
    lines = [
        "[" * 200_000,
        '{"epoch": 1, "loss_d": 1' + "0" * 30 + ', "event": "\\ud800", "extra": {}}',
        '{"epoch": 1e300}',
    ]
    (folder / "history.jsonl").write_text("\n".join(lines))
    secret = tmp_path / "secret.webp"
    write_grid(secret, torch.zeros(1, 3, 8, 8))
    (folder / "samples").mkdir()
    (folder / "samples" / "epoch-0001.webp").mkdir()
    (folder / "samples" / "epoch-0002.webp").symlink_to(secret)
    (folder / "samples" / "epoch-0003.webp").write_text("no picture")
    (folder / "samples" / f"epoch-{'9' * 30}.webp").write_bytes(secret.read_bytes())
    (folder / "reals.webp").symlink_to(secret)
    model = one(folder)
    assert model.samples == {} and model.reals is None
    (line,) = model.history
    assert line["epoch"] == 1 and line["loss_d"] is None and line["event"] == "?" and "extra" not in line


def test_what_cannot_be_read_at_all_is_a_sentence(tmp_path, monkeypatch):
    def refuse(folder):
        raise PermissionError("no")

    monkeypatch.setattr("gan.ui.loaded.read_history", refuse)
    models, problems = load_models([checkpoint(tmp_path / "shut")])
    assert models == () and "shut" in problems[0]


def test_of_many_snapshots_the_newest_are_offered(tmp_path):
    folder = checkpoint(tmp_path / "long")
    for epoch in range(1, 101):
        path = epoch_file(folder, SNAPSHOTS, epoch)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert list(one(folder).snapshots) == list(range(93, 101))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Strangers' folders, whether each may be shown, and what the page reads of them beside a good one."""
    root = tmp_path_factory.mktemp("corpus")
    folders = write_corpus(root / "odd")
    return root, folders, *load_models([*folders, checkpoint(root / "good")])


@pytest.mark.slow
def test_of_strangers_folders_each_is_a_sentence_or_harmless_and_the_good_one_is_shown(corpus):
    root, folders, models, problems = corpus
    assert len(folders) >= 150
    assert {model.folder for model in models} == {root / "good", *(path for path, shown in folders.items() if shown)}
    assert len(problems) == list(folders.values()).count(False)
    assert all(problem.isprintable() and len(problem) < 600 for problem in problems)
    assert not [problem for problem in problems if "Error)" in problem]  # each is told in words


def test_what_the_page_says_of_strangers_models_can_be_sent(corpus):
    _, _, models, _ = corpus
    assert len({model.name for model in models}) == len(models)
    for model in models:
        shown = [
            player_of(model, Specimen(7), 0, True),
            curves_of(model),
            reals_of(model, True),
            about(model, at_home=True),
            [model.title, model.picked, model.direction_names],
        ]
        if model.snapshots:
            shown.append(way_of(model, Specimen(7).z(model)))
        assert len(json.dumps(shown, allow_nan=False, ensure_ascii=False).encode()) < 1_500_000


def test_a_long_history_is_thinned_evenly_and_keeps_events_and_what_is_shown(tmp_path):
    folder = checkpoint(tmp_path / "long")
    events = {epoch: f"event {epoch}" for epoch in range(3, 62_500, 251)}  # 249 of them
    write_history(folder, [{"epoch": epoch, "event": events.get(epoch)} for epoch in range(1, 62_501)])
    write_grid(epoch_file(folder, SAMPLES, 777), torch.zeros(1, 3, 8, 8))
    history = one(folder).history
    epochs = {line["epoch"] for line in history}
    assert len(epochs) == len(history) < 2_300
    assert {1, 777, 62_500, *range(32, 62_501, 32)} <= epochs
    assert [line["event"] for line in history if line["event"]] == list(events.values())[-200:]


def test_a_picture_behind_a_linked_folder_is_not_sent(tmp_path):
    folder = checkpoint(tmp_path / "model")
    write_grid(epoch_file(tmp_path / "private", SAMPLES, 1), torch.zeros(1, 3, 8, 8))
    (folder / "samples").symlink_to(tmp_path / "private" / "samples")
    assert one(folder).samples == {}


def test_what_a_model_learned_from_is_read_in_its_config_not_in_its_name(tmp_path):
    folder = checkpoint(tmp_path / "pokemon")
    for config, learned in (
        ({}, ""),
        ({"data": {"name": "folder"}, "train": {"recipe": "pokemon"}}, "folder"),
        ({"data": {"name": "pokemon"}}, "pokemon"),
        ({"train": {"recipe": "pokemon-report"}}, "pokemon"),
        ({"data": [], "train": HUGE}, ""),
    ):
        write_json(folder / "config.json", config)
        assert learned_from(one(folder).described) == learned
