"""Mistakes in part (a) of cifar10.ipynb: reading, splitting and showing the images."""

from __future__ import annotations

from .cases import Case, Edit, Points


def _case(name: str, old: str, new: str, loses: Points, says: str) -> Case:
    """In the cell that reads and splits."""
    return Case(name, (Edit("a", old, new),), {"test_a": loses}, says)


def _figure(name: str, old: str, new: str, loses: Points, says: str) -> Case:
    """In the cell that shows samples."""
    return Case(name, (Edit("a_samples", old, new),), {"test_a": loses}, says)


MUTANTS = (
    _case(
        "planes-as-pixels",
        'batch[b"data"].reshape(-1, 3, 32, 32)',
        'batch[b"data"].reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2)',
        0.8,
        r"neighbouring places of one plane.*reshape to \(n, 3, 32, 32\) first",
    ),
    _case(
        "rows-as-columns",
        "planes.transpose(0, 2, 3, 1)",
        "planes.transpose(0, 3, 2, 1)",
        0.8,
        "Rows and columns of the images have changed places",
    ),
    _case(
        "labels-of-another-batch",
        "(part[:20] for part in batches[0])",
        "batches[0][0][:20], batches[1][1][:20]",
        0.2,
        "Entry 1: 1 is not right",
    ),
    _case(
        "not-scaled",
        "tf.cast(images, tf.float32) / 255",
        "tf.cast(images, tf.float32)",
        (0.3, 1.0),
        r"values from 0 to 255; expected 0 to 1\..*scale by what they tell",
    ),
    _case(
        "scaled-twice",
        "tf.cast(images, tf.float32) / 255",
        "tf.cast(images, tf.float32) / 255 / 255",
        (0.3, 1.0),
        "hardly any of 0 to 1.*scaled twice",
    ),
    _case(
        "channels-first",
        "return tf.cast(images, tf.float32) / 255, labels",
        "return tf.transpose(tf.cast(images, tf.float32) / 255, (0, 3, 1, 2)), labels",
        (0.3, 1.0),
        r"have the shape \(3, 32, 32\).*Move the channels to the end",
    ),
    _case(
        "validation-images-in-training",
        "order[SIZES[1] :]",
        "order[: SIZES[0]]",
        (1.0, 1.2),
        "Training and validation have 500 images in common.*Split the list of images first",
    ),
    _case(
        "test-images-in-training",
        "train = dataset(images[for_training], labels[for_training], shuffle=True)",
        "given = np.concatenate([images[for_training][100:], test_images[:100]])\n"
        "known = np.concatenate([labels[for_training][100:], test_labels[:100]])\n"
        "train = dataset(given, known, shuffle=True)",
        (1.0, 1.2),
        "Training and test have 100 images in common",
    ),
    _case(
        "one-batch-file-alone",
        "range(1, 6)",
        "range(1, 2)",
        (0.1, 1.0),
        "300 training images; expected exactly 3,500",
    ),
    _case(
        "split-by-class",
        "order = np.random.default_rng(seed()).permutation(len(labels))",
        'order = np.argsort(labels, kind="stable")',
        (0.1, 0.8),
        "Validation labels: .*expected every class from 0 to 9",
    ),
    _case(
        "generator-that-ends",
        "train = dataset(images[for_training], labels[for_training], shuffle=True)",
        "train = (b for b in dataset(images[for_training], labels[for_training], shuffle=True))",
        (0.3, 1.0),
        "type generator, .*a plain Python generator only once: hand in a tf.data.Dataset",
    ),
    _case(
        "images-not-read-yet",
        "first_images, first_labels = (part[:20] for part in batches[0])",
        "first_images, first_labels = ..., ...",
        1.0,
        "There is no answer yet",
    ),
    _figure(
        "one-image-in-all-panels",
        "ax.imshow(image)",
        "ax.imshow(images[0])",
        (0.6, 1.0),
        "1 different panel.*show the same.*Look at what your loop draws",
    ),
    _figure(
        "one-image-a-class",
        "ax.imshow(image)",
        "ax.imshow(of_class[0])",
        (0.3, 1.0),
        "10 different panels.*show the same",
    ),
    _figure(
        "classes-without-names",
        'row[0].set_ylabel(class_names[label], rotation=0, ha="right", va="center")',
        "pass",
        (0.3, 0.6),
        "lack a title",
    ),
    _figure(
        "blank-samples",
        "plt.show()",
        "plt.show()\nsamples = plt.figure(figsize=(10, 10))",
        1.0,
        "blank: one colour all over.*what is drawn before plt.figure",
    ),
)
