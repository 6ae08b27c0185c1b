"""Synthetic weights that C++ makes alike (tests/support/synthetic_weights.h), and edits that make them hard."""
import hashlib
import math

import numpy as np


def splitmix64(seed, count):
    """The first `count` outputs of SplitMix64 (Steele, Lea, Flood 2014) from `seed`."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def synthetic(name, shape):
    """Uniform values in [-s, s) about 0 (matrices, biases) or 1 (gains), exact in float32.

    s is a power of two near 1.5 / sqrt(inputs), so that activations keep their size through layers.
    """
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    count = int(np.prod(shape))
    unit = (splitmix64(seed, count) >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)
    gain = name.endswith("orm.weight") or name.endswith(("norm_after.weight", "bn1.weight", "bn1.running_var"))
    if gain:
        values = np.float32(1) + np.float32(0.25) * unit
    elif len(shape) == 2 and "embed" not in name:
        values = unit * np.float32(2.0 ** (1 - math.ceil(math.log2(math.sqrt(shape[1])))))
    elif len(shape) == 2:
        values = unit
    else:
        values = unit * np.float32(0.125)
    return values.reshape(shape)


def apply_edits(tensors, edits):
    """Changes float32 arrays in place; support/hard_weights.h does the same, operation for operation.

    {"tensor", "scale"}: every value times a number; {"tensor", "column", "value"}: a whole column;
    {"tensor", "row", "column", "value"}: one element (column 0 of vectors); {"tensor", "centre": [weights]}:
    rows 4 on less their weighted mean, computed in float64 in order.
    """
    for edit in edits:
        values = tensors[edit["tensor"]]
        if "scale" in edit:
            values *= np.float32(edit["scale"])
        elif "centre" in edit:
            weights = edit["centre"]
            mean = np.zeros(values.shape[1])
            for i, weight in enumerate(weights):
                mean = mean + weight * values[4 + i].astype(np.float64)
            for i in range(len(weights)):
                values[4 + i] = (values[4 + i].astype(np.float64) - mean).astype(np.float32)
        elif "row" not in edit:
            values[:, edit["column"]] = np.float32(edit["value"])
        elif values.ndim == 1:
            values[edit["row"]] = np.float32(edit["value"])
        else:
            values[edit["row"], edit["column"]] = np.float32(edit["value"])
