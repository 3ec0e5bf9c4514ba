"""python -m gan.translation.colorize: odd drawings, palettes and places end in a result or a sentence."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps

from gan.checkpoints import save_network
from gan.translation import colorize
from gan.translation.apply import on_white
from gan.translation.networks import Colorizer


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A checkpoint folder with a tiny network that was never trained."""
    folder = tmp_path_factory.mktemp("network")
    torch.manual_seed(0)
    save_network(folder / "model.safetensors", Colorizer(2, 32))
    return folder


@pytest.fixture
def run(network, capsys):
    """Run the command; return its status, what it printed, and its complaints."""

    def run(*arguments, checkpoint=network):
        try:
            status = colorize.main([*map(str, arguments), *(["--checkpoint", str(checkpoint)] if checkpoint else [])])
        except SystemExit as end:  # argparse
            status = end.code
        return status, *capsys.readouterr()

    return run


def draw(path: Path, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Path:
    image = Image.new("L", size, 255)
    ImageDraw.Draw(image).line((0, 0, *size), fill=0, width=2)
    path.parent.mkdir(exist_ok=True)
    image.convert(mode).save(path)
    return path


@pytest.mark.parametrize("suffix", sorted(colorize.SUFFIXES))
def test_a_result_has_the_format_that_its_name_says_and_its_folder_is_made(suffix, run, tmp_path):
    result = tmp_path / "new" / f"result{suffix.upper()}"
    assert run(draw(tmp_path / "a.png"), result)[0] == 0
    with Image.open(result) as image:
        assert image.size == (40, 30)
        assert suffix in {end for end, kind in Image.registered_extensions().items() if kind == image.format}
    assert [path.name for path in result.parent.iterdir()] == [result.name]


@pytest.mark.parametrize("suffix", [".bmp", ".gif", ".jpg", ".png", ".webp"])
def test_what_is_transparent_is_so_in_the_file_or_lies_on_white(suffix, tmp_path):
    image = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((10, 10, 30, 20), fill=(200, 30, 30, 128))
    colorize.save(image, tmp_path / f"a{suffix}")
    with Image.open(tmp_path / f"a{suffix}") as saved:
        shown = on_white(saved)
    for place, colour in (((2, 2), (255, 255, 255)), ((20, 15), (227, 142, 142))):
        assert np.abs(np.subtract(shown.getpixel(place), colour)).max() < 12


def test_light_lines_on_dark_are_refused_in_a_sentence(run, tmp_path):
    drawing = draw(tmp_path / "a.png", (400, 300))
    with Image.open(drawing) as image:
        ImageOps.invert(image.convert("L")).save(drawing)
    status, _, complaints = run(drawing, tmp_path / "b.png")
    assert status == 2 and "light on dark" in complaints and not (tmp_path / "b.png").exists()


@pytest.mark.parametrize("size", [(70_000, 16), (16, 70_000)])
@pytest.mark.parametrize("paper", [255, 60])
def test_a_line_far_longer_than_wide_keeps_a_pixel(size, paper, run, tmp_path):
    assert run(draw(tmp_path / "a.png", size), tmp_path / "b.png")[0] == 0
    with Image.open(tmp_path / "b.png") as image:
        assert max(image.size) == 2_048 and min(image.size) == max(1, round(16 * 2_048 / max(size)))


def test_a_drawing_that_is_none_is_told_of_beside_the_others(run, tmp_path):
    for name in ("a.png", "c.png"):
        draw(tmp_path / "drawings" / name)
    Image.new("L", (40, 40)).save(tmp_path / "drawings" / "b.png")
    (tmp_path / "drawings" / "._c.png").write_bytes(b"as another system leaves them")
    os.mkfifo(tmp_path / "drawings" / "pipe.png")
    status, printed, complaints = run(tmp_path / "drawings", tmp_path / "out")
    assert status == 2
    assert [Path(line).name for line in printed.splitlines()] == ["a.png", "c.png"]
    assert "b.png: all of it comes out in one single colour" in complaints
    assert "pipe.png: is no plain file" in complaints
    assert len(complaints.splitlines()) == 2


def test_drawings_of_one_name_have_results_of_their_own(run, tmp_path):
    for name in ("a.png", "A.jpg", "b.bmp"):
        draw(tmp_path / "drawings" / name)
    assert run(tmp_path / "drawings", tmp_path / "out")[0] == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.png.png", "A.jpg.png", "b.png"}


def test_no_result_replaces_a_drawing(run, tmp_path):
    drawing = draw(tmp_path / "drawings" / "a.png")
    content = drawing.read_bytes()
    (tmp_path / "same").symlink_to("drawings")
    for places in (
        (drawing, drawing),
        (drawing, drawing.parent),
        (drawing, tmp_path / "same" / "a.png"),
        (drawing.parent, drawing.parent),
        (drawing.parent, tmp_path / "same"),
    ):
        status, _, complaint = run(*places)
        assert status == 2 and "is a drawing, which its result would replace" in complaint
    assert drawing.read_bytes() == content


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        ("b.xyz", "what format"),
        ("b", "what format"),
        ("b.pdf", "what format"),
        ("a.png/b.png", "the folder cannot be made"),
        (f"{'x' * 300}.png", "cannot be written (File name too long)"),
    ],
)
def test_a_result_that_cannot_be_written_is_a_sentence(result, complaint, run, tmp_path):
    draw(tmp_path / "a.png")
    status, _, said = run(tmp_path / "a.png", tmp_path / result)
    assert status == 2 and complaint in said and "[Errno" not in said


