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
LARGEST = 120_000  # bytes of a case

# What has no tensors alone as values, or asks for the numbers of another generator.
OTHER_VALUES = {"sequence_type": "sequences", "optional_type": "optional values"}
SUBGRAPHS = {"If", "Loop", "Scan", "SequenceMap"}
DRAWS = {"RandomUniformLike", "RandomNormalLike", "RandomUniform", "RandomNormal", "Bernoulli", "Multinomial"}

arrays = {}


def stored(name, array):
    arrays[name] = array
    return name


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
        return {"tensor": stored(f"{case}/node{index}/{a.name}", numpy_helper.to_array(a.t))}
    raise ValueError(a.type)


def read(path):
    with open(path, "rb") as f:
        return numpy_helper.to_array(onnx.TensorProto.FromString(f.read()))


def reason(model, folder):
    graph = model.graph
    operators = {n.op_type for n in graph.node}
    for v in list(graph.input) + list(graph.output):
        kind = v.type.WhichOneof("value")
        if kind in OTHER_VALUES:
            return OTHER_VALUES[kind]
        element = onnx.TensorProto.DataType.Name(v.type.tensor_type.elem_type)
        if element == "STRING":
            return "strings"
        if element == "BFLOAT16":
            return "BFloat16 in NumPy"
        if element.startswith("COMPLEX"):
            return "complex numbers"
    if operators & SUBGRAPHS:
        return "graphs inside of a node"
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
    given = [v.name for v in graph.input if v.name not in constants]
    files = sorted(glob.glob(os.path.join(folder, "test_data_set_0", "input_*.pb")), key=lambda p: int(p[:-3].split("_")[-1]))
    results = sorted(glob.glob(os.path.join(folder, "test_data_set_0", "output_*.pb")), key=lambda p: int(p[:-3].split("_")[-1]))
    values = {t.name: stored(f"{name}/{t.name}", numpy_helper.to_array(t)) for t in graph.initializer}
    # Older models list their weights among the inputs, and give them again.
    names = given if len(files) == len(given) else [v.name for v in graph.input]
    for v, file in zip(names, files):
        values[v] = stored(f"{name}/in/{v}", read(file))
    cases.append(
        {
            "name": name,
            "opset": max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")) if any(o.domain in ("", "ai.onnx") for o in model.opset_import) else 0,
            "values": values,
            "nodes": [
                {
                    "operator": n.op_type,
                    "inputs": list(n.input),
                    "outputs": list(n.output),
                    "attributes": {a.name: attribute(name, i, a) for a in n.attribute},
                }
                for i, n in enumerate(graph.node)
            ],
            "expected": {v.name: stored(f"{name}/out/{v.name}", read(f)) for v, f in zip(graph.output, results)},
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
