"""Solutions of cats_and_dogs.ipynb that are right in another way."""

from __future__ import annotations

from .cases import Case, Edit
from .cats_and_dogs_edits import then

# The trained network's layers, with its weights.
COPY = """
copied = keras.models.clone_model({model})
copied.set_weights({model}.get_weights())
"""

FUNCTIONAL = """
inputs = x = keras.Input((*IMAGE_SIZE, 3), name="photograph")
for layer in copied.layers:
    x = layer(x)
cnn = keras.Model(inputs, x, name="my_network")
"""

# The same function, as layers of their own: ReLU, dropout of maps, a scaling that is turned back.
OTHER_BLOCKS = """
inputs = keras.Input((None, None, 3))
x = keras.layers.Resizing(*IMAGE_SIZE)(inputs)
for layer in cnn.layers:
    config = layer.get_config()
    is_active = config.get("activation") == "relu"
    copy = type(layer).from_config({**config, **({"activation": "linear"} if is_active else {})})
    x = copy(x)
    copy.set_weights(layer.get_weights())
    x = keras.layers.ReLU()(x) if is_active else x
cnn = keras.Model(inputs, x)
"""

# A softmax over w/2 and -w/2 gives what the sigmoid of w gives.
OVER_TWO = """
kernel, bias = {model}.get_weights()[-2:]
two = keras.Sequential([
    keras.Input((*IMAGE_SIZE, 3)),
    *copied.layers[:-1],
    keras.layers.Dense(2, activation="softmax", dtype="float32"),
])
two.set_weights([
    *{model}.get_weights()[:-2],
    np.concatenate([-kernel, kernel], axis=1) / 2,
    np.concatenate([-bias, bias]) / 2,
])
{model} = two
"""

PYDATASET = """
class Photographs(keras.utils.PyDataset):
    def __init__(self, indices, shuffle=False, size=50):
        super().__init__()
        self.indices, self.shuffle, self.size = np.array(indices), shuffle, size
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.indices) // self.size)

    def __getitem__(self, number):
        chosen = self.indices[number * self.size : (number + 1) * self.size]
        return images[chosen].astype("float32") / 255, np.eye(2)[labels[chosen]]

    def on_epoch_end(self):
        if self.shuffle:
            np.random.shuffle(self.indices)


train = Photographs(train_indices, shuffle=True)
validation, test = Photographs(validation_indices), Photographs(test_indices)
"""

FROM_FILES = """
files = cats_dogs.paths()


def read(path, label):
    picture = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
    return tf.image.resize(picture, IMAGE_SIZE) / 255, label


def from_files(indices):
    chosen = [str(files[place]) for place in indices], labels[indices]
    return tf.data.Dataset.from_tensor_slices(chosen).map(read).batch(20)


train = from_files(rng.permutation(train_indices))
validation, test = from_files(validation_indices), from_files(test_indices)
"""

ARRAYS = """
train, validation, test = (
    (images[indices] / np.float32(255), labels[indices].reshape(-1, 1))
    for indices in (train_indices, validation_indices, test_indices)
)
"""

RANDOM_SAMPLE = """
import random

chosen = [random.sample(np.flatnonzero(labels == label).tolist(), TAKE) for label in (0, 1)]
mixed = [place for pair in zip(*chosen) for place in pair]
train_indices = mixed[: SIZES[0]]
validation_indices = mixed[SIZES[0] : sum(SIZES[:2])]
test_indices = mixed[-SIZES[2] :]
"""

# A head with two outputs, trained by fit on features computed once, behind a base that is nested.
OTHER_HEAD = """
keras.utils.set_random_seed(0)
head = keras.Sequential([
    keras.Input(base.output.shape[1:]),
    keras.layers.Flatten(),
    keras.layers.Dense(64, activation="relu"),
    keras.layers.Dropout(0.5),
    keras.layers.Dense(2, activation="softmax"),
])
head.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
one_hot = {part: np.eye(2)[answers[part]] for part in answers}
vgg_training = head.fit(
    features["training"], one_hot["training"],
    validation_data=(features["validation"], one_hot["validation"]), epochs=25, verbose=0,
    callbacks=[keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)])
copied = keras.models.clone_model(base)
copied.set_weights(base.get_weights())
copied.trainable = False
vgg = keras.Sequential([keras.Input((*IMAGE_SIZE, 3)), copied, head])
vgg_test_accuracy = head.evaluate(features["test"], one_hot["test"], verbose=0)[1]

learnt = tuned.get_weights()[: len(base.weights)]
tuned = keras.models.clone_model(vgg)
tuned.set_weights([*learnt, *head.get_weights()])
tuned_test_accuracy = vgg_test_accuracy
"""

# Shifts and flips by NumPy, nothing of Keras.
BY_NUMPY = """
class Shifted(keras.utils.PyDataset):
    def __len__(self):
        return -(-len(train_indices) // 32)

    def __getitem__(self, number):
        chosen = train_indices[32 * number : 32 * (number + 1)]
        batch = np.stack([np.roll(images[each], rng.integers(-5, 6, 2), (0, 1)) for each in chosen])
        return batch[:, :, :: rng.choice([-1, 1])].astype("float32") / 255, labels[chosen]


augmented_train = Shifted()
"""

