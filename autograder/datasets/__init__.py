"""The assignment's data: cats and dogs, CIFAR-10, a pre-trained VGG16.

Each comes in two profiles: full, the real data, and small, stand-ins that are drawn or made on
first use. AUTOGRADER_PROFILE chooses, AUTOGRADER_DATA says where they lie.
"""

from autograder.datasets import cats_dogs, cifar10, evaluation
from autograder.datasets.errors import DataError
from autograder.datasets.store import profile
from autograder.datasets.vgg16 import pretrained_vgg16, vgg16_digests

__all__ = [
    "DataError",
    "cats_dogs",
    "cifar10",
    "evaluation",
    "pretrained_vgg16",
    "profile",
    "vgg16_digests",
]
