"""How far a share that was counted on some images may lie from the true one."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(share: float, images: int, confidence: float = 0.95) -> tuple[float, float]:
    """The lower and upper bound of a share, in [0, 1], that was counted on so many images.

    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22, 1927. Unlike the usual p ± z·s it never leaves [0, 1] and
    holds for shares near 0 and 1.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    scale = 1 + z * z / images
    centre = (share + z * z / (2 * images)) / scale
    spread = z / scale * math.sqrt(share * (1 - share) / images + z * z / (4 * images * images))
    return max(0.0, centre - spread), min(1.0, centre + spread)


def tolerance(
    share: float, images: int, other: float, other_images: int, confidence: float = 0.999
) -> float:
    """How much two shares may differ by chance where the same model made both.

    Each was counted on images of its own. It is how far the interval of their difference reaches
    towards 0: Newcombe, "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17, 1998, method 10, which puts Wilson's bounds together. On 1,000 and
    1,000 images, 87 % and 82 % may differ by 5.3 %; on 200 and 1,000 by 10.4 %.
    """
    if share < other:
        share, images, other, other_images = other, other_images, share, images
    below = share - wilson(share, images, confidence)[0]
    above = wilson(other, other_images, confidence)[1] - other
    return math.hypot(below, above)
