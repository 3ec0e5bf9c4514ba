"""Descriptors of training pictures: copies planted among pictures of a toy set are found, others are not."""

import pytest
import torch
from torch.nn.functional import interpolate, pad

from gan.errors import UserError
from gan.images import to_uint8
from gan.insight.neighbours import Neighbours, describe, histogram, verdicts
from gan.models import Discriminator

pytestmark = pytest.mark.usefixtures("one_thread")
COUNT, HELD_OUT = 120, 60


@pytest.fixture(scope="module")
def critic():
    torch.manual_seed(0)
    network = Discriminator(8, 32, "none").eval().requires_grad_(False)
    for value in network.parameters():
        value.mul_(5)
    return network


@pytest.fixture(scope="module")
def images():
    """Smooth pictures of many colours, uint8: to be trained on, then held out."""
    noise = torch.randn(COUNT + HELD_OUT, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    return to_uint8(interpolate(noise, size=32, mode="bicubic"))


@pytest.fixture(scope="module")
def known(critic, images):
    return describe(critic, "0123456789abcdef", images[:COUNT])


def shifted(images):
    return pad(images.float(), (2, 0, 2, 0), mode="replicate")[..., :32, :32].to(torch.uint8)


@pytest.mark.parametrize("change", [lambda images: images, lambda images: images.flip(3), shifted])
def test_planted_copies_are_found_by_their_numbers(change, known, critic, images):
    found = verdicts(known, critic, change(images[:COUNT:3]))
    right = [verdict.numbers[0] == number for verdict, number in zip(found, range(1, COUNT + 1, 3), strict=True)]
    assert sum(right) >= 0.95 * len(right)
    assert sum(verdict.is_near for verdict in found) >= 0.95 * len(found)


def test_a_copy_of_a_picture_that_is_there_many_times_is_found(critic, images):
    known = describe(critic, "0" * 16, torch.cat((images[:40], images[5:6].repeat(10, 1, 1, 1))))
    copy, other = verdicts(known, critic, torch.stack((images[5], images[COUNT])))
    assert copy.is_near and copy.closeness == 0
    assert not other.is_near


def test_among_few_pictures_others_do_not_look_like_copies(critic, images):
    near = 0
    for part in images.split(60)[:3]:
        few = describe(critic, "0" * 16, part[:20])
        near += sum(verdict.is_near for verdict in verdicts(few, critic, part[20:]))
        copies = verdicts(few, critic, part[:20])
        assert all(verdict.is_near and verdict.numbers[0] == k for k, verdict in enumerate(copies, 1))
        assert "hardly 5% of them" in copies[0].sentence()
    assert near <= 0.1 * 3 * 40  # one in 21 is nearer than all by chance


def test_pictures_that_were_held_out_are_as_far_as_is_usual(known, critic, images):
    found = verdicts(known, critic, images[COUNT:])
    assert sum(verdict.is_near for verdict in found) <= 2
    ranks = sorted(verdict.rank for verdict in found)
    assert 0.2 < ranks[len(ranks) // 2] < 0.8


def test_a_verdict_is_a_sentence_that_promises_nothing(known, critic, images):
    near, far = verdicts(known, critic, torch.stack((images[4], images[COUNT])))
    assert near.sentence().startswith("Near a training picture") and (near.numbers[0], near.among) == (5, 120)
    assert near.closeness < 0.1 < far.closeness <= 1
    assert far.sentence().startswith("No sign of a copy")
    assert "original" not in (near.sentence() + far.sentence()).lower()
    assert len({*near.numbers}) == 3


def test_the_file_is_small_and_comes_back(known, tmp_path):
    path = tmp_path / "neighbours.safetensors"
    known.save(path)
    again = Neighbours.load(path)
    assert all(torch.equal(*pair) for pair in zip(known, again, strict=True))
    assert known.descriptors.shape == (COUNT, 2, 40)
    assert known.descriptors.dtype == torch.int8
    assert sum(histogram(again)) == COUNT


def test_what_is_no_such_file_is_refused(known, tmp_path):
    path = tmp_path / "neighbours.safetensors"
    odd = [
        known._replace(usual=known.usual * torch.nan),
        known._replace(descriptors=known.descriptors[:, :1]),
        known._replace(mean=known.mean[:3]),
        known._replace(basis=known.basis.float()),
        known._replace(descriptors=known.descriptors[:5]),
        known._replace(judged_by=known.judged_by[:5]),
    ]
    for neighbours in odd:
        neighbours.save(path)
        with pytest.raises(UserError, match="holds no descriptors"):
            Neighbours.load(path)


def test_too_few_pictures_say_nothing(critic, images):
    with pytest.raises(UserError, match="19 training pictures are too few"):
        describe(critic, "0" * 16, images[:19])


def test_pictures_that_are_alike_make_no_numbers_out_of_nothing(critic, images):
    same = images[:2].repeat(20, 1, 1, 1)
    known = describe(critic, "0" * 16, same)
    assert known.descriptors.shape[2] <= 3
    assert all(torch.isfinite(torch.tensor(verdict.rank)) for verdict in verdicts(known, critic, images[:3]))


def test_a_picture_is_moved_by_as_much_of_its_side_whatever_that_is():
    from gan.insight.neighbours import _moved

    for side, step in ((32, 2), (64, 3), (128, 6)):
        image = torch.arange(side).float().expand(1, 3, side, side)
        moved = _moved(image)
        assert torch.equal(moved[4], image[0])
        assert moved[3][0, 0, -1] == side - 1 - step
