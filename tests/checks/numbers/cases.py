"""The image that the questions convolve and pool, and its right answers worked out by hand."""

import numpy as np

CHANNELS = ("R", "G", "B")
ROWS = np.repeat(np.arange(1, 5)[:, None], 4, axis=1)
IMAGE = np.stack([np.ones((4, 4), int), np.full((4, 4), 2), ROWS], axis=-1)  # (4, 4, 3)
ONES = np.ones((3, 3), int)

VALID = [[45, 45], [54, 54]]
SAME = [[18, 27, 27, 18], [30, 45, 45, 30], [36, 54, 54, 36], [26, 39, 39, 26]]
DILATED_SAME = [[20, 20, 20, 20], [24, 24, 24, 24], [20, 20, 20, 20], [24, 24, 24, 24]]
DILATED_PADDED_BY_1 = [[24, 24], [20, 20]]
POOLED = {"R": [[1, 1], [1, 1]], "G": [[2, 2], [2, 2]], "B": [[2, 2], [4, 4]]}
