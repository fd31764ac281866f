"""VGG16's weights: made, kept, read from keras-applications' file, and put into the model."""

import math
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from autograder.datasets import DataError, _vgg16_stand_in
from autograder.datasets._vgg16_stand_in import Layers, Recipe
from autograder.datasets.pretrained import (
    VGG16_TENSORS,
    Tensors,
    build_base,
    from_h5,
    named,
    read_weights,
    tensor_digests,
    write_weights,
)

QUICK = Recipe(
    species=3,
    images=16,
    steps=2,
    batch_size=8,
    thinner=16,
    scaling_images=4,
    scaling_side=32,
)


@pytest.fixture(scope="module")
def trained() -> Layers:
    """A thin network, hardly trained."""
    return _vgg16_stand_in.train(0, QUICK)


@pytest.fixture(scope="module")
def tensors(trained: Layers) -> Tensors:
    """A stand-in made with little care; many tests read it, none may change it."""
    figures = _vgg16_stand_in.scaling_figures(0, QUICK)
    return named(_vgg16_stand_in.widen(trained, figures, np.random.default_rng([0, 1])))


def test_tensors_are_vgg16s() -> None:
    """13 kernels and 13 biases, as many parameters as keras.applications.VGG16 has."""
    assert len(VGG16_TENSORS) == 26
    assert sum(math.prod(shape) for _, shape in VGG16_TENSORS) == 14_714_688
    assert VGG16_TENSORS[0] == ("block1_conv1/kernel", (3, 3, 3, 64))
    assert VGG16_TENSORS[-1] == ("block5_conv3/bias", (512,))


def test_stand_in_is_whole(tensors: Tensors) -> None:
    """Every array has its name, shape and dtype, and finite numbers that are not all alike."""
    assert [(name, array.shape) for name, array in tensors.items()] == list(VGG16_TENSORS)
    for array in tensors.values():
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
        assert array.std() > 0


def test_same_seed_same_bits(tensors: Tensors) -> None:
    """Making it again gives the same bits, another seed others, whatever Keras' own seed is."""
    import keras

    keras.utils.set_random_seed(5)
    again = named(_vgg16_stand_in.make(0, QUICK))
    assert tensor_digests(again) == tensor_digests(tensors)
    starts = [_vgg16_stand_in._thin(seed, QUICK).get_weights()[0] for seed in (0, 0, 1)]
    assert np.array_equal(starts[0], starts[1])
    assert not np.array_equal(starts[0], starts[2])


def test_trained_channels_stay_what_they_were(trained: Layers, tensors: Tensors) -> None:
    """A layer's first channels read the trained channels only, with the trained kernels."""
    for number, (kernel, bias) in enumerate(trained):
        name = VGG16_TENSORS[2 * number][0].removesuffix("/kernel")
        wide = tensors[f"{name}/kernel"]
        inputs, outputs = kernel.shape[2:]
        assert np.array_equal(wide[:, :, :inputs, :outputs], kernel)
        assert not wide[:, :, inputs:, :outputs].any()
        assert np.array_equal(tensors[f"{name}/bias"][:outputs], bias)


def test_folding_keeps_what_the_thin_network_says() -> None:
    """Without its normalisation, and on pixels of full range, the network answers as before."""
    import keras

    network = _vgg16_stand_in._thin(0, QUICK)
    rng = np.random.default_rng(0)
    norm = network.get_layer("norm_0")
    norm.set_weights([rng.uniform(0.5, 2, 4).astype(np.float32) for _ in range(4)])
    pixels = rng.normal(0, 64, (2, 32, 32, 3)).astype(np.float32)
    expected = keras.Model(network.input, norm.output).predict(pixels / 64, verbose=0)
    kernel, bias = _vgg16_stand_in._folded(network)[0]
    found = keras.ops.conv(pixels, kernel, padding="same") + bias
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=1e-4)


