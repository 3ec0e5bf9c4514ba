"""Whose pictures a model learned from, first and last: what is handed on, and the words for it."""

import pytest
from test_publish import HOSTILE

from gan.publishing.provenance import author_of, handed_on, learned_before, owner_of, trademarks_of

OF_POKEMON = {"data": {"name": "pokemon", "fingerprint": "one"}}
OF_MOSS = {"data": {"name": "folder", "fingerprint": "two"}, "author": "A. Artist"}
TRADEMARK = "Pokémon is a trademark of Nintendo, Creatures and GAME FREAK"


@pytest.mark.parametrize(
    ("theirs", "dataset", "fingerprint", "expected"),
    [
        (OF_POKEMON, "folder", "two", ["pokemon"]),
        (OF_POKEMON, "pokemon", "one", []),
        (OF_POKEMON, "pokemon", "a copy that lacks some", []),
        (OF_MOSS, "folder", "two", []),
        (OF_MOSS, "folder", "three", ["folder"]),
        (OF_MOSS | {"learned_before": ["pokemon"]}, "folder", "two", ["pokemon"]),
        (OF_MOSS | {"learned_before": ["pokemon"]}, "anime", "three", ["pokemon", "folder"]),
        ({}, "folder", "two", ["folder"]),
        (OF_POKEMON, "folder", "one", ["pokemon"]),
        (OF_MOSS | {"learned_before": ["anime"]}, "anime", "one", ["folder"]),
    ],
)
def test_a_run_is_handed_on_what_its_networks_learned_from(theirs, dataset, fingerprint, expected):
    assert handed_on(theirs, dataset, fingerprint) == expected


def test_the_pictures_of_before_are_named_with_their_trademark():
    assert owner_of(OF_MOSS) == "The pictures are by A. Artist" and trademarks_of(OF_MOSS) == []
    both = OF_MOSS | {"learned_before": ["pokemon"]}
    before = "the model's networks had learned from 819 Pokémon pictures from Kaggle before"
    assert owner_of(both) == f"The pictures are by A. Artist; {before}; {TRADEMARK}"
    assert trademarks_of(both) == trademarks_of(OF_POKEMON) == [TRADEMARK]


def test_an_author_made_all_that_a_model_learned_from_or_is_not_named_for_it():
    assert author_of(OF_MOSS) == "A. Artist"
    assert author_of(OF_POKEMON | {"author": "A. Artist"}) == ""
    assert [author_of(OF_MOSS | {"learned_before": [name]}) for name in ("anime", "folder")] == ["", ""]


@pytest.mark.parametrize("told", [HOSTILE, None, 3, {"pokemon": 1}, [HOSTILE, None, ["pokemon"], {}]])
def test_what_others_wrote_there_is_nothing(told):
    config = OF_MOSS | {"learned_before": told}
    assert learned_before(config) == () and learned_before(OF_POKEMON | {"learned_before": ["pokemon"] * 9}) == ()
    assert learned_before(OF_MOSS | {"learned_before": ["pokemon"] * 100_000}) == ("pokemon",)
    assert owner_of(config) == "The pictures are by A. Artist"
    assert handed_on(config, "folder", "two") == []
