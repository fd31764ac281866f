"""Gradients of a function of one tensor."""

import numpy as np

from autograder.checks.visuals.gradients import gradient


def test_the_slope_of_a_sum_of_squares() -> None:
    """Twice the tensor."""
    from keras import ops

    at = ops.convert_to_tensor(np.array([1.0, -2.0, 0.5], np.float32))
    slope = gradient(lambda x: ops.sum(ops.square(x)))(at)
    np.testing.assert_allclose(ops.convert_to_numpy(slope), [2, -4, 1])


def test_what_has_no_part_in_it_has_no_slope() -> None:
    """Zeros, not None: a layer may lie on no way to the class that is asked for."""
    from keras import ops

    at = ops.convert_to_tensor(np.ones(3, np.float32))
    slope = gradient(lambda x: ops.sum(ops.zeros(2)))(at)
    np.testing.assert_array_equal(ops.convert_to_numpy(slope), np.zeros(3))
