from recsys_core.charts.run_curve import run_curve


def test_one_panel_for_each_of_loss_and_quality():
    points = [{"epoch": 0, "ndcg": 0.1}, {"epoch": 1, "loss": 2.0, "ndcg": 0.2}, {"epoch": 2, "loss": 1.0, "ndcg": 0.3}]
    figure = run_curve(points)
    assert [list(line.y) for line in figure.data] == [[2.0, 1.0], [0.1, 0.2, 0.3]]
    assert [list(line.x) for line in figure.data] == [[1, 2], [0, 1, 2]]


def test_points_without_an_epoch_are_counted_by_what_is_done():
    assert list(run_curve([{"done": 5, "loss": 2.0}, {"done": 9, "loss": 1.0}]).data[0].x) == [5, 9]


def test_no_figure_before_there_are_two_points():
    assert run_curve([]) is None
    assert run_curve([{"epoch": 0, "ndcg": 0.1}]) is None
