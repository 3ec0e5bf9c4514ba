"""Several pictures in one zip."""

import io
import zipfile

from PIL import Image

from gan.ui.encode import with_recipe
from gan.ui.saving import zip_of


def test_pictures_of_one_name_are_numbered_in_a_zip():
    colours = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255)}
    pictures = [("drawing", "red"), ("seed-1", "green"), ("drawing", "blue")]
    packed = zip_of((name, with_recipe(Image.new("RGB", (2, 2), colour), {"seed": 1})) for name, colour in pictures)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["drawing.png", "seed-1.png", "drawing-2.png"]
        for name, (_, colour) in zip(archive.namelist(), pictures, strict=True):
            with Image.open(io.BytesIO(archive.read(name))) as image:
                assert image.getpixel((0, 0)) == colours[colour]
