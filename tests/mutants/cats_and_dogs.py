"""Changed solutions of cats_and_dogs.ipynb."""

from __future__ import annotations

from .cases import Case, Edit
from .cats_and_dogs_edits import then
from .cats_and_dogs_looking import LOOKING_MUTANTS
from .cats_and_dogs_variants import VARIANTS as VARIANTS

# The trained network with another last layer, of one unit.
OTHER_END = """
weights = cnn.get_weights()
cnn = keras.Sequential([
    keras.Input((*IMAGE_SIZE, 3)),
    *keras.models.clone_model(cnn).layers[:-1],
    keras.layers.Dense(1, activation="{activation}"),
])
cnn.set_weights([*weights[:-2], {kernel}, {bias}])
"""

OTHER_LAYERS = """
keras.utils.set_random_seed(0)
layers = [type(layer).from_config(layer.get_config()) for layer in cnn.layers]
cnn = keras.Sequential([
    keras.Input((*IMAGE_SIZE, 3)),
    *(keras.layers.{new} if isinstance(layer, keras.layers.{old}) else layer for layer in layers),
])
"""

# The trained network behind another first layer.
OTHER_START = """
behind = keras.models.clone_model(cnn)
behind.set_weights(cnn.get_weights())
cnn = keras.Sequential([keras.Input((*IMAGE_SIZE, 3)), {layer}, *behind.layers])
"""

MOVED_LAYER = """
tuned = keras.models.clone_model(vgg)
tuned.set_weights(vgg.get_weights())
layer = tuned.get_layer("block5_conv1")
layer.set_weights([1.001 * weight for weight in layer.get_weights()])
"""


def ends(activation: str, kernel: str, bias: str) -> Edit:
    """`cnn` with another last layer; `weights` are those that it had."""
    return then(OTHER_END.format(activation=activation, kernel=kernel, bias=bias))


def instead(old: str, new: str) -> Edit:
    """`cnn` with other layers in the place of some, not trained."""
    return then(OTHER_LAYERS.format(old=old, new=new))


SPLITS = (
    Case(
        "test images in training",
        (then("train_indices = np.concatenate([train_indices[:-100], test_indices[50:150]])"),),
        {"test_a": 1.1},
        "Training and test have 100 positions in common",
    ),
    Case(
        "not split by class",
        (
            then(
                "everything = np.concatenate([cats, dogs])\n"
                "parts = np.split(everything, np.cumsum(SIZES)[:2])\n"
                "train_indices, validation_indices, test_indices = parts"
            ),
        ),
        {"test_a": 0.6},
        r"Validation classes: 0 \(0 times\) and 1 \(200 times\)",
    ),
    Case(
        "drawn with replacement",
        (
            Edit(
                "a",
                "rng.permutation(np.flatnonzero(labels == label))[:TAKE]",
                "rng.choice(np.flatnonzero(labels == label), TAKE)",
            ),
        ),
        {"test_a": 1.4},
        "positions of the training part stand there a second time",
    ),
)

GENERATORS = (
    Case(
        "test images in the training generator",
        (then("train = dataset([*train_indices[100:-100], *test_indices], shuffle=True)"),),
        {"test_b": 1.607},
        "Training and test have 200 images in common",
    ),
    Case(
        "pixels not scaled",
        (Edit("b", "tf.cast(batch, tf.float32) / 255", "tf.cast(batch, tf.float32)"),),
        {"test_b": 0.643},
        "Training images hold values from 0 to 255; expected 0 to 1",
    ),
    Case(
        "a Python generator",
        (then("train = (batch for batch in dataset(train_indices, shuffle=True))"),),
        {"test_b": 0.923},
        "a plain Python generator only once",
    ),
)

NETWORKS = (
    Case("unedited", (then("cnn, training = ..., ..."),), {"test_c": 4}, "not attempted"),
    Case(
        "no pooling",
        (instead("MaxPooling2D", "Conv2D(16, 2, strides=2)"),),
        {"test_c": 1.25},
        "0 pooling layers; expected at least 2",
    ),
    Case(
        "no normalisation",
        (instead("BatchNormalization", "Dropout(0.2)"),),
        {"test_c": 1.25},
        "0 normali[sz]ation layers; expected at least 1",
    ),
    Case(
        "no Flatten",
        (instead("Flatten", "GlobalAveragePooling2D()"),),
        {"test_c": 1.5},
        "0 Flatten layers; expected exactly 1.*GlobalAveragePooling2D makes a vector as well",
    ),
    Case(
        "one softmax unit",
        (ends("softmax", "weights[-2]", "weights[-1]"),),
        {"test_c": 1.25},
        "softmax over one unit is always 1",
    ),
    Case(
        "a Lambda layer",
        (then(OTHER_START.format(layer="keras.layers.Lambda(lambda x: x)")),),
        {"test_c": 3},
        'Lambda in the layer "lambda.* it holds code',
    ),
    Case("untrained", (then("cnn = build_cnn()"),), {"test_c": 1}, "has not been trained"),
    Case(
        "majority predictor",
        (ends("sigmoid", "0 * weights[-2]", "1 + 0 * weights[-1]"),),
        {"test_c": 1},
        r"All are taken for class 1 \(dog\)",
    ),
    Case(
        "cats and dogs swapped",
        (ends("sigmoid", "-weights[-2]", "-weights[-1]"),),
        {"test_c": 1},
        "two classes look swapped",
    ),
    Case(
        "scaled once more",
        (then(OTHER_START.format(layer="keras.layers.Rescaling(1 / 255)")),),
        {"test_c": 1},
        r"expect other pixel values: fed as 0\.\.255",
    ),
    Case(
        "invented history",
        (
            then(
                "falling, rising = [0.8, 0.6, 0.4, 0.2], [0.6, 0.7, 0.8, 0.9]\n"
                "training = {'loss': falling, 'accuracy': rising,\n"
                "            'val_loss': falling, 'val_accuracy': rising}"
            ),
        ),
        {"test_c": 1},
        "as no training does",
    ),
    Case(
        "no validation",
        (then("training = {name: training[name] for name in ('loss', 'accuracy')}"),),
        {"test_c": 0.25},
        "val_loss and val_accuracy not recorded",
    ),
)

