"""The loss chart: both losses by iteration or by epoch, stages marked, one stage alone."""

import pytest
from PIL import Image

from gan.chart import show, stages_of, write_chart
from gan.folder import CHART_FILE, write_history


def line(epoch, **values):
    losses = {"loss_d": 1.0, "loss_g": 2.0, "d_real": 0.6, "d_fake_before": 0.4, "d_fake_after": 0.3}
    return {"epoch": epoch, "iteration": 10 * epoch, "lr": 2e-4, "beta1": 0.5, "event": None} | losses | values


STAGED = [
    line(1),
    line(2),
    line(3, event="stage 2 of 2: lr 0.0001, beta1 0.3", lr=1e-4, beta1=0.3),
    line(4, lr=1e-4, beta1=0.3),
]


def drawn(path):
    with Image.open(path) as chart:
        assert chart.format == "PNG"
        return chart.convert("RGB").tobytes()


@pytest.mark.parametrize("epochs", [1, 60])
def test_the_chart_shows_the_history(tmp_path, epochs):
    write_history(tmp_path, [line(epoch) for epoch in range(1, epochs + 1)])
    assert write_chart(tmp_path) == tmp_path / CHART_FILE
    assert len(set(drawn(tmp_path / CHART_FILE))) > 10


def test_an_empty_history_has_no_chart(tmp_path):
    assert write_chart(tmp_path) is None and list(tmp_path.iterdir()) == []


def test_stages_are_where_the_history_says_and_what_they_train_with():
    assert stages_of(STAGED) == [(0, 0, "lr 0.0002, beta1 0.5"), (2, 20, "lr 0.0001, beta1 0.3")]
    assert [stage.epoch for stage in stages_of(STAGED[:2])] == [0] and stages_of([]) == []


def test_one_stage_is_drawn_as_if_there_were_no_other(tmp_path, capsys):
    write_history(tmp_path, STAGED)
    assert show(tmp_path, None, None) == 0
    assert show(tmp_path, None, 2) == 0
    assert show(tmp_path, tmp_path / "one.png", 1) == 0
    alone = tmp_path / "alone"
    alone.mkdir()
    write_history(alone, STAGED[:2])
    write_chart(alone)
    assert drawn(tmp_path / "one.png") == drawn(alone / CHART_FILE)
    assert len({drawn(tmp_path / name) for name in (CHART_FILE, "losses-stage-2.png", "one.png")}) == 3
    assert capsys.readouterr().out.count("wrote ") == 3


@pytest.mark.parametrize("stage", [3, 0, -1])
def test_a_stage_that_is_not_there_is_a_sentence(tmp_path, capsys, stage):
    write_history(tmp_path, STAGED)
    assert show(tmp_path, None, stage) == 2
    assert "has 2 stages" in capsys.readouterr().err and not (tmp_path / CHART_FILE).exists()


def test_a_folder_without_losses_is_a_sentence(tmp_path, capsys):
    assert show(tmp_path, None, None) == 2
    assert "no losses are kept here" in capsys.readouterr().err
