"""What Keras computes on."""

from __future__ import annotations

import os


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus(backend: str) -> list[str]:
    """The names of the GPUs that an imported backend sees; empty where it sees none."""
    try:
        return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[backend]()
    except Exception:  # drivers fail in many ways; then training runs on processors
        return []


def _tensorflow() -> list[str]:
    from tensorflow import config

    details = config.experimental.get_device_details
    return [
        str(details(gpu).get("device_name", gpu.name))
        for gpu in config.list_physical_devices("GPU")
    ]


def _jax() -> list[str]:
    import jax

    return [str(device.device_kind) for device in jax.devices() if device.platform != "cpu"]


def _torch() -> list[str]:
    import torch

    if torch.backends.mps.is_available():
        return ["Apple GPU"]
    return [str(torch.cuda.get_device_name(n)) for n in range(torch.cuda.device_count())]
