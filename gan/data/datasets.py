"""The data sets that have a name, a row of DATASETS each: where their pictures come from, and whose they are."""

from typing import NamedTuple


class Dataset(NamedTuple):
    """Where the pictures are, and what is said of them in clauses without a full stop."""

    slug: str  # on Kaggle; "": nowhere, whoever trains brings them
    folder: str  # what of the download is used
    source: str
    owner: str
    trademark: str = ""  # "": none
    held_out: float = 0.05  # share of the pictures that tasks measured on unseen ones keep from training
    numbered: bool = False  # names begin with a number, and those of one number show one thing


DATASETS = {
    "pokemon": Dataset(
        slug="kvpratama/pokemon-images-dataset",
        folder="pokemon_jpg",  # they come twice, as PNG with transparency too
        source="819 Pokémon pictures from Kaggle",
        owner="The pictures belong to their owners",
        trademark="Pokémon is a trademark of Nintendo, Creatures and GAME FREAK",
        held_out=0.1,
        numbered=True,
    ),
    "anime": Dataset(
        slug="splcher/animefacedataset",
        folder="images",
        source="anime faces from Kaggle",
        owner="The pictures belong to the artists who drew them",
    ),
    "folder": Dataset(
        slug="",
        folder="",
        source="a folder of pictures",
        owner="The pictures belong to their owners",
    ),
}
DOWNLOADED = [name for name, dataset in DATASETS.items() if dataset.slug]


def kaggle_page(slug: str) -> str:
    """Return the address of a data set on Kaggle."""
    return f"https://www.kaggle.com/datasets/{slug}"
