"""Small pictures of channels, and lines along an edit."""

from __future__ import annotations

import numpy as np

from xai_core.viz.channel_figures import channel_picture, line_figure


def test_a_channel_is_seen_where_it_is_positive() -> None:
    grey = np.full((96, 96), 0.5, np.float32)
    activation = np.full((6, 6), -1.0, np.float32)
    activation[0, 5] = 2.0
    picture = channel_picture(grey, activation)
    assert picture.shape == (144, 144, 3)
    # Nothing is drawn over the grey where the channel is negative.
    assert np.ptp(picture[120, 12].astype(int)) == 0
    assert np.ptp(picture[5, 138].astype(int)) > 20


def test_a_channel_without_positive_values_leaves_the_image() -> None:
    picture = channel_picture(np.full((96, 96), 0.5, np.float32), np.full((6, 6), -1.0, np.float32))
    assert np.ptp(picture.reshape(-1, 3), axis=1).max() == 0


def test_a_figure_names_its_lines_and_escapes_the_class() -> None:
    figure = line_figure(
        [("most", (1, 2), (0.2, 0.1)), ("least", (1, 2), (0.2, 0.2))], "off", "<b>x</b>", 0.3, True
    )
    assert [trace.name for trace in figure.data] == ["most", "least"]
    assert figure.layout.yaxis.title.text == "P(&lt;b&gt;x&lt;/b&gt;)"
    assert figure.layout.xaxis.type == "log"
