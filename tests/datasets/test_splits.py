"""Which images are hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.datasets import DataError
from autograder.datasets.splits import Candidate, Hidden, choose_hidden, generator

POOL = [Candidate(f"{label}/{n}", label, f"{label}-{n}") for label in (0, 1) for n in range(20)]


def test_split_is_the_same_for_the_same_secret() -> None:
    """Two machines that know the secret hide the same images."""
    assert choose_hidden(POOL, Hidden(8, "a"), 2) == choose_hidden(POOL, Hidden(8, "a"), 2)


def test_split_differs_with_the_secret() -> None:
    """Who does not know the secret cannot tell what is hidden."""
    assert choose_hidden(POOL, Hidden(8, "a"), 2) != choose_hidden(POOL, Hidden(8, "b"), 2)


def test_order_of_the_archive_does_not_matter() -> None:
    """Images are chosen by name."""
    backwards = POOL[::-1]
    one, _ = choose_hidden(POOL, Hidden(8, "a"), 2)
    other, _ = choose_hidden(backwards, Hidden(8, "a"), 2)
    assert {POOL[i].name for i in one} == {backwards[i].name for i in other}


@given(st.integers(0, 20), st.text(max_size=5))
def test_classes_are_balanced(per_class: int, secret: str) -> None:
    """As many of each class, none twice."""
    chosen, _ = choose_hidden(POOL, Hidden(2 * per_class, secret), 2)
    labels = [POOL[index].label for index in set(chosen)]
    assert labels.count(0) == labels.count(1) == per_class


def test_larger_hidden_part_holds_the_smaller() -> None:
    """Asking for more moves no image back to the students."""
    small, _ = choose_hidden(POOL, Hidden(6, "a"), 2)
    large, _ = choose_hidden(POOL, Hidden(12, "a"), 2)
    assert set(small) < set(large)


def test_duplicates_are_never_hidden() -> None:
    """A picture that students have under another name is passed over for the next one."""
    twins = [*POOL, *(Candidate(f"copy/{c.name}", c.label, c.pixels) for c in POOL[:15])]
    chosen, duplicates = choose_hidden(twins, Hidden(10, "a"), 2)
    assert all(twins[index].pixels not in {c.pixels for c in POOL[:15]} for index in chosen)
    assert len(chosen) == 10
    assert duplicates > 0


def test_pictures_that_are_elsewhere_are_never_hidden() -> None:
    """The same with a batch that students get whole."""
    known = [c.pixels for c in POOL if c.label == 0][:15]
    chosen, _ = choose_hidden(POOL, Hidden(10, "a"), 2, known)
    assert not {POOL[index].pixels for index in chosen} & set(known)


def test_too_few_images_are_told() -> None:
    """Rather than hiding fewer than were asked for."""
    with pytest.raises(DataError, match="expected 21 of each class, found 20 of class 0"):
        choose_hidden(POOL, Hidden(42, "a"), 2)


def test_key_tells_hidden_parts_apart_but_not_the_secret() -> None:
    """It stands in a file that students may read."""
    keys = {Hidden(n, s).key() for n in (10, 20) for s in ("tulip", "daisy")}
    assert len(keys) == 4
    assert not any("tulip" in key for key in keys)


def test_drawn_numbers_depend_on_the_text_and_the_secret() -> None:
    """The public generator does not draw what the secret one draws."""
    drawn = [
        generator("cat 1").integers(1 << 30),
        generator("cat 2").integers(1 << 30),
        Hidden(1, "a").generator("cat 1").integers(1 << 30),
        Hidden(1, "b").generator("cat 1").integers(1 << 30),
    ]
    assert len(set(drawn)) == 4
    assert generator("cat 1").integers(1 << 30) == drawn[0]
