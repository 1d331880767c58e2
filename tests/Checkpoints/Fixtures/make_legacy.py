"""Makes files as PyTorch wrote them before version 1.6, and one of complex numbers, by PyTorch itself (made with 1.13): python3 make_legacy.py"""

import collections
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def at(name):
    return os.path.join(HERE, name)


# The numbers of make_others.py.
shared = torch.arange(12, dtype=torch.float32)
state = collections.OrderedDict(
    {
        "layers.0.weight": torch.nn.Parameter(torch.tensor([[0.1, 0.2], [0.3, -0.0]])),
        "layers.0.bias": torch.tensor([1.5, 65504], dtype=torch.float16),
        "brain": torch.tensor([1.5, -3.0], dtype=torch.bfloat16),
        "double": torch.tensor([0.1], dtype=torch.float64),
        "count": torch.tensor(2**40),
        "whole": torch.tensor([-7], dtype=torch.int32),
        "short": torch.tensor([-32768], dtype=torch.int16),
        "byte": torch.tensor([255], dtype=torch.uint8),
        "truth": torch.tensor([True, False]),
        "nothing": torch.zeros(0, 3),
        "all": shared.reshape(3, 4),
        "turned": shared.reshape(3, 4).T,
        "part": shared[5:7],
        "odd": shared[1::2],
        "stretched": shared[3:5].expand(2, 2),
    }
)
for protocol, name in [(2, "legacy.pt"), (4, "legacy4.pt")]:
    torch.save(state, at(name), _use_new_zipfile_serialization=False, pickle_protocol=protocol)

numbers = {"single": torch.tensor([1.5 - 2.0j], dtype=torch.complex64), "double": torch.tensor([[0.1 + 1e300j]], dtype=torch.complex128)}
torch.save(numbers, at("complex.pt"))

# What no dtype holds, in front of a tensor that could be read.
torch.save({"x": torch.quantize_per_tensor(torch.tensor([1.0]), 0.1, 0, torch.quint8), "y": torch.tensor([1.0])}, at("quantized.pt"), _use_new_zipfile_serialization=False)
