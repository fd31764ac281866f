"""What the cases of cifar10.ipynb have in common: places in its answer cells, and new code there.

Wrong architectures keep trained weights where they can, so that accuracy is not what they lose:
`grafted` puts blocks into a trained chain of layers which change nothing that it computes.
"""

from __future__ import annotations

from .cases import Edit

# By answer cell: its first line, which forgets the answers; its last ones, which build and train.
PLACEHOLDERS = {
    "b": "basic, basic_training = ..., ...",
    "d": "inception_net, inception_training = ..., ...\ninception_accuracy = ...",
    "e": "residual_net, residual_training = ..., ...",
}
ANSWERS = {
    "b": """\
basic = build("basic", [plain(16), plain(32), plain(32)])
basic.summary()
basic_training = trained(basic)
print(f"validation accuracy {accuracy_on(validation, basic):.1%}")
""",
    "d": """\
inception_net = build("inception", [plain(16), inception(32), inception(48), plain(64)])
inception_training = trained(inception_net)
inception_accuracy = accuracy_on(test, inception_net)
print(f"{inception_net.count_params():,} weights, test accuracy {inception_accuracy:.1%}")
""",
    "e": """\
residual_net = build("residual", [plain(16), residual(32), residual(48), plain(64)])
residual_training = trained(residual_net)
print(f"{residual_net.count_params():,} weights")
""",
}

GRAFTED = '''
def keep(tensor, size=1, filters=None):
    """A convolution that passes on the first channels of its input and looks at no neighbours."""
    filters = filters or tensor.shape[-1]
    layer = layers.Conv2D(filters, size, padding="same", use_bias=False)
    result = layer(tensor)
    kernel = np.zeros((size, size, tensor.shape[-1], filters))
    kernel[size // 2, size // 2] = np.eye(tensor.shape[-1], filters)
    layer.set_weights([kernel])
    return result


def nought(tensor, size=3):
    """A convolution that gives 0."""
    zeros = {"kernel_initializer": "zeros", "bias_initializer": "zeros"}
    return layers.Conv2D(tensor.shape[-1], size, padding="same", **zeros)(tensor)


def replaced(model, change):
    """A copy of a chain of layers; change(layer, copy, tensor) is what it has in a layer's place.

    change may call copy(tensor), whose weights become those of the layer.
    """
    tensor = inputs = keras.Input((32, 32, 3))
    for layer in model.layers[1:]:
        copy = type(layer).from_config(layer.get_config())
        tensor = change(layer, copy, tensor)
        if copy.built and layer.get_weights():
            copy.set_weights(layer.get_weights())
    return keras.Model(inputs, tensor)


def grafted(model, *blocks):
    """The same with blocks behind the first pooling, that keep the channels of their input."""
    first = next(each for each in model.layers if isinstance(each, layers.MaxPooling2D))

    def change(layer, copy, tensor):
        tensor = copy(tensor)
        for block in blocks if layer is first else ():
            tensor = keep(block(tensor), filters=tensor.shape[-1])
        return tensor

    return replaced(model, change)


def inception_block(tensor):
    return layers.Concatenate()([keep(tensor, 1), keep(tensor, 3), keep(tensor, 5)])


def residual_block(tensor):
    return layers.Add()([tensor, nought(tensor)])


deeper = trial_models["deeper"]
'''
# A second Dense layer, which changes nothing, before the last.
TWO_DENSE = """
def dense(layer, copy, tensor):
    if not isinstance(layer, layers.Dense):
        return copy(tensor)
    before = layers.Dense(tensor.shape[-1], kernel_initializer=keras.initializers.Identity())
    return copy(before(tensor))
"""

JUDGED = {
    "b": "",
    "d": """
inception_net.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
inception_accuracy = accuracy_on(test, inception_net)
""",
    "e": "",
}


def answering(cell: str, code: str) -> tuple[Edit, ...]:
    """The cell keeps the solution's answers, then runs `code` instead of building and training."""
    return (
        Edit(cell, PLACEHOLDERS[cell], ""),
        Edit(cell, ANSWERS[cell], f"{GRAFTED}\n{code}\n{JUDGED[cell]}"),
    )
