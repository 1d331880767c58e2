"""Makes the files of NumPy and PyTorch beside this script: python3 make_others.py

NumPy writes its own. PyTorch's are made as `torch.save` makes them, from its documentation
(https://pytorch.org/docs/stable/notes/serialization.html) and Python's own pickle, without PyTorch: classes of the same names stand
for its storages and its function that makes a tensor of one.
"""

import collections
import io
import os
import pickle
import sys
import types
import zipfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def at(name):
    return os.path.join(HERE, name)


# ---- NumPy ----

arrays = {
    "single": np.array([[0.1, -0.0, np.inf], [1e-45, 3.4028235e38, 7]], "<f4"),
    "double": np.array([0.1, 5e-324], "<f8"),
    "half": np.array([1.5, 65504, 6e-8], "<f2"),
    "whole": np.array([-(2**31), 2**31 - 1], "<i4"),
    "long": np.array([[-(2**63)], [2**63 - 1]], "<i8"),
    "truth": np.array([True, False]),
    "u8": np.array([0, 255], "<u1"),
    "i16": np.array([-32768, 32767], "<i2"),
    "scalar": np.array(2.5),
    "nothing": np.zeros((0, 3), "<f4"),
    "big_endian": np.array([1.5, -2.0], ">f4"),
    "complex": np.array([1.5 - 2j], "<c8"),
    "double_complex": np.array([[0.1 + 1e300j]], ">c16"),
    "fortran": np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4)),
    "in/a/folder": np.array([1.0]),
}
np.savez(at("arrays.npz"), **arrays)
np.savez_compressed(at("compressed.npz"), zeros=np.zeros((100, 100)), **{"fortran": arrays["fortran"]})
np.save(at("array.npy"), arrays["fortran"])
np.save(at("plain.npy"), np.ascontiguousarray(arrays["fortran"]))
np.savez(at("refused.npz"), date=np.array(["2020-02-29"], dtype="M8[D]"))
np.savez(
    at("complex.npz"),
    single=np.array([[1 + 2j, -0.5j]], dtype=np.complex64),
    double=np.array([0.1 - 1e300j, 3.0]),
    big_endian=np.array([1.5 - 2j], dtype=">c8"),
    fortran=np.asfortranarray(np.array([[1j, 2], [3, 4j]])),
)


# ---- PyTorch ----

torch = types.ModuleType("torch")
utils = types.ModuleType("torch._utils")
sys.modules["torch"] = torch
sys.modules["torch._utils"] = utils


def named(module, name):
    def f(*_):
        raise AssertionError("only pickled, never called")

    f.__name__ = f.__qualname__ = name
    f.__module__ = module.__name__
    setattr(module, name, f)
    return f


rebuild = named(utils, "_rebuild_tensor_v2")
rebuild_parameter = named(utils, "_rebuild_parameter")

STORAGES = {
    "<f4": "FloatStorage",
    "<f8": "DoubleStorage",
    "<f2": "HalfStorage",
    "<i8": "LongStorage",
    "<i4": "IntStorage",
    "<i2": "ShortStorage",
    "|u1": "ByteStorage",
    "|b1": "BoolStorage",
    "bfloat16": "BFloat16Storage",
}
for storage in STORAGES.values():
    setattr(torch, storage, type(storage, (), {"__module__": "torch"}))


class Storage:
    def __init__(self, array, kind=None):
        self.array = np.ascontiguousarray(array)
        self.kind = STORAGES[kind or self.array.dtype.str]


class Tensor:
    def __init__(self, storage, offset, size, stride):
        self.parts = storage, offset, size, stride

    def __reduce__(self):
        return rebuild, (*self.parts, False, collections.OrderedDict())


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return rebuild_parameter, (self.tensor, True, collections.OrderedDict())


def whole(array, kind=None):
    array = np.asarray(array)
    strides, n = [], 1
    for size in reversed(array.shape):
        strides.insert(0, n)
        n *= size
    return Tensor(Storage(array, kind), 0, array.shape, tuple(strides))


def save(name, value, folder="archive", byteorder=b"little", protocol=2):
    storages = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            if not isinstance(obj, Storage):
                return None
            if obj not in storages:
                storages.append(obj)
            key = str(storages.index(obj))
            return "storage", getattr(torch, obj.kind), key, "cpu", obj.array.size

    text = io.BytesIO()
    Pickler(text, protocol).dump(value)
    with zipfile.ZipFile(at(name), "w", zipfile.ZIP_STORED) as z:
        z.writestr(f"{folder}/data.pkl", text.getvalue())
        z.writestr(f"{folder}/byteorder", byteorder)
        for i, storage in enumerate(storages):
            z.writestr(f"{folder}/data/{i}", storage.array.tobytes())
        z.writestr(f"{folder}/version", b"3\n")


shared = Storage(np.arange(12, dtype="<f4"))
state = collections.OrderedDict(
    {
        "layers.0.weight": Parameter(whole(np.array([[0.1, 0.2], [0.3, -0.0]], "<f4"))),
        "layers.0.bias": whole(np.array([1.5, 65504], "<f2")),
        "brain": whole(np.array([0x3FC0, 0xC040], "<u2"), "bfloat16"),
        "double": whole(np.array([0.1])),
        "count": whole(np.array(2**40, "<i8")),
        "whole": whole(np.array([-7], "<i4")),
        "short": whole(np.array([-32768], "<i2")),
        "byte": whole(np.array([255], "u1")),
        "truth": whole(np.array([True, False])),
        "nothing": whole(np.zeros((0, 3), "<f4")),
        # Views of one storage: all of it, its transposed matrix, a part, every other element, one stretched.
        "all": Tensor(shared, 0, (3, 4), (4, 1)),
        "turned": Tensor(shared, 0, (4, 3), (1, 4)),
        "part": Tensor(shared, 5, (2,), (1,)),
        "odd": Tensor(shared, 1, (6,), (2,)),
        "stretched": Tensor(shared, 3, (2, 2), (0, 1)),
    }
)
# As `state_dict` has it, which pickle saves with the dictionary.
state._metadata = collections.OrderedDict({"": {"version": 1}})
save("state.pt", state)
save("state4.pt", state, folder="state4", protocol=4)
save(
    "training.pt",
    {
        "epoch": 3,
        "model": {"weight": whole(np.array([1.0, 2.0], "<f4"))},
        "optimizer": {"state": {0: {"step": whole(np.array(5.0, "<f4"))}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
        "history": [whole(np.array([3.0], "<f4")), None, True, 2**70 % 2**62, -5, 300, 70000],
    },
)
save("reversed.pt", {"x": whole(np.array([1.0], "<f4"))}, byteorder=b"big")
save("beyond.pt", {"x": Tensor(shared, 8, (3, 3), (3, 1))})


class Module:
    def __init__(self):
        self.weight = whole(np.array([1.0], "<f4"))


Module.__module__, Module.__qualname__ = "torch", "Module"
torch.Module = Module
save("module.pt", Module())
