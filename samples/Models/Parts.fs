/// Functions of many examples, a part of them at a time, so that what lies on the way fits into memory.
module Models.Parts

open Cotangent

/// model, inputs (n, …) -> results (n, …) of a function, compiled once for all calls. The function takes each example by itself.
let compiled (f: 'model -> Tensor -> Tensor) : 'model -> Tensor -> Tensor =
    let some = compile (fun (model, x) -> f model x)

    fun model x -> concat 0 [ for part in (Data.inOrder 500 x).Epoch 0 0 -> some (model, part) ]
