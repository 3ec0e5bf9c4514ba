"""A data set is one row: what names, fetches and credits it follows from there."""

import pytest
from served import plant

import train
from gan.config import CHOICES, RECIPES
from gan.data.datasets import DATASETS, DOWNLOADED, kaggle_page
from gan.files import read_json, write_json
from gan.publishing.card import card_text
from gan.ui.demo import trademarks
from gan.ui.loaded import load_models
from gan.words import listed


@pytest.mark.parametrize("name", DATASETS)
def test_a_row_is_all_there_is_to_a_data_set(name):
    row = DATASETS[name]
    assert bool(row.slug) == bool(row.folder) == (name in DOWNLOADED) and row.source
    assert not any(clause.endswith(".") for clause in (row.source, row.owner, row.trademark))
    assert name in RECIPES and name in CHOICES["dataset"]


def test_the_command_line_names_every_row(cli):
    assert f"{{{','.join(DATASETS)}}}" in train.build_parser().format_help()
    assert listed(DOWNLOADED, "or") in cli("--dry-run").err


@pytest.mark.parametrize("name", [*DATASETS, "a stranger's"])
def test_card_and_page_say_whose_the_pictures_are(name, tmp_path):
    row = DATASETS.get(name, DATASETS["folder"])
    planted = plant(tmp_path / "alpha", 1, (1,))
    described = read_json(planted / "config.json")
    described["data"]["name"] = name
    write_json(planted / "config.json", described)
    text, said = card_text(planted), trademarks([model.described for model in load_models([planted])[0]])
    assert row.source in text and f"{row.owner}{'; ' if row.trademark else '.'}" in text
    assert (kaggle_page(row.slug) in text) == bool(row.slug)
    for other in DATASETS.values():
        shown = bool(other.trademark) and other is row
        assert not other.trademark or (other.trademark in text) == (other.trademark in said) == shown
