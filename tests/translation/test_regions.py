"""Where ink is, and which regions lines enclose."""

import numpy as np
import pytest
from translation.drawn import LARGE, SMALL, drawn

from gan.translation.paper import levelled
from gan.translation.regions import ink_of, regions, regions_and_spots


def test_regions_are_numbered_from_the_largest_and_the_rim_is_outside():
    labels, count = regions(drawn(LARGE, SMALL))
    assert count == 2
    assert (labels[60, 40], labels[45, 100], labels[5, 5], labels[90, 100]) == (1, 2, 0, 0)


@pytest.mark.parametrize(("gap", "count"), [(3, 1), (30, 0)])
def test_a_small_gap_encloses_and_a_large_one_does_not(gap, count):
    open_box = drawn(("line", (60 + gap, 10, 110, 10, 110, 110, 10, 110, 10, 10, 60, 10)))
    assert regions(open_box)[1] == count


def test_a_line_belongs_to_the_nearest_region():
    labels, _ = regions(drawn(("box", (20, 20, 100, 100)), ("line", (60, 20, 60, 100))))
    assert {*np.unique(labels[50, 30:90])} == {1, 2}


@pytest.mark.parametrize("shade", [0, 255])
def test_nothing_is_enclosed_where_all_is_ink_or_paper(shade):
    assert regions(np.full((64, 64), shade, np.uint8))[1] == 0


def test_grey_paper_and_faint_ink_are_seen_as_white_paper_and_ink():
    clean = drawn(LARGE)
    worn = np.where(clean < 128, 170, 235).astype(np.uint8)
    assert levelled(worn).max() == 255 and (ink_of(worn) == ink_of(clean)).all()


def test_what_is_smaller_than_a_gap_is_a_spot_and_what_is_only_narrower_a_region():
    eye, speck, limb = ("box", (40, 40, 46, 46)), ("box", (50, 80, 52, 82)), ("box", (80, 90, 120, 96))
    drawing = drawn(LARGE, SMALL, eye, speck, limb)
    labels, count = regions_and_spots(drawing)
    assert count == 3 and labels[93, 100] == 3
    assert (regions(drawing)[0][43, 43], labels[43, 43], labels[81, 51]) == (1, 4, 1)
    assert (labels[60, 40], labels[45, 100], labels[5, 5]) == (1, 2, 0)
