"""Networks beside the generators: which are found, whose they are, and when they are read."""

import gradio as gr
import pytest
from served import plant, plant_aide, tiny_model

from gan.data.datasets import DATASETS
from gan.files import read_json, write_json
from gan.ui import aides
from gan.ui.aides import Aides
from gan.ui.loaded import find_aides, split


def model(source):
    return tiny_model("alpha", described={"data": {"name": source}})


@pytest.fixture
def folders(tmp_path):
    return [
        plant_aide(tmp_path / "colours", "colorize"),
        plant_aide(tmp_path / "colours-faces", "colorize", "anime"),
        plant_aide(tmp_path / "enlarges", "upscale"),
    ]


def test_they_are_told_from_generators_and_from_what_is_neither(folders, tmp_path):
    generator = plant(tmp_path / "alpha", 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text("[")
    assert split([generator, *folders]) == ([generator], folders)
    assert find_aides(tmp_path) == folders
    assert find_aides(tmp_path / "nowhere") == []


def test_a_model_has_those_of_its_own_data_and_drawings_are_coloured_by_any(folders):
    found = Aides(folders)
    assert found.colourer(model("anime")).name == "colours-faces"
    assert found.colourer(model("pokemon")).name == found.colourer(model("folder")).name == "colours"
    assert found.enlarger(model("pokemon")).name == "enlarges"
    assert found.enlarger(model("anime")) is None and found.enlarger(tiny_model("alpha")) is None
    assert found.can_colour() and found.can_enlarge([model("anime"), model("pokemon")])
    assert not Aides().can_colour() and Aides().colourer(model("pokemon")) is None


def test_drawings_of_nobodys_data_are_coloured_by_what_paints_largest(folders):
    for folder, arguments in zip(folders, ({"image_size": 64}, {"image_size": 128}, None), strict=True):
        described = read_json(folder / "config.json")
        write_json(folder / "config.json", described | {"generator": arguments})
    found = Aides(folders)
    assert found.colourer(model("folder")).name == "colours-faces"
    assert found.colourer(model("pokemon")).name == "colours"


def test_of_peoples_folders_only_the_same_pictures_are_the_models_own(tmp_path):
    folder = plant_aide(tmp_path / "enlarges", "upscale", "folder")
    described = read_json(folder / "config.json")
    write_json(folder / "config.json", described | {"data": described["data"] | {"fingerprint": "logos"}})
    found = Aides([folder])
    for fingerprint, there in [("logos", True), ("cats", False), (None, False), (["logos"], False)]:
        cats = tiny_model("cats", described={"data": {"name": "folder", "fingerprint": fingerprint}})
        assert bool(found.enlarger(cats)) is there


def test_weights_are_read_once_and_not_before_they_are_needed(folders, monkeypatch):
    read = []
    load = aides.load_with_digest
    monkeypatch.setattr(aides, "load_with_digest", lambda *given: read.append(given) or load(*given))
    aide = Aides(folders).colourer(model("pokemon"))
    assert aide.learned and not read
    assert aide.network is aide.network and len(aide.weights) == 16
    assert len(read) == 1


def test_one_that_is_damaged_is_told_in_a_sentence_without_the_way_to_it(folders, tmp_path):
    weights = folders[0] / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-50])
    with pytest.raises(gr.Error) as refusal:
        _ = Aides(folders).colourer(model("pokemon")).network
    assert "colours" in refusal.value.message and str(tmp_path) not in refusal.value.message


def test_what_it_learned_from_is_all_of_it(folders):
    described = read_json(folders[0] / "config.json")
    write_json(folders[0] / "config.json", described | {"learned_before": ["anime"]})
    aide = Aides(folders).colourer(model("pokemon"))
    assert aide.learned == f"{DATASETS['anime'].source} and then {DATASETS['pokemon'].source}"
