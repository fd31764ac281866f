"""Solutions of cifar10.ipynb that are right in another way."""

from __future__ import annotations

from .cases import Case, Edit
from .cifar10_edits import answering

TRAIN = "train = dataset(images[for_training], labels[for_training], shuffle=True)"
VALIDATION = "validation = dataset(images[for_validation], labels[for_validation], batch_size=250)"
TEST = "test = dataset(test_images, test_labels, batch_size=250)"
CHOSEN = 'print("chosen:", best_trial)'
COUNTED = "np.add.at(confusion, (test_labels, said), 1)"
NAMED = 'row[0].set_ylabel(class_names[label], rotation=0, ha="right", va="center")'
IMPORT_PANDAS = 'pandas = __import__("pandas")\n'

SEQUENCE = """
class Batches(keras.utils.PyDataset):
    def __init__(self, images, labels, shuffle=False):
        super().__init__()
        self.images, self.labels, self.shuffle = images, labels, shuffle
        self.order = np.arange(len(labels))
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.labels) // 64)

    def __getitem__(self, number):
        chosen = self.order[64 * number : 64 * (number + 1)]
        return (self.images[chosen] / 255).astype("float32"), self.labels[chosen]

    def on_epoch_end(self):
        if self.shuffle:
            np.random.default_rng().shuffle(self.order)

"""


def _images(name: str, *edits: tuple[str, str]) -> Case:
    return Case(name, tuple(Edit("a", *edit) for edit in edits), tests=("test_a",))


def _network(name: str, cell: str, code: str) -> Case:
    return Case(name, answering(cell, code), tests=(f"test_{cell}",))


_GENERATORS = (
    _images(
        "keras-py-dataset",
        (TRAIN, f"{SEQUENCE}train = Batches(images[for_training], labels[for_training], True)"),
        (VALIDATION, "validation = Batches(images[for_validation], labels[for_validation])"),
        (TEST, "test = Batches(test_images, test_labels)"),
    ),
    _images(
        "pairs-of-arrays",
        (TRAIN, 'train = (images[for_training] / 255).astype("float32"), labels[for_training]'),
        (VALIDATION, "validation = images[for_validation] / 255.0, labels[for_validation]"),
        (TEST, "test = [test_images / 255.0, test_labels]"),
    ),
    _images(
        "one-hot-labels",
        (
            "return tf.cast(images, tf.float32) / 255, labels",
            "return tf.cast(images, tf.float32) / 255, tf.one_hot(labels, 10)",
        ),
    ),
    _images(
        "generator-function-in-a-dataset",
        (
            VALIDATION,
            "def pairs():\n"
            "    for image, label in zip(images[for_validation], labels[for_validation]):\n"
            "        yield image / 255, label\n\n"
            "signature = tf.TensorSpec((32, 32, 3), tf.float32), tf.TensorSpec((), tf.int32)\n"
            "validation = tf.data.Dataset.from_generator(\n"
            "    pairs, output_signature=signature\n).batch(100)",
        ),
    ),
    _images(
        "planes-stacked",
        (
            "planes.transpose(0, 2, 3, 1)",
            "np.stack([planes[:, 0], planes[:, 1], planes[:, 2]], axis=-1)",
        ),
        (
            "first_images, first_labels = (part[:20] for part in batches[0])",
            "first_images = list(batches[0][0][:20])\n"
            "first_labels = [int(label) for label in batches[0][1][:20]]",
        ),
    ),
    Case(
        "samples-with-titles-over-each",
        (
            Edit(
                "a_samples",
                "ax.imshow(image)",
                "ax.imshow(image)\n        ax.set_title(class_names[label])",
            ),
            Edit("a_samples", NAMED, "pass"),
        ),
        tests=("test_a",),
    ),
    Case(
        "samples-as-a-pillow-image",
        (
            Edit(
                "a_samples",
                "samples = ...",
                "from PIL import Image, ImageDraw\n",
            ),
            Edit(
                "a_samples",
                "plt.show()",
                "samples = Image.new('RGB', (8 * 80, 10 * 90), 'white')\n"
                "pen = ImageDraw.Draw(samples)\n"
                "for label in range(10):\n"
                "    of_class = images[for_training][labels[for_training] == label]\n"
                "    for place in range(8):\n"
                "        pen.text((place * 80 + 8, label * 90 + 4), class_names[label], 'black')\n"
                "        picture = Image.fromarray(of_class[place]).resize((60, 60), 0)\n"
                "        samples.paste(picture, (place * 80 + 8, label * 90 + 24))",
            ),
        ),
        tests=("test_a",),
    ),
)