@pytest.mark.parametrize("name", ["missing.png", f"{'x' * 300}.png"])
def test_a_drawing_that_is_not_there_is_a_sentence(name, run, tmp_path):
    status, _, complaint = run(tmp_path / name, tmp_path / "b.png")
    assert status == 2 and "no such file or folder" in complaint


def test_a_folder_of_drawings_needs_a_folder_for_the_results(run, tmp_path):
    drawing = draw(tmp_path / "drawings" / "a.png")
    other = draw(tmp_path / "b.png")
    status, _, complaint = run(drawing.parent, other)
    assert status == 2 and "the drawings of a folder need a folder for their results" in complaint


@pytest.mark.parametrize("palette", ["red", "", "#fff", ",".join(["#ffffff"] * 6), "\x1b[31m"])
def test_a_bad_palette_is_told_what_a_good_one_is(palette, run, tmp_path):
    status, _, complaint = run(draw(tmp_path / "a.png"), tmp_path / "b.png", "--palette", palette)
    assert status == 2 and 'give one to five colours, as in "#e23d28,#f7d354"' in complaint
    assert "\x1b" not in complaint


def test_a_postscript_program_named_png_is_never_run(run, tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "program.eps")
    hints = (tmp_path / "program.eps").rename(tmp_path / "hints.png")
    status, _, complaint = run(draw(tmp_path / "a.png"), tmp_path / "b.png", "--hints", hints)
    assert status == 2 and "no JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF" in complaint


def test_hints_are_as_large_as_a_picture_may_be(run, tmp_path):
    Image.new("1", (11_000, 9_100)).save(tmp_path / "hints.png")
    status, _, complaint = run(draw(tmp_path / "a.png"), tmp_path / "b.png", "--hints", tmp_path / "hints.png")
    assert status == 2 and "hints.png: over 100 megapixels" in complaint


def test_hints_that_would_cover_everything_are_told_of(run, tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "hints.png")
    status, _, complaint = run(draw(tmp_path / "a.png"), tmp_path / "b.png", "--hints", tmp_path / "hints.png")
    assert status == 2 and "hints.png: nothing of it is transparent" in complaint


def test_without_a_network_the_command_that_trains_one_is_named(run, tmp_path, monkeypatch):
    monkeypatch.setattr(colorize, "CHECKPOINT", tmp_path / "none")
    status, _, complaint = run(draw(tmp_path / "a.png"), tmp_path / "b.png", checkpoint=None)
    assert status == 2 and "python train.py --task colorize" in complaint
