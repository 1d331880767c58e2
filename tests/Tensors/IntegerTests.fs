/// Integers of every size, with a sign and without: what .NET's own arithmetic on arrays of that type gives is what tensors
/// give, eager, compiled and batched.
module Cotangent.Tests.IntegerTests

open System
open System.Numerics
open Cotangent
open Cotangent.Tests.Support
open Expecto

let private modes: (string * ((Tensor * Tensor -> Tensor) -> Tensor * Tensor -> Tensor)) list = [
    "eager", id
    "compiled", compile
    "batched", vmap
]

/// In each mode the array that .NET's function makes of all pairs.
let private pairs name (xs: 'T[], ys: 'T[]) (expected: 'T -> 'T -> 'U) (actual: Tensor -> Tensor -> Tensor) =
    for mode, run in modes do
        let result = run (fun (a, b) -> actual a b) (tensor xs, tensor ys)
        Expect.equal (result.ToData<'U[]>()) (Array.map2 expected xs ys) $"{name}, {mode}"

let private number<'T when 'T :> IBinaryInteger<'T>> (n: int) : 'T = 'T.CreateTruncating n
let private isSigned<'T when 'T :> IBinaryInteger<'T>> () = 'T.IsNegative(number<'T> -1)
let private plus<'T when 'T :> IBinaryInteger<'T>> (a: 'T) (b: 'T) : 'T = 'T.op_Addition (a, b)
let private minus<'T when 'T :> IBinaryInteger<'T>> (a: 'T) (b: 'T) : 'T = 'T.op_Subtraction (a, b)
let private times<'T when 'T :> IBinaryInteger<'T>> (a: 'T) (b: 'T) : 'T = 'T.op_Multiply (a, b)
let private opposite<'T when 'T :> IBinaryInteger<'T>> (a: 'T) : 'T = minus 'T.Zero a

/// The extremes, and numbers of either sign.
let private some<'T when 'T: equality and 'T :> IBinaryInteger<'T> and 'T :> IMinMaxValue<'T>> () : 'T[] =
    Array.append
        [| 'T.MinValue; 'T.MaxValue; minus 'T.MaxValue 'T.One |]
        (Array.map number<'T> [| 0; 1; 2; 3; 7; 8; 16; 33; 77; 100; -1; -2; -5 |])
    |> Array.distinct

let private elementwise<'T when 'T: equality and 'T :> IBinaryInteger<'T> and 'T :> IMinMaxValue<'T>> () =
    let some = some<'T>()
    let xs, ys = Array.unzip (Array.allPairs some some)
    let pairs name (expected: 'T -> 'T -> 'U) actual = pairs name (xs, ys) expected actual
    pairs "add" plus<'T> (fun a b -> a + b)
    pairs "subtract" minus<'T> (fun a b -> a - b)
    pairs "multiply" times<'T> (fun a b -> a * b)
    pairs "max" (fun (a: 'T) (b: 'T) -> 'T.Max(a, b)) maximum
    pairs "min" (fun (a: 'T) (b: 'T) -> 'T.Min(a, b)) minimum
    pairs "and" (fun (a: 'T) (b: 'T) -> 'T.op_BitwiseAnd (a, b)) (fun a b -> a &&& b)
    pairs "or" (fun (a: 'T) (b: 'T) -> 'T.op_BitwiseOr (a, b)) (fun a b -> a ||| b)
    pairs "xor" (fun (a: 'T) (b: 'T) -> 'T.op_ExclusiveOr (a, b)) (fun a b -> a ^^^ b)
    pairs "equal" (fun (a: 'T) (b: 'T) -> a = b) (fun a b -> a.Equal b)
    pairs "less" (fun (a: 'T) (b: 'T) -> 'T.op_LessThan (a, b)) (fun a b -> a.Less b)
    pairs "lessEqual" (fun (a: 'T) (b: 'T) -> 'T.op_LessThanOrEqual (a, b)) (fun a b -> a.LessEqual b)
    pairs "chosen" (fun (a: 'T) (b: 'T) -> 'T.Min(a, b)) (fun a b -> where (a.Less b) a b)

    let each name (expected: 'T -> 'U) (actual: Tensor -> Tensor) =
        for mode, run in modes do
            let result = run (fun (a, _) -> actual a) (tensor some, tensor some)
            Expect.equal (result.ToData<'U[]>()) (Array.map expected some) $"{name}, {mode}"

    each "negate" opposite<'T> (fun a -> -a)
    each "complement" (fun (a: 'T) -> 'T.op_OnesComplement a) (fun a -> ~~~a)
    each "left" (fun (a: 'T) -> 'T.op_LeftShift (a, 3)) (fun a -> a <<< 3)
    each "right" (fun (a: 'T) -> 'T.op_RightShift (a, 3)) (fun a -> a >>> 3)
    each "all out" (fun _ -> number<'T> 0) (fun a -> a <<< 64)

    each "only the sign" (fun (a: 'T) -> if 'T.IsNegative a then number<'T> -1 else number<'T> 0) (fun a ->
        a >>> 70)

    each "abs" (fun (a: 'T) -> if 'T.IsNegative a then opposite a else a) abs
    each "sign" (fun (a: 'T) -> number<'T>('T.Sign a)) (fun a -> a.Sign())
    each "relu" (fun (a: 'T) -> 'T.Max(a, number<'T> 0)) relu
    each "floor" id floor
    each "ceil" id ceil
    each "round" id round
    each "truncate" id truncate
    each "isNaN" (fun _ -> false) (fun a -> a.IsNaN())
    each "isInfinity" (fun _ -> false) (fun a -> a.IsInfinity())
    each "isFinite" (fun _ -> true) (fun a -> a.IsFinite())
    each "by numbers" (fun a -> plus (times a (number<'T> 3)) 'T.One) (fun a -> a * 3 + 1)

/// What .NET refuses, or leaves to the processor: 0 in a divisor, -1 below the least number, and counts of bits beyond them.
let private partial<'T when 'T: equality and 'T :> IBinaryInteger<'T> and 'T :> IMinMaxValue<'T>> () =
    let some = some<'T>()

    let isFit (a: 'T) (b: 'T) =
        b <> number<'T> 0 && not (isSigned<'T>() && a = 'T.MinValue && b = number<'T> -1)

    let all = Array.allPairs some some |> Array.filter (fun (a, b) -> isFit a b) |> Array.unzip
    pairs "divide" all (fun (a: 'T) (b: 'T) -> 'T.op_Division (a, b)) (fun a b -> a / b)
    pairs "remainder" all (fun (a: 'T) (b: 'T) -> 'T.op_Modulus (a, b)) (fun a b -> a % b)
    let counts = Array.allPairs some (Array.init 8 (fun n -> number<'T> n)) |> Array.unzip

    pairs "shiftLeft" counts (fun (a: 'T) (n: 'T) -> 'T.op_LeftShift (a, int (string n))) (fun a n ->
        a.ShiftLeft n)

    pairs "shiftRight" counts (fun (a: 'T) (n: 'T) -> 'T.op_RightShift (a, int (string n))) (fun a n ->
        a.ShiftRight n)

    let beyond = some, Array.init some.Length (fun i -> if i % 2 = 0 then number<'T> 64 else number<'T> -1)
    pairs "all out" beyond (fun _ _ -> number<'T> 0) (fun a n -> a.ShiftLeft n)
    let sign (a: 'T) = if 'T.IsNegative a then number<'T> -1 else number<'T> 0
    pairs "the sign" beyond (fun a _ -> sign a) (fun a n -> a.ShiftRight n)

    if isSigned<'T>() then
        let least = tensor [| 'T.MinValue |]
        equals [| 'T.MinValue |] (least / -1)
        equals [| number<'T> 0 |] (least % -1)

    throws<ValueException, _> [ "divide: an element of the integer divisor is 0" ] (fun () ->
        tensor some / tensor (Array.map (fun _ -> number<'T> 0) some))

let private folds<'T
    when 'T: equality and 'T: comparison and 'T :> IBinaryInteger<'T> and 'T :> IMinMaxValue<'T>>
    ()
    =
    let some = some<'T>()
    // More than are folded at once.
    let row = Array.init 700 (fun i -> plus some[i * 7 % some.Length] (number<'T> i))
    let x = (tensor row).Reshape [ 1; 700 ]
    let fold f = Array.reduce f row

    for mode, run in [ "eager", id; "compiled", compile ] do
        let equals (expected: 'U[]) (f: Tensor -> Tensor) name =
            Expect.equal ((run f x).Flatten().ToData<'U[]>()) expected $"{name}, {mode}"

        equals [| fold plus |] (fun x -> x.Sum 1) "sum"
        equals [| fold times |] (fun x -> x.Prod 1) "prod"
        equals [| Array.max row |] (fun x -> x.Max 1) "max"
        equals [| Array.min row |] (fun x -> x.Min 1) "min"
        equals [| Array.findIndex ((=) (Array.max row)) row |] (fun x -> x.ArgMax 1) "argMax"
        equals [| Array.findIndex ((=) (Array.min row)) row |] (fun x -> x.ArgMin 1) "argMin"
        equals row (fun x -> x.Sum 0) "of single rows"
        equals (Array.sort row) (fun x -> x.Sort 1) "sort"
        equals (Array.sortDescending row) (fun x -> x.Sort(1, descending = true)) "descending"

        equals (Array.tail (Array.scan plus (number<'T> 0) row)) (fun x -> x.CumulativeSum 1) "cumulativeSum"

    let square = some[..8]

    let product =
        Array.init 9 (fun i ->
            Array.init 3 (fun k -> times square[i / 3 * 3 + k] square[3 * k + i % 3]) |> Array.reduce plus)

    let m = (tensor square).Reshape [ 3; 3 ]
    equals product ((matmul m m).Flatten())
    equals product ((compile (fun m -> matmul m m) m).Flatten())

    // Shared among the cores, and through views.
    let many = Array.init 300_000 (fun i -> number<'T>(i * 7))
    let long = tensor many
    equals (Array.reduce plus many) (long.Sum())
    equals (Array.max many) (long.Max())
    equals (Array.map (fun a -> plus a a) many) (long + long)
    let columns = long.Reshape([ 300; 1000 ]).Transpose()
    let third = Array.init 300 (fun i -> many[1000 * i + 3])
    equals third (columns[3])
    equals (Array.map (fun a -> times a a) third) ((columns * columns)[3])

let private data<'T when 'T: equality and 'T :> IBinaryInteger<'T> and 'T :> IMinMaxValue<'T>> () =
    let some = some<'T>()
    let t = tensor some
    Expect.equal t.DType.ClrType typeof<'T> "the dtype"
    Expect.equal (t.ToData<'T[]>()) some "an array"
    Expect.equal (t.ToData<'T list>()) (List.ofArray some) "a list"
    Expect.equal (t[1].ToData<'T>()) some[1] "one"
    Expect.equal (t[1..3].ToData<'T[]>()) some[1..3] "a part"
    Expect.equal ((tensor [ some; some ]).ToData<'T[,]>()) (array2D [ some; some ]) "rows"
    Expect.equal (Tensor.ofArray [ some.Length ] some) t "equal ones"
    Expect.equal (hash (Tensor.ofArray [ some.Length ] some)) (hash t) "and their hashes"
    Expect.notEqual (t + 1) t "others"
    Expect.equal (string (tensor some[1])) (string some[1]) "the largest, printed"

    Expect.equal
        (string (tensor [| number<'T> 5; some[1] |]))
        $"[{(string (number<'T> 5)).PadLeft (string some[1]).Length} {some[1]}]"
        "a row, printed"

    equals (Array.init 5 number<'T>) (Tensor.arange t.DType 5)
    equals (Array.map number<'T> [| 9; 5; 1 |]) (Tensor.arangeIn t.DType 9.0 0.0 -4.0)
    equals [| number<'T> 7; number<'T> 7 |] (Tensor.full t.DType [ 2 ] 7.0)
    equals [| number<'T> 0 |] (Tensor.zeros t.DType [ 1 ])
    let drawn = (Random.integers (Key.create 0L) 3L 100L t.DType [ 500 ]).ToData<'T[]>()
    let isWithin n = 'T.op_GreaterThanOrEqual (n, number<'T> 3) && 'T.op_LessThan (n, number<'T> 100)
    Expect.isTrue (Array.forall isWithin drawn && (Array.distinct drawn).Length > 60) "drawn"

    // As positions.
    let places = tensor (Array.map number<'T> [| 2; 0; 2 |])
    let x = tensor [ 10.0; 20.0; 30.0 ]
    equals [ 30.0; 10.0; 30.0 ] (x[places])
    equals [ 30.0; 10.0; 30.0 ] (x.Gather(places, 0))
    equals [ 10.0; 0.0; 50.0 ] ((Tensor.zerosLike x).ScatterAdd(places, tensor [ 20.0; 10.0; 30.0 ], 0))
    equals [ 1L; 0L; 2L ] (places.BinCount())
    equals [ [ 0.0; 0.0; 1.0 ]; [ 1.0; 0.0; 0.0 ]; [ 0.0; 0.0; 1.0 ] ] (Tensor.oneHot DType.Float64 3 places)

    throws<IndexException, _> [ "index 100 is out of range for axis 0 of size 3" ] (fun () ->
        x[tensor [| number<'T> 100 |]])

    // As constants of derivatives.
    let loss (x: Tensor) = sum (x * places.Convert DType.Float64)
    equals [ 2.0; 0.0; 2.0 ] (grad loss x)
    let value, change = jvp loss x (Tensor.onesLike x)
    Expect.equal (float value, float change) (80.0, 4.0) "pushed"

/// As .NET saturates.
let private convertsTo<'A, 'B when 'A :> INumberBase<'A> and 'B :> INumberBase<'B> and 'B: equality>
    (xs: 'A[])
    =
    let target = (Tensor.ofArray [ 0 ] (Array.empty<'B>)).DType
    let expected = xs |> Array.map (fun x -> 'B.CreateSaturating x)
    let t = tensor xs
    Expect.equal (t.Convert target) (tensor expected) $"{t.DType} as {target}"
    let converted = compile (fun (t: Tensor) -> t.Convert target) t
    Expect.equal converted (tensor expected) $"{t.DType} as {target}, compiled"

let private converts<'A when 'A :> INumberBase<'A>> (xs: 'A[]) =
    convertsTo<'A, sbyte> xs
    convertsTo<'A, int16> xs
    convertsTo<'A, int> xs
    convertsTo<'A, int64> xs
    convertsTo<'A, byte> xs
    convertsTo<'A, uint16> xs
    convertsTo<'A, uint32> xs
    convertsTo<'A, uint64> xs
    convertsTo<'A, float32> xs
    convertsTo<'A, float> xs
    // Once rounded: from the exact number.
    let halves = (tensor xs).Convert DType.Float16

    Expect.equal
        (halves.ToData<Half[]>())
        (xs |> Array.map (fun x -> Half.CreateSaturating x))
        $"{halves.DType}"

let private conversions () =
    converts (some<sbyte>())
    converts (some<int16>())
    converts (some<int>())
    converts (Array.append (some<int64>()) [| 16777217L; (1L <<< 62) + 1L; 9007199254740993L |])
    converts (some<byte>())
    converts (some<uint16>())
    converts (Array.append (some<uint32>()) [| 16777217u; 4294967167u |])
    let near63 = (1UL <<< 63) + 1025UL
    converts (Array.append (some<uint64>()) [| 16777217UL; near63; (1UL <<< 63); 9007199254740993UL |])
    let reals = [| nan; infinity; -infinity; 0.5; -0.5; 127.9; -128.9; 255.5; -1.0; 65535.9; 4294967295.0 |]
    converts (Array.append reals [| 4294967296.0; 9.3e18; 1.8446744073709550e19; 1.9e19; -9.3e18 |])
    converts (Array.map float32 reals)
    equals [ true; false ] ((tensor [| 255uy; 0uy |]).Convert DType.Bool)
    equals [| 1uy; 0uy |] ((tensor [ true; false ]).Convert DType.UInt8)
    // To the nearest, ties to even, and not by way of a rounded number.
    let ties = tensor [| 0x8000008000000001UL; 0x8000008000000000UL; 0xFFFFFF7FFFFFFFFFUL |]
    let expected = [| 0x8000010000000000UL; 0x8000000000000000UL; 0xFFFFFF0000000000UL |]
    equals (Array.map (fun (x: uint64) -> float32 (float x)) expected) (ties.Convert DType.Float32)

let private refusals =
    tests "are refused" [
        "beside another dtype",
        (fun () ->
            throws<DTypeException, _> [ "add: UInt8 (1,) and Int32 (1,)"; "`t.Convert`" ] (fun () ->
                tensor [| 1uy |] + tensor [ 1 ])

            throws<DTypeException, _> [ "shiftLeft: UInt8 (1,) and Int32 (1,)" ] (fun () ->
                (tensor [| 1uy |]).ShiftLeft(tensor [ 1 ])))
        "beside numbers that they can't hold",
        (fun () ->
            throws<ValueException, _> [ "the literal 256 is too large for UInt8" ] (fun () ->
                tensor [| 1uy |] + 256)

            throws<ValueException, _> [ "the literal -1 is too small for UInt64" ] (fun () ->
                tensor [| 1UL |] * -1)

            throws<ValueException, _> [ "the literal 128 is too large for Int8" ] (fun () ->
                Tensor.full DType.Int8 [ 2 ] 128.0)

            throws<ValueException, _> [ "arange: the literal 256 is too large for UInt8" ] (fun () ->
                Tensor.arange DType.UInt8 257)

            throws<ValueException, _> [ "Int8 can't hold all integers from 0 to below 129" ] (fun () ->
                Random.integers (Key.create 0L) 0L 129L DType.Int8 [ 1 ]))
        "and floats, where bits are wanted",
        (fun () ->
            throws<DTypeException, _> [ "and is not defined on Float64"; "DType.Int32" ] (fun () ->
                tensor 1.0 &&& tensor 2.0)

            throws<DTypeException, _> [ "shiftLeft is not defined on Float32"; "DType.Int32" ] (fun () ->
                tensor 1.0f <<< 1)

            throws<ValueException, _> [ "shiftRight: -1 bits" ] (fun () -> tensor 1 >>> -1))
    ]

[<Tests>]
let tests =
    testList "Integers" [
        for name, all in
            [
                "Int8", [ elementwise<sbyte>; partial<sbyte>; folds<sbyte>; data<sbyte> ]
                "Int16", [ elementwise<int16>; partial<int16>; folds<int16>; data<int16> ]
                "Int32", [ elementwise<int>; partial<int>; folds<int>; data<int> ]
                "Int64", [ elementwise<int64>; partial<int64>; folds<int64>; data<int64> ]
                "UInt8", [ elementwise<byte>; partial<byte>; folds<byte>; data<byte> ]
                "UInt16", [ elementwise<uint16>; partial<uint16>; folds<uint16>; data<uint16> ]
                "UInt32", [ elementwise<uint32>; partial<uint32>; folds<uint32>; data<uint32> ]
                "UInt64", [ elementwise<uint64>; partial<uint64>; folds<uint64>; data<uint64> ]
            ] do
            testList name [
                for what, check in List.zip [ "elementwise"; "division and shifts"; "folds"; "data" ] all ->
                    testCase what check
            ]
        testCase "conversions" conversions
        testCase "more classes, and counts, than the dtype holds" (fun () ->
            let classes = Tensor.oneHot DType.Int32 300 (tensor [| 255uy |])
            Expect.equal (classes.Sum().ToData<int>(), classes[0, 255].ToData<int>()) (1, 1) "classes"
            Expect.equal ((tensor [| 255uy; 1uy |]).BinCount().Shape) [| 256 |] "counts")
        refusals
    ]
