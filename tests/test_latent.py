"""Seeds and the ways between latents."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from gan.latent import MAX_SEED, edit, lerp, principal_directions, sample_z, slerp, truncate


def test_z_is_numpys_legacy_stream_as_float32():
    expected = np.random.RandomState(7).standard_normal(5).astype(np.float32)
    assert sample_z([7], 5).dtype == torch.float32
    assert np.array_equal(sample_z([7], 5)[0].numpy(), expected)
    assert np.array_equal(sample_z([7, 7, 0], 5)[1].numpy(), expected)  # nothing is left of a row before


def test_a_row_depends_on_its_seed_alone():
    batch = sample_z([3, 1, 4, 1], 100)
    for row, seed in zip(batch, [3, 1, 4, 1], strict=True):
        assert torch.equal(row, sample_z([seed], 100)[0])
    assert not torch.equal(batch[0], batch[1])


def test_another_process_draws_the_same_bits():
    code = "from gan.latent import sample_z; print(sample_z([11, 12], 9).numpy().tobytes().hex())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == sample_z([11, 12], 9).numpy().tobytes().hex()


def test_both_ends_of_the_seeds_work_and_beyond_is_an_error():
    assert sample_z([0, MAX_SEED], 4).shape == (2, 4)
    assert sample_z([], 4).shape == (0, 4)
    for seed in (-1, MAX_SEED + 1):
        with pytest.raises(ValueError, match="between 0 and 4294967295"):
            sample_z([seed], 4)


def test_truncation_scales_and_refuses_what_lies_outside():
    z = sample_z([1], 4)
    assert torch.equal(truncate(z, 1.0), z)
    assert torch.equal(truncate(z, 0.5), z / 2)
    assert not truncate(z, 0.0).any()
    for psi in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            truncate(z, psi)


@pytest.mark.parametrize("path", [lerp, slerp])
def test_both_ends_are_exact(path):
    a, b = sample_z([1, 2], 100)
    assert torch.equal(path(a, b, 0.0), a)
    assert torch.equal(path(a, b, 1.0), b)


def test_lerp_halfway_is_the_mean():
    assert torch.equal(lerp(torch.tensor([0.0, 4.0]), torch.tensor([2.0, 0.0]), 0.5), torch.tensor([1.0, 2.0]))


def test_slerp_follows_the_circle():
    a, b = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    for t in (0.25, 0.5, 0.9):
        angle = t * np.pi / 2
        expected = torch.tensor([2 * np.cos(angle), 2 * np.sin(angle)], dtype=torch.float32)
        assert torch.allclose(slerp(a, b, t), expected, atol=1e-6)


def test_slerp_keeps_the_norm_of_gaussian_latents_where_lerp_shrinks_it():
    a, b = sample_z([1, 2], 100)
    assert slerp(a, b, 0.5).norm() > 9.0
    assert lerp(a, b, 0.5).norm() < 8.0


def test_slerp_between_equal_ends_stays_there():
    a = sample_z([5], 100)[0]
    assert torch.allclose(slerp(a, a, 0.3), a, atol=1e-6)


def test_slerp_between_opposite_ends_is_finite_and_between_them():
    a = sample_z([5], 100)[0]
    middle = slerp(a, -a, 0.25)
    assert torch.isfinite(middle).all()
    assert torch.allclose(middle, a / 2, atol=1e-6)


def test_slerp_from_a_latent_truncated_to_zero_is_finite():
    assert torch.isfinite(slerp(torch.zeros(100), sample_z([5], 100)[0], 0.5)).all()


def first_layer(seed=0, z_dim=12):
    """Return a layer (z_dim, C, k, k) whose singular values are well apart."""
    generator = torch.Generator().manual_seed(seed)
    scales = 1.5 ** torch.arange(z_dim, dtype=torch.float32)[:, None, None, None]
    return torch.randn(z_dim, 6, 4, 4, generator=generator) * scales


def test_principal_directions_are_orthonormal_rows_the_largest_coordinate_positive():
    rows, shares = principal_directions(first_layer(), 8)
    assert rows.shape == (8, 12) and shares.shape == (8,) and rows.dtype == torch.float32
    assert torch.allclose(rows @ rows.T, torch.eye(8), atol=1e-6)
    assert all(row[row.abs().argmax()] > 0 for row in rows)


def test_principal_directions_are_the_singular_vectors_of_the_layer_strongest_first():
    layer = first_layer(3)
    rows, shares = principal_directions(layer, 12)
    _, values, vectors = torch.linalg.svd(layer.flatten(1).T.double(), full_matrices=False)  # it maps z to features
    assert torch.allclose((rows.double() * vectors).sum(1).abs(), torch.ones(12, dtype=torch.double), atol=1e-5)
    assert torch.allclose(shares.double(), values**2 / (values**2).sum(), atol=1e-6)
    assert (shares.diff() <= 0).all() and shares.sum() == pytest.approx(1, abs=1e-5)


def test_a_step_along_an_earlier_direction_changes_the_first_layers_answer_more():
    layer = first_layer(5)
    rows, _ = principal_directions(layer, 12)
    answers = (rows @ layer.flatten(1)).norm(dim=1)
    assert (answers.diff() < 0).all()


def test_the_sign_of_a_direction_is_not_a_matter_of_chance():
    rows, _ = principal_directions(first_layer(), 8)
    mirrored, _ = principal_directions(-first_layer(), 8)
    assert torch.equal(rows, mirrored)


def test_directions_of_very_many_coordinates_are_the_same_each_time_and_nearly_the_exact_ones(monkeypatch):
    layer = torch.randn(100, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    layer *= 0.7 ** torch.arange(100)[:, None, None, None]
    exact, shares = principal_directions(layer, 8)
    monkeypatch.setattr("gan.latent.LARGEST_EXACT", 99)
    state = torch.get_rng_state()
    rows, approximate = principal_directions(layer, 8)
    assert torch.equal(torch.get_rng_state(), state) and torch.equal(rows, principal_directions(layer, 8)[0])
    assert torch.allclose(rows, exact, atol=1e-3) and torch.allclose(approximate, shares, atol=1e-3)


def test_there_are_no_more_directions_than_coordinates():
    rows, shares = principal_directions(first_layer(z_dim=4), 8)
    assert rows.shape == (4, 4) and shares.shape == (4,)


def test_an_edit_adds_directions_and_offsets():
    z, directions = torch.zeros(3), torch.tensor([[1.0, 0, 0], [0, 0.6, 0.8]])
    edited = edit(z, directions, [2.0, -5.0], {2: 0.5, 0: -1.0})
    assert torch.allclose(edited, torch.tensor([1.0, -3.0, -3.5]))
    assert torch.equal(edit(z, directions, [2.0], {}), torch.tensor([2.0, 0, 0]))


def test_an_edit_leaves_what_it_was_given_alone():
    z = sample_z([1], 3)[0]
    before = z.clone()
    for amounts in ((), (1.0,)):
        edit(z, torch.eye(3), amounts, {1: 4.0})
        assert torch.equal(z, before)
    assert torch.equal(edit(z, torch.eye(3), (), {}), z)
