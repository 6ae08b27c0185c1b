"""Makes float_goldens.inc: float32 values as NumPy prints them.

Run: python make_float_goldens.py > float_goldens.inc
"""
import hashlib

import numpy as np

BLOCKS, PER_BLOCK = 10, 10_000
MASK = (1 << 64) - 1


def splitmix64(state):
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


def text(bits):
    return str(np.uint32(bits).view(np.float32))


def main():
    one = int(np.float32(1).view(np.uint32))
    edges = {0, 1, 2, 0x007FFFFF, 0x00800000, 0x00800001, one, one - 1, one - 2}
    for decimal in [1e-4, 1e-5, 9.999e-5, 1e-3, 1e-10, 1e-38, 1e-44, 0.1, 0.2, 0.3, 0.5, 0.25, 0.99883, 0.12100612,
                    0.8789939, 0.0011595711, 0.9988405, 0.5501341, 0.4498659, 0.06045397, 0.93954605, 1 / 3, 2 / 3]:
        center = int(np.float32(decimal).view(np.uint32))
        edges.update(range(max(0, center - 2), min(one, center + 2) + 1))
    print("// Made by make_float_goldens.py: float32 bits and the text NumPy %s gives them." % np.__version__)
    print("constexpr FloatGolden kFloatGoldens[] = {")
    for bits in sorted(edges):
        print('    {0x%08xu, "%s"},' % (bits, text(bits)))
    print("};")
    print("// SHA-256 of the texts, each with a line end, of %d values a block." % PER_BLOCK)
    print("constexpr std::size_t kPerBlock = %d;" % PER_BLOCK)
    print("constexpr const char* kBlockHashes[] = {")
    state = 1
    for _ in range(BLOCKS):
        lines = []
        for i in range(PER_BLOCK):
            state, value = splitmix64(state)
            if i % 2:  # any bit pattern of [0, 1]
                bits = value % (one + 1)
            else:  # evenly spread, as scores are
                bits = int(np.float32((value >> 40) / 2**24).view(np.uint32))
            lines.append(text(bits) + "\n")
        print('    "%s",' % hashlib.sha256("".join(lines).encode()).hexdigest())
    print("};")


main()
