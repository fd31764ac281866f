"""A child's part of a GPU that several children are at work on at the same time."""

from __future__ import annotations

import sys
from types import ModuleType


def share_gpu(fraction: float) -> None:
    """Keep the frameworks that this process has imported to a part of the GPU's memory.

    fraction: in (0, 1]; 1 leaves everything as it is. To be called before anything is computed.
    JAX takes its part from the environment, see engines/slots.py; no framework is imported here.
    """
    if fraction >= 1:
        return
    if "tensorflow" in sys.modules:
        _tell_tensorflow(fraction)
    if torch := sys.modules.get("torch"):
        _tell_torch(torch, fraction)


def _tell_tensorflow(fraction: float) -> None:
    """As ConfigProto does for sessions.

    tf.config has no fraction, only a logical device of so many MB, on which a notebook's own
    set_memory_growth() raises ValueError.
    """
    # both imported with TensorFlow itself
    from tensorflow.core.protobuf.config_pb2 import ConfigProto, GPUOptions
    from tensorflow.python.eager import context

    options = GPUOptions(per_process_gpu_memory_fraction=fraction)
    context.context()._config = ConfigProto(gpu_options=options)


def _tell_torch(torch: ModuleType, fraction: float) -> None:
    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(fraction)
