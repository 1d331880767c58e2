/// What the tests of tensors share: whole-tensor expectations, and indices for the loops that serve as oracles.
module Cotangent.Tests.Support

open System
open Cotangent
open Expecto
open FsCheck
open FsCheck.FSharp

let floats = DTypes.real |> List.filter _.IsFloat
let integers = DTypes.real |> List.filter _.IsInteger
let numeric = floats @ integers

let half (x: float) : Half = Half.op_Explicit x
let bfloat (x: float) = BFloat16.OfSingle(float32 x)

// Expectations.

/// Equal shapes, dtypes and numbers; NaN equals NaN.
let equals (expected: 'data) (actual: Tensor) =
    let expected =
        match box expected with
        | :? Tensor as t -> t
        | _ -> tensor expected

    Expect.equal actual expected "all numbers, the shape and the dtype"

/// The same against data of whole numbers, whatever the dtype.
let equalsAs (dtype: DType) (expected: 'data) (actual: Tensor) =
    Expect.equal actual ((tensor expected).Convert dtype) $"all numbers, the shape and {dtype}"

let hasShape (expected: int list) (actual: Tensor) = Expect.equal (List.ofArray actual.Shape) expected "shape"

/// The numbers in row-major order.
let numbers (t: Tensor) : float[] = (t.Convert DType.Float64).Flatten().ToData<float[]>()

/// Differences within a fraction of the expected number, or of 1 where that is smaller; NaN and infinities equal.
let closeNumbers (tolerance: float) (expected: float seq) (actual: float seq) =
    let expected, actual = Array.ofSeq expected, Array.ofSeq actual
    Expect.equal actual.Length expected.Length "how many numbers"

    for i in 0 .. expected.Length - 1 do
        let e, a = expected[i], actual[i]
        let near = abs (a - e) <= tolerance * max 1.0 (abs e)

        if not (near || e.Equals a) then failtest $"Number {i}: {a:R} is not close to {e:R}."

let close tolerance (expected: float seq) (actual: Tensor) = closeNumbers tolerance expected (numbers actual)

/// Exactly this exception, whose message has all these parts.
let throws<'error, 'a when 'error :> exn> (parts: string list) (f: unit -> 'a) =
    let caught =
        try
            f () |> ignore
            None
        with e ->
            Some e

    match caught with
    | None -> failtest $"No {typeof<'error>.Name} was thrown."
    | Some e ->
        Expect.equal (e.GetType()) typeof<'error> $"exception; its message: {e.Message}"

        for part in parts do
            Expect.stringContains e.Message part "message"

// Indices.

/// All indices of a shape in row-major order.
let rec cells (shape: int list) : int list list =
    match shape with
    | [] -> [ [] ]
    | size :: rest ->
        let inner = cells rest

        [
            for i in 0 .. size - 1 do
                for index in inner -> i :: index
        ]

/// The place of an index in row-major order.
let place (shape: int list) (index: int list) = List.fold2 (fun at size i -> at * size + i) 0 shape index

/// Reads single numbers of a tensor, from a copy made once.
let reader (t: Tensor) : int list -> float =
    let data, shape = numbers t, List.ofArray t.Shape
    fun index -> data[place shape index]

/// A tensor from the numbers at its indices.
let build (dtype: DType) (shape: int list) (number: int list -> float) : Tensor =
    let data = cells shape |> List.map number |> Array.ofList
    (Tensor.ofArray shape data).Convert dtype

/// 0, 1, 2, … in a shape.
let counting (dtype: DType) (shape: int list) : Tensor =
    build dtype shape (fun index -> float (place shape index))

// Laws.

let tests name (cases: (string * (unit -> unit)) list) =
    testList name [ for name, body in cases -> testCase name body ]

let law name (gen: Gen<'a>) (holds: 'a -> bool) = testProperty name (Prop.forAll (Arb.fromGen gen) holds)

module Gen =
    let shape: Gen<int list> =
        Gen.choose (0, 4) |> Gen.bind (fun rank -> Gen.listOfLength rank (Gen.choose (0, 4)))

    /// At least one axis, none of them empty.
    let fullShape: Gen<int list> =
        Gen.choose (1, 4) |> Gen.bind (fun rank -> Gen.listOfLength rank (Gen.choose (1, 4)))

    /// Small whole numbers in a shape, exact in every dtype.
    let numbersIn (dtype: DType) (shape: int list) : Gen<Tensor> =
        Gen.arrayOfLength (List.fold (*) 1 shape) (Gen.choose (-9, 9))
        |> Gen.map (fun data -> (Tensor.ofArray shape data).Convert dtype)

    let tensor: Gen<Tensor> = shape |> Gen.bind (numbersIn DType.Float64)
    let fullTensor: Gen<Tensor> = fullShape |> Gen.bind (numbersIn DType.Float64)
    let axisOf (t: Tensor) = Gen.choose (-t.Rank, t.Rank - 1)
    let order (t: Tensor) = Gen.shuffle [| 0 .. t.Rank - 1 |]
