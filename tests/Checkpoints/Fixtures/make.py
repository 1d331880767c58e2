"""Makes the files beside this script, by the format's description and NumPy alone: python3 make.py

https://github.com/huggingface/safetensors describes the format; the order of the tensors is that of its own writer.
"""

import json
import os
import struct

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))

# The types from small to large, as the format's own writer sorts them; it writes large ones first.
ORDER = ["BOOL", "U8", "I8", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "F64", "I64", "U64"]


def safetensors(tensors, metadata=None):
    header = {}
    if metadata:
        header["__metadata__"] = metadata
    body = b""
    for name, kind, shape, data in sorted(tensors, key=lambda t: (-ORDER.index(t[1]), t[0])):
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def save(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def bfloat16(numbers):
    # The upper halves: none of these numbers needs rounding.
    bits = np.array(numbers, "<f4").view("<u4")
    assert all(b & 0xFFFF == 0 for b in bits)
    return (bits >> 16).astype("<u2").tobytes()


def tensor(name, kind, shape, numpy_type, numbers):
    return name, kind, shape, np.array(numbers, numpy_type).tobytes()


# Every type that a tensor can have.
ours = [
    tensor("single", "F32", [2, 3], "<f4", [0.1, -0.0, np.inf, -np.inf, 1e-45, 3.4028235e38]),
    tensor("double", "F64", [3], "<f8", [0.1, 5e-324, -1.7976931348623157e308]),
    tensor("half", "F16", [5], "<f2", [1.5, 65504, 6e-8, -0.0, np.inf]),
    ("brain", "BF16", [3], bfloat16([1.5, -3.0, 2.0**-126])),
    tensor("whole", "I32", [2], "<i4", [-(2**31), 2**31 - 1]),
    tensor("long", "I64", [2, 1], "<i8", [-(2**63), 2**63 - 1]),
    tensor("truth", "BOOL", [3], "?", [True, False, True]),
    tensor("scalar", "F32", [], "<f4", 7.0),
    tensor("nothing", "F64", [0, 4], "<f8", []),
    tensor("größe.0", "F32", [1], "<f4", [2.0]),
]
save("ours.safetensors", safetensors(ours, {"author": "NumPy", "quote": 'a "b" \\ c'}))

# Integers of other types.
narrow = [
    tensor("u8", "U8", [3], "<u1", [0, 128, 255]),
    tensor("i8", "I8", [3], "<i1", [-128, -1, 127]),
    tensor("u16", "U16", [2], "<u2", [0, 65535]),
    tensor("i16", "I16", [2], "<i2", [-32768, 32767]),
    tensor("u32", "U32", [2], "<u4", [0, 2**32 - 1]),
    tensor("u64", "U64", [1], "<u8", [2**64 - 1]),
]
save("narrow.safetensors", safetensors(narrow))

# A model in two files and their index, as large ones are published: https://huggingface.co/docs/safetensors describes the files, and
# `transformers` writes the index.
os.makedirs(os.path.join(HERE, "sharded"), exist_ok=True)
first = [tensor("embed.weight", "F32", [2, 2], "<f4", [1, 2, 3, 4]), tensor("layers.0.bias", "F16", [3], "<f2", [1.5, 2, -1])]
second = [tensor("layers.1.bias", "I64", [1], "<i8", [7]), tensor("head.weight", "F32", [2, 1], "<f4", [5, 6])]
parts = {"model-00001-of-00002.safetensors": first, "model-00002-of-00002.safetensors": second}
for name, tensors in parts.items():
    save(os.path.join("sharded", name), safetensors(tensors, {"format": "pt"}))
index = {
    "metadata": {"total_size": 46},
    "weight_map": {t[0]: name for name, tensors in parts.items() for t in tensors},
}
save(os.path.join("sharded", "model.safetensors.index.json"), (json.dumps(index, indent=2, sort_keys=True) + "\n").encode())