_BASIC = (
    _network("sequential", "b", "basic = keras.Sequential(basic.layers)"),
    _network(
        "nested",
        "b",
        """
inner = keras.Sequential([keras.Input((32, 32, 3)), *basic.layers[1:-3]], name="features")
basic = keras.Sequential([keras.Input((32, 32, 3)), inner, *basic.layers[-3:]])
""",
    ),
    _network(
        "softmax-as-a-layer",
        "b",
        """
last = basic.layers[-1]
dense = layers.Dense(10)
scores = dense(last.input)
dense.set_weights(last.get_weights())
basic = keras.Model(basic.inputs, layers.Activation("softmax")(scores))
""",
    ),
    _network(
        "reshape-for-flatten",
        "b",
        """
basic = replaced(basic, lambda layer, copy, tensor: (
    layers.Reshape((-1,))(tensor) if isinstance(layer, layers.Flatten) else copy(tensor)
))
""",
    ),
    _network(
        "a-plain-fit-on-arrays-and-one-hot-labels",
        "b",
        """
basic = keras.Sequential(keras.models.clone_model(basic).layers)
basic.set_weights(trial_models["basic"].get_weights())  # so three more epochs are enough
basic.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy", metrics=["accuracy"])
basic_training = basic.fit(
    images[for_training] / 255, np.eye(10)[labels[for_training]], epochs=3, verbose=0,
    validation_data=(images[for_validation] / 255, np.eye(10)[labels[for_validation]]),
)
""",
    ),
    _network(
        "a-history-of-keras",
        "b",
        """
kept, basic_training = basic_training, keras.callbacks.History()
basic_training.history = kept
""",
    ),
    _network(
        "a-history-in-stages",
        "b",
        """
basic_training = [
    {name: curve[part] for name, curve in basic_training.items()}
    for part in (slice(None, 4), slice(4, None))
]
""",
    ),
)

_TABLES = (
    Case(
        "trials-in-a-data-frame",
        (
            Edit(
                "c_trials",
                CHOSEN,
                IMPORT_PANDAS + "trials = pandas.DataFrame(trials)\n"
                "best_trial = trials.loc[trials.validation_accuracy.idxmax(), 'trial']",
            ),
        ),
        tests=("test_c_trials",),
    ),
    Case(
        "trials-in-columns",
        (
            Edit(
                "c_trials",
                CHOSEN,
                "trials = {column: [row[column] for row in trials] for column in trials[0]}",
            ),
        ),
        tests=("test_c_trials",),
    ),
    Case(
        "a-cross-table",
        (
            Edit(
                "c_test",
                COUNTED,
                COUNTED + "\n" + IMPORT_PANDAS + "table_of_both = "
                "pandas.crosstab(test_labels, pandas.Categorical(said, range(10)), dropna=False)",
            ),
            Edit(
                "c_test",
                "ax.set_yticks(range(10), class_names)",
                "ax.set_yticks(range(10), class_names)\nconfusion = table_of_both",
            ),
            Edit("c_test", "confusion.sum()", "(1 + np.asarray(confusion).sum())"),
        ),
        tests=("test_c",),
    ),
    Case(
        "a-matrix-of-tensorflow",
        (
            Edit(
                "c_test",
                "ax.set_yticks(range(10), class_names)",
                "ax.set_yticks(range(10), class_names)\n"
                "confusion = tf.math.confusion_matrix(test_labels, said)",
            ),
            Edit("c_test", "np.trace(confusion) / confusion.sum()", "np.mean(said == test_labels)"),
        ),
        tests=("test_c",),
    ),
    Case(
        "comparison-in-a-data-frame-and-bars",
        (
            Edit(
                "e_compare",
                "plt.show()\n",
                IMPORT_PANDAS + "comparison = pandas.DataFrame(comparison)\n"
                "comparison_plot, ax = plt.subplots(figsize=(6, 4))\n"
                "ax.bar(comparison['model'], comparison['test_accuracy'], yerr=errors)\n"
                "ax.set(title='Three networks', xlabel='network', ylabel='test accuracy')\n"
                "comparison, table_of_all = comparison.to_dict('records'), comparison\n",
            ),
            Edit(
                "e_compare",
                "print(f\"{row['model']:10} {row['parameters']:9,} "
                "{row['test_accuracy']:.1%} ± {error:.1%}\")",
                "comparison = table_of_all",
            ),
        ),
        tests=("test_e_compare",),
    ),
)

