"""Wrong blocks, and wrong claims about them, in parts (d) and (e) of cifar10.ipynb."""

from __future__ import annotations

from .cases import Case, Edit, Points
from .cifar10_edits import TWO_DENSE, answering


def _case(name: str, cell: str, code: str, loses: Points, says: str) -> Case:
    """loses: in the cell's own test."""
    return Case(name, answering(cell, code), {f"test_{cell}": loses}, says)


_INCEPTION = (
    _case(
        "no-inception",
        "d",
        "inception_net = deeper",
        1,
        "0 inception blocks; expected 1 to 2.*three or more branches with different kernel sizes",
    ),
    _case(
        "one-way-for-branches",
        "d",
        "inception_net = grafted(deeper, lambda x: keep(keep(keep(x, 1), 3), 5))",
        1,
        "0 inception blocks; expected 1 to 2.*Lead one tensor into three or more branches",
    ),
    _case(
        "two-branches",
        "d",
        "inception_net = grafted(deeper, lambda x: layers.Concatenate()([keep(x, 1), keep(x, 5)]))",
        1,
        "Only two branches with a convolution or a pooling meet in concatenate",
    ),
    _case(
        "concatenate-without-branches",
        "d",
        "inception_net = grafted(deeper, lambda x: layers.Concatenate()([x, x, x]))",
        1,
        "0 inception blocks; expected 1 to 2",
    ),
    _case(
        "windows-of-one-size",
        "d",
        "inception_net = grafted(deeper, lambda x: "
        "layers.Concatenate()([keep(x, 3), keep(x, 3), keep(x, 3)]))",
        1,
        "all look at a window of the same size: give them different kernel sizes",
    ),
    _case(
        "concatenated-along-the-height",
        "d",
        """
def tower(x):
    tall = layers.Concatenate(axis=1)([keep(x, 1), keep(x, 3), keep(x, 5)])
    return layers.Cropping2D(((0, 2 * x.shape[1]), (0, 0)))(tall)

inception_net = grafted(deeper, tower)
""",
        1,
        r"not merged along the channels: use Concatenate\(axis=-1\)",
    ),
    _case(
        "branches-added",
        "d",
        "inception_net = grafted(deeper, lambda x: "
        "layers.Add()([keep(x, 1), nought(x, 3), nought(x, 5)]))",
        1,
        "merged, but not concatenated|0 inception blocks",
    ),
    _case(
        "three-inception-blocks",
        "d",
        "inception_net = grafted(deeper, *3 * [inception_block])",
        1,
        "3 inception blocks, ending in .*expected 1 to 2.*Remove concatenate",
    ),
    _case(
        "residual-beside-inception",
        "d",
        "inception_net = grafted(deeper, inception_block, residual_block)",
        1,
        "1 residual block, ending in add.*expected none.*and the shortcut that it adds",
    ),
    _case(
        "dense-behind-inception",
        "d",
        TWO_DENSE
        + """
inception_net = grafted(replaced(deeper, dense), inception_block)
""",
        0.1,
        "2 Dense layers: .*expected exactly 1",
    ),
    Case(
        "invented-accuracy",
        (Edit("d", "accuracy_on(test, inception_net)", "0.999"),),
        {"test_d": 1},
        "inception: reported 99.9 %, measured .*chance explains a difference of .* not more",
    ),
    Case(
        "accuracy-of-another-model",
        (Edit("d", "accuracy_on(test, inception_net)", "1 / 10  # before training"),),
        {"test_d": 1},
        "reported 10.0 %, measured .*hand in the model that you evaluated",
    ),
    _case(
        "untrained-inception",
        "d",
        """
inception_net = keras.models.clone_model(inception_net)
inception_net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
        1,
        "The model has not been trained",
    ),
)

_RESIDUAL = (
    _case(
        "no-residual",
        "e",
        "residual_net = deeper",
        0.5,
        "0 residual blocks; expected 1 to 2.*Add a tensor to what at least one convolution makes",
    ),
    _case(
        "path-without-convolution",
        "e",
        """
def scaled_path(x):
    path = layers.BatchNormalization(gamma_initializer="zeros")(x)
    return layers.Add()([x, path])

residual_net = grafted(deeper, scaled_path)
""",
        0.5,
        "adds to the shortcut has no convolution",
    ),
    _case(
        "two-paths-without-shortcut",
        "e",
        "residual_net = grafted(deeper, lambda x: layers.Add()([keep(x, 5), nought(x, 3)]))",
        0.5,
        "None of what add.* adds is the block's input itself",
    ),
    _case(
        "shortcut-that-pools",
        "e",
        """
def pooled(x):
    short = layers.MaxPooling2D(1, strides=1)(x)
    short = layers.AveragePooling2D(3, strides=1, padding="same")(short)
    return layers.Add()([short, keep(x, 3)])

residual_net = grafted(deeper, pooled)
""",
        (0.5, 1.5),
        "None of what add.* adds is the block's input itself",
    ),
    _case(
        "shortcut-concatenated",
        "e",
        "residual_net = grafted(deeper, lambda x: layers.Concatenate()([x, keep(x, 3)]))",
        0.5,
        "concatenates the shortcut and the path: add them",
    ),
    _case(
        "three-residual-blocks",
        "e",
        "residual_net = grafted(deeper, *3 * [residual_block])",
        0.5,
        "3 residual blocks, ending in .*expected 1 to 2.*Remove add",
    ),
    _case(
        "inception-beside-residual",
        "e",
        "residual_net = grafted(deeper, residual_block, inception_block)",
        0.5,
        "1 inception block, ending in concatenate.*expected none",
    ),
    _case(
        "shortcut-that-leads-nowhere",
        "e",
        """
inputs = keras.Input((32, 32, 3))
residual_net = grafted(deeper, lambda x: (layers.Add()([x, nought(x)]), x)[1])
""",
        0.5,
        "0 residual blocks; expected 1 to 2",
    ),
)

MUTANTS = (*_INCEPTION, *_RESIDUAL)
