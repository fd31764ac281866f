"""Wrong tables, choices, matrices and figures in parts (c) and (e) of cifar10.ipynb."""

from __future__ import annotations

from .cases import Case, Edit, Points


def _case(name: str, cell: str, old: str, new: str, loses: Points, says: str) -> Case:
    test = {"c_trials": "test_c_trials", "c_test": "test_c", "e_compare": "test_e_compare"}[cell]
    return Case(name, (Edit(cell, old, new),), {test: loses}, says)


CHOSEN = 'print("chosen:", best_trial)'
COUNTED = "np.add.at(confusion, (test_labels, said), 1)"

_TRIALS = (
    _case(
        "invented-validation-accuracies",
        "c_trials",
        "found = accuracy_on(validation, trial_models[name])",
        "found = 0.5 + 0.01 * len(trials)",
        1,
        "0 of 3 reported accuracies agree.*reported 50.0 %, measured .*chance explains",
    ),
    _case(
        "one-model-under-three-names",
        "c_trials",
        CHOSEN,
        "trial_models = {name: basic for name in variants}\n"
        "for row in trials:\n    row['validation_accuracy'] = accuracy_on(validation, basic)\n",
        2 / 3,
        'the same model as "basic", weight for weight; it counts once',
    ),
    _case(
        "not-the-best",
        "c_trials",
        "best_trial = max(",
        "best_trial = min(",
        1 / 6,
        "another row has a greater one. Choose among the rows of your table",
    ),
    _case(
        "two-trials",
        "c_trials",
        CHOSEN,
        "trials = sorted(trials, key=lambda row: -row['validation_accuracy'])[:2]\n"
        "trial_models = {row['trial']: trial_models[row['trial']] for row in trials}",
        (0.2, 0.5),
        "2 rows; expected at least 3",
    ),
    _case(
        "no-hyper-parameters",
        "c_trials",
        CHOSEN,
        'trials = [{name: row[name] for name in ("trial", "validation_accuracy")}'
        " for row in trials]",
        1 / 6,
        "No column tells what was varied, besides trial and validation_accuracy",
    ),
    _case(
        "hyper-parameters-that-stay",
        "c_trials",
        CHOSEN,
        "trials = [row | {'filters': 16, 'dropout': 0.1} for row in trials]",
        1 / 6,
        "Every row has the same filters and dropout.*Change at least one setting",
    ),
    _case(
        "names-that-differ",
        "c_trials",
        CHOSEN,
        "trial_models = {name.upper(): model for name, model in trial_models.items()}",
        1,
        "basic: no model has this name.*Use the same names for the numbers as for the models",
    ),
)

_TEST = (
    _case(
        "transposed",
        "c_test",
        COUNTED,
        "np.add.at(confusion, (said, test_labels), 1)",
        1,
        "Rows and columns have changed places: a row is a true class",
    ),
    _case(
        "normalised",
        "c_test",
        COUNTED,
        COUNTED + "\nconfusion = confusion / confusion.sum(axis=1, keepdims=True)",
        1,
        "These are shares that sum to 1; expected counts",
    ),
    _case(
        "counted-on-validation-images",
        "c_test",
        COUNTED,
        "given, known = images[for_validation], labels[for_validation]\n"
        "said = cnn.predict(given / 255, verbose=0).argmax(axis=1)\n"
        "np.add.at(confusion, (known, said), 1)",
        1,
        "counts 500 images; there are 1,000",
    ),
    _case(
        "labels-in-another-order",
        "c_test",
        COUNTED,
        "said = np.random.default_rng(0).permutation(said)\n" + COUNTED,
        1,
        "Labels and predictions come in different orders",
    ),
    _case(
        "matrix-of-another-model",
        "c_test",
        "probabilities = cnn.predict",
        "probabilities = keras.models.clone_model(cnn).predict",
        1,
        "in another column than the model puts them; .* would be right",
    ),
    _case(
        "one-panel-of-curves",
        "c_test",
        'zip(axes, ("loss", "accuracy"))',
        'zip(axes, ("loss",))',
        (0.3, 1),
        "1 different panel; expected at least 2.*nothing is drawn into panel 2",
    ),
    _case(
        "the-same-curves-twice",
        "c_test",
        'zip(axes, ("loss", "accuracy"))',
        'zip(axes, ("loss", "loss"))',
        (0.3, 1),
        "panels 1 .* and 2 .* show the same",
    ),
    _case("no-legend", "c_test", "    ax.legend()\n", "", (0.1, 0.3), "lack a legend"),
    _case(
        "no-axis-labels",
        "c_test",
        ', xlabel="epoch", ylabel=measure)',
        ")",
        (0.1, 0.3),
        "lack a label on each axis",
    ),
    _case(
        "curves-without-validation",
        "c_test",
        '((measure, "training"), (f"val_{measure}", "validation"))',
        '((measure, "training"),)',
        (0.05, 0.3),
        "2 curves; expected at least 4",
    ),
)

_COMPARISON = (
    _case(
        "invented-test-accuracies",
        "e_compare",
        '"test_accuracy": accuracy_on(test, network)',
        '"test_accuracy": 0.5',
        1,
        "0 of 3 reported accuracies agree",
    ),
    _case(
        "trainable-weights-alone",
        "e_compare",
        "network.count_params()",
        "sum(int(np.prod(each.shape)) for each in network.trainable_weights)",
        0.25,
        "0 of 3 .*these are the trainable ones alone",
    ),
    _case(
        "weights-of-one-for-all",
        "e_compare",
        "network.count_params()",
        "cnn.count_params()",
        (1 / 6 - 0.01, 1 / 6 + 0.01),
        'inception: reported .*; that is the number of "cnn"; this model has',
    ),
    _case(
        "one-model-twice",
        "e_compare",
        'networks = {"cnn"',
        'residual_net = inception_net\nnetworks = {"cnn"',
        1 / 3,
        'residual: the same model as "inception", weight for weight',
    ),
    _case(
        "two-rows",
        "e_compare",
        "plt.show()\n",
        "plt.show()\ncomparison = comparison[:2]\n",
        (0.4, 0.7),
        "2 rows; expected",
    ),
    _case(
        "blank-comparison",
        "e_compare",
        "plt.show()\n",
        "plt.show()\ncomparison_plot = plt.figure()\n",
        0.5,
        "blank: one colour all over",
    ),
    _case(
        "comparison-without-labels",
        "e_compare",
        'xlabel="network", ylabel="test accuracy"',
        "",
        (0.05, 0.25),
        "lacks a label on each axis",
    ),
)

MUTANTS = (*_TRIALS, *_TEST, *_COMPARISON)