TRIALS = (
    Case(
        "invented accuracies of trials",
        (Edit("d_trials", '"validation_accuracy": scores[name]', '"validation_accuracy": 0.7'),),
        {"test_d_trials": 1},
        "reported 70.0 %.*chance explains a difference",
    ),
    Case(
        "one model for all trials",
        (then("trial_models = dict.fromkeys(settings, cnn)"),),
        {"test_d_trials": 0.667},
        'the same model as "as in .c.", weight for weight',
    ),
    Case(
        "nothing varied",
        (Edit("d_trials", '{"trial": name, **options,', '{"trial": name, "dropout": 0.4,'),),
        {"test_d_trials": 0.167},
        "Every row has the same dropout",
    ),
    Case(
        "the worst trial chosen",
        (then("best_trial = min(trials, key=lambda row: row['validation_accuracy'])['trial']"),),
        {"test_d_trials": 0.167},
        "another row has a greater one",
    ),
)

TRANSFER = (
    Case(
        "head alone",
        (then("vgg = head"),),
        {"test_g": 3.3},
        "does not hold VGG16: none of its 13 kernels is there",
    ),
    Case(
        "base made anew",
        (
            then(
                "keras.utils.set_random_seed(1)\n"
                "base = keras.applications.VGG16(\n"
                "    weights=None, include_top=False, input_shape=(*IMAGE_SIZE, 3))\n"
                "vgg = keras.Model(base.input, head(base.output))"
            ),
        ),
        {"test_g": 3},
        "All of VGG16's layers have the right shapes, but weights that do not come from",
    ),
    Case(
        "base not frozen, and tuned in place",
        (then("vgg = tuned"),),
        {"test_g": 1, "test_h": 0.267},
        "(?s)block5_conv1, block5_conv2 and block5_conv3 have been trained"
        ".*The frozen model has the same weights, so it was fine-tuned itself",
    ),
    Case(
        "invented test accuracy",
        (then("vgg_test_accuracy = 0.6"),),
        {"test_g": 1},
        "vgg: reported 60.0 %.*chance explains a difference",
    ),
    Case(
        "fine-tuning that changed nothing",
        (Edit("h", 'startswith(("block5", "head"))', 'startswith("head")'),),
        {"test_h": 0.8},
        "All 26 tensors of VGG16 are as published: none has moved",
    ),
    Case(
        "other layers unfrozen than the last",
        (then(MOVED_LAYER),),
        {"test_h": 0.267},
        "block5_conv1 was trained, though block5_conv2 and block5_conv3 after it was not",
    ),
    Case(
        "a new head for fine-tuning",
        (
            then(
                "keras.utils.set_random_seed(1)\n"
                "new = build_head(base.output.shape[1:])\n"
                "weights = [*tuned.get_weights()[:-4], *new.get_weights()]\n"
                "tuned = keras.models.clone_model(tuned)\n"
                "tuned.set_weights(weights)"
            ),
        ),
        {"test_h": 2.267},
        "do not go on from the frozen model's: they were made anew",
    ),
)

AUGMENTATION = (
    Case(
        "augmentation in validation",
        (then("validation = validation.map(augmenting)"),),
        {"test_i": 0.25},
        "Only .* of the validation images came again",
    ),
    Case(
        "nothing augmented",
        (then("augmented_train = train"),),
        {"test_i": 1},
        "100 % of the training images came again unchanged",
    ),
    Case(
        "the same flips in every epoch",
        (
            then(
                "augmented_train = dataset(train_indices).map(\n"
                "    lambda batch, labels: (tf.image.random_flip_left_right(batch), labels))"
            ),
        ),
        {"test_i": 1},
        "100 % of the training images came again unchanged.*Once a seed is set, tf.image.random_…",
    ),
    Case(
        "noise for augmentation",
        (
            then(
                "noise = keras.layers.GaussianNoise(1.0)\n"
                "augmented_train = train.map(lambda batch, labels: (\n"
                "    tf.clip_by_value(noise(batch, training=True), 0, 1), labels))"
            ),
        ),
        {"test_i": 0.25},
        "Training images look like noise",
    ),
)

MUTANTS: tuple[Case, ...] = (
    *SPLITS,
    *GENERATORS,
    *NETWORKS,
    *TRIALS,
    *LOOKING_MUTANTS,
    *TRANSFER,
    *AUGMENTATION,
)
