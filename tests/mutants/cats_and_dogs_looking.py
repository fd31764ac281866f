"""Changed solutions of the parts of cats_and_dogs.ipynb that look at results and into networks."""

from __future__ import annotations

from .cases import Case, Edit
from .cats_and_dogs_edits import then

ASCEND = "patterns = ascend(late, awake(late, 16))"

EVALUATION = (
    Case(
        "confusion matrix transposed",
        (Edit("d", "(confusion, (is_dog, says_dog), 1)", "(confusion, (says_dog, is_dog), 1)"),),
        {"test_d": 0.5},
        "Rows and columns have changed places",
    ),
    Case(
        "argmax of one sigmoid",
        (Edit("d", "(dog > 0.5).astype(int)", "dog[:, np.newaxis].argmax(axis=1)"),),
        {"test_d": 0.5},
        r"All images are counted for class 0.*One sigmoid unit gives one number",
    ),
    Case(
        "shares for counts",
        (
            Edit(
                "d",
                "np.add.at(confusion, (is_dog, says_dog), 1)",
                ("np.add.at(confusion, (is_dog, says_dog), 1)\nconfusion = confusion / len(dog)"),
            ),
        ),
        {"test_d": 0.5},
        "These are shares that sum to 1; expected counts",
    ),
    Case(
        "predictions of shuffled images",
        (
            Edit(
                "d",
                "best_cnn.predict(test, verbose=0)",
                ("best_cnn.predict(dataset(test_indices, shuffle=True), verbose=0)"),
            ),
        ),
        {"test_d": 0.5},
        "they stand in other rows.*a data set that is shuffled gives another order",
    ),
    Case(
        "invented accuracy of the best network",
        (
            Edit(
                "d", "test_accuracy = best_cnn.evaluate(test, verbose=0)[1]", "test_accuracy = 0.7"
            ),
        ),
        {"test_d": 0.5},
        "best_cnn: reported 70.0 %.*chance explains a difference",
    ),
    Case(
        "the same curves twice",
        (Edit("d", 'zip(axes, ("loss", "accuracy"))', 'zip(axes, ("loss", "loss"))'),),
        {"test_d": 0.25},
        r"1 different panel; expected exactly 2: panels 1 \(Loss\) and 2 \(Loss\) show the same",
    ),
    Case(
        "curves without a legend",
        (Edit("d", "    ax.legend()\n", ""),),
        {"test_d": 0.125},
        r"Panels 1 \(Loss\) and 2 \(Accuracy\) lack a legend",
    ),
    Case(
        "a blank gallery",
        (then("mistakes = plt.figure(figsize=(9, 5))"),),
        {"test_d": 0.5},
        "The gallery of mistakes is blank: one colour all over",
    ),
)

ACTIVATIONS = (
    Case(
        "activations of another model",
        (
            Edit(
                "e",
                "convolutions = [layer for layer in best_cnn.layers",
                "other = keras.models.clone_model(best_cnn)\n"
                "convolutions = [layer for layer in other.layers",
            ),
            Edit("e", "best_cnn.inputs[0]", "other.inputs[0]"),
        ),
        {"test_e": 2},
        "conv1: it differs by .* from what conv1 puts out for this image: .* to another model",
    ),
    Case(
        "activations of the cat",
        (Edit("e", "look(example_dog[np.newaxis])", "look(example_cat[np.newaxis])"),),
        {"test_e": 2},
        "it belongs to another image",
    ),
    Case(
        "activations scaled for display",
        (Edit("e", "{layer.name: output for", "{layer.name: output / output.max() for"),),
        {"test_e": 2},
        "its values are scaled for display",
    ),
    Case(
        "one layer alone",
        (then("maps = {'conv2': maps['conv2']}"),),
        {"test_e": 1},
        "1 depth; expected at least 2",
    ),
    Case(
        "one channel over and over",
        (Edit("e", "ax.imshow(found[..., channel]", "ax.imshow(found[..., strongest[0]]"),),
        {"test_e": (0.2, 0.8)},
        "show the same",
    ),
)

PATTERNS = (
    Case(
        "noise as patterns",
        (Edit("f", ASCEND, "patterns = dict(zip(awake(late, 16), grey_noise(16)))"),),
        {"test_f": 2},
        "excites its filter no more than noise",
    ),
    Case(
        "one pattern for all filters",
        (
            Edit(
                "f", ASCEND, f"{ASCEND}\npatterns = dict.fromkeys(patterns, patterns.popitem()[1])"
            ),
        ),
        {"test_f": 2},
        "the same picture as for filter",
    ),
    Case(
        "patterns of another layer",
        (Edit("f", ASCEND, "patterns = ascend(early, awake(early, 16))"),),
        {"test_f": 2},
        "the pattern for filter .* excites it more",
    ),
    Case(
        "patterns from 0 to 255",
        (then("patterns = {number: 255 * picture for number, picture in patterns.items()}"),),
        {"test_f": 2},
        "The values lie in .* to 255; expected 0 to 1",
    ),
)

GRADCAM = (
    Case(
        "the other class",
        (
            Edit(
                "bonus",
                "grad_cam(best_cnn, example_cat, 0), grad_cam(best_cnn, example_dog, 1)",
                "grad_cam(best_cnn, example_cat, 1), grad_cam(best_cnn, example_dog, 0)",
            ),
        ),
        {"test_bonus": 2},
        "This is the heatmap of class 1, and class 0 is asked for",
    ),
    Case(
        "maps not weighted",
        (Edit("bonus", "maps[0] * weights", "maps[0]"),),
        {"test_bonus": 2},
        "they are not weighted by the gradient",
    ),
    Case(
        "heatmap laid over the image",
        (
            Edit(
                "bonus",
                "looked, axes",
                ("dog_heatmap = plt.cm.jet(dog_heatmap)[..., :3]\nlooked, axes"),
            ),
        ),
        {"test_bonus": 1},
        "it is a picture in colours",
    ),
)

LOOKING_MUTANTS = (*EVALUATION, *ACTIVATIONS, *PATTERNS, *GRADCAM)
