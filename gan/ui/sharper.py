"""Sharper: the third way of enlarging. A second network guesses details; the picture's recipe says so."""

from typing import Any

import gradio as gr
from PIL import Image, ImageOps
from torch import Tensor

from gan.images import from_pil, to_pil
from gan.translation.apply import upscale as enlarge_images
from gan.ui.arguments import read_fields, read_fraction, read_seeds
from gan.ui.components import LAST_WINS, NETWORKS, SharperValue, wishes
from gan.ui.encode import lossless_uri, with_recipe
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen
from gan.ui.studio import NO_ENLARGER, Studio
from gan.ui.uploads import read_upload

SHARPER = "Sharper"  # beside Smooth and Pixels
GUESSED = "Details guessed by a second network."


def sharpen(studio: Studio, model: LoadedModel, images: Tensor) -> Tensor:
    """Return a model's pictures (N, 3, H, W), four times as large."""
    return enlarge_images(studio.enlarger(model).network, images)


def sharper_picture(studio: Studio, model: LoadedModel, specimen: Specimen) -> Image.Image:
    """Return one picture, sharper, ready to be saved as PNG."""
    picture = to_pil(sharpen(studio, model, model.draw(specimen.z(model)[None]))[0])
    return with_recipe(picture, specimen.recipe(model) | {"sharper": studio.enlarger(model).weights})


def build_sharper(studio: Studio) -> None:
    """Let the stage ask for sharper pictures, and offer /upscale to programs."""

    def at_rest(told: Any) -> SharperValue:
        recipe = dict(read_fields(read_fields(told).get("recipe")))
        model, specimen = studio.in_hand(recipe)
        if not studio.aides.enlarger(model):
            return {"sharper": None, "of": recipe, "say": NO_ENLARGER.format(title=model.title)}
        return {"sharper": lossless_uri(sharper_picture(studio, model, specimen)), "of": recipe, "say": GUESSED}

    def upscale(image: Any = None, seed: Any = None, model: Any = None, wildness: Any = None) -> Image.Image:
        """Make one picture four times as large, 256 pixels a side; the details are guessed by a second network.

        Args:
            image: an image file, whose middle is reduced to the size of the model's pictures first; without one, the
                model's own picture of the seed.
            seed: a whole number from 0 to 4,294,967,295.
            model: a model of this page, whose pictures the network learned from; the first one by itself.
            wildness: 0 to 1, of the seed's picture.
        """
        chosen = studio.asked_of(model)
        if image is None:
            specimen = Specimen(read_seeds(seed, 1)[0], wildness=read_fraction(wildness, "Wildness", 1.0))
            return sharper_picture(studio, chosen, specimen)
        side = chosen.generator.image_size
        small = ImageOps.fit(read_upload(image, "The image"), (side, side), Image.Resampling.BOX)
        large = to_pil(sharpen(studio, chosen, from_pil(small))[0])
        return with_recipe(large, {"sharper": studio.enlarger(chosen).weights})

    image = gr.Image(visible=False, label="Image")
    seed = gr.Number(1, visible=False, label="Seed")
    wildness = gr.Slider(0, 1, 1, visible=False, label="Wildness")
    picture = gr.Image(visible=False, label="Picture", format="png")
    rested = wishes(studio.stage, studio.stage.release)
    rested.change(at_rest, rested, studio.stage, **LAST_WINS)
    gr.on(
        [], upscale, [image, seed, studio.model, wildness], picture,
        preprocess=False, api_name="upscale", **NETWORKS,
    )  # fmt: skip
