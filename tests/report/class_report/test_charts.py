"""Charts as SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from autograder.report.class_report.accuracies import Compared
from autograder.report.class_report.charts import Part, accuracies, histogram, spans, stacked
from autograder.report.class_report.spread import Spread


def spread(*numbers: float) -> Spread:
    made = Spread()
    for number in numbers:
        made.add(number)
    return made


def widths(svg: str) -> list[float]:
    return [float(width) for width in re.findall(r'width="([\d.]+)%" y', svg)]


def test_a_bar_is_as_long_as_its_parts() -> None:
    """Told by pattern and number, and in words."""
    svg = stacked("A <b>", [Part("correct", "correct", 3), Part("wrong", "incorrect", 1)])
    assert widths(svg) == [75, 25]
    assert re.findall(r"url\(#p-(\w+)\)", svg) == ["correct", "incorrect"]
    assert 'aria-label="A &lt;b&gt;: 3 correct, 1 wrong"' in svg
    ElementTree.fromstring(svg)


def test_a_bar_of_nobody_is_empty() -> None:
    """As of a question that was added after grading."""
    svg = stacked("A", [Part("correct", "correct", 0)])
    assert widths(svg) == []
    assert "nothing yet" in svg


def test_the_tallest_bar_fills_the_chart() -> None:
    """Others are in proportion; empty bins have no bar."""
    svg = histogram("Totals", ["0", "1", "2", "3"], [4, 0, 2], [("median", 0.5)])
    tall = [float(height) for height in re.findall(r'class="part"[^>]*height="([\d.]+)"', svg)]
    assert len(tall) == 2
    assert abs(tall[0] - 2 * tall[1]) < 0.2
    assert "4 from 0 to 1; 2 from 2 to 3" in svg
    ElementTree.fromstring(svg)


def test_accuracies_show_what_they_are_held_against() -> None:
    """Lines at guessing, floor and full, a diamond at the solution; those that are known."""
    numbers = spread(0.7, 0.9)
    known = accuracies(Compared("c", numbers, 1000, 0.5, 0.6, 0.8, 0.9), [0, 1, 1])
    assert re.findall(r'line (dotted|dashed|solid)" x1="([\d.]+)%', known) == [
        ("dotted", "50.00"),
        ("dashed", "60.00"),
        ("solid", "80.00"),
    ]
    assert 'x="90.00%"' in known
    bare = accuracies(Compared("c", numbers, 1000, 0.5), [0, 1, 1])
    assert "dashed" not in bare
    assert "diamond" not in bare
    ElementTree.fromstring(known)


def test_spans_are_on_the_common_scale() -> None:
    """The longest notebook of all reaches the right end."""
    svg = spans("Run times of one", spread(10, 20, 30), 40, "s")
    assert 'x1="25.00%" x2="75.00%"' in svg
    assert "from 10 s to 30 s, median 20 s" in svg
    ElementTree.fromstring(svg)
