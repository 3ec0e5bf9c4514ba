"""A picture -> a drawing of it: the styles that people draw in, and what pencils and scanners do to a drawing.

Pictures are uint8 (H, W, 3), drawings uint8 (H, W) with 255 paper and 0 ink. A width "of 128" is in pixels of a drawing
of that side, and grows with the side.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

PAPER = 255
SHARPENED, WIDER = 19.0, 4.5  # of `xdog`: how much, and against a blur of so many times sigma
NEAR_WHITE = 235  # what JPEG leaves of a white outside is lighter than this in every channel
WHITE_RIM = 0.5  # a picture with less white than this at its rim has no outside
SPECK = 2e-4  # of the picture's area: smaller islands in the outside are dirt
TRACED = 96  # pixels a side: a smaller picture is enlarged before lines are traced in it
TRACED_SHARE = 0.16  # of what is inside may become lines
LINE = 0.7  # where `xdog` is less, as the pad's hand looks at it, there is something to draw
DARKER = 80  # a small spot that is by so much darker than what is around it is filled with ink
BENT = 0.015  # of the side: how far a hand misses the line it follows, at most


def xdog(images: Tensor, sigma: float, level: float = -1.5, steep: float = 2.0) -> Tensor:
    """Return the lines of (N, 3, H, W) in [-1, 1] as (N, 1, H, W) in [0, 1], 1 where there is none; differentiable.

    Extended difference of Gaussians (Winnemoeller et al. 2012): the grey picture blurred by `sigma` and sharpened by
    SHARPENED against itself blurred WIDER; ink is what falls below `level`, the more abruptly the greater `steep`.
    """
    weights = images.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    grey = (images * weights).sum(dim=1, keepdim=True) * 0.5 + 0.5  # (N, 1, H, W) in [0, 1]
    sharpened = (1 + SHARPENED) * _blur(grey, sigma) - SHARPENED * _blur(grey, WIDER * sigma)
    return torch.sigmoid(steep * (sharpened - level))


def silhouette(picture: np.ndarray) -> np.ndarray:
    """Return bool (H, W): what is not the white outside; all of a picture that has none.

    The outside is the white that touches the rim. It passes through no gap of two pixels, and dirt in it belongs to it.
    """
    white = cv2.inRange(picture, (NEAR_WHITE,) * 3, (255,) * 3) // 255
    rim = np.concatenate([white[0], white[-1], white[:, 0], white[:, -1]])
    if rim.mean() < WHITE_RIM:
        return np.ones(white.shape, bool)
    wide = cv2.copyMakeBorder(white, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=1)
    wide = cv2.morphologyEx(wide, cv2.MORPH_OPEN, _square(3))
    cv2.floodFill(wide, None, (0, 0), 2)
    islands = (wide[2:-2, 2:-2] != 2).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(islands)
    solid = stats[:, cv2.CC_STAT_AREA] >= SPECK * white.size
    solid[0] = False  # the outside
    return solid[labels]


def _xdog(picture: np.ndarray, inside: np.ndarray, rng: Generator) -> np.ndarray:
    """Lines of the picture's own widths; dark places are sometimes filled."""
    lines = _lines(picture, rng.uniform(0.3, 0.5), level=rng.uniform(-2.0, 0.15), steep=rng.uniform(2.0, 8.0))
    return (np.minimum(lines / 0.95, 1) * 255).round().astype(np.uint8)  # 0.95: paper, at the softest


