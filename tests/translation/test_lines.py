"""Drawings: where their lines lie, what each style makes of a disc and of two colours, and that none ever fails."""

import cv2
import numpy as np
import pytest
import torch

from gan.translation.lines import STYLES, Style, _paths, _thinned, draw, silhouette, trace, wear, xdog

SIDE = 64
CENTRE, RADIUS = 32, 20


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def distance(side: int = SIDE) -> np.ndarray:
    """How far each pixel is from the middle of the disc."""
    y, x = np.mgrid[:side, :side]
    return np.hypot(x - CENTRE, y - CENTRE)


def disc() -> np.ndarray:
    """A red disc on white with a black outline two pixels wide, as creatures are drawn."""
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    picture[distance() <= RADIUS + 1] = 0
    picture[distance() <= RADIUS - 1] = (220, 60, 40)
    return picture


def two_colours() -> np.ndarray:
    """Blue on the left, yellow on the right, without an outside."""
    picture = np.full((SIDE, SIDE, 3), (250, 220, 60), np.uint8)
    picture[:, : SIDE // 2] = (30, 60, 160)
    return picture


def hostile() -> dict[str, np.ndarray]:
    white = np.full((SIDE, SIDE, 3), 255, np.uint8)
    dot = white.copy()
    dot[40, 20] = 0
    return {
        "white": white,
        "black": np.zeros_like(white),
        "one colour": np.full_like(white, 90),
        "one dot": dot,
        "noise": rng(1).integers(0, 256, white.shape, np.uint8),
        "photograph": cv2.GaussianBlur(rng(2).integers(0, 256, white.shape, np.uint8), (0, 0), 3),
        "stripes": np.where(np.arange(SIDE)[:, None, None] % 2 == 0, white, np.uint8(0)),
    }


def test_xdog_is_one_on_paper_and_less_on_a_line():
    images = torch.ones(2, 3, 16, 16)
    images[:, :, 8] = -1
    lines = xdog(images, 0.4)
    assert lines.shape == (2, 1, 16, 16) and lines.dtype == torch.float32
    assert lines.min() >= 0 and lines.max() <= 1
    assert (lines[:, :, 8] < 0.01).all() and (lines[:, :, [0, 1, 14, 15]] > 0.9).all()


def test_xdog_takes_a_flat_black_for_no_line_and_a_step_for_one_on_its_dark_side():
    assert (xdog(-torch.ones(1, 3, 16, 16), 0.4) > 0.9).all()
    step = torch.ones(1, 3, 16, 16)
    step[..., :8] = -0.5
    lines = xdog(step, 0.4)[0, 0]
    assert (lines[:, 7] < 0.1).all() and (lines[:, 8:] > 0.9).all() and (lines[:, 0] > 0.9).all()


def test_xdog_has_the_gradient_of_finite_differences_also_where_there_is_no_line_yet():
    images = torch.rand(1, 3, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).mul(2).sub(1)
    assert torch.autograd.gradcheck(lambda x: xdog(x, 0.5), images.requires_grad_())
    flat = torch.ones(1, 3, 16, 16, requires_grad=True)
    xdog(flat, 0.4)[0, 0, 8, 8].backward()
    assert flat.grad[0, :, 8, 8].abs().min() > 1e-3


def test_a_silhouette_is_the_disc_with_the_white_in_it():
    picture = disc()
    picture[distance() <= 8] = 255
    assert np.array_equal(silhouette(picture), distance() <= RADIUS + 1)


def test_a_silhouette_passes_over_what_jpeg_leaves_and_over_dirt():
    encoded = cv2.imencode(".jpg", disc(), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert picture[distance() > RADIUS + 6].min() < 255, "the encoder left no noise to pass over"
    found = silhouette(picture)
    assert not found[distance() > RADIUS + 3].any() and found[distance() <= RADIUS].all()
    large = np.full((256, 256, 3), 255, np.uint8)
    large[100:150, 100:150] = 40
    large[20, 20] = 0
    assert silhouette(large).sum() == 50 * 50


def test_the_outside_leaks_through_no_gap_of_two_pixels():
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    picture[16:48, 16:48] = 0
    picture[18:46, 18:46] = 255
    picture[16:18, 30:32] = 255
    assert silhouette(picture)[20:44, 20:44].all()


def test_a_picture_without_an_outside_is_inside_to_its_rim():
    assert silhouette(two_colours()).all()
    assert not silhouette(np.full((SIDE, SIDE, 3), 255, np.uint8)).any()


@pytest.mark.parametrize("style", STYLES)
def test_each_style_draws_the_disc_where_it_is(style: str):
    inside = silhouette(disc())
    for seed in range(5):
        drawing = STYLES[style](disc(), inside, rng(seed))
        assert drawing.shape == (SIDE, SIDE) and drawing.dtype == np.uint8
        ink = drawing < 128
        away = np.abs(distance() - RADIUS)[ink]
        assert len(away) > 40 and np.quantile(away, 0.9) < 5
        assert (drawing[distance() > RADIUS + 10] > 200).all()


@pytest.mark.parametrize("style", [name for name in STYLES if name != "silhouette"])
def test_each_style_draws_the_border_of_two_colours(style: str):
    everywhere = np.ones((SIDE, SIDE), bool)
    for seed in range(5):
        rows, columns = np.nonzero(STYLES[style](two_colours(), everywhere, rng(seed)) < 128)
        assert len(set(rows)) > 0.6 * SIDE
        assert np.abs(columns - SIDE / 2).max() < 12


def test_the_silhouette_style_leaves_out_what_is_within():
    picture = disc()
    picture[28:36, 28:36] = 0
    drawing = STYLES["silhouette"](picture, silhouette(picture), rng())
    assert (drawing[distance() < 10] == 255).all()
    assert (STYLES["silhouette"](two_colours(), np.ones((SIDE, SIDE), bool), rng()) == 255).all()


def test_an_outline_is_traced_no_further_than_the_picture_and_one_without_an_outside_has_its_lines_alone():
    half = disc()[:, SIDE // 2 :].repeat(2, axis=0).repeat(2, axis=1)  # it goes on to the left of the rim
    paths = trace(half, silhouette(half))
    x, y = np.concatenate(paths).T
    assert x.min() < 3 and 1.5 * RADIUS < x.max() < 2 * RADIUS + 4
    assert not ((x < 2) & (abs(y - 2 * CENTRE) < RADIUS)).any()  # nothing along the rim
    bust = half[: 2 * CENTRE]  # and below, where its path begins in sight
    (outline,) = [path for path in trace(bust, silhouette(bust)) if np.ptp(path[:, 0]) > RADIUS]
    assert outline[:, 1].min() < 2 * (CENTRE - RADIUS) + 4 and outline[:, 1].max() > 2 * CENTRE - 4
    whole = np.full((SIDE, SIDE, 3), (250, 220, 60), np.uint8)
    assert len(trace(whole, silhouette(whole))) == 1  # its frame
    whole[20:44, 31:33] = 0
    (line,) = trace(whole, silhouette(whole))
    assert abs(line[:, 0] - 31.5).max() < 2 and np.ptp(line[:, 1]) > 15


def test_the_pad_fills_pupils_and_draws_an_outline_once_where_edges_are_two():
    picture = disc()
    for x in (24, 40):
        picture[np.hypot(*(np.mgrid[:SIDE, :SIDE] - np.array([28, x])[:, None, None])) < 2] = 0
    inside = silhouette(picture)
    drawings = [STYLES["pad"](picture, inside, rng(seed)) for seed in range(12)]
    eyes = [(d[25:32, 21:28] < 128).any() and (d[25:32, 37:44] < 128).any() for d in drawings]
    assert sum(eyes) >= 8
    for drawing in drawings:
        changes = np.abs(np.diff((drawing[CENTRE] < 128).astype(int))).sum()
        assert changes <= 4  # left and right, into the line and out of it; or a gap


def test_a_hand_misses_a_line_by_little_and_not_the_same_way_twice():
    inside = silhouette(disc())
    drawings = [STYLES["silhouette"](disc(), inside, rng(seed)) for seed in range(20)]
    widths = [(d < 128).sum() / (2 * np.pi * RADIUS) for d in drawings]
    assert min(widths) < 1.1 and max(widths) > 1.5  # of one to four of 128 pixels
    middles = [distance()[d < 128].mean() for d in drawings]
    assert np.abs(np.array(middles) - RADIUS).max() < 2.5
    assert len({d.tobytes() for d in drawings}) == 20


def test_draw_takes_every_style_but_no_silhouette_where_there_is_none(monkeypatch):
    asked = []
    for name in STYLES:
        monkeypatch.setitem(STYLES, name, fake(name, asked))
    for seed in range(200):
        draw(disc(), silhouette(disc()), rng(seed))
    assert {name: asked.count(name) for name in STYLES}.keys() == set(asked)
    assert asked.count("pad") > asked.count("dodge") > asked.count("silhouette")
    asked.clear()
    for seed in range(100):
        draw(two_colours(), np.ones((SIDE, SIDE), bool), rng(seed))
    assert "silhouette" not in asked
    draw(disc(), silhouette(disc()), rng(), style="canny")
    assert asked[-1] == "canny"


def fake(name: str, asked: list[str]):
    def sketch(picture, inside, rng):
        asked.append(name)
        return np.full(inside.shape, 255, np.uint8)

    return Style(STYLES[name].share, sketch)


def test_wear_keeps_lines_darker_than_paper_and_often_leaves_a_drawing_alone():
    drawing = np.full((SIDE, SIDE), 255, np.uint8)
    drawing[30:33] = 0
    worn = [wear(drawing, rng(seed)) for seed in range(100)]
    assert all(w.shape == drawing.shape and w.dtype == np.uint8 for w in worn)
    assert all(w[31].mean() + 60 < w[10].mean() for w in worn)
    assert all(w[10].mean() > 215 for w in worn)
    assert 20 <= sum(np.array_equal(w, drawing) for w in worn) <= 60
    assert any(set(np.unique(w)) == {0, 255} and not np.array_equal(w, drawing) for w in worn)
    assert any(w[10].std() > 1 for w in worn) and any(w[31].mean() > 80 for w in worn)
    assert (drawing[30:33] == 0).all() and (drawing[:30] == 255).all()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", hostile())
def test_no_picture_makes_a_style_fail(name: str, style: str):
    picture = hostile()[name]
    inside = silhouette(picture)
    assert inside.shape == (SIDE, SIDE) and inside.dtype == bool
    for mask in (inside, ~inside):
        drawing = draw(picture, mask, rng(3), style)
        assert drawing.shape == (SIDE, SIDE) and drawing.dtype == np.uint8
        assert np.array_equal(drawing, draw(picture, mask, rng(3), style))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("shape", [(16, 16), (40, 25), (130, 97)])
def test_styles_take_small_pictures_and_such_that_are_not_square(style: str, shape: tuple[int, int]):
    picture = np.full((*shape, 3), 255, np.uint8)
    picture[5:-5, 5:-5] = (20, 90, 60)
    picture.flags.writeable = False
    drawing = STYLES[style](picture, silhouette(picture), rng())
    assert drawing.shape == shape and (drawing < 200).any()


def test_thin_lines_become_paths_from_end_to_end_and_rings_that_close():
    skeleton = np.zeros((SIDE, SIDE), np.uint8)
    for i in range(5, 20):
        skeleton[i, 30 - i // 2] = 1
    skeleton[5, 28:40] = 1
    cv2.circle(skeleton, (20, 45), 10, 1)
    bent, ring = sorted(_paths(_thinned(skeleton), shortest=5), key=lambda path: path[:, 1].max())
    assert {tuple(bent[0]), tuple(bent[-1])} == {(21, 19), (39, 5)} and len(np.unique(bent, axis=0)) == len(bent)
    assert np.array_equal(ring[0], ring[-1]) and len(np.unique(ring, axis=0)) == len(ring) - 1 > 50
    for path in (bent, ring):
        assert np.abs(np.diff(path, axis=0)).max() == 1


def test_paths_are_cut_where_lines_meet_and_details_are_left_out():
    skeleton = np.zeros((SIDE, SIDE), np.uint8)
    skeleton[30, 5:60] = skeleton[10:50, 30] = skeleton[55, 5:9] = 1
    paths = _paths(skeleton, shortest=5)
    assert len(paths) == 4 and all(len(path) > 15 for path in paths)
    assert len(_paths(skeleton, shortest=2)) == 5