CURVES_BY_PANDAS = """
import pandas as pd

found = pd.DataFrame(trial_curves[best_trial])
curves, axes = plt.subplots(1, 2, figsize=(10, 4))
for ax, measure in zip(axes, ("loss", "accuracy")):
    found[[measure, f"val_{measure}"]].plot(ax=ax, xlabel="epoch", ylabel=measure)
"""

EACH_LAYER_BY_HAND = """
maps, x = {}, example_dog[np.newaxis]
for layer in best_cnn.layers:
    x = layer(x)
    if len(x.shape) == 4:
        maps[layer.name] = x
maps_figure = plt.figure(figsize=(12, 3))
for number in range(1, 11):
    ax = maps_figure.add_subplot(2, 5, number)
    name = "conv1" if number < 6 else "conv3"
    ax.pcolormesh(maps[name][0, ::-1, :, number], cmap="magma")
    ax.set(title=f"{name}, {number}", xticks=[], yticks=[])
"""

ASCENT_BY_ADAM = """
def ascend(layer, filters, steps=40):
    look = keras.Model(best_cnn.inputs[0], layer.output)
    pictures = tf.Variable(grey_noise(len(filters)))
    adam = keras.optimizers.Adam(0.02)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            maps = tf.gather(look(pictures), filters, axis=-1, batch_dims=0)
            own = [tf.reduce_mean(maps[n, ..., n]) for n in range(len(filters))]
            loss = -tf.add_n(own)
        adam.apply([tape.gradient(loss, pictures)], [pictures])
    return {number: np.clip(picture, 0, 1) for number, picture in zip(filters, pictures.numpy())}


pattern_layer = early.name
patterns = ascend(early, awake(early, 8))
"""

LARGE_HEATMAPS = """
cat_heatmap, dog_heatmap = (
    keras.ops.image.resize(heatmap[..., np.newaxis], IMAGE_SIZE)[..., 0] / heatmap.max()
    for heatmap in (cat_heatmap, dog_heatmap)
)
"""

GALLERY_BY_PILLOW = """
from PIL import Image, ImageDraw

mistakes = Image.new("RGB", (640, 400), "white")
write = ImageDraw.Draw(mistakes).text
for number, place in enumerate(np.argsort(-sureness)[:8]):
    left, top = 20 + number % 4 * 150, 40 + number // 4 * 180
    photograph = Image.fromarray(images[test_indices[place]]).resize((128, 128))
    mistakes.paste(photograph, (left, top))
    said = cats_dogs.CLASS_NAMES[says_dog[place]]
    write((left, top - 20), f"says {said}, dog {dog[place]:.0%}", "black")
"""

VARIANTS: tuple[Case, ...] = (
    Case("random.sample and slices", (then(RANDOM_SAMPLE),), tests=("test_a",)),
    Case("PyDataset, one-hot labels", (then(PYDATASET),), tests=("test_b",)),
    Case("images read from files", (then(FROM_FILES),), tests=("test_b",)),
    Case("pairs of arrays", (then(ARRAYS),), tests=("test_b",)),
    Case("functional", (then(COPY.format(model="cnn") + FUNCTIONAL),), tests=("test_c",)),
    Case("other block layouts", (then(OTHER_BLOCKS),), tests=("test_c",)),
    Case(
        "fit, with fewer filters",
        (
            Edit(
                "c",
                "cnn = build_cnn()\ntraining = train_once(\n    cnn, train,",
                "cnn = build_cnn(width=8)\ntraining = cnn.fit(\n    train,",
            ),
            Edit("c", 'name="cnn"', "verbose=0"),
            Edit("c", "max(training['val_accuracy'])", "max(training.history['val_accuracy'])"),
        ),
        tests=("test_c",),
    ),
    Case(
        "softmax over cat and dog",
        (then(COPY.format(model="best_cnn") + OVER_TWO.format(model="best_cnn")),),
        tests=("test_d", "test_e", "test_f", "test_bonus"),
    ),
    Case(
        "trials in a DataFrame, the best by its number",
        (
            then(
                "import pandas as pd\n"
                "trials = pd.DataFrame(trials).rename(columns={'trial': 'Trial'})\n"
                "best_trial = int(trials['validation_accuracy'].idxmax())"
            ),
        ),
        tests=("test_d_trials",),
    ),
    Case("a gallery by Pillow", (then(GALLERY_BY_PILLOW),), tests=("test_d",)),
    Case("curves by pandas", (then(CURVES_BY_PANDAS),), tests=("test_d",)),
    Case("activations layer by layer", (then(EACH_LAYER_BY_HAND),), tests=("test_e",)),
    Case("ascent by Adam in an early layer", (then(ASCENT_BY_ADAM),), tests=("test_f",)),
    Case("another head, nested base", (then(OTHER_HEAD),), tests=("test_g", "test_h")),
    Case("augmentation by NumPy", (then(BY_NUMPY),), tests=("test_i",)),
    Case("heatmaps as large as the image", (then(LARGE_HEATMAPS),), tests=("test_bonus",)),
)