def _dodge(picture: np.ndarray, inside: np.ndarray, rng: Generator) -> np.ndarray:
    """A pencil sketch: each grey against its surroundings."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) + 24  # + 24: no grain in what is black
    around = cv2.GaussianBlur(grey, (0, 0), rng.uniform(5, 20) / 4 * _unit(picture))
    light = np.minimum(grey / around, 1) ** rng.uniform(2.0, 5.0)
    return (light * 255).round().astype(np.uint8)


def _canny(picture: np.ndarray, inside: np.ndarray, rng: Generator) -> np.ndarray:
    """Thin lines of one width, on both sides of whatever is dark."""
    edges = cv2.GaussianBlur(_edges(picture, rng.uniform(100, 220)), (0, 0), 0.5)
    return PAPER - cv2.addWeighted(edges, 1.5, edges, 0, 0)


def _silhouette(picture: np.ndarray, inside: np.ndarray, rng: Generator) -> np.ndarray:
    """The outline alone, drawn by hand; a picture without an outside has none."""
    return _by_hand(_outlines(inside), inside.shape, _width(inside, rng), rng)


def _pad(picture: np.ndarray, inside: np.ndarray, rng: Generator) -> np.ndarray:
    """The strokes of a finger or a mouse: the outline and what stands out in it, each line once."""
    size = inside.shape[::-1]
    pixel = 2 if min(size) < TRACED else 1  # the side of one, where lines are traced
    picture = cv2.resize(picture, None, fx=pixel, fy=pixel, interpolation=cv2.INTER_CUBIC)
    inside = inside.repeat(pixel, axis=0).repeat(pixel, axis=1)
    deep = cv2.erode(inside.astype(np.uint8), _square(4 * pixel + 1)) > 0  # the outline has its own path
    if rng.random() < 0.5:
        lines = _lines(picture, rng.uniform(0.4, 0.8), level=-1.5, steep=1.0)
        share = rng.uniform(0.06, 0.2)
        ink = lines < min(LINE, np.quantile(lines[deep], share) if deep.any() else LINE)
    else:  # the two edges of a dark line become one
        ink = cv2.morphologyEx(_edges(picture, rng.uniform(80, 200)), cv2.MORPH_CLOSE, _square(3)) > 0
    width = _width(inside, rng)
    shortest = rng.uniform(0.015, 0.05) * min(inside.shape) + width  # a broad brush leaves out more
    details = _paths(_thinned(ink) & deep, shortest)
    if rng.random() < 0.7:
        details += _spots(picture, deep)
    drawing = _by_hand(_outlines(inside) + details, inside.shape, width, rng)
    return cv2.resize(drawing, size, interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class Style:
    """A way to draw a picture: `(picture, inside, rng) -> drawing`; `share` is how often, against the others."""

    share: float
    sketch: Callable[[np.ndarray, np.ndarray, Generator], np.ndarray]

    def __call__(self, picture: np.ndarray, inside: np.ndarray, rng: Generator) -> np.ndarray:
        return self.sketch(picture, inside, rng)


STYLES: dict[str, Style] = {
    "xdog": Style(0.25, _xdog),
    "dodge": Style(0.15, _dodge),
    "canny": Style(0.10, _canny),
    "silhouette": Style(0.05, _silhouette),
    "pad": Style(0.45, _pad),
}


def draw(picture: np.ndarray, inside: np.ndarray, rng: Generator, style: str | None = None) -> np.ndarray:
    """Return a drawing of the picture in this style, or in one at random by its share, worn by use."""
    if style is None:
        names = [name for name in STYLES if name != "silhouette" or not inside.all()]
        shares = np.array([STYLES[name].share for name in names])
        style = str(rng.choice(names, p=shares / shares.sum()))
    return wear(STYLES[style](picture, inside, rng), rng)


def trace(picture: np.ndarray, inside: np.ndarray) -> list[np.ndarray]:
    """Return the picture's outline and what stands out in it as paths (n, 2) of x and y, few points to each.

    Where a picture without an outside has nothing in it, that is its frame.
    """
    deep = cv2.erode(inside.astype(np.uint8), _square(2 * round(3 * _unit(picture)) + 1)) > 0
    lines = _lines(picture, 0.6, level=-1.5, steep=1.0)
    ink = lines < min(LINE, np.quantile(lines[deep], TRACED_SHARE) if deep.any() else LINE)
    shortest = 0.04 * min(inside.shape)
    outlines = [part for path in _outlines(inside) for part in _in_sight(path, inside) if len(part) > 2 * shortest]
    spots = [part for path in _spots(picture, deep) for part in _in_sight(path, inside) if len(part) > 1.5 * shortest]
    paths = outlines + _paths(_thinned(ink) & deep, shortest) + spots
    if not paths:
        paths = [path.clip(0, np.array(inside.shape[::-1]) - 1) for path in _outlines(inside)]
    smooth = [cv2.blur(path.astype(np.float32)[:, None], (1, 5), borderType=cv2.BORDER_REPLICATE) for path in paths]
    return [cv2.approxPolyDP(path, 0.35 * _unit(picture), False)[:, 0] for path in smooth]


def wear(drawing: np.ndarray, rng: Generator) -> np.ndarray:
    """Return the drawing as other pens, pencils and scanners have it; every third as it is.

    Lines are thickened or thinned; then all is black or white, or lines are faded, paper is grey or has a grain.
    """
    if rng.random() < 1 / 3:
        return drawing
    if rng.random() < 0.5:
        change = cv2.erode if rng.random() < 0.6 else cv2.dilate  # dark grows, or light
        amount = rng.uniform(0.3, 1.0) if change is cv2.erode else rng.uniform(0.2, 0.5)
        changed = change(drawing, _square(2), borderType=cv2.BORDER_REPLICATE)
        drawing = cv2.addWeighted(changed, amount, drawing, 1 - amount, 0)
    if rng.random() < 0.25:
        return np.where(drawing < rng.uniform(140, 220), 0, PAPER).astype(np.uint8)
    paper = PAPER - max(0.0, rng.uniform(-20, 20))
    worn = paper - (PAPER - drawing.astype(np.float32)) * rng.uniform(0.5, 1.0)
    if rng.random() < 0.5:
        worn += rng.standard_normal(worn.shape, np.float32) * rng.uniform(1, 6)
        worn += _smooth_noise(worn.shape, 8, 1, rng)[..., 0] * rng.uniform(0, 4)
    return worn.round().clip(0, 255).astype(np.uint8)


def _unit(array: np.ndarray) -> float:
    """Return how many pixels of this picture one of 128 is."""
    return min(array.shape[:2]) / 128


def _square(side: int) -> np.ndarray:
    return np.ones((side, side), np.uint8)


def _blur(grey: Tensor, sigma: float) -> Tensor:
    """Blur (N, 1, H, W) by a Gaussian; beyond the rim the picture goes on as at the rim."""
    reach = max(1, round(3 * sigma))
    steps = torch.arange(-reach, reach + 1, device=grey.device, dtype=grey.dtype)
    kernel = torch.exp(-(steps**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    grey = torch.nn.functional.pad(grey, (reach, reach, reach, reach), mode="replicate")
    return torch.nn.functional.conv2d(
        torch.nn.functional.conv2d(grey, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1)
    )


def _lines(picture: np.ndarray, sigma: float, level: float, steep: float) -> np.ndarray:
    """`xdog` of one picture, (H, W) in [0, 1]; sigma is of 128."""
    with torch.no_grad():
        image = torch.from_numpy(picture.transpose(2, 0, 1)[None] / np.float32(127.5) - 1)
        return xdog(image, sigma * max(1.0, _unit(picture)), level=level, steep=steep)[0, 0].numpy()


def _edges(picture: np.ndarray, strong: float) -> np.ndarray:
    """Return edges between colours, one pixel wide, as a mask of 0 and 255."""
    smooth = cv2.bilateralFilter(picture, 5, 40, 3)
    return cv2.Canny(smooth, strong * 0.4, strong, L2gradient=True)


def _smooth_noise(shape: tuple[int, ...], cells: int, channels: int, rng: Generator) -> np.ndarray:
    """Return (H, W, channels) of noise, about -1 to 1, that changes over a `cells`-th of the side."""
    coarse = rng.uniform(-1, 1, (cells, cells, channels)).astype(np.float32)
    return cv2.resize(coarse, shape[1::-1], interpolation=cv2.INTER_CUBIC).reshape(*shape[:2], channels)


# The eight neighbours of a pixel, clockwise from the one above, as the bits of a number: all that thinning asks of a
# pixel is looked up in a table of the 256 numbers.
_BITS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, by number: what each of the two passes of Guo and Hall (1989) deletes; how many lines leave a pixel."""
    above, right_up, right, right_down, below, left_down, left, left_up = (
        (np.arange(256) >> bit & 1).astype(bool) for bit in range(8)
    )
    ring = [above, right_up, right, right_down, below, left_down, left, left_up]
    leaving = sum((~ring[i] & ring[(i + 1) % 8]).astype(np.uint8) for i in range(8))
    corners = sum((~ring[i] & (ring[i + 1] | ring[(i + 2) % 8])).astype(int) for i in (0, 2, 4, 6))
    pairs = sum((ring[i - 1] | ring[i]).astype(int) for i in (0, 2, 4, 6))
    shifted = sum((ring[i] | ring[i + 1]).astype(int) for i in (0, 2, 4, 6))
    fewest = np.minimum(pairs, shifted)
    thin = (corners == 1) & (fewest >= 2) & (fewest <= 3)
    first = thin & ~((below | left_down | ~left_up) & left)
    second = thin & ~((above | right_up | ~right_down) & right)
    return first.astype(np.uint8), second.astype(np.uint8), leaving


