"""How much it says that two hand-ins share something: little where many do, much where nobody else.

rarity(2 of 300) = 1      rarity(5) = 0.76      rarity(30) = 0.41      rarity(76) = 0
"""

from __future__ import annotations

import math

COMMON_SHARE = 0.25  # of a class: what more of them share, a lesson or a book has taught them
_FEW = 3  # three may have copied, however small the class


def most_sharing(hand_ins: int) -> int:
    """By how many hand-ins something may be shared and still say anything of two of them."""
    return max(_FEW, int(COMMON_SHARE * hand_ins))


def rarity(sharing: int, hand_ins: int) -> float:
    """In [0, 1] for what `sharing` of all `hand_ins` have; 1 where only two, or one, have it."""
    if sharing > most_sharing(hand_ins):
        return 0.0
    return 1 - math.log(max(sharing - 1, 1)) / math.log(hand_ins + 1)
