(**
---
title: Errors
category: Use
categoryindex: 3
index: 29
description: Every type of error; nearly two hundred situations, each with its code, the message and the cure.
---

# Errors

Every error that Cotangent raises on purpose is a `CotangentException`, of one of the types in the table. Its message
names the operation, says what it got and what it wanted, and ends with a way out. An error inside a tree of tensors
also says where: `` Error at: `$.Hidden[1].Weight` ``. In a program that uses `Cotangent.CSharp`, messages name functions as
C# does: `Differentiate.Vjp` where this page says `vjp`.

| type | what is wrong |
| --- | --- |
| `ShapeException` | shapes that do not fit the operation |
| `DTypeException` | element types that do not fit the operation, or that differ where they must not |
| `AxisException` | an axis outside a tensor's rank, or named twice |
| `IndexException` | an index or slice outside its axis |
| `ValueException` | a value outside the range that the operation accepts |
| `TreeException` | a value that cannot serve as a tree of tensors, or trees of different structure |
| `DerivativeException` | a function that is not what its transformation needs |
| `TraceException` | a traced tensor used after its transformation returned, or where its numbers are needed |
| `NumberException` | a NaN or an infinity, found by `Debug.checkNumbers` |
| `KeyException` | a random key used twice, found by `Debug.checkKeys` |
| `DonationException` | a tensor used after it was given away to a function from `compileDonating` |
| `ScopeException` | a tensor used after the `scope` that it was made in had ended |
| `DeviceException` | tensors on different devices, or a device that is not there: CUDA needs the package `Cotangent-cuda-linux` or `Cotangent-cuda-windows` |
| `MemoryException` | no room for a tensor on its device, even after everything unused was freed |
| `FileException` | a file that is damaged, or something else than what it was read as |

The examples below use these values:
*)

(*** hide ***)
#if INTERACTIVE
#r "../src/bin/Release/net10.0/Cotangent.dll"
#endif

open System
open System.IO
open System.Text
open Cotangent

(** *)
let vector = tensor [ 1.0; 2.0; 3.0 ]
let matrix = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
let whole = tensor [ 1; 2; 3 ]
let signal = Tensor.ones DType.Float32 [ 2; 8 ]
let kernel = Tensor.ones DType.Float32 [ 4; 2; 3 ]
let mask = tensor [ true; false ]
let key = Key.create 0L
let kept = ref vector

let once = tensor [ 1.0; 2.0; 3.0 ]
let halve = compileDonating (fun (x: Tensor, ()) -> x * 0.5)

let keep (x: Tensor) =
    kept.Value <- x
    sum x

let long = Tensor.arange DType.Float32 100000

let escape () =
    let out = ref long

    scope (fun () ->
        out.Value <- long + 1.0
        sum long)
    |> ignore

    out.Value

let inTemp name = Path.Combine(Path.GetTempPath(), name)

let saved name =
    Checkpoint.save (inTemp name) {| Weight = vector |}
    inTemp name

let page () =
    File.WriteAllText(inTemp "page.safetensors", "<!DOCTYPE html>")
    inTemp "page.safetensors"

let rated name (rate: float) =
    Checkpoint.save (inTemp name) {| Weight = vector; Rate = rate |}
    inTemp name

let cut () =
    File.WriteAllBytes(inTemp "cut.safetensors", (File.ReadAllBytes(saved "whole.safetensors"))[..79])
    inTemp "cut.safetensors"

let times x = withDerivative (Derivative.Pull(fun _ c -> c)) (fun (y: Tensor) -> x * y)

(*** hide ***)
/// A way to get an error, how its message begins, and the cure with which it ends. The tests hold the library to this
/// list, so it can't fall behind.
type Situation = { Error: Type; Begins: string; Cure: string; Example: unit -> unit }

