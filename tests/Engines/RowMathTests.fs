/// Arithmetic on rows against System.Numerics.Tensors, on rows of every length that ends in vectors of another size; and the order
/// of equal elements in rows that are sorted by merging.
module Cotangent.Tests.RowMathTests

open System
open System.Numerics
open System.Numerics.Tensors
open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Dice

let private lengths = [ 1..70 ] @ [ 127; 128; 129; 200; 1001 ]

let private bits (x: 'T[]) = x |> Array.map (fun v -> $"%A{v}")

/// Both of three rows: into one of their own, and into the first.
let private agrees
    name
    (x: 'T[])
    (y: 'T[])
    (ours: 'T[] -> 'T[] -> 'T[] -> unit)
    (theirs: 'T[] -> 'T[] -> 'T[] -> unit)
    =
    let expected = Array.zeroCreate<'T> x.Length
    theirs x y expected
    let own = Array.zeroCreate<'T> x.Length
    ours x y own
    Expect.equal (bits own) (bits expected) $"{name} of {x.Length}"
    let shared = Array.copy x
    ours shared y shared
    Expect.equal (bits shared) (bits expected) $"{name} of {x.Length}, in place"

let inline private s (x: 'T[]) = ReadOnlySpan<'T>(x)

let private ofNumbers<'T
    when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T> and 'T: equality>
    (draw: Dice -> 'T)
    =
    let dice = Dice 5

    for n in lengths do
        let x = Array.init n (fun _ -> draw dice)
        let y = Array.init n (fun _ -> draw dice)
        let c = draw dice

        agrees "add" x y (fun x y z -> RowMath.Add(s x, s y, Span z)) (fun x y z ->
            TensorPrimitives.Add(s x, s y, Span z))

        agrees "subtract" x y (fun x y z -> RowMath.Subtract(s x, s y, Span z)) (fun x y z ->
            TensorPrimitives.Subtract(s x, s y, Span z))

        agrees "multiply" x y (fun x y z -> RowMath.Multiply(s x, s y, Span z)) (fun x y z ->
            TensorPrimitives.Multiply(s x, s y, Span z))

        agrees "scale" x y (fun x _ z -> RowMath.Multiply(s x, c, Span z)) (fun x _ z ->
            TensorPrimitives.Multiply(s x, c, Span z))

        agrees "max" x y (fun x y z -> RowMath.Max(s x, s y, Span z)) (fun x y z ->
            TensorPrimitives.Max(s x, s y, Span z))

        agrees "min" x y (fun x y z -> RowMath.Min(s x, s y, Span z)) (fun x y z ->
            TensorPrimitives.Min(s x, s y, Span z))

        agrees "max of one" x y (fun x _ z -> RowMath.Max(s x, c, Span z)) (fun x _ z ->
            TensorPrimitives.Max(s x, c, Span z))

        agrees "negate" x y (fun x _ z -> RowMath.Negate(s x, Span z)) (fun x _ z ->
            TensorPrimitives.Negate(s x, Span z))

        agrees "multiply and add" x y (fun x y z -> RowMath.MultiplyAdd(s x, c, s y, Span z)) (fun x y z ->
            TensorPrimitives.MultiplyAdd(s x, c, s y, Span z))

        agrees "add and multiply" x y (fun x y z -> RowMath.AddMultiply(s x, c, s y, Span z)) (fun x y z ->
            TensorPrimitives.AddMultiply(s x, c, s y, Span z))

        let greatest, least = RowMath.Max(s x), RowMath.Min(s x)

        Expect.equal
            (bits [| greatest; least |])
            (bits [| TensorPrimitives.Max(s x); TensorPrimitives.Min(s x) |])
            $"extremes of {n}"

/// Sums of whole numbers are exact in whatever order.
let private sums<'T
    when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T> and 'T: equality>
    ()
    =
    let dice = Dice 6

    for n in lengths do
        let x = Array.init n (fun _ -> 'T.CreateTruncating(int (dice.Between -9.0 9.0)))
        let y = Array.init n (fun _ -> 'T.CreateTruncating(int (dice.Between -9.0 9.0)))
        Expect.equal (RowMath.Sum(s x)) (Array.fold (fun (t: 'T) v -> t + v) 'T.Zero x) $"sum of {n}"
        let products = Array.map2 (fun (a: 'T) (b: 'T) -> a * b) x y

        Expect.equal
            (RowMath.Dot(s x, s y))
            (Array.fold (fun (t: 'T) v -> t + v) 'T.Zero products)
            $"products of {n}"

/// Among them NaN, infinities and both zeros.
let private special (dice: Dice) =
    match int (dice.Between 0.0 30.0) with
    | 0 -> nan
    | 1 -> infinity
    | 2 -> -infinity
    | 3 -> 0.0
    | 4 -> -0.0
    | _ -> dice.Between -10.0 10.0

[<Tests>]
let all =
    testList "arithmetic on rows" [
        testCase "Float64" (fun () -> ofNumbers special)
        testCase "Float32" (fun () -> ofNumbers (fun dice -> float32 (special dice)))
        testCase "Int32" (fun () -> ofNumbers (fun dice -> int (dice.Between -1e9 1e9)))
        testCase "Int64" (fun () -> ofNumbers (fun dice -> int64 (dice.Between -1e18 1e18)))
        testCase "bytes" (fun () -> ofNumbers (fun dice -> sbyte (dice.Between -128.0 127.0)))
        testCase "sums of Float64" sums<float>
        testCase "sums of Float32" sums<float32>
        testCase "sums of Int32" sums<int>

        testCase "complex numbers" (fun () ->
            let dice = Dice 7
            let draw n = Array.init n (fun _ -> Complex(dice.Between -1.0 1.0, dice.Between -1.0 1.0))

            for n in 1..9 do
                let x, y = draw n, draw n

                agrees "add" x y (fun x y z -> RowMath.Add(s x, s y, Span z)) (fun x y z ->
                    TensorPrimitives.Add(s x, s y, Span z))

                agrees
                    "multiply and add"
                    x
                    y
                    (fun x y z -> RowMath.MultiplyAdd(s x, x[0], s y, Span z))
                    (fun x y z -> TensorPrimitives.MultiplyAdd(s x, x[0], s y, Span z)))

        testCase "the largest without its sign" (fun () ->
            for n in lengths do
                for place in [ 0; n / 2; n - 1 ] do
                    let x = Array.init n (fun i -> if i = place then -7.0 else float (i % 5))
                    Expect.equal (RowMath.LargestSize(s x)) 7.0 $"{place} of {n}"
                    x[place] <- nan
                    Expect.isTrue (Double.IsNaN(RowMath.LargestSize(s x))) $"NaN, {place} of {n}")

        testCase "rows of different lengths are refused" (fun () ->
            Expect.throws
                (fun () -> RowMath.Add(s [| 1.0 |], s [| 1.0; 2.0 |], Span [| 0.0; 0.0 |]))
                "more to add"

            Expect.throws
                (fun () -> RowMath.Add(s [| 1.0; 2.0 |], s [| 1.0; 2.0 |], Span [| 0.0 |]))
                "no room")

        testCase "equal elements stay in their order" (fun () ->
            let dice = Dice 8

            for n in [ 1; 2; 15; 16; 17; 31; 32; 33; 48; 64; 65; 100; 255; 256; 257; 511; 512 ] do
                let x = Array.init (3 * n) (fun _ -> float (int (dice.Between 0.0 7.0)))
                let found: int[] = (Tensor.ofArray [ 3; n ] x).ArgSort(1).Reshape([ -1 ]).ToData()

                let expected =
                    x
                    |> Array.chunkBySize n
                    |> Array.collect (fun row -> [| 0 .. n - 1 |] |> Array.sortBy (fun i -> row[i], i))

                Expect.equal found expected $"rows of {n}")
    ]
