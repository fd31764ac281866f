"""Whether a model uses a pre-trained base as asked: frozen, or fine-tuned from the frozen stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.artifacts import ModelData
from autograder.artifacts.models.model import Tensors
from autograder.checks.aspects import Aspect, judged
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.subjects import model_data
from autograder.checks.training.published import (
    Published,
    find_in,
    layer_of,
    moved_by,
    published,
    started_from,
)
from autograder.checks.wording import count, listed, opening, percent, sentences, shown
from autograder.graphs import GraphError

MAX_NAMED = 4

ADVICE_BUILD = "Build the model on the pre-trained base, and keep all of its convolutions."
ADVICE_FREEZE = "Set base.trainable = False before model.compile(...), and train again."
ADVICE_LOAD = "Load the pre-trained weights, and do not make the base anew afterwards."
ADVICE_SAYS_TRAINABLE = (
    "The base still says that it is trainable: base.trainable = False before model.compile(...) "
    "keeps it as it is when you train on."
)
ADVICE_UNFREEZE = (
    "Set trainable = True for the base's last layers, compile again with a small learning rate, "
    "and train on."
)
ADVICE_LAST_LAYERS = "Unfreeze the base from its end: its last layers, then those before them."
ADVICE_COPY = (
    "Fine-tune a copy, so that the frozen stage is kept: "
    "tuned = keras.models.clone_model(model); tuned.set_weights(model.get_weights())."
)
ADVICE_HEAD = "Go on from the trained frozen model; do not make its last layers anew."


@dataclass(frozen=True)
class _Based:
    """A model, and where the base's tensors lie in it."""

    data: ModelData
    base: Published
    places: Mapping[str, str]

    @property
    def missing(self) -> list[str]:
        return [name for name in self.base.digests if name not in self.places]

    @property
    def moved(self) -> list[str]:
        """The base's tensors that are in the model, but not as published."""
        digests = self.data.digests
        return [n for n, key in self.places.items() if digests[key] != self.base.digests[n]]

    @property
    def head(self) -> list[str]:
        taken = set(self.places.values())
        return [key for key in self.data.tensors if key not in taken]

    def anew(self, names: Iterable[str], before: Tensors) -> list[str]:
        """Those of the kernels that do not start from where they were before."""
        tensors = {name: self.data.tensors[self.places[name]] for name in names}
        return [n for n, tensor in tensors.items() if not started_from([(tensor, before[n])])]


def frozen(model: object, base: object = "vgg16", *, what: str = "the model") -> Finding:
    """Whether the pre-trained base is in the model, and each of its tensors as published.

    frozen(model)                       # VGG16: all 26 tensors equal, by their digests
    frozen(model, base=other)           # the same for the tensors of another model

    The base may be nested in the model or its layers may stand there one by one, whatever they are
    called. What a layer's `trainable` says counts for nothing.
    """
    known = published(base)
    asked = f"{what} holds {known.name} with its pre-trained weights, frozen"
    data = model_data(model, asked, what)
    if isinstance(data, Finding):
        return data
    based = _Based(data, known, find_in(data, known))
    if based.missing:
        return _without_base(based, asked, what)
    if based.moved:
        return _not_frozen(based, asked)
    found = f"All {len(known.digests)} tensors of {known.name} are as published."
    return Finding(Outcome.CORRECT, asked, found, _advice_on_trainable(based))


def fine_tuned(
    model: object, base: object = "vgg16", *, since: object, what: str = "the fine-tuned model"
) -> Finding:
    """Whether training went on from a frozen stage, with some of the base unfrozen.

    fine_tuned(tuned, since=model)      # at least one of VGG16's tensors has moved, see below

    Nothing is earned where nothing of the base has moved, or where what has moved does not come
    from the published weights. Else a third each: that; that what moved lies at the base's end, or
    is all of it; and that the layers behind the base come from those of `since`, the model of the
    frozen stage, by order and shape.

    What comes from where is told by the cosine of the angle between kernels before and after, see
    published.LEAST_COSINE: training turns them by little, new random ones stand at right angles.
    """
    known = published(base)
    asked = f"{what} goes on from the frozen stage, with some of {known.name} unfrozen"
    data = model_data(model, asked, what)
    if isinstance(data, Finding):
        return data
    earlier = model_data(since, asked, "the frozen model")
    if isinstance(earlier, Finding):
        found = sentences("Without the frozen model this cannot be judged", earlier.found)
        return incorrect(asked, found, earlier.advice)
    tuned, start = (_Based(each, known, find_in(each, known)) for each in (data, earlier))
    return _without_base(tuned, asked, what) if tuned.missing else _tuned(tuned, start, asked)


