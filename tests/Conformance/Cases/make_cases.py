"""Packs ONNX's own test cases of its operators (the package libonnx-testdata, Apache-2.0) into cases.json, what is computed, and
cases.npz, of what and with which result: python3 make_cases.py /usr/share/libonnx-testdata/data"""

import glob
import json
import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = sys.argv[1]
LARGEST = 4_000_000  # bytes of a case

# What has no tensors alone as values, or asks for the numbers of another generator.
OTHER_VALUES = {"sequence_type": "sequences", "optional_type": "optional values"}
DRAWS = {"RandomUniformLike", "RandomNormalLike", "RandomUniform", "RandomNormal", "Bernoulli", "Multinomial"}

# NumPy has no BFloat16: such numbers are stored as Float32, which holds them all, and their names say so.
BFLOAT16 = ":bfloat16"

# Version 1.12 computed its result with an epsilon that it did not write into the graph.
WRONG = {"adam_multiple": "an epsilon that the graph lacks"}

arrays = {}


def number(t, kind=None):
    """The array of a tensor, and what its name ends with. Files of BFloat16 hold their bits as UInt16; the graph knows."""
    if (kind or t.data_type) != onnx.TensorProto.BFLOAT16:
        return numpy_helper.to_array(t), ""
    if t.raw_data:
        bits = np.frombuffer(t.raw_data, dtype="<u2")
    else:
        bits = np.array(t.int32_data, dtype=np.uint16)
    return (bits.astype(np.uint32) << 16).view(np.float32).reshape(tuple(t.dims)), BFLOAT16


names = {}  # of what is stored already, since many cases share their inputs


def stored(name, array_and_kind):
    array, kind = array_and_kind
    content = (array.tobytes(), array.dtype.str, array.shape, kind)
    if content not in names:
        names[content] = name + kind
        arrays[name + kind] = array
    return names[content]


def attribute(case, index, a):
    if a.type == onnx.AttributeProto.FLOAT:
        return a.f
    if a.type == onnx.AttributeProto.INT:
        return a.i
    if a.type == onnx.AttributeProto.STRING:
        return a.s.decode()
    if a.type == onnx.AttributeProto.FLOATS:
        return list(a.floats)
    if a.type == onnx.AttributeProto.INTS:
        return list(a.ints)
    if a.type == onnx.AttributeProto.STRINGS:
        return [s.decode() for s in a.strings]
    if a.type == onnx.AttributeProto.TENSOR:
        return {"tensor": stored(f"{case}/node{index}/{a.name}", number(a.t))}
    if a.type == onnx.AttributeProto.GRAPH:
        inside = f"{case}/node{index}/{a.name}"
        return {
            "inputs": [v.name for v in a.g.input],
            "outputs": [v.name for v in a.g.output],
            "values": {t.name: stored(f"{inside}/{t.name}", number(t)) for t in a.g.initializer},
            "nodes": nodes(inside, a.g),
        }
    raise ValueError(a.type)


def nodes(case, graph):
    return [
        {
            "operator": n.op_type,
            "inputs": list(n.input),
            "outputs": list(n.output),
            "attributes": {a.name: attribute(case, i, a) for a in n.attribute},
        }
        for i, n in enumerate(graph.node)
    ]


def read(path, v):
    with open(path, "rb") as f:
        return number(onnx.TensorProto.FromString(f.read()), v.type.tensor_type.elem_type)


def reason(model, folder):
    graph = model.graph
    wrong = WRONG.get(os.path.basename(folder).removeprefix("test_"))
    if wrong:
        return wrong
    operators = {n.op_type for n in graph.node}
    for v in list(graph.input) + list(graph.output):
        kind = v.type.WhichOneof("value")
        if kind in OTHER_VALUES:
            return OTHER_VALUES[kind]
        element = onnx.TensorProto.DataType.Name(v.type.tensor_type.elem_type)
        if element == "STRING":
            return "strings"
        if element.startswith("COMPLEX"):
            return "complex numbers"
    if operators & DRAWS:
        return "draws of another generator"
    if any(n.op_type.startswith("Sequence") or n.op_type.startswith("Optional") for n in graph.node):
        return "sequences"
    if sum(os.path.getsize(p) for p in glob.glob(folder + "/**/*", recursive=True) if os.path.isfile(p)) > LARGEST:
        return "size"
    return None


cases, left_out = [], []

for path in sorted(glob.glob(os.path.join(ROOT, "*", "*", "model.onnx"))):
    folder = os.path.dirname(path)
    suite = os.path.basename(os.path.dirname(folder))
    name = os.path.basename(folder).removeprefix("test_")
    if suite not in ("node", "pytorch-operator", "pytorch-converted"):
        continue
    if suite != "node":
        name = f"{suite} {name}"
    model = onnx.load(path)
    why = reason(model, folder)
    if why:
        left_out.append({"name": name, "reason": why})
        continue
    graph = model.graph
    constants = {t.name for t in graph.initializer}
    given = [v for v in graph.input if v.name not in constants]
    files = sorted(glob.glob(os.path.join(folder, "test_data_set_0", "input_*.pb")), key=lambda p: int(p[:-3].split("_")[-1]))
    results = sorted(glob.glob(os.path.join(folder, "test_data_set_0", "output_*.pb")), key=lambda p: int(p[:-3].split("_")[-1]))
    values = {t.name: stored(f"{name}/{t.name}", number(t)) for t in graph.initializer}
    # Older models list their weights among the inputs, and give them again.
    of_files = given if len(files) == len(given) else list(graph.input)
    for v, file in zip(of_files, files):
        values[v.name] = stored(f"{name}/in/{v.name}", read(file, v))
    cases.append(
        {
            "name": name,
            "opset": max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")) if any(o.domain in ("", "ai.onnx") for o in model.opset_import) else 0,
            "values": values,
            "nodes": nodes(name, graph),
            "expected": {v.name: stored(f"{name}/out/{v.name}", read(f, v)) for v, f in zip(graph.output, results)},
        }
    )

with open(os.path.join(HERE, "cases.json"), "w") as f:
    json.dump({"cases": cases, "leftOut": left_out}, f, separators=(",", ":"))
    f.write("\n")
np.savez_compressed(os.path.join(HERE, "cases.npz"), **arrays)
print(len(cases), "cases,", len(left_out), "left out")
import collections
print(collections.Counter(c["reason"] for c in left_out))
print(collections.Counter(str(a.dtype) for a in arrays.values()))