_FIRST, _SECOND, _LEAVING = _tables()


def _around(mask: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Look up the neighbours of each pixel of a mask of 0 and 1."""
    return cv2.LUT(cv2.filter2D(mask, cv2.CV_8U, _BITS, borderType=cv2.BORDER_CONSTANT), table)


def _thinned(ink: np.ndarray) -> np.ndarray:
    """Reduce lines to their middle, one pixel wide, as a mask of 0 and 1."""
    mask, before = ink.astype(np.uint8), -1
    while (left := cv2.countNonZero(mask)) != before:
        before = left
        for table in (_FIRST, _SECOND):
            mask &= 1 - _around(mask, table)
    return mask


def _paths(skeleton: np.ndarray, shortest: float) -> list[np.ndarray]:
    """Return lines one pixel wide as paths (n, 2) of x and y, cut where they meet; a ring ends where it began."""
    junctions = (_around(skeleton, _LEAVING) >= 3).astype(np.uint8) & skeleton
    apart = skeleton & (1 - cv2.dilate(junctions, _square(3)))
    ends = (_around(apart, _LEAVING) == 1) & (apart == 1)
    contours, hierarchy = cv2.findContours(apart, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    paths = []
    for contour, (_, _, _, parent) in zip(contours, hierarchy[0] if contours else (), strict=True):
        if parent >= 0 or len(contour) < 2 * shortest:
            continue  # a ring's inner side, or a detail
        there_and_back = contour[:, 0]
        at_end = ends[there_and_back[:, 1], there_and_back[:, 0]]
        first = int(at_end.argmax())
        path = np.concatenate([there_and_back[first:], there_and_back[: first + 1]])
        paths.append(path[: len(path) // 2 + 1] if at_end[first] else path)
    return paths


def _outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Return paths (n, 2) around what is true; where that goes on beyond the rim, so do they, out of sight."""
    out = 4 * round(1 + _unit(mask))
    wide = cv2.copyMakeBorder(mask.astype(np.uint8), out, out, out, out, cv2.BORDER_REPLICATE)
    contours, _ = cv2.findContours(wide, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return [np.concatenate([path[:, 0], path[:1, 0]]) - out for path in contours]


def _in_sight(path: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """Return the parts of a closed path that lie inside the picture."""
    height, width = mask.shape
    x, y = path.T
    seen: np.ndarray = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if seen[0] and not seen.all():  # begin out of sight, so that no part is cut in two
        first = int(seen.argmin())
        path, seen = np.roll(path[:-1], -first, axis=0), np.roll(seen[:-1], -first)
    parts = np.split(path, np.flatnonzero(np.diff(seen)) + 1)
    return parts[0 if seen[0] else 1 :: 2]


def _spots(picture: np.ndarray, inside: np.ndarray) -> list[np.ndarray]:
    """Return paths around small spots that are darker than what is around them, as pupils are: a brush fills them."""
    darker = cv2.morphologyEx(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.MORPH_BLACKHAT, _square(9)) > DARKER
    whole = cv2.morphologyEx((darker & inside).astype(np.uint8), cv2.MORPH_OPEN, _square(2))
    return [path for path in _outlines(whole) if len(path) < 0.2 * min(whole.shape)]


def _width(mask: np.ndarray, rng: Generator) -> float:
    """Return the width of a pad's brush, 1 to 4 of 128."""
    return rng.uniform(1, 4) * _unit(mask)


def _by_hand(paths: list[np.ndarray], shape: tuple[int, ...], width: float, rng: Generator) -> np.ndarray:
    """Draw paths as a hand does: in several strokes, bent, their ends short of where they should be or beyond."""
    if not paths:
        return np.full(shape, PAPER, np.uint8)
    side = min(shape)
    bend = _smooth_noise(shape, 5, 2, rng) + 0.4 * _smooth_noise(shape, 16, 2, rng)
    bend *= rng.uniform(0, BENT) * side / np.abs(bend).max()
    points = np.concatenate(paths)
    x, y = points.clip(0, (shape[1] - 1, shape[0] - 1)).T
    bent = (points + bend[y, x]).astype(np.float32)
    longest = rng.uniform(0.2, 1.2) * side
    careless = rng.uniform(0.002, 0.016) * side
    strokes, begin = [], 0
    for path in paths:
        smooth = cv2.blur(bent[begin : begin + len(path), None], (1, 5), borderType=cv2.BORDER_REPLICATE)[:, 0]
        begin += len(path)
        lift = -(-len(path) // (1 + int(len(path) / longest)))  # points from one lifting of the pen to the next
        starts = range(0, len(path), lift)
        reach = rng.normal(0.012 * side, careless, (len(starts), 2)).tolist()
        strokes += [_reaching(smooth[at : at + lift + 1], *ends) for at, ends in zip(starts, reach, strict=True)]
    return _brushed(strokes, shape, width)


def _reaching(path: np.ndarray, before: float, after: float) -> np.ndarray:
    """Let a path begin and end so many pixels further out, or further in where negative; half of it stays."""
    if len(path) < 5:
        return path
    quarter = len(path) // 4
    path = path[min(quarter, max(0, int(-before))) : len(path) - min(quarter, max(0, int(-after)))]
    head, tail = path[0] - path[2], path[-1] - path[-3]  # some two pixels long
    return np.concatenate([path[:1] + head * max(0, before / 2), path[::3], path[-1:] + tail * max(0, after / 2)])


def _brushed(strokes: list[np.ndarray], shape: tuple[int, ...], width: float) -> np.ndarray:
    """Draw strokes with a round brush, antialiased by drawing at twice the size."""
    large = np.full((shape[0] * 2, shape[1] * 2), PAPER, np.uint8)
    sixteenths = [(stroke * 32 + 8.5).astype(np.int32) for stroke in strokes]  # of a pixel of `large`
    cv2.polylines(large, sixteenths, False, 0, max(1, round(width * 2)), cv2.LINE_AA, shift=4)
    return cv2.resize(large, shape[1::-1], interpolation=cv2.INTER_AREA)