def _tuned(tuned: _Based, start: _Based, asked: str) -> Finding:
    known, moved = tuned.base, tuned.moved
    if not moved:
        found = f"All {len(known.digests)} tensors of {known.name} are as published: none has moved"
        return incorrect(asked, found, ADVICE_UNFREEZE)
    before = _values(start)
    anew = tuned.anew(moved, before)
    if anew:
        return _made_anew(anew, tuned, asked)
    share = [moved_by(tuned.data.tensors[tuned.places[name]], before[name]) for name in moved]
    text = f"{_layers(moved)} moved on from the published weights, by {_span(share)}"
    return judged(asked, [Aspect(1, text), _at_the_end(tuned), _same_head(tuned, start)])


def _values(start: _Based) -> Tensors:
    """The published values: the frozen stage has them, if it is one."""
    if start.missing or start.moved:
        return start.base.values()
    return {name: start.data.tensors[key] for name, key in start.places.items()}


def _without_base(based: _Based, asked: str, what: str) -> Finding:
    name, total, lacking = based.base.name, len(based.base.digests), based.missing
    if set(based.base.kernels) <= set(lacking):  # a head's bias may be as long as one of the base's
        found = (
            f"does not hold {name}: none of its {count(len(based.base.kernels), 'kernel')} is there"
        )
    else:
        found = f"lacks {len(lacking)} of the {total} tensors of {name}: {_layers(lacking)}"
    return incorrect(asked, f"{opening(what)} {found}", ADVICE_BUILD)


def _not_frozen(based: _Based, asked: str) -> Finding:
    known, moved, total = based.base, based.moved, len(based.base.digests)
    before = known.values()
    anew = based.anew(moved, before)
    if anew:
        return _made_anew(anew, based, asked)
    found = f"{total - len(moved)} of the {total} tensors of {known.name} are as published"
    changes = {
        layer: [
            moved_by(based.data.tensors[based.places[name]], before[name])
            for name in moved
            if layer_of(name) == layer
        ]
        for layer in dict.fromkeys(map(layer_of, moved))
    }
    return Finding(
        Outcome.INCORRECT,
        asked,
        sentences(found, f"{_layers(moved)} {'has' if len(changes) == 1 else 'have'} been trained"),
        ADVICE_FREEZE,
        details=tuple(f"{shown(name)} has moved by {_span(by)}." for name, by in changes.items()),
    )


def _made_anew(anew: list[str], based: _Based, asked: str) -> Finding:
    """A base, or some layers of it, with other weights than the published ones."""
    if len(anew) == len(based.base.kernels):
        subject = f"All of {based.base.name}'s layers have"
    else:
        subject = f"{_layers(anew)} {'has' if len(anew) == 1 else 'have'}"
    found = f"{subject} the right shapes, but weights that do not come from the published ones"
    return incorrect(asked, found, ADVICE_LOAD)


def _at_the_end(tuned: _Based) -> Aspect:
    """Whether those that moved are the last of the base's layers; all of them are so, too."""
    layers = list(dict.fromkeys(layer_of(name) for name in tuned.base.digests))
    moved = {layer_of(name) for name in tuned.moved}
    first = min(layers.index(layer) for layer in moved)
    still = [layer for layer in layers[first:] if layer not in moved]
    if not still:
        return Aspect(1, f"{len(moved)} of {len(layers)} layers of the base were trained")
    text = f"{shown(layers[first])} was trained, though {_named(still)} after it was not"
    return Aspect(0, text, ADVICE_LAST_LAYERS)


def _same_head(tuned: _Based, start: _Based) -> Aspect:
    """Whether the layers behind the base go on from those of the frozen stage."""
    mine = [tuned.data.tensors[key] for key in tuned.head]
    before = [start.data.tensors[key] for key in start.head]
    if tuned.data.digests == start.data.digests:
        text = "the frozen model has the same weights, so it was fine-tuned itself"
        return Aspect(0, text, ADVICE_COPY)
    if not mine:
        return Aspect(0, "there is no trained layer behind the base", ADVICE_HEAD)
    if [each.shape for each in mine] != [each.shape for each in before]:
        text = "the layers behind the base have other shapes than those of the frozen model"
        return Aspect(0, text, ADVICE_HEAD)
    if started_from(zip(mine, before, strict=True)):
        return Aspect(1, "the layers behind the base go on from the frozen model's")
    text = "the layers behind the base do not go on from the frozen model's: they were made anew"
    return Aspect(0, text, ADVICE_HEAD)


def _advice_on_trainable(based: _Based) -> str:
    """What is frozen now may move when the model is trained on."""
    names = {layer_of(key) for key in based.places.values()}
    try:
        layers = based.data.graph.layers
    except GraphError:
        return ""
    says = any(layer.name in names and layer.trainable_parameters for layer in layers)
    return ADVICE_SAYS_TRAINABLE if says else ""


def _layers(names: Iterable[str]) -> str:
    """The layers that tensors belong to."""
    return _named(dict.fromkeys(map(layer_of, names)))


def _named(layers: Iterable[str]) -> str:
    return listed(map(shown, layers), MAX_NAMED)


def _span(shares: list[float]) -> str:
    """One share, or the least and the greatest of several."""
    low, high = percent(min(shares)), percent(max(shares))
    return low if low == high else f"{low} to {high}"
