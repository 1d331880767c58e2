"""Makes the ONNX files beside this script, by the project's own library: python3 make_onnx.py"""

import os

import numpy as np
import onnx
from onnx import TensorProto, external_data_helper, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))


def at(name):
    return os.path.join(HERE, name)


def model(weights):
    node = helper.make_node("Identity", ["x"], ["y"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    return helper.make_model(helper.make_graph([node], "g", [x], [y], weights), producer_name="make_onnx.py")


def typed(name, kind, shape, values):
    """In the fields of TensorProto that have types, not as raw bytes."""
    return helper.make_tensor(name, kind, shape, values)


onnx.save(
    model(
        [
            numpy_helper.from_array(np.array([[0.1, -0.0, np.inf], [1e-45, 3.4028235e38, 7]], "<f4"), "single"),
            numpy_helper.from_array(np.array([0.1, 5e-324], "<f8"), "double"),
            numpy_helper.from_array(np.array([1.5, 65504, 6e-8], "<f2"), "half"),
            numpy_helper.from_array(np.array([-(2**31), 2**31 - 1], "<i4"), "whole"),
            numpy_helper.from_array(np.array([[-(2**63)], [2**63 - 1]], "<i8"), "long"),
            numpy_helper.from_array(np.array([True, False]), "truth"),
            numpy_helper.from_array(np.array([0, 255], "u1"), "u8"),
            numpy_helper.from_array(np.array([-32768, 32767], "<i2"), "i16"),
            numpy_helper.from_array(np.array([0, 2**32 - 1], "<u4"), "u32"),
            numpy_helper.from_array(np.array(2.5, "<f8"), "scalar"),
            numpy_helper.from_array(np.zeros((0, 3), "<f4"), "nothing"),
            typed("layer.weight", TensorProto.FLOAT, [2, 2], [1.0, 2.0, 3.0, 4.5]),
            typed("typed.double", TensorProto.DOUBLE, [1], [-0.1]),
            typed("typed.half", TensorProto.FLOAT16, [2], [1.5, -2.0]),
            typed("typed.bfloat", TensorProto.BFLOAT16, [2], [1.5, -2.0]),
            typed("typed.whole", TensorProto.INT32, [2], [-5, 7]),
            typed("typed.long", TensorProto.INT64, [2], [-5, 2**40]),
            typed("typed.truth", TensorProto.BOOL, [2], [1, 0]),
            typed("typed.i8", TensorProto.INT8, [2], [-128, 127]),
            typed("typed.u32", TensorProto.UINT32, [2], [0, 2**32 - 1]),
        ]
    ),
    at("weights.onnx"),
)

apart = model(
    [
        numpy_helper.from_array(np.arange(6, dtype="<f4").reshape(2, 3), "first"),
        numpy_helper.from_array(np.arange(4, dtype="<i8"), "second"),
    ]
)
external_data_helper.convert_model_to_external_data(apart, location="apart.bin", size_threshold=0)
onnx.save(apart, at("apart.onnx"))

outside = model([numpy_helper.from_array(np.arange(6, dtype="<f4"), "first")])
external_data_helper.set_external_data(outside.graph.initializer[0], location="../secret.bin")
outside.graph.initializer[0].data_location = TensorProto.EXTERNAL
outside.graph.initializer[0].ClearField("raw_data")
with open(at("outside.onnx"), "wb") as file:
    file.write(outside.SerializeToString())

refused = model([typed("texts", TensorProto.STRING, [1], [b"a"])])
onnx.save(refused, at("refused.onnx"))