let on<'error, 'result when 'error :> CotangentException>
    (example: unit -> 'result)
    begins
    cure
    = { Error = typeof<'error>; Begins = begins; Cure = cure; Example = example >> ignore }

let shapes = [
    on<ShapeException, _>
        (fun () -> vector + tensor [ 1.0; 2.0 ])
        "add: shapes (3,) and (2,) do not broadcast: axis -1 has sizes 3 and 2."
        "Sizes must agree or be 1; use reshape, expand or permute to line the axes up."
    on<ShapeException, _>
        (fun () -> matmul matrix vector)
        "matmul: (2, 2) times (3,): the inner sizes 2 and 3 differ."
        "A product needs (…, m, k) and (…, k, n); `.T` transposes the last two axes."
    on<ShapeException, _>
        (fun () -> matmul matrix (tensor 2.0))
        "matmul: (2, 2) times (): a scalar is no matrix; multiply with *."
        "A product needs (…, m, k) and (…, k, n); `.T` transposes the last two axes."
    on<ShapeException, _>
        (fun () -> dot vector matrix)
        "dot: (3,) and (2, 2);"
        "two vectors of one length are needed. Use `matmul`, or multiply and sum."
    on<ShapeException, _>
        (fun () -> outer vector matrix)
        "outer: (3,) and (2, 2);"
        "two vectors are needed. Use `Flatten` first, or broadcast with `Unsqueeze` and `*`."
    on<ShapeException, _>
        (fun () -> vector.Reshape [ 2; 2 ])
        "reshape: (3,) to (2, 2): 3 elements do not fill 4 places."
        "The sizes must multiply to 3; one of them may be -1."
    on<ShapeException, _>
        (fun () -> vector.Reshape [ 2; -1 ])
        "reshape: (3,) to (2, -1): 3 elements can't be divided to fill the axis given as -1."
        "The sizes must multiply to 3; one of them may be -1."
    on<ShapeException, _>
        (fun () -> vector.Expand [ 3; 2 ])
        "expand: (3,) does not stretch to (3, 2):"
        "axes are lined up from the last, and only those of size 1 stretch. Use `Reshape` to add some."
    on<ShapeException, _>
        (fun () -> matrix.Squeeze 0)
        "squeeze: axis 0 of shape (2, 2) has size 2, not 1."
        "Index that axis or reduce it."
    on<ShapeException, _>
        (fun () -> tensor [ [ 1.0 ]; [ 2.0; 3.0 ] ])
        "tensor: ragged data: along axis 1 one part has 2 elements and another 1."
        "All parts must have one size; pad them first."
    on<ShapeException, _>
        (fun () -> tensor [ box 1; box [ 2; 3 ] ])
        "tensor: numbers and lists of numbers are mixed in one list;"
        "nest all numbers equally deep."
    on<ShapeException, _>
        (fun () -> Tensor.ofArray [ 2; 2 ] [| 1; 2; 3 |])
        "ofArray: 3 numbers do not fill shape (2, 2), which has 4 places."
        "Give as many numbers as the sizes multiply to."
    on<ShapeException, _>
        (fun () -> Tensor.zeros DType.Float32 [ 2; -1 ])
        "zeros: shape (2, -1) has a negative size;"
        "sizes are 0 or more."
    on<ShapeException, _>
        (fun () -> Tensor.zeros DType.Float32 [ 100000; 100000 ])
        "zeros: a tensor of shape (100000, 100000) would have more than 2147483591 elements, the most one tensor can hold."
        "Split it."
    on<ShapeException, _>
        (fun () -> float vector)
        "float: a tensor of shape (3,) is not a single number."
        "Index or reduce it first."
    on<ShapeException, _>
        (fun () -> matrix.ToData<float[]>())
        "ToData: Double[] has 1 axes, the tensor has shape (2, 2)."
        "Reshape it first."
    on<ShapeException, _>
        (fun () -> concat 0 [ matrix; vector ])
        "concat: along axis 0, tensor 0 of shape (2, 2) and tensor 1 of shape (3,) don't have equally many axes."
        "`t.Unsqueeze` adds one. `stack` joins along a new axis."
    on<ShapeException, _>
        (fun () -> concat 0 [ matrix; Tensor.zeros DType.Float64 [ 2; 3 ] ])
        "concat: along axis 0, tensor 0 of shape (2, 2) and tensor 1 of shape (2, 3) have 2 and 3 entries along axis 1, which must agree."
        "`stack` joins along a new axis."
    on<ShapeException, _>
        (fun () -> stack 0 [ matrix; vector ])
        "stack: (2, 2) and (3,) differ; all tensors need one shape."
        "Expand or pad them first, or use `concat`."
    on<ShapeException, _>
        (fun () -> concat 0 [])
        "concat: no tensors;"
        "at least one is needed to tell shape and dtype."
    on<ShapeException, _>
        (fun () -> vector.Split [ 1; 1 ])
        "split: sizes [1; 1] do not add up to the 3 of axis 0 in shape (3,)."
        "The sizes of the parts must make up that axis."
    on<ShapeException, _>
        (fun () -> matrix.Pad [ (1, 1) ])
        "pad: one (before, after) pair of non-negative widths is needed for each of the 2 axes of shape (2, 2), got [(1, 1)]."
        "Slice to make an axis shorter."
    on<ShapeException, _>
        (fun () -> vector[mask])
        "masked: a mask of shape (2,) does not cover the leading axes of (3,)."
        "It needs the sizes of those axes; `where` takes masks that broadcast."
    on<ShapeException, _>
        (fun () -> vector.At[0..1].Set(vector))
        "set: a value of shape (3,) does not stretch to the part of shape (2,) that it goes to."
        "Reduce or reshape it first."
    on<ShapeException, _>
        (fun () -> vector.At[mask].Set(vector))
        "set: a mask of shape (2,) does not stretch to (3,)."
        "Reshape it first."
    on<ShapeException, _>
        (fun () -> matrix.Gather(whole, 1))
        "gather: indices (3,) must have as many axes as (2, 2), and none that is longer, but axis 1."
        "`Take` selects whole slices with indices of any shape."
    on<ShapeException, _>
        (fun () -> einsum "ij,jk->ik" [ matrix; vector ])
        "einsum: in \"ij,jk->ik\" operand 2, \"jk\", names 2 axes, and the tensor has shape (3,)."
        "Name each axis; three dots stand for any number of them."
    on<ShapeException, _>
        (fun () -> einsum "ij,j->i" [ matrix; vector ])
        "einsum: in \"ij,j->i\" j has size 2 in one place and 3 in operand 2 of shape (3,)."
        "One letter is one size; axes under dots stretch where they are 1."
    on<ShapeException, _>
        (fun () -> vector.SegmentReduce(Reduce.Sum, tensor [ 0; 1 ], 2))
        "segmentReduce: segments of shape (2,) for axis 0 of shape (3,);"
        "give one for each of its 3 slices."
    on<ShapeException, _>
        (fun () -> vector.Unfold(0, 4))
        "unfold: windows of 4 along axis 0 of size 3 in shape (3,)."
        "Use smaller ones, or pad."
    on<ShapeException, _>
        (fun () -> vector.ScatterAdd(whole, tensor [ 1.0 ], 0))
        "scatterAdd: indices (3,) and updates (1,) must have one shape."
        "Expand the updates first."
    on<ShapeException, _>
        (fun () -> (Tensor.zeros DType.Float32 [ 0; 2 ]).Max())
        "max: nothing to reduce over in shape (0, 2)."
        "Test the size first."
    on<ShapeException, _>
        (fun () -> (Tensor.zeros DType.Float32 [ 0; 2 ]).ArgMax())
        "argmax: no elements to choose from in shape (0, 2)."
        "Test the size first."
    on<ShapeException, _>
        (fun () -> (tensor [ 1.0 ]).Variance(correction = 1))
        "variance: 1 elements with correction 1 in shape (1,) leave nothing to divide by."
        "Reduce over more elements, or lower the correction."
    on<ShapeException, _>
        (fun () -> Random.categorical key (tensor 1.0))
        "Random.categorical: logits need an axis of classes, got a scalar, of shape ()."
        "Give one logit for each class."
    on<ShapeException, _>
        (fun () -> grad (fun x -> 2.0 * x) vector)
        "grad: the function returned Float64 (3,); a gradient belongs to one floating-point number."
        "Reduce it with `sum` or `mean`, or use `vjp` or `jacobian`."
    on<ShapeException, _>
        (fun () -> snd (vjp sin vector) (tensor 1.0))
        "the pull of vjp: got Float64 () where the value is Float64 (3,);"
        "they must agree."
    on<ShapeException, _>
        (fun () -> diff sin vector)
        "diff differentiates by one number; the argument has shape (3,)."
        "Use `grad`, `jvp` or `jacobian`."
    on<ShapeException, _>
        (fun () -> Loss.meanSquaredError (tensor [ [ 1.0 ] ]) (tensor [ 1.0 ]))
        "Loss.meanSquaredError: the prediction has shape (1,), the target (1, 1);"
        "the shapes must be equal, and nothing is stretched. Reshape, squeeze or unsqueeze one of them."
]

let dtypes = [
    on<DTypeException, _>
        (fun () -> vector * whole)
        "multiply: Float64 (3,) and Int32 (3,) have different dtypes, and none is converted silently."
        "Use `t.Convert` on one of them."
    on<DTypeException, _>
        (fun () -> whole + 0.5)
        "add: the literal 0.5 is not a whole number and the tensor is Int32."
        "Convert the tensor to a floating-point dtype first."
    on<DTypeException, _>
        (fun () -> exp whole)
        "exp is not defined on Int32."
        "Convert first, with `t.Convert DType.Float32` for example."
    on<DTypeException, _>
        (fun () -> mask + mask)
        "add is not defined on Bool."
        "Convert first, with `t.Convert DType.Float32` for example."
    on<DTypeException, _>
        (fun () -> matmul mask mask)
        "matmul is not defined on Bool, got (2,) and (2,);"
        "convert to Int32 or a float first."
    on<DTypeException, _>
        (fun () -> tensor [ "1"; "2" ])
        "tensor: String can't be an element."
        "The element types are `float32`, `float`, Half, BFloat16, bool, Complex, Complex64, and the integers of 8 to 64 bits; convert the data first, for example with `List.map float32`."
    on<DTypeException, _>
        (fun () -> tensor [ box 1; box 2.0 ])
        "tensor: an element of type Double among elements of type Int32."
        "Give all elements one type."
    on<DTypeException, _>
        (fun () -> tensor ([]: obj list))
        "tensor: empty data of unknown element type."
        "Annotate it, as in `tensor ([]: float32 list)`, or use `Tensor.zeros`."
    on<DTypeException, _>
        (fun () -> tensor (null: obj | null))
        "tensor: the data is null;"
        "give it numbers."
    on<DTypeException, _>
        (fun () -> tensor [ vector; vector ])
        "tensor: the data are tensors already."
        "Put them together with `stack` or `concat`, or use them as they are."
    on<DTypeException, _>
        (fun () -> vector.ToData<int[]>())
        "ToData: the tensor is Float64 (3,), the data asked for is Int32."
        "Use `t.Convert DType.Int32` first."
    on<DTypeException, _>
        (fun () -> vector.ToData<ResizeArray<float>>())
        "ToData: List`1 can't be filled."
        "Ask for a number, a list, an array or a sequence, nested in any way."
    on<DTypeException, _>
        (fun () -> whole ** -1.0)
        "power: Int32 has no power of exponent -1; those of integers are whole, 0 or more."
        "Convert first, with `t.Convert DType.Float32` for example."
    on<DTypeException, _>
        (fun () -> mean whole)
        "mean needs a floating-point tensor, got Int32 (3,);"
        "convert it first."
    on<DTypeException, _>
        (fun () -> mask.Prod())
        "prod is not defined on Bool, got shape (2,);"
        "convert to Int32 to count."
    on<DTypeException, _>
        (fun () -> vector.Any())
        "any is defined on Bool, got Float64 (3,);"
        "compare it with something first."
    on<DTypeException, _>
        (fun () -> where whole vector vector)
        "where: the condition must be Bool, got Int32 (3,)."
        "Compare it with something first."
    on<DTypeException, _>
        (fun () -> vector.Masked whole)
        "masked: a mask must be Bool, got Int32 (3,)."
        "Compare it with something first."
    on<DTypeException, _>
        (fun () -> vector[vector])
        "index: indices must be integers, got Float64 (3,)."
        "Convert them first."
    on<DTypeException, _>
        (fun () -> Tensor.arange DType.Bool 2)
        "arange: Bool can't count;"
        "use Int32 and compare."
    on<DTypeException, _>
        (fun () -> Tensor.linspace DType.Int32 0.0 1.0 3)
        "linspace: Int32 can't hold the points between;"
        "use a floating-point dtype."
    on<DTypeException, _>
        (fun () -> Random.normal key DType.Int32 [ 3 ])
        "Random.normal draws floating-point numbers, not Int32."
        "Use `Random.integers`, or convert."
    on<DTypeException, _>
        (fun () -> Random.integers key 0L 6L DType.Float32 [ 3 ])
        "Random.integers draws integers, not Float32."
        "Convert what it draws."
    on<DTypeException, _>
        (fun () -> grad (fun (x, _) -> sum (x * x)) (vector, whole))
        "Error at: `$.Item2`: grad: Int32 numbers have no derivatives."
        "Pass them to the function some other way (close over them, or wrap them in `Frozen`), or convert them to a float."
]

let axesAndIndices = [
    on<AxisException, _>
        (fun () -> matrix.Sum [ 2 ])
        "sum: axis 2 is out of range for a tensor of rank 2;"
        "axes run from -2 to 1."
    on<AxisException, _>
        (fun () -> (tensor 1.0).Softmax())
        "softmax: axis -1 is out of range for a tensor of rank 0;"
        "a scalar has no axes."
    on<AxisException, _>
        (fun () -> matrix.Sum [ 0; -2 ])
        "sum: axis 0 is named twice;"
        "name each axis once."
    on<AxisException, _>
        (fun () -> matrix.Permute [ 1 ])
        "permute: (1,) is not an order of the 2 axes of shape (2, 2);"
        "name each axis once."
    on<AxisException, _>
        (fun () -> vector.T)
        "transpose: shape (3,) has fewer than two axes."
        "Use `Unsqueeze` to make a row or a column of a vector."
    on<IndexException, _>
        (fun () -> vector[3])
        "slice: index 3 is out of range for axis 0 of size 3 in shape (3,);"
        "positions run from -3 to 2."
    on<IndexException, _>
        (fun () -> vector[1..3])
        "slice: 1..3 is out of range for axis 0 of size 3 in shape (3,);"
        "both ends are included, so they run from 0 to 2."
    on<IndexException, _>
        (fun () -> vector.Slice [ Index.Range(None, None, 0) ])
        "slice: step 0 along axis 0 of shape (3,) leads nowhere;"
        "1 takes every element, -1 goes backwards."
    on<IndexException, _>
        (fun () -> vector[0, 0])
        "slice: 2 indices for shape (3,), which has 1 axes."
        "Give one for each axis at most; `Index.NewAxis` adds an axis."
    on<IndexException, _>
        (fun () -> matrix.Slice [ Index.Rest; Index.Rest ])
        "slice: several `Index.Rest` for shape (2, 2): how many axes each stands for can't be told."
        "Keep one, and `Index.All` for single axes."
    on<IndexException, _>
        (fun () -> matrix["first", 0..1])
        "slice: first is no position."
        "Use an int, a slice such as 1..3, or an integer tensor."
    on<IndexException, _>
        (fun () -> vector[tensor [ 0; 4 ]])
        "slice: index 4 is out of range for axis 0 of size 3 in shape (3,);"
        "to 2."
    on<IndexException, _>
        (fun () -> Tensor.oneHot DType.Float32 3 whole)
        "oneHot: index 3 is none of the 3 classes 0 to 2."
        "Replace it, or ask for more classes."
]

let values = [
    on<ValueException, _>
        (fun () -> clamp 2.0 1.0 vector)
        "clamp: the lower bound 2 is not at or below the upper bound 1;"
        "exchange them."
    on<ValueException, _>
        (fun () -> Tensor.arangeIn DType.Int32 0.0 5.0 0.0)
        "arangeIn: from 0 to 5 by 0 is not a finite number of steps."
        "Give a step that leads there."
    on<ValueException, _>
        (fun () -> Tensor.linspace DType.Float32 0.0 1.0 0)
        "linspace: 0 points;"
        "at least 1 is needed."
    on<ValueException, _>
        (fun () -> einsum "ij->ik" [ matrix ])
        "einsum: in \"ij->ik\", at character 6:"
        "k stands in no operand, and so has no size."
    on<ValueException, _>
        (fun () -> matrix |> rearrange "h w -> w" [])
        "rearrange: in \"h w -> w\", at character 1: h does not stand on the right, and no element may be lost;"
        "`reduce` folds axes."
    on<ValueException, _>
        (fun () -> matrix |> rearrange "h (a b) -> a h b" [ ("a", 3) ])
        "rearrange: in \"h (a b) -> a h b\", at character 6: axis 1 of shape (2, 2) has size 2;"
        "3 does not divide it, and so b has no size."
    on<ValueException, _>
        (fun () -> vector.Quantile 75.0)
        "quantile: 75 is no share of the elements;"
        "quantiles run from 0 to 1, percentiles divided by 100."
    on<ValueException, _>
        (fun () -> vector.Tile [ -1 ])
        "tile: (-1,) repeats;"
        "none may be negative, and 0 gives an empty tensor."
    on<ValueException, _>
        (fun () -> vector.TopK 4)
        "topK: 4 of the 3 elements of axis 0 in shape (3,)."
        "Ask for as many at most."
    on<ValueException, _>
        (fun () -> vector.Norm(order = Double.NaN))
        "norm: the order is NaN;"
        "a number or an infinity is needed."
    on<ValueException, _>
        (fun () -> Random.uniformIn key 1.0 0.0 DType.Float32 [ 3 ])
        "Random.uniformIn: the bounds 1 and 0 are out of order;"
        "exchange them."
    on<ValueException, _>
        (fun () -> Random.bernoulli key 1.5 [ 3 ])
        "Random.bernoulli: 1.5 is not a probability;"
        "it must lie between 0 and 1."
    on<ValueException, _>
        (fun () -> Random.integers key 0L 0L DType.Int32 [ 3 ])
        "Random.integers: from 0 to below 0 is not a range of 1 to 2^52 integers."
        "The upper bound is not included."
    on<ValueException, _>
        (fun () -> Random.integers key 0L 3000000000L DType.Int32 [ 3 ])
        "Random.integers: Int32 can't hold all integers from 0 to below 3000000000."
        "Use DType.Int64."
    on<ValueException, _>
        (fun () -> tensor [ 7; 8 ] / tensor [ 2; 0 ])
        "divide: an element of the integer divisor is 0."
        "Replace it with `where`, or convert both tensors to a floating-point dtype."
    on<ValueException, _>
        (fun () -> Schedule.linear 1.0 0.0 0)
        "Schedule.linear: 0 steps;"
        "at least 1 is needed."
    on<ValueException, _>
        (fun () -> Optimizer.average 1.5 vector vector)
        "Optimizer.average: the decay is 1.5;"
        "it must be in [0, 1]."
    on<ValueException, _>
        (fun () -> Key.splitMany -1 key)
        "Key.splitMany: -1 keys;"
        "ask for 0 or more."
]

type Ring = { Value: Tensor; mutable Next: Ring option }

let ring () =
    let ring = { Value = vector; Next = None }
    ring.Next <- Some ring
    ring

let rec flipped (x: Tensor) : Tensor =
    withDerivative (Derivative.Push(fun _ change -> flipped change)) (fun (x: Tensor) -> x.Flip 0) x

let pulledBy (k: Tensor) = withDerivative (Derivative.Pull(fun _ (c: Tensor) -> c * k)) (fun (x: Tensor) -> x)
let clipped = withDerivative (Derivative.Pull(fun _ c -> clamp -1.0 1.0 c)) (fun (x: Tensor) -> x)
let halved = withDerivative (Derivative.Pull(fun _ (c: Tensor) -> c.Convert DType.Float16)) sin

let rec endless rounds (x: Tensor) : Tensor = if rounds = 0 then x else iterate 2 (endless (rounds - 1)) x

let transformations = [
    on<TreeException, _>
        (fun () -> grad (fun (x: float) -> tensor x) 3.0)
        "grad: the argument's type Double can't hold a tensor."
        "A tree is a tensor, or a record, tuple, list, array, option, union or map with tensors in it; `tensor` makes one of a number."
    on<TreeException, _>
        (fun () -> grad (fun (_: Tensor list) -> tensor 0.0) [])
        "grad: the argument holds no tensors,"
        "so there is nothing to differentiate by."
    on<TreeException, _>
        (fun () -> Tree.map2 (+) [ vector; vector ] [ vector ])
        "Error at: `$[1]`: Tree.map2: one tree has 2 tensors, the other 1;"
        "they must have the same structure, so build one from the other, for example with `Tree.map`."
    on<ShapeException, _>
        (fun () -> Tree.add [ vector ] [ vector.Unsqueeze 0 ])
        "Error at: `$[0]`: Tree.add: shape (3,) meets (1, 3);"
        "Reshape, squeeze or unsqueeze one of them."
    on<DTypeException, _>
        (fun () -> Tree.add [ vector ] [ vector.Convert DType.Float32 ])
        "Error at: `$[0]`: Tree.add: Float64 (3,) meets Float32 (3,);"
        "Convert one tree with `Tree.map`."
    on<TreeException, _>
        (fun () -> Tree.rebuild [ vector; vector ] [| vector |])
        "Tree.rebuild: the template has more than the 1 tensors given."
        "Give one for each leaf, in the order of `Tree.leaves`."
    on<TreeException, _>
        (fun () -> Tree.rebuild [ vector ] [| vector; vector |])
        "Tree.rebuild: the template has 1 tensors, 2 are given."
        "Give one for each leaf, in the order of `Tree.leaves`."
    on<TreeException, _>
        (fun () -> Tree.leaves (vector, Unchecked.defaultof<Tensor>))
        "Error at: `$.Item2`: null where a Tensor with tensors should be."
        "Give it a value, or say that it may be missing: `Tensor | null`, or an option (`Tensor?` in C#)."
    on<TreeException, _>
        (fun () -> Tree.leaves (System.Collections.Generic.Queue [ vector ]))
        "Queue: a tree can't be rebuilt from one of these."
        "Keep tensors in a one-dimensional array, a list or a dictionary."
    on<TreeException, _>
        (fun () -> Tree.leaves (ring ()))
        "Ring: values nested more than 1000 deep, or deeper than this thread's stack, are no tree; does one contain itself?"
        "Keep long chains in a list or an array."
    on<TreeException, _>
        (fun () -> Tree.toVector (Frozen vector))
        "Tree.toVector: the tree holds no trained tensors, so the vector would have no dtype."
        "Test `Tree.trained` first."
    on<ShapeException, _>
        (fun () -> Tree.ofVector (vector, vector) vector)
        "Tree.ofVector: the template holds 6 numbers, and so takes a vector (6,); it got Float64 (3,)."
        "Take one that `Tree.toVector` makes of a tree like it."
    on<TreeException, _>
        (fun () -> scan (fun (s: Tensor) () -> s, s) vector ())
        "scan: the sequence holds no tensor, and so does not say how many rounds to go."
        "Give one with an item for each round along axis 0; where the rounds take nothing, count them: `iterate`, or `scan` along `Tensor.arange`."
    on<TreeException, _>
        (fun () -> Tree.norm ([]: Tensor list))
        "Tree.norm: the tree holds no tensors, so its norm has no dtype."
        "Test `Tree.size` first."
    on<DerivativeException, _>
        (fun () -> linearTranspose (fun x -> x * x) vector)
        "linearTranspose: the function is not linear: `multiply` is not, in what depends on the argument."
        "Use `vjp` or `linearize` for the derivative of a function at a point."
    on<DerivativeException, _>
        (fun () -> linearTranspose (fun x -> x + 1.0) vector)
        "linearTranspose: the function is not linear: it is not 0 at 0, so something constant is added."
        "Use `vjp` or `linearize` for the derivative of a function at a point."
    on<DerivativeException, _>
        (fun () -> grad (fun x -> sum (times x x)) vector)
        "`withDerivative`: its function uses a tensor traced by `grad` that is not among its arguments,"
        "so its part of the result would be lost. Pass it as an argument (in a tuple or record); a differentiated one can be made constant with `stopGradient` instead."
    on<ShapeException, _>
        (fun () -> grad (fun x -> sum (withDerivative (Derivative.Pull(fun _ c -> sum c)) sin x)) vector)
        "the pull of 'withDerivative' returned shape () where the arguments have shape (3,);"
        "a derivative has the shape of what it belongs to, so sum over or broadcast along the axes in which they differ."
    on<DTypeException, _>
        (fun () -> grad (fun x -> sum (halved x)) vector)
        "the pull of 'withDerivative' returned Float16 numbers where the arguments are"
        "convert them."
    on<DerivativeException, _>
        (fun () -> grad (fun k -> sum (pulledBy k (k * vector))) (tensor 2.0))
        "withDerivative: the pull closes over a tensor that was being differentiated where the function was called, and runs after that is done."
        "Pass the tensor in the argument, in a tuple or record, and give its part of the derivative, or make it constant with `stopGradient`."
    on<DerivativeException, _>
        (fun () -> hvp (fun x -> sum (square (clipped x))) vector vector)
        "withDerivative: forward mode (`jvp`, `hvp`, `hessian`) takes the transpose of the pull, which is not linear in the cotangent: `less` is not, in what depends on the argument."
        "Give a push besides, by `Derivative.Both`, or keep to reverse mode, as `vhp` and `jacobian` do."
    on<DerivativeException, _>
        (fun () -> Debug.checkDerivative floor vector)
        "Debug.checkDerivative: differences along a random direction do not settle as they are taken over shorter ways."
        "The function is not smooth here (a kink, a jump, a NaN), is all rounding, or gives other numbers at each call: see that it draws by one key, and try another point."
    on<DerivativeException, _>
        (fun () -> grad (fun x -> sum (flipped x)) vector)
        "withDerivative: to transpose the push of 'withDerivative' takes the transpose of its push again, more than 100 times over: a push that calls the function itself in this way has no end."
        "Give the other direction, or write the push without the function."
    on<DerivativeException, _>
        (fun () -> grad (fun x -> sum (hostCall x id x)) vector)
        "hostCall: a function of .NET on numbers has no derivative."
        "Give it one with `withDerivative`, or make its argument constant with `stopGradient`."
    on<ShapeException, _>
        (fun () -> hostCall vector sum vector)
        "hostCall: the function returned Float64 () where Float64 (3,) was announced."
        "Say what it returns, or convert or reshape that."
    on<TreeException, _>
        (fun () -> hostCall vector (fun () -> vector) ())
        "hostCall: the argument holds no tensors, so the function would be called when the program is made."
        "Call it there."
    on<TraceException, _>
        (fun () -> compile (endless 200) vector)
        "iterate: control flow and functions with derivatives of their own nested more than 100 deep can't be traced into a graph; does a function call itself without end?"
        "Repeat with `iterate` or a loop."
    on<TraceException, _>
        (fun () -> grad keep vector + kept.Value)
        "A tensor of shape (3,) was used after the `grad` that traced it had returned."
        "Return it from the function that was transformed (`gradWith` carries extra results out) instead of storing it in a variable."
]

let batches = [
    on<ShapeException, _>
        (fun () -> vmap (fun (x, y) -> x * y) (matrix, vector))
        "Error at: `$.Item2`: vmap: 3 examples, along axis 0 of (3,); `$.Item1` has 2 examples, along axis 0 of (2, 2)."
        "All batched tensors must have as many."
    on<ShapeException, _>
        (fun () -> vmap (fun (x, y) -> x * y) (vector, tensor 2.0))
        "Error at: `$.Item2`: vmap: a scalar has no axis of examples."
        "One that all examples share is best closed over, as in `vmap (fun x -> f x scalar) xs`; `vmapWith` takes shared arguments, too."
    on<ValueException, _>
        (fun () -> vmapWith { In = [ Some 0; None ]; Out = 0 } (fun x -> 2.0 * x) vector)
        "vmapWith: 2 batch axes for 1 fields"
        "Give one for each field, or a single one for all."
    on<TraceException, _>
        (fun () -> vmap (fun x -> if float x > 2.0 then x else -x) vector)
        "vmap: a tensor of shape () stands for each of 3 examples at once, so it has no numbers to read"
        "Use `where` in place of `if`; in place of `t[mask]`, whose size would differ from example to example, keep the size and mask with `where`."
]

let windows = [
    on<ShapeException, _>
        (fun () -> convolve Window.plain kernel signal[..0])
        "convolve: an input of shape (1, 1, 8) and a kernel of shape (4, 2, 3):"
        "the kernel wants 2 input channels; kernels are (outputs, inputs / groups) and their sizes."
    on<ShapeException, _>
        (fun () -> convolve Window.plain kernel signal[*, ..1])
        "convolve: windows of (3,) with dilation (1,) reach over (3,) elements, more than the spatial axes (2,) have"
        "Use smaller windows, or `Padding.Same`."
    on<ValueException, _>
        (fun () -> convolveGroups 3 Window.plain kernel signal)
        "convolveGroups: 3 groups of the 4 outputs of a kernel of shape (4, 2, 3);"
        "the number of groups must divide them."
    on<ValueException, _>
        (fun () -> convolve (Window.stride 0) kernel signal)
        "convolve: [0] as strides for 1 spatial axes;"
        "give one number for all of them or one for each, 1 or more."
    on<ShapeException, _>
        (fun () -> maxPool [ 2 ] { Window.plain with Padding = Padding.Around 2 } signal)
        "maxPool: window 0 along spatial axis 0 lies in the padding altogether"
        "Use less padding than the window has elements."
    on<ShapeException, _>
        (fun () -> averagePool [ 2; 2 ] Window.plain signal)
        "averagePool: the input has shape (2, 8);"
        "for 2 spatial axes it must be (examples, channels) and their sizes, or (channels,) and their sizes for a single example."
]

let programs = [
    on<ShapeException, _>
        (fun () -> iterate 3 (fun (x: Tensor) -> x[0..0]) vector)
        "iterate: the function makes Float64 (1,) of Float64 (3,); what goes round must keep its shape and dtype."
        "Convert or reshape it at the end of the function."
    on<ShapeException, _>
        (fun () -> scan (fun s (x, y) -> s + x, y) (tensor 0.0) (vector, matrix))
        "Error at: `$.Item2`: scan: a sequence of shape (2, 2), where the first has 3 items along axis 0;"
        "all must have as many."
    on<ShapeException, _>
        (fun () -> cond mask id id vector)
        "cond: the condition is Bool (2,); it must be one Bool."
        "Compare, and fold with `all` or `any`."
    on<IndexException, _>
        (fun () -> switch (tensor 3) [ sin; cos ] vector)
        "switch: the index is 3, where there are 2 branches: it must be from 0 to 1."
        "Bring it there with `clamp`, or add a branch."
    on<TreeException, _>
        (fun () -> (jacobians (fun (x: Tensor) -> x, sin x) vector).Of(fun (y, _) -> y + 1.0))
        "Jacobian.Of: the function must pick one of the tensors, as `fun y -> y.Loss` does; it returned something else."
        "Pick first, and compute with what comes out."
    on<TraceException, _>
        (fun () -> float (evalShape sum vector))
        "evalShape: a tensor of shape () has no numbers, and can't be computed with: its shape and dtype alone were asked for."
        "Call the function itself, or give the tensor to `evalShape` again."
    on<ShapeException, _>
        (fun () -> vmap (withBatching (fun (batch: BatchedArgument<Tensor>) -> sum batch.Value) sin) vector)
        "withBatching: the rule returned shape () for a batch of 3 examples;"
        "every tensor of its result must have these along axis 0."
    on<ShapeException, _>
        (fun () -> associativeScan (fun (x: Tensor) _ -> stack 0 [ x; x ]) vector)
        "associativeScan: the function makes Float64 (2,) of Float64 (); what goes round must keep its shape and dtype."
        "Convert or reshape it at the end of the function."
    on<DerivativeException, _>
        (fun () -> grad (compile (whileLoop (fun (x: Tensor) -> x.Less 9.0) (fun x -> x * 2.0))) (tensor 1.0))
        "whileLoop: reverse mode would have to keep the values of every round, and a compiled program can't know how many"
        "Use `boundedWhileLoop` with the most there may be, `scan` or `iterate`, whose number of rounds is known, forward mode (`jvp`, `jacobianForward`), or leave this function uncompiled."
    on<ValueException, _>
        (fun () -> Compile.explain (fun (x: Tensor) -> x))
        "Compile.explain: this is not a function that `compile` returned, nor does it show any that it calls."
        "Keep what `compile` returns under a name, call that, and give it here."
]

let checks = [
    on<NumberException, _>
        (fun () -> Debug.checkNumbers (fun () -> log (vector - 2.0)))
        "`log` of (Float64 (3,)) made NaN at (0,) in its result of shape (3,)."
        "Look at its inputs there: a division by 0, the logarithm or root of a number <= 0, or an overflow; guard it with `clamp` or `where`."
    on<NumberException, _>
        (fun () -> Debug.checkNumbers (fun () -> grad sqrt (tensor 0.0)))
        "While pulling back through `sqrt`: `divide` of (Float64 (), Float64 ()) made"
        "guard it with `clamp` or `where`."
    on<KeyException, _>
        (fun () -> Debug.checkKeys (fun () -> Key.split key, Random.bernoulli key 0.5 []))
        "Random.bernoulli: this key was used before, by Key.split, and would give correlated numbers."
        "Split it first, `let a, b = Key.split key`, and use each part once."
]

let compiled = [
    on<TraceException, _>
        (fun () -> compile (fun x -> if float (sum x) > 0.0 then x else -x) vector)
        "compile: a tensor of shape () has no numbers yet: the function is being traced into a graph, which runs later."
        "results that depend on data in their shape, as `t[mask]`, are not possible: keep the size and mask with `where`. To read a number, return it; to see it, `Debug.print`."
    on<TraceException, _>
        (fun () -> compile (fun (x: Tensor) -> x.NonZero()) vector)
        "nonZero: how many there are depends on the numbers, which `compile` does not know, of Float64 (3,)."
        "Give the size of the result."
    on<DonationException, _>
        (fun () -> halve (once, ()) + once)
        "A tensor Float64 (3,) was used after it had been given to `compileDonating` of `halve`, which may have overwritten it."
        "Go on with what the function returned, or `compile` it to keep its arguments."
    on<ScopeException, _>
        (fun () -> escape () * 2.0)
        "A tensor Float32 (100000,) was used after its `scope` had ended."
        "Return it from the scope."
]

let files = [
    on<TreeException, _>
        (fun () -> Checkpoint.load (rated "rates.safetensors" 0.1) {| Weight = vector; Rate = 0.2 |})
        "Checkpoint.load: "
        "The tensors fit, but what is no tensor is the template's, and so the loaded tree would not compute what the saved one did. Make the template with what was saved; `IgnoreStatics` among the options keeps what the template has."
    on<TreeException, _>
        (fun () -> Checkpoint.load (saved "a.safetensors") {| Weights = vector |})
        $"""Checkpoint.load: '{inTemp "a.safetensors"}' and the template, of 1 leaves, differ:"""
        "Give the template of what was saved. `KeepMissing` and `IgnoreExtra` among the options load what fits."
    on<ShapeException, _>
        (fun () -> Checkpoint.load (saved "b.safetensors") {| Weight = matrix |})
        $"""Checkpoint.load: '{inTemp "b.safetensors"}' and the template, of 1 leaves, differ:"""
        "Make the template with the sizes of what was saved."
    on<DTypeException, _>
        (fun () -> Checkpoint.load (saved "c.safetensors") {| Weight = whole |})
        $"""Checkpoint.load: '{inTemp "c.safetensors"}' and the template, of 1 leaves, differ:"""
        "Make the template in the dtypes of what was saved; `ConvertFloats` among the options rounds floating-point numbers to those of the template."
    on<FileException, _>
        (fun () -> Checkpoint.load (page ()) vector)
        $"""Checkpoint.load: '{inTemp "page.safetensors"}' is no safetensors file: it is a page of the web:"""
        "a download that led to an error or a login, perhaps. Look at it as a text."
    on<FileException, _>
        (fun () -> Safetensors.read (cut ()))
        $"""Safetensors.read: '{inTemp "cut.safetensors"}' is no whole safetensors file:"""
        "the end is missing. Get it again, or save it anew."
    on<ValueException, _>
        (fun () -> Checkpoint.saveStep 0 "runs" 100 vector)
        "Checkpoint.saveStep: 0 checkpoints to keep;"
        "it must be at least 1."
]

let layers = [
    on<ValueException, _>
        (fun () -> Linear.create 3 0 key)
        "Linear.init: 0 outputs;"
        "there must be at least 1."
    on<ShapeException, _>
        (fun () -> Linear.forward (Linear.create 3 2 key) signal)
        "Linear.forward: the input has shape (2, 8);"
        "its last axis must hold the 3 inputs of this layer."
    on<ShapeException, _>
        (fun () -> Convolution.create 3 (2, 4) key |> Convolution.forward <| tensor [ 1.0f ])
        "Convolution.forward: the input has shape (1,);"
        "this layer wants (examples, 2 channels, height, width), or one example without the first axis."
    on<ShapeException, _>
        (fun () -> Convolution.forward (Convolution.create 2 (1, 8) key) (Tensor.ones DType.Float32 [ 28; 28 ]))
        "Convolution.forward: the input has shape (28, 28);"
        "this layer wants (examples, 1 channels, height, width), or one example without the first axis. Does an axis for the one channel lack? `t.Unsqueeze(-3)` adds it."
    on<ValueException, _>
        (fun () -> Convolution.init { Convolution.defaults with Groups = 2 } [ 3; 3 ] (3, 4) key)
        "Convolution.init: 2 groups of 3 input and 4 output channels;"
        "the number of groups must divide both."
    on<ShapeException, _>
        (fun () -> BatchNorm.forward (BatchNorm.create 3) (Tensor.ones DType.Float32 [ 8; 4 ]))
        "BatchNorm.forward: the input has shape (8, 4);"
        "this layer wants (examples, 3 channels, …)."
    on<ShapeException, _>
        (fun () -> BatchNorm.train (BatchNorm.create 4) (Tensor.ones DType.Float32 [ 1; 4 ]))
        "BatchNorm.train: the input has shape (1, 4);"
        "a variance takes two or more numbers for each of the 4 channels. Leave out a last batch of one, or predict with `BatchNorm.forward`."
    on<ValueException, _>
        (fun () -> GroupNorm.create 3 16)
        "GroupNorm.init: 3 groups of 16 channels;"
        "the number of groups must divide that of channels."
    on<ShapeException, _>
        (fun () -> LayerNorm.forward (LayerNorm.create 16) signal)
        "LayerNorm.forward: the input has shape (2, 8);"
        "its last axis must be (16,), what this layer normalises over."
    on<ValueException, _>
        (fun () -> Dropout.create 1.5)
        "Dropout.init: a rate of 1.5;"
        "it is the probability that a part is dropped, at least 0 and below 1."
    on<IndexException, _>
        (fun () -> Embedding.forward (Embedding.create 10 4 key) (tensor [ 10 ]))
        "Embedding.forward: label 10 is none of the 10 of this layer, 0 to 9."
        "Replace it, or make the layer larger."
    on<DTypeException, _>
        (fun () -> Embedding.forward (Embedding.create 10 4 key) vector)
        "Embedding.forward: labels must be integers, got Float64 (3,)."
        "Convert them first."
    on<ValueException, _>
        (fun () -> MultiHeadAttention.create 10 3 key)
        "MultiHeadAttention.init: 3 heads do not divide a width of 10."
        "Choose a divisor of it, or give the heads a width of their own."
    on<ShapeException, _>
        (fun () -> MultiHeadAttention.forward (MultiHeadAttention.create 8 2 key) (Tensor.ones DType.Float32 [ 2; 6 ]))
        "MultiHeadAttention.forward: the input has shape (2, 6);"
        "its last axis must hold the 8 numbers of a key's step of this layer."
    on<ShapeException, _>
        (fun () -> Lstm.forward (Lstm.create 3 5 key) signal)
        "Lstm.forward: the input has shape (2, 8);"
        "its last axis must hold the 3 inputs of this layer."
    on<ShapeException, _>
        (fun () -> pixelShuffle 2 (Tensor.ones DType.Float32 [ 1; 3; 4; 4 ]))
        "pixelShuffle: the input has shape (1, 3, 4, 4);"
        "it must be (…, channels, height, width), and 2² must divide the channels."
    on<ShapeException, _>
        (fun () -> Sequential.forward (Sequential.create [ Linear.create 3 2 key; Linear.create 3 2 key ]) (Tensor.ones DType.Float32 [ 1; 3 ]))
        "Linear.forward: the input has shape (1, 2);"
        "its last axis must hold the 3 inputs of this layer."
    on<ValueException, _>
        (fun () -> Repeat.create 0 (Linear.create 3 3) key)
        "Repeat.create: 0 layers;"
        "there must be at least 1."
    on<ShapeException, _>
        (fun () -> Model.replace "bias" matrix (Linear.create 3 2 key))
        "Model.replace: 'bias' is Float32 (2,), the tensor given Float64 (2, 2);"
        "the two must be alike. Convert or reshape it; `Model.mapAt` takes one of any shape."
    on<TreeException, _>
        (fun () -> Model.select "none" (Linear.create 3 2 key))
        "Model.select: no leaf is called 'none'."
        "There are 2: weight, bias. A pattern may have `*` for any letters between two dots, and `**` for any parts of a name."
]

let training = [
    on<ShapeException, _>
        (fun () -> Loss.crossEntropy (tensor [ 0.0; 1.0 ]) matrix)
        "Loss.crossEntropy: logits Float64 (2, 2) want"
        "labels, integers of shape (2,), or probabilities, Float64 (2, 2); got Float64 (2,)."
    on<IndexException, _>
        (fun () -> Loss.crossEntropy (tensor [ 0; 7 ]) matrix)
        "crossEntropy: the label at (1,) is 7, which is none of the 2 classes 0 to 1."
        "Replace it, or give logits of more classes."
    on<ValueException, _>
        (fun () -> Loss.quantile 1.5 vector vector)
        "Loss.quantile: the level 1.5 is"
        "not between 0 and 1."
    on<ValueException, _>
        (fun () -> Metric.topKAccuracy 3 (tensor [ 0; 1 ]) matrix)
        "Metric.topKAccuracy: k is 3;"
        "it must be from 1 to the number of classes, 2."
    on<ShapeException, _>
        (fun () -> Metric.accuracy (tensor [ 0; 1; 2 ]) matrix)
        "Metric.accuracy: logits (2, 2) want labels of shape (2,),"
        "one for each row, got (3,)."
    on<ValueException, _>
        (fun () -> Optimizer.chain [])
        "Optimizer.chain: there are no optimisers in the list;"
        "give at least one."
    on<ValueException, _>
        (fun () -> (Optimizer.adam (1e-3, beta1 = 1.0)).Init vector)
        "Optimizer.adam: beta1 is 1;"
        "it must be in [0, 1)."
    on<ValueException, _>
        (fun () -> Optimizer.step (Optimizer.adam 1e-3) vector ((Optimizer.sgd 0.1).Init vector) vector)
        "Optimizer.step: the state belongs to `sgd`, the optimiser is `adam`."
        "Make a state of its own by its `Init`."
    on<DTypeException, _>
        (fun () -> Optimizer.step (Optimizer.adam 1e-3) whole ((Optimizer.adam 1e-3).Init vector) vector)
        "Optimizer.step: parameters and gradient: Float64 (3,) meets Int32 (3,);"
        "the two must be of one dtype. Convert one tree with `Tree.map`."
    on<ShapeException, _>
        (fun () -> Optimizer.step (Optimizer.adam 1e-3) matrix ((Optimizer.adam 1e-3).Init vector) vector)
        "Optimizer.step: parameters and gradient: shape (3,) meets (2, 2);"
        "the two must be equal, nothing is stretched. Reshape, squeeze or unsqueeze one of them."
    on<ValueException, _>
        (fun () -> Schedule.oneCycle 0.1 3)
        "Schedule.oneCycle: 3 steps;"
        "at least 7 are needed, of which two rise."
    on<ValueException, _>
        (fun () -> Schedule.piecewise 0.1 [ 10, 0.5; 5, 0.5 ])
        "Schedule.piecewise: changes at the steps 10, 5;"
        "they must be at least 1 and rise."
    on<ValueException, _>
        (fun () -> Data.batches 8 key vector)
        "Data.batches: batches of 8 examples, but there are 3."
        "Use smaller batches, or `Data.inOrder`, which keeps the last one short."
    on<ShapeException, _>
        (fun () -> Data.batches 2 key (vector, matrix))
        "Error at: `$.Item2`: Data.batches: shape (2, 2) has 2 examples where `$.Item1`, of shape (3,), has 3;"
        "every tensor has an entry for each example along its first axis."
    on<ValueException, _>
        (fun () -> Data.split 9 vector)
        "Data.split: the first 9 of 3 examples;"
        "take 0 or more, and at most all."
    on<ValueException, _>
        (fun () -> Train.run { Train.defaults with Epochs = 0 } (fun x (b: Tensor) -> x + mean b, x) (Data.inOrder 1 vector) (tensor 0.0))
        "Train: the number of epochs is 0;"
        "it must be at least 1."
    on<ValueException, _>
        (fun () -> Train.run { Train.defaults with From = -1 } (fun x (b: Tensor) -> x + mean b, x) (Data.inOrder 1 vector) (tensor 0.0))
        "Train: -1 as the step to begin with;"
        "it must not be negative."
    on<ValueException, _>
        (fun () -> Optimizer.sgd Double.NaN)
        "Schedule.constant: the value is NaN;"
        "a finite number is wanted."
    on<ValueException, _>
        (fun () -> LossScale.fixedAt -1.0)
        "LossScale.fixedAt: the scale is -1;"
        "it must be positive."
    on<ValueException, _>
        (fun () -> Optimizer.accumulate 0 (Optimizer.sgd 0.1))
        "Optimizer.accumulate: the number of steps is 0;"
        "it must be at least 1."
    on<ValueException, _>
        (fun () -> Optimizer.clipByGlobalNorm -1.0)
        "Optimizer.clipByGlobalNorm: the limit is -1;"
        "it must be positive."
    on<ValueException, _>
        (fun () -> WeightAverage.exponential 2.0 vector (WeightAverage.start vector))
        "WeightAverage.exponential: the decay is 2;"
        "it must be in [0, 1)."
]

let situations =
    shapes
    @ dtypes
    @ axesAndIndices
    @ values
    @ transformations
    @ batches
    @ windows
    @ programs
    @ checks
    @ compiled
    @ files
    @ layers
    @ training

/// The error of a situation; null where, against all expectation, there is none.
let provoke (situation: Situation) : exn | null =
    try
        situation.Example()
        null
    with e ->
        e

/// The code of the examples, as it stands above: in brackets behind `fun () ->`.
let code (script: string) =
    File.ReadLines script
    |> Seq.map _.Trim()
    |> Seq.filter (fun line -> line.StartsWith("(fun () -> ", StringComparison.Ordinal))
    |> Seq.map (fun line -> line["(fun () -> ".Length .. line.Length - 2])
    |> List.ofSeq

/// Each situation with its code and the message that it gives.
let rows () =
    List.zip (code (Path.Combine(__SOURCE_DIRECTORY__, "errors.fsx"))) situations
    |> List.map (fun (code, situation) ->
        match provoke situation with
        | null -> situation, code, "", "no error"
        | e ->
            let message = e.Message

            let cure =
                if message.EndsWith(situation.Cure, StringComparison.Ordinal) then
                    situation.Cure
                else
                    ""

            situation, code, message[.. message.Length - cure.Length - 1].TrimEnd(), cure)

(**
## Situations

The messages are those that the library gave when this page was made. What a `DeviceException` or a `MemoryException` says depends on the
machine: [Devices and engines](devices.html) tells what helps.
*)

(*** hide ***)
let table () =
    let cell (text: string) =
        let html = string (Net.WebUtility.HtmlEncode text)
        "<td>" + RegularExpressions.Regex.Replace(html, "`([^`]+)`", "<code>$1</code>") + "</td>"

    let codeCell (text: string) =
        "<td><code>" + string (Net.WebUtility.HtmlEncode text) + "</code></td>"

    let row (situation, code, message, cure) =
        "<tr>"
        + codeCell situation.Error.Name
        + codeCell code
        + cell message
        + cell cure
        + "</tr>"

    "<table class=\"situations\"><thead><tr><th>exception</th><th>example</th><th>message</th><th>cure</th></tr></thead><tbody>"
    + String.concat "\n" (List.map row (rows ()))
    + "</tbody></table>"

#if INTERACTIVE
table ()
#endif
(*** include-it-raw ***)

(*** hide ***)
#if INTERACTIVE
for situation, code, message, cure in rows () do
    printfn $"{code}\n    {situation.Error.Name}: {message} {cure}\n"
#endif
