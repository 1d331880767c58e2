"""Makes unsigned.pt beside this script: python3 make_unsigned.py

A tensor of torch.uint16, torch.uint32 or torch.uint64 has no class of storages of its own: `torch.save` writes its bytes as an untyped
storage, and the dtype beside it (torch/_tensor.py, `_reduce_ex_internal`; torch/_utils.py, `_rebuild_tensor_v3`). Made by Python's own
pickle, without PyTorch, as make_others.py does.
"""

import collections
import io
import os
import pickle
import struct
import sys
import types
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))

torch = types.ModuleType("torch")
utils = types.ModuleType("torch._utils")
storage = types.ModuleType("torch.storage")
sys.modules.update({"torch": torch, "torch._utils": utils, "torch.storage": storage})


def rebuild(*_):
    raise AssertionError("only pickled, never called")


rebuild.__name__ = rebuild.__qualname__ = "_rebuild_tensor_v3"
rebuild.__module__ = "torch._utils"
utils._rebuild_tensor_v3 = rebuild
storage.UntypedStorage = type("UntypedStorage", (), {"__module__": "torch.storage"})


class DType:
    """Pickled by its name, as torch.dtype is."""

    def __init__(self, name):
        self.name = name
        setattr(torch, name, self)

    def __reduce__(self):
        return self.name


DType.__module__ = "torch"


class Storage:
    def __init__(self, data):
        self.data = data


class Tensor:
    def __init__(self, dtype, letter, numbers, shape):
        self.dtype, self.shape = dtype, shape
        self.storage = Storage(struct.pack(f"<{len(numbers)}{letter}", *numbers))

    def __reduce__(self):
        strides, n = [], 1
        for size in reversed(self.shape):
            strides.insert(0, n)
            n *= size
        return rebuild, (self.storage, 0, self.shape, tuple(strides), False, collections.OrderedDict(), self.dtype)


tensors = {
    "u16": Tensor(DType("uint16"), "H", [0, 65535, 7, 8], (2, 2)),
    "u32": Tensor(DType("uint32"), "I", [2**32 - 1], (1,)),
    "u64": Tensor(DType("uint64"), "Q", [2**64 - 1, 5], (2,)),
}
storages = []


class Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        if not isinstance(obj, Storage):
            return None
        storages.append(obj)
        return "storage", storage.UntypedStorage, str(len(storages) - 1), "cpu", len(obj.data)


text = io.BytesIO()
Pickler(text, 2).dump(tensors)
with zipfile.ZipFile(os.path.join(HERE, "unsigned.pt"), "w", zipfile.ZIP_STORED) as z:
    z.writestr("unsigned/data.pkl", text.getvalue())
    z.writestr("unsigned/byteorder", b"little")
    for i, each in enumerate(storages):
        z.writestr(f"unsigned/data/{i}", each.data)
    z.writestr("unsigned/version", b"3\n")