_BLOCKS = (
    _network(
        "inception-of-three-branches",
        "d",
        "inception_net = grafted(deeper, inception_block)",
    ),
    _network(
        "inception-of-other-layers",
        "d",
        """
def block(x):
    thin = keep(x, 1)
    return layers.Concatenate(axis=3)([
        keep(x, 1),
        layers.SeparableConv2D(8, 3, padding="same")(thin),
        layers.Conv2D(8, (7, 1), padding="same")(layers.Conv2D(8, (1, 7), padding="same")(x)),
        layers.Conv2D(8, 3, dilation_rate=2, padding="same")(thin),
        layers.AveragePooling2D(3, strides=1, padding="same")(x),
    ])

inception_net = grafted(deeper, block, inception_block)
""",
    ),
    _network(
        "inception-in-a-nested-model",
        "d",
        """
def nested(x):
    inputs = keras.Input(x.shape[1:])
    return keras.Model(inputs, inception_block(inputs), name="inception_block")(x)

inception_net = grafted(deeper, nested)
""",
    ),
    _network(
        "concatenated-by-an-operation",
        "d",
        "inception_net = grafted(deeper, lambda x: "
        "keras.ops.concatenate([keep(x, 1), keep(x, 3), keep(x, 5)], axis=-1))",
    ),
    _network(
        "plus-for-add",
        "e",
        """
def residual(filters):
    def block(tensor):
        path = convolve(tensor, WIDTH * filters)
        path = layers.Conv2D(WIDTH * filters, 3, padding="same", use_bias=False)(path)
        path = layers.BatchNormalization(momentum=0.9)(path)
        if tensor.shape[-1] != WIDTH * filters:
            tensor = layers.Conv2D(WIDTH * filters, 1)(tensor)
        return layers.ReLU()(tensor + path)

    return block

weights = residual_net.get_weights()
residual_net = build("residual", [plain(16), residual(32), residual(48), plain(64)])
residual_net.set_weights(weights)
""",
    ),
    _network(
        "residual-of-one-convolution",
        "e",
        "residual_net = grafted(deeper, residual_block)",
    ),
    _network(
        "residual-with-activation-first",
        "e",
        """
def block(x):
    path = layers.Activation("relu")(layers.BatchNormalization()(x))
    path = layers.Dropout(0.1)(layers.Conv2D(8, 3, padding="same")(path))
    short = layers.BatchNormalization(epsilon=1e-12)(keep(x, 1))
    return layers.Add()([nought(layers.Conv2D(x.shape[-1], 3, padding="same")(path)), short])

residual_net = grafted(deeper, block)
""",
    ),
)

VARIANTS = (*_GENERATORS, *_BASIC, *_TABLES, *_BLOCKS)