def test_random_channels_neither_die_nor_explode() -> None:
    """On the figures they were scaled on, the last features have the scale of the first."""
    figures = _vgg16_stand_in.scaling_figures(0, QUICK)
    base = build_base(
        named(_vgg16_stand_in.widen([], figures, np.random.default_rng(0))), (32, 32, 3)
    )
    import keras

    for name in ("block1_conv1", "block3_conv2", "block5_conv3"):
        answers = keras.Model(base.input, base.get_layer(name).output).predict(figures, verbose=0)
        assert 0.2 < answers.mean() < 0.6
        assert 0.3 < answers.std() < 0.9


@pytest.mark.parametrize(("inputs", "outputs"), [(3, 64), (64, 64)])
def test_filters_are_orthogonal(inputs: int, outputs: int) -> None:
    """As many directions as there are filters, or as many as a patch has."""
    kernel = _vgg16_stand_in._orthogonal(inputs, outputs, np.random.default_rng(0))
    filters = kernel.reshape(9 * inputs, outputs)
    products = filters.T @ filters if 9 * inputs >= outputs else filters @ filters.T
    np.testing.assert_allclose(products, np.eye(len(products)), atol=1e-5)


def test_figures() -> None:
    """RGB of the full range, the same from the same generator, no two alike."""
    species = _vgg16_stand_in.invent(3, np.random.default_rng(0))
    labels = np.array([0, 0, 1, 2])
    first, second = (
        _vgg16_stand_in.draw(species, labels, 32, np.random.default_rng(1)) for _ in range(2)
    )
    assert first.shape == (4, 32, 32, 3) and first.dtype == np.float32
    assert first.min() >= 0 and 200 < first.max() <= 255
    assert np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])


def test_preprocessing_is_kerass() -> None:
    """The pixels it is scaled on are those that students will give it."""
    import keras

    pictures = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype(np.float32)
    expected = keras.applications.vgg16.preprocess_input(pictures.copy())
    np.testing.assert_allclose(_vgg16_stand_in._preprocessed(pictures), expected, atol=1e-4)


def test_digests_notice_one_bit(tensors: Tensors) -> None:
    """should_pass: a copy, in any order of memory. should_fail: one bit, the dtype or the shape."""
    name = "block5_conv3/bias"
    bias = tensors[name]
    known = tensor_digests(tensors)
    assert list(known) == [name for name, _ in VGG16_TENSORS]
    kernel = tensors["block1_conv1/kernel"]
    assert tensor_digests({"a": np.asfortranarray(kernel)})["a"] == known["block1_conv1/kernel"]
    assert tensor_digests({"a": bias.astype(">f4")})["a"] == known[name]
    bit = bias.copy()
    bit.view(np.uint32)[7] ^= 1
    for other in (bit, bias.astype(np.float64), bias[None], bias.view(np.int32)):
        assert tensor_digests({"a": other})["a"] != known[name]


def test_file_round_trip(tensors: Tensors, tmp_path: Path) -> None:
    """What is read is what was written, bit for bit and in order; the file is always the same."""
    path = tmp_path / "data" / "vgg16.safetensors"
    write_weights(path, tensors)
    found = read_weights(path)
    assert list(found) == list(tensors)
    assert tensor_digests(found) == tensor_digests(tensors)
    again = tmp_path / "again.safetensors"
    write_weights(again, dict(reversed(tensors.items())))
    assert again.read_bytes() == path.read_bytes()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_damaged_files(tensors: Tensors, tmp_path: Path) -> None:
    """Missing, cut short or of another model: one line that names the file."""
    path = tmp_path / "vgg16.safetensors"
    with pytest.raises(DataError, match=r"vgg16\.safetensors: expected .*No such file"):
        read_weights(path)
    path.write_bytes(b"\0" * 40)
    with pytest.raises(DataError, match=r"vgg16\.safetensors: expected .*prepare"):
        read_weights(path)
    few = {name: array for name, array in tensors.items() if "block1" in name}
    with pytest.raises(
        DataError, match=r"26 arrays, found no block2_conv1/kernel.*19 more"
    ) as few_:
        write_weights(path, few)
    assert "\n" not in str(few_.value)
    spoilt = tensors | {"block1_conv1/bias": np.full(64, np.nan, dtype=np.float32)}
    with pytest.raises(DataError, match="block1_conv1/bias with numbers that are not finite"):
        write_weights(path, spoilt)


