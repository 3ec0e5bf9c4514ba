"""Pictures as files: the one in hand as the network drew it, or large; several in a zip."""

import io
import zipfile
from collections import Counter
from collections.abc import Iterable
from typing import Any

import gradio as gr
from PIL import Image

from gan.ui.components import NETWORKS, PRIVATE
from gan.ui.encode import enlarge, png_bytes
from gan.ui.sharper import SHARPER, sharper_picture
from gan.ui.studio import Studio, file, saved_name, saved_picture

LARGE = 8  # times, where a large PNG is asked for


def build_saving(studio: Studio, save: gr.Button, save_large: gr.Button) -> None:
    """Let the two buttons save the picture in hand."""

    def save_picture(in_hand: Any) -> dict[str, Any]:
        chosen, specimen = studio.in_hand(in_hand)
        return file(f"{saved_name(chosen, specimen)}.png", "image/png", png_bytes(saved_picture(chosen, specimen)))

    def save_enlarged(in_hand: Any, how: Any) -> dict[str, Any]:
        chosen, specimen = studio.in_hand(in_hand)
        picture = saved_picture(chosen, specimen)
        sharp = sharper_picture(studio, chosen, specimen) if how == SHARPER else picture
        large = enlarge(sharp, LARGE * picture.width // sharp.width, how != "Pixels")
        large.info |= sharp.info
        return file(f"{saved_name(chosen, specimen)}-large.png", "image/png", png_bytes(large))

    save.click(save_picture, studio.hand, studio.files, **NETWORKS, **PRIVATE)
    save_large.click(save_enlarged, [studio.hand, studio.style], studio.files, **NETWORKS, **PRIVATE)


def zip_of(pictures: Iterable[tuple[str, Image.Image]]) -> bytes:
    """Return a zip of PNGs, each with its recipe; of pictures of one name the second is NAME-2."""
    buffer, taken = io.BytesIO(), Counter[str]()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, picture in pictures:
            taken[name] += 1
            number = f"-{taken[name]}" if taken[name] > 1 else ""
            archive.writestr(f"{name}{number}.png", png_bytes(picture))
    return buffer.getvalue()
