"""The gradient of a number with respect to a tensor, whatever backend Keras runs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tensor = Any  # of the backend
Scalar = Callable[[Tensor], Tensor]


def gradient(function: Scalar) -> Callable[[Tensor], Tensor]:
    """A function that gives d function(x) / dx, a tensor of x's shape; 0 where x has no part in it.

    function: takes one floating tensor, returns a tensor with one entry, is made of keras.ops and
    keras layers, and does nothing else: JAX compiles it. Raises NotImplementedError for a backend
    other than tensorflow, jax and torch.
    """
    import keras

    backend = keras.backend.backend()
    if backend not in _GRADIENTS:
        raise NotImplementedError(f"gradients: expected one of {', '.join(_GRADIENTS)}")
    return _GRADIENTS[backend](function)


def _tensorflow(function: Scalar) -> Callable[[Tensor], Tensor]:
    import tensorflow as tf

    def compute(at: Tensor) -> Tensor:
        at = tf.convert_to_tensor(at)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(at)
            value = function(at)
        return tape.gradient(value, at, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    return compute


def _jax(function: Scalar) -> Callable[[Tensor], Tensor]:
    import jax

    compiled: Callable[[Tensor], Tensor] = jax.jit(jax.grad(lambda at: function(at).reshape(())))
    return compiled


def _torch(function: Scalar) -> Callable[[Tensor], Tensor]:
    import torch

    def compute(at: Tensor) -> Tensor:
        at = at.detach().clone().requires_grad_(True)
        with torch.enable_grad():
            value = function(at)
        if not value.requires_grad:
            return torch.zeros_like(at)
        (found,) = torch.autograd.grad(value, at, allow_unused=True)
        return torch.zeros_like(at) if found is None else found

    return compute


_GRADIENTS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