@pytest.mark.parametrize(
    ("kernel", "bias"),
    [
        ("{0}/{0}_W_1:0", "{0}/{0}_b_1:0"),
        ("{0}/{0}/kernel:0", "{0}/{0}/bias:0"),
    ],
    ids=["keras 1", "keras 2"],
)
def test_h5_of_keras_applications(kernel: str, bias: str, tmp_path: Path) -> None:
    """Either naming is read, and every array comes out in its own place."""
    path = tmp_path / "vgg16.h5"
    _write_h5(path, kernel, bias)
    found = from_h5(path)
    assert [(name, array.shape) for name, array in found.items()] == list(VGG16_TENSORS)
    assert [float(array.flat[0]) for array in found.values()] == list(range(26))


def test_wrong_h5(tmp_path: Path) -> None:
    """No HDF5, another shape, an array too many, a layer too few: one line each."""
    path = tmp_path / "vgg16.h5"
    path.write_bytes(b"<html>Not found</html>")
    with pytest.raises(DataError, match=r"vgg16\.h5: expected VGG16's weights as HDF5"):
        from_h5(path)
    names = ("{0}/kernel", "{0}/bias")
    for change, expected in (
        (lambda file: file.pop("block3_conv2"), "found no block3_conv2/kernel, no block3_conv2/b"),
        (lambda file: file["block1_conv1"].create_dataset("more", (64,)), "one bias in block1_con"),
        (
            lambda file: file["block1_conv1"].create_dataset("more", (2, 2)),
            "2 dimensions, which is",
        ),
        (lambda file: _replace(file, "block1_conv1/bias", (65,)), r"bias of \(65,\) float32, not"),
    ):
        _write_h5(path, *names)
        with h5py.File(path, "r+") as file:
            change(file)
        with pytest.raises(DataError, match=expected) as found:
            from_h5(path)
        assert re.match(r"[^\n]+vgg16\.h5: ", str(found.value))


def test_base(tensors: Tensors) -> None:
    """The model has the arrays, in order, and once frozen its head learns and it does not move."""
    import keras

    base = build_base(tensors, (48, 32, 3))
    assert base.output_shape == (None, 1, 1, 512)
    assert base.count_params() == 14_714_688
    for weight, array in zip(base.get_weights(), tensors.values(), strict=True):
        assert np.array_equal(weight, array)
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    head = model.layers[-1].get_weights()[0]
    images = np.random.default_rng(0).uniform(0, 255, (2, 48, 32, 3)).astype(np.float32)
    model.train_on_batch(keras.applications.vgg16.preprocess_input(images), np.ones((2, 1)))
    assert not np.array_equal(model.layers[-1].get_weights()[0], head)
    for weight, array in zip(base.get_weights(), tensors.values(), strict=True):
        assert np.array_equal(weight, array)


@pytest.mark.parametrize("shape", [(31, 32, 3), (32, 32), (32, 32, 1), (64.0, 64, 3), (None,) * 3])
def test_base_of_no_such_images(shape: tuple[int, ...], tensors: Tensors) -> None:
    """VGG16 halves an image five times: sides under 32 leave nothing."""
    with pytest.raises(DataError, match=r"input_shape: expected .*at least 32, found"):
        build_base(tensors, shape)  # type: ignore[arg-type]


def test_numpy_alone_imports_it() -> None:
    """The module does not import Keras, TensorFlow, h5py or safetensors."""
    code = (
        "import sys, autograder.datasets.pretrained\n"
        "print({'keras', 'tensorflow', 'h5py', 'safetensors', 'PIL'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def _write_h5(path: Path, kernel: str, bias: str) -> None:
    """A file with the real names and shapes; the first number of each array is its place."""
    with h5py.File(path, "w") as file:
        for number, (name, shape) in enumerate(VGG16_TENSORS):
            layer, part = name.split("/")
            array = np.zeros(shape, dtype=np.float32)
            array.flat[0] = number
            file[(kernel if part == "kernel" else bias).format(layer)] = array
        file.create_group("block1_pool")


def _replace(file: h5py.File, name: str, shape: tuple[int, ...]) -> None:
    del file[name]
    file.create_dataset(name, shape, dtype="f4")
