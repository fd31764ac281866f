"""Wrong networks and trainings in part (b) of cifar10.ipynb."""

from __future__ import annotations

from .cases import Case, Edit, Points
from .cifar10_edits import ANSWERS, TWO_DENSE, answering


def _case(name: str, cell: str, code: str, loses: Points, says: str) -> Case:
    """loses: in the cell's own test."""
    return Case(name, answering(cell, code), {f"test_{cell}": loses}, says)


_BASIC = (
    _case(
        "no-pooling",
        "b",
        """
basic = replaced(basic, lambda layer, copy, tensor: (
    layers.Conv2D(tensor.shape[-1], 2, strides=2)(tensor)
    if isinstance(layer, layers.MaxPooling2D) else copy(tensor)
))
""",
        (1 / 3, 1 / 3 + 2),
        r"0 pooling layers; expected at least 2.*Add layers\.MaxPooling2D\(\) behind a convolution",
    ),
    _case(
        "no-normalization",
        "b",
        """
def folded(layer, copy, tensor):
    if isinstance(layer, layers.BatchNormalization):
        return tensor
    if not isinstance(layer, layers.Conv2D):
        return copy(tensor)
    gamma, beta, mean, variance = normal.pop(0).get_weights()
    scale = gamma / np.sqrt(variance + 1e-3)
    convolution = layers.Conv2D(layer.filters, 3, padding="same")
    tensor = convolution(tensor)
    convolution.set_weights([layer.get_weights()[0] * scale, beta - mean * scale])
    return tensor

normal = [layer for layer in basic.layers if isinstance(layer, layers.BatchNormalization)]
basic = replaced(basic, folded)
""",
        1 / 3,
        r"0 normalization layers; expected at least 1.*layers\.BatchNormalization\(\)",
    ),
    _case(
        "no-flatten",
        "b",
        """
basic = replaced(basic, lambda layer, copy, tensor: (
    layers.GlobalAveragePooling2D()(tensor) if isinstance(layer, layers.Flatten)
    else layers.Dense(10, "softmax")(tensor) if isinstance(layer, layers.Dense) else copy(tensor)
))
""",
        (1, 3),
        "0 Flatten layers; expected exactly 1.*GlobalAveragePooling2D makes a vector as well",
    ),
    _case(
        "no-flatten-at-all",
        "b",
        """
basic = replaced(basic, lambda layer, copy, tensor: (
    tensor if isinstance(layer, layers.Flatten)
    else layers.Dense(10, "softmax")(tensor) if isinstance(layer, layers.Dense) else copy(tensor)
))
""",
        3,
        "The last Dense works on every place of the feature maps by itself; put Flatten",
    ),
    _case(
        "a-convolution-for-dense",
        "b",
        """
def dense(layer, copy, tensor):
    if isinstance(layer, layers.Flatten | layers.Dropout):
        return tensor
    if not isinstance(layer, layers.Dense):
        return copy(tensor)
    kernel, bias = layer.get_weights()
    convolution = layers.Conv2D(10, 4)
    tensor = convolution(tensor)
    convolution.set_weights([kernel.reshape(4, 4, -1, 10), bias])
    return layers.Softmax()(layers.GlobalMaxPooling2D()(tensor))

basic = replaced(basic, dense)
""",
        1,
        "0 Dense layers; expected exactly 1",
    ),
    _case(
        "two-dense-layers",
        "b",
        TWO_DENSE + "basic = replaced(basic, dense)\n",
        1,
        "2 Dense layers: .*expected exactly 1.*Remove one of them; the last Dense gives the output",
    ),
    _case(
        "logits",
        "b",
        """
basic = keras.models.clone_model(basic)
basic.set_weights(trial_models["basic"].get_weights())
basic.layers[-1].activation = keras.activations.linear
""",
        (1, 3),
        r'10 units with no activation; expected 10 units with softmax.*activation="softmax"',
    ),
    _case(
        "inception-already",
        "b",
        "basic = grafted(basic, inception_block)",
        1,
        "1 inception block, ending in .*expected none.*so that one way alone leads",
    ),
    _case(
        "lambda",
        "b",
        """
basic = keras.Sequential([
    keras.Input((32, 32, 3)), layers.Lambda(lambda images: images * 1.0), *basic.layers[1:]
])
""",
        4,
        r'has Lambda in the layer "lambda".*it holds code; use a layer of Keras such as Rescaling',
    ),
    _case(
        "own-class-of-models",
        "b",
        """
class Basic(keras.Model):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, images):
        return self.inner(images)

basic = Basic(basic)
basic(np.zeros((1, 32, 32, 3), "float32"))
""",
        4,
        "Basic",
    ),
)

_TRAINING = (
    _case(
        "untrained",
        "b",
        """
basic = keras.models.clone_model(basic)
basic.compile("adam", "sparse_categorical_crossentropy")
""",
        2,
        "The model has not been trained.*Run the cell with model.fit",
    ),
    _case(
        "majority",
        "b",
        """
basic = keras.models.clone_model(basic)
basic.compile("adam", "sparse_categorical_crossentropy")
basic.fit(train.take(1), verbose=0)
basic.set_weights([*basic.get_weights()[:-1], np.eye(10)[3] * 100])
""",
        2,
        "All are taken for class 3.*has learnt nothing answers so",
    ),
    _case(
        "trained-on-values-to-255",
        "b",
        """
basic = keras.models.clone_model(basic)
first, *others = trial_models["basic"].get_weights()
basic.set_weights([first / 255, *others])
""",
        (1, 2),
        "seems to expect other pixel values: fed as 0..255",
    ),
    _case(
        "classes-in-another-order",
        "b",
        """
basic = keras.models.clone_model(basic)
*others, kernel, bias = trial_models["basic"].get_weights()
basic.set_weights([*others, kernel[:, ::-1], bias[::-1]])
""",
        2,
        "classes look numbered in another order: put right",
    ),
    _case(
        "one-epoch",
        "b",
        "basic_training = {name: curve[:1] for name, curve in basic_training.items()}",
        (0.3, 0.7),
        "1 epoch; expected at least 3",
    ),
    _case(
        "no-validation",
        "b",
        "basic_training = {name: basic_training[name] for name in ('loss', 'accuracy')}",
        0.25,
        r"val_loss and val_accuracy not recorded.*validation_data=",
    ),
    _case(
        "invented-history",
        "b",
        """
names = ("loss", "accuracy", "val_loss", "val_accuracy")
basic_training = {name: [0.9, 0.7, 0.5, 0.3] for name in names}
""",
        1,
        "changes by -0.2 in every epoch, as no training does",
    ),
    Case(
        "unedited-cell",
        (Edit("b", ANSWERS["b"], ""),),
        {"test_b": 5},
        "There is no answer yet",
    ),
)

MUTANTS = (*_BASIC, *_TRAINING)
