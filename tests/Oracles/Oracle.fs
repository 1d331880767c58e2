/// What every primitive means, element by element: each is a function from an index of the result to a
/// number, computed in Float64 or Int64 and rounded to the dtype. Slow, short, and written without a look at
/// the engines that are tested against it.
module internal Cotangent.Tests.Oracle

open System
open Cotangent
open Cotangent.Engines

// Numbers. Bool is 0 or 1.

let real (x: Literal) =
    match x with
    | Literal.Real v -> v
    | Literal.Whole v -> float v

let whole (x: Literal) =
    match x with
    | Literal.Real v -> int64 v
    | Literal.Whole v -> v

let ofBool b = Literal.Whole(if b then 1L else 0L)

/// Down to a 16-bit format of `bits` significant bits and smallest exponent `least`, ties to even.
let private roundTo bits least (x: float) =
    if x = 0.0 || not (Double.IsFinite x) then
        x
    else
        let exponent = max (Math.ILogB x) least
        let unit = Math.ScaleB(1.0, exponent - bits + 1)
        Math.Round(x / unit, MidpointRounding.ToEven) * unit

/// A number as a dtype holds it; whole numbers wrap around.
let private store (dtype: DType) (x: Literal) =
    match dtype with
    | DType.Float64 -> Literal.Real(real x)
    | DType.Float32 -> Literal.Real(float (float32 (real x)))
    | DType.Float16 ->
        let v = roundTo 11 -14 (real x)
        Literal.Real(if abs v > 65504.0 then infinity * v else v)
    | DType.BFloat16 ->
        let v = roundTo 8 -126 (real x)
        Literal.Real(if abs v > 3.39e38 then infinity * v else v)
    | DType.Int8 -> Literal.Whole(int64 (sbyte (whole x)))
    | DType.Int16 -> Literal.Whole(int64 (int16 (whole x)))
    | DType.Int32 -> Literal.Whole(int64 (int32 (whole x)))
    | DType.UInt8 -> Literal.Whole(int64 (byte (whole x)))
    | DType.UInt16 -> Literal.Whole(int64 (uint16 (whole x)))
    | DType.UInt32 -> Literal.Whole(int64 (uint32 (whole x)))
    // Of UInt64 the bits.
    | DType.UInt64
    | DType.Int64
    | DType.Bool -> Literal.Whole(whole x)
    | DType.Complex64
    | DType.Complex128 -> invalidOp "Complex numbers have oracles of their own."

// Tensors: a shape and a function from indices to numbers.

type private Value = { DType: DType; Shape: int[]; At: int[] -> Literal }

let private indices (shape: int[]) =
    let strides = Shape.strides shape
    Array.init (Shape.count shape) (fun n -> Array.mapi (fun i s -> n / s % shape[i]) strides)

/// Evaluates every element once.
let private remember (v: Value) =
    let elements = indices v.Shape |> Array.map (v.At >> store v.DType)
    let strides = Shape.strides v.Shape
    { v with At = fun index -> elements[Seq.sum (Seq.map2 (*) index strides)] }

let private ofBuffer (b: HostBuffer) =
    let place (index: int[]) = b.Offset + Seq.sum (Seq.map2 (*) index b.Strides)

    let at: int[] -> Literal =
        match b with
        | :? HostBuffer<sbyte> as b -> fun i -> store b.DType (Literal.Whole(int64 b.Items[place i]))
        | :? HostBuffer<int16> as b -> fun i -> store b.DType (Literal.Whole(int64 b.Items[place i]))
        | :? HostBuffer<float32> as b -> fun i -> Literal.Real(float b.Items[place i])
        | :? HostBuffer<float> as b -> fun i -> Literal.Real b.Items[place i]
        | :? HostBuffer<BFloat16> as b -> fun i -> Literal.Real(float (b.Items[place i].ToSingle()))
        | :? HostBuffer<Half> as b -> fun i -> Literal.Real(float b.Items[place i])
        | :? HostBuffer<int> as b -> fun i -> store b.DType (Literal.Whole(int64 b.Items[place i]))
        | :? HostBuffer<int64> as b -> fun i -> Literal.Whole b.Items[place i]
        | :? HostBuffer<bool> as b -> fun i -> ofBool b.Items[place i]
        | _ -> invalidOp $"The oracle can't read {b.GetType()}."

    { DType = b.DType; Shape = b.Shape; At = at }

let private toBuffer (v: Value) : HostBuffer =
    let make (f: Literal -> 'T) =
        HostBuffer.own v.DType v.Shape (indices v.Shape |> Array.map (v.At >> store v.DType >> f))
        :> HostBuffer

    match v.DType with
    | DType.Float32 -> make (real >> float32)
    | DType.Float64 -> make real
    | DType.BFloat16 -> make (real >> float32 >> BFloat16.OfSingle)
    | DType.Float16 -> make (real >> Half.op_Explicit)
    | DType.Int8
    | DType.UInt8 -> make (whole >> sbyte)
    | DType.Int16
    | DType.UInt16 -> make (whole >> int16)
    | DType.Int32
    | DType.UInt32 -> make (whole >> int32)
    | DType.Int64
    | DType.UInt64 -> make whole
    | DType.Bool -> make (fun x -> whole x <> 0L)
    | DType.Complex64
    | DType.Complex128 -> invalidOp "Complex numbers have oracles of their own."

// Elementwise functions.

/// Inverts the rounding error that 1 + x made, or that exp x made near 1.
let private log1p x =
    let u = 1.0 + x

    if u = 1.0 then x
    elif Double.IsPositiveInfinity u then u
    else log u * (x / (u - 1.0))

let private expm1 x =
    if abs x < 1e-5 then
        x + x * x / 2.0 + x * x * x / 6.0
    else
        let u = exp x
        if Double.IsInfinity u || u - 1.0 = -1.0 then u - 1.0 else (u - 1.0) * (x / log u)

/// By the series of positive terms, exp(-x²) 2/√π Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n + 1)).
let private erfNear x =
    let mutable term, total = x, x

    for n in 1..200 do
        term <- term * 2.0 * x * x / float (2 * n + 1)
        total <- total + term

    exp (-x * x) * 2.0 / sqrt Math.PI * total

/// By the continued fraction exp(-x²)/√π / (x + (1/2)/(x + (2/2)/(x + …))), for x > 0.
let private erfcFar x =
    let mutable tail = x

    for n in 400..-1..1 do
        tail <- x + float n / 2.0 / tail

    exp (-x * x) / sqrt Math.PI / tail

let private erfc x =
    if Double.IsNaN x then nan
    elif x < 1.0 then (if x <= -6.0 then 2.0 else 1.0 - erfNear x)
    elif x > 30.0 then 0.0
    else erfcFar x

let private erf x =
    if Double.IsNaN x then nan
    elif abs x < 1.0 then erfNear x
    else float (sign x) * (1.0 - erfc (abs x))

let private normal x = if x < 0.0 then erfc (-x / sqrt 2.0) / 2.0 else 1.0 - erfc (x / sqrt 2.0) / 2.0

/// Far out by Stirling's series, and from there term by term.
let private gammaTerms = 40

let private lgamma (x: float) =
    let far = x + float gammaTerms
    let z = 1.0 / (far * far)
    let rest = (1.0 / 12.0 - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z / 1680.0))) / far

    if Double.IsInfinity x then
        infinity
    else
        (far - 0.5) * log far - far + 0.5 * log (2.0 * Math.PI) + rest
        - Seq.sum (seq { for k in 0 .. gammaTerms - 1 -> log (abs (x + float k)) })

let private polygamma (n: int) (x: float) =
    let far = x + float gammaTerms
    let factorial k = Seq.fold (fun f i -> f * float i) 1.0 (seq { 2..k })
    let sign = if n % 2 = 0 then -1.0 else 1.0

    let series =
        [ 1.0 / 6.0; -1.0 / 30.0; 1.0 / 42.0; -1.0 / 30.0; 5.0 / 66.0 ]
        |> Seq.mapi (fun i b ->
            let k = 2 * (i + 1)
            b * factorial (k + n - 1) / (factorial k * far ** float (k + n)))
        |> Seq.sum

    let first = if n = 0 then -(log far) else factorial (n - 1) / far ** float n

    if Double.IsNaN x || x = -infinity then
        nan
    elif x = infinity then
        (if n = 0 then infinity else 0.0)
    elif x <= 0.0 && floor x = x then
        (if n % 2 = 0 then nan else infinity)
    else
        let terms = Seq.sum (seq { for k in 0 .. gammaTerms - 1 -> 1.0 / (x + float k) ** float (n + 1) })
        sign * (first + factorial n / (2.0 * far ** float (n + 1)) + series + factorial n * terms)

let private unaryReal (op: Unary) (x: float) =
    match op with
    | Unary.Negate -> -x
    | Unary.Abs -> abs x
    | Unary.Sign ->
        if x > 0.0 then 1.0
        elif x < 0.0 then -1.0
        else x + 0.0
    | Unary.Floor -> floor x
    | Unary.Ceiling -> ceil x
    | Unary.Round -> Math.Round(x, MidpointRounding.ToEven)
    | Unary.Exp -> exp x
    | Unary.Expm1 -> expm1 x
    | Unary.Log -> log x
    | Unary.Log1p -> log1p x
    | Unary.Sqrt -> sqrt x
    | Unary.Sin -> sin x
    | Unary.Cos -> cos x
    | Unary.Tan -> tan x
    | Unary.Asin -> asin x
    | Unary.Acos -> acos x
    | Unary.Atan -> atan x
    | Unary.Sinh -> sinh x
    | Unary.Cosh -> cosh x
    | Unary.Tanh -> tanh x
    | Unary.Asinh -> Math.Asinh x
    | Unary.Acosh -> Math.Acosh x
    | Unary.Atanh -> Math.Atanh x
    | Unary.Sigmoid -> if x >= 0.0 then 1.0 / (1.0 + exp -x) else exp x / (1.0 + exp x)
    | Unary.Softplus -> Math.Max(x, 0.0) + log1p (exp -(abs x))
    | Unary.Erf -> erf x
    | Unary.Erfc -> erfc x
    | Unary.Gelu -> if Double.IsNegativeInfinity x then -0.0 else x * normal x
    | Unary.GeluSlope ->
        if Double.IsInfinity x then
            normal x
        else
            normal x + x * exp (-x * x / 2.0) / sqrt (2.0 * Math.PI)
    | Unary.Lgamma -> lgamma x
    | Unary.Polygamma n -> polygamma n x
    | Unary.Relu -> if Double.IsNaN x then nan else Math.Max(x, 0.0)
    | Unary.IsNaN
    | Unary.Not -> invalidOp $"{op} has no real value."

let unary (op: Unary) (x: Literal) =
    match op, x with
    | Unary.IsNaN, _ -> ofBool (Double.IsNaN(real x))
    | Unary.Not, _ -> ofBool (whole x = 0L)
    | Unary.Negate, Literal.Whole v -> Literal.Whole -v
    | Unary.Abs, Literal.Whole v -> Literal.Whole(if v < 0L then -v else v)
    | Unary.Sign, Literal.Whole v -> Literal.Whole(int64 (sign v))
    | Unary.Relu, Literal.Whole v -> Literal.Whole(max v 0L)
    | _ -> Literal.Real(unaryReal op (real x))

let private binaryReal (op: Binary) (x: float) (y: float) =
    match op with
    | Binary.Add -> Literal.Real(x + y)
    | Binary.Subtract -> Literal.Real(x - y)
    | Binary.Multiply -> Literal.Real(x * y)
    | Binary.Divide -> Literal.Real(x / y)
    | Binary.Remainder -> Literal.Real(x % y)
    | Binary.Power -> Literal.Real(Math.Pow(x, y))
    | Binary.Atan2 -> Literal.Real(Math.Atan2(x, y))
    | Binary.Max -> Literal.Real(Math.Max(x, y))
    | Binary.Min -> Literal.Real(Math.Min(x, y))
    | Binary.Equal -> ofBool (x = y)
    | Binary.Less -> ofBool (x < y)
    | Binary.LessEqual -> ofBool (x <= y)
    | Binary.And
    | Binary.Or
    | Binary.Xor
    | Binary.ShiftLeft
    | Binary.ShiftRight -> invalidOp $"{op} has no real value."

let private binaryWhole (op: Binary) (x: int64) (y: int64) =
    match op with
    | Binary.Add -> Literal.Whole(x + y)
    | Binary.Subtract -> Literal.Whole(x - y)
    | Binary.Multiply -> Literal.Whole(x * y)
    | Binary.Divide -> Literal.Whole(if y = -1L then -x else x / y)
    | Binary.Remainder -> Literal.Whole(if y = -1L then 0L else x % y)
    | Binary.Max -> Literal.Whole(max x y)
    | Binary.Min -> Literal.Whole(min x y)
    | Binary.And -> Literal.Whole(x &&& y)
    | Binary.Or -> Literal.Whole(x ||| y)
    | Binary.Xor -> Literal.Whole(x ^^^ y)
    | Binary.Equal -> ofBool (x = y)
    | Binary.Less -> ofBool (x < y)
    | Binary.LessEqual -> ofBool (x <= y)
    | Binary.ShiftLeft
    | Binary.ShiftRight
    | Binary.Power
    | Binary.Atan2 -> invalidOp $"{op} has no whole value of its own."

let binary (op: Binary) (x: Literal) (y: Literal) : Literal =
    match x, y with
    | Literal.Whole a, Literal.Whole b -> binaryWhole op a b
    | _ -> binaryReal op (real x) (real y)

/// Bits moved one by one.
let private shifted (dtype: DType) op (x: int64) (count: int64) =
    let bits = int64 (8 * dtype.Size)
    let count = if count < 0L || count > bits then bits else count
    let mutable y = x

    for _ in 1L .. count do
        y <-
            match op with
            | Binary.ShiftLeft -> y * 2L
            | _ when dtype = DType.UInt64 -> int64 (uint64 y / 2UL)
            | _ -> int64 (floor (decimal y / 2M))

    Literal.Whole y

/// The same for integers of a dtype.
let private binaryOf (dtype: DType) (op: Binary) (x: Literal) (y: Literal) : Literal =
    match op, x, y with
    | (Binary.ShiftLeft | Binary.ShiftRight), Literal.Whole a, Literal.Whole b -> shifted dtype op a b
    | _, Literal.Whole a, Literal.Whole b when dtype = DType.UInt64 ->
        let a, b = uint64 a, uint64 b

        match op with
        | Binary.Divide -> Literal.Whole(int64 (a / b))
        | Binary.Remainder -> Literal.Whole(int64 (a % b))
        | Binary.Max -> Literal.Whole(int64 (max a b))
        | Binary.Min -> Literal.Whole(int64 (min a b))
        | Binary.Less -> ofBool (a < b)
        | Binary.LessEqual -> ofBool (a <= b)
        | _ -> binary op x y
    | _ -> binary op x y

let private unaryOf (dtype: DType) (op: Unary) (x: Literal) : Literal =
    match op with
    | Unary.Abs
    | Unary.Relu when dtype = DType.UInt64 -> x
    | Unary.Sign when dtype = DType.UInt64 -> Literal.Whole(if whole x = 0L then 0L else 1L)
    | _ -> unary op x

/// A number of the same order among those of a dtype: of UInt64 the bits with the first turned over.
let private ranked (dtype: DType) (x: Literal) =
    if dtype = DType.UInt64 then Literal.Whole(whole x ^^^ Int64.MinValue) else x

/// Saturates, and NaN becomes 0.
let private convert (target: DType) (x: Literal) =
    let clamp low high =
        match x with
        | Literal.Whole v -> Literal.Whole(max low (min high v))
        | Literal.Real v ->
            if Double.IsNaN v then Literal.Whole 0L
            elif v >= float high then Literal.Whole high
            elif v <= float low then Literal.Whole low
            else Literal.Whole(int64 (truncate v))

    match target with
    | DType.Float32
    | DType.Float64
    | DType.BFloat16
    | DType.Float16 -> Literal.Real(real x)
    | DType.Int8 -> clamp -128L 127L
    | DType.Int16 -> clamp -32768L 32767L
    | DType.UInt8 -> clamp 0L 255L
    | DType.UInt16 -> clamp 0L 65535L
    | DType.UInt32 -> clamp 0L 4294967295L
    | DType.UInt64 ->
        match x with
        | Literal.Real v when v >= 2.0 ** 64.0 -> Literal.Whole -1L
        | Literal.Real v when v >= 2.0 ** 63.0 -> Literal.Whole(int64 (uint64 v))
        | _ -> clamp 0L Int64.MaxValue
    | DType.Int32 -> clamp (int64 Int32.MinValue) (int64 Int32.MaxValue)
    | DType.Int64 -> clamp Int64.MinValue Int64.MaxValue
    | DType.Bool -> ofBool (real x <> 0.0)
    | DType.Complex64
    | DType.Complex128 -> invalidOp "Complex numbers have oracles of their own."

let private convertOf (source: DType) (target: DType) (x: Literal) =
    if source = target then
        x
    elif source = DType.UInt64 && whole x < 0L then
        convert target (Literal.Real(float (uint64 (whole x))))
    else
        convert target x

// Order. NaN is the extreme of either kind, and last when sorted.

let private isNaN x = Double.IsNaN(real x)

/// Whether x comes before y.
let private before descending (x: Literal) (y: Literal) =
    match x, y with
    | Literal.Whole a, Literal.Whole b -> if descending then a > b else a < b
    | _ -> if descending then real x > real y else real x < real y

let private extreme largest (values: Literal[]) =
    if values.Length = 0 then invalidOp "Nothing has no extreme."

    match Array.tryFindIndex isNaN values with
    | Some i -> i
    | None ->
        let mutable best = 0

        for i in 1 .. values.Length - 1 do
            if before largest values[i] values[best] then best <- i

        best

let private sorted descending (values: Literal[]) =
    Array.init values.Length id
    |> List.ofArray
    |> List.sortWith (fun i j ->
        let x, y = values[i], values[j]

        if isNaN x || isNaN y then compare (isNaN x) (isNaN y)
        elif before descending x y then -1
        elif before descending y x then 1
        else 0)
    |> Array.ofList

// Randomness: the words of a stream in order, from blocks of four.

let private word (key: int64) stream (i: int64) =
    let struct (a, b, c, d) =
        Philox.block (uint32 (i / 4L)) 0u stream 0u (uint32 key) (uint32 (uint64 key >>> 32))

    [| a; b; c; d |][int (i % 4L)]

let private draw kind (dtype: DType) key (i: int64) =
    let stream =
        match kind with
        | Draw.Uniform
        | Draw.Bits -> 0u
        | Draw.Keys -> 1u

    let two = uint64 (word key stream (2L * i)) + (uint64 (word key stream (2L * i + 1L)) <<< 32)
    let one = word key stream i

    match dtype.Storage with
    | Storage.Float64 -> Literal.Real(float (two >>> 11) * 2.0 ** -53.0)
    | Storage.Float32 -> Literal.Real(float (one >>> 8) * 2.0 ** -24.0)
    | Storage.Float16 -> Literal.Real(float (one >>> 21) * 2.0 ** -11.0)
    | Storage.BFloat16 -> Literal.Real(float (one >>> 24) * 2.0 ** -8.0)
    | Storage.Integer IntegerSize.Bits64 -> Literal.Whole(int64 two)
    | Storage.Integer _ -> Literal.Whole(int64 (int32 one))
    | Storage.Bool
    | Storage.Complex64
    | Storage.Complex128 -> invalidOp "No draw is Bool, or complex."

// Primitives.

/// The elements of x at index, but for all positions along an axis that the index lacks.
let private along axis (x: Value) (index: int[]) =
    Array.init x.Shape[axis] (fun i -> x.At(Array.insertAt axis i index))

/// Where an element of a region lies in the whole.
let private ofRegion (r: Region) (index: int[]) = Array.mapi (fun a i -> r.Start[a] + i * r.Step[a]) index

/// Which element of a region lies at an index of the whole, if one does.
let private inRegion (r: Region) (index: int[]) =
    let found = index |> Array.mapi (fun a i -> Math.DivRem(i - r.Start[a], r.Step[a]))

    let inside = Array.forall2 (fun struct (i, rest) count -> rest = 0 && i >= 0 && i < count) found r.Count

    if inside then Some(Array.map (fun struct (i, _) -> i) found) else None

/// Float64 with what each addition lost added up beside it (A. Neumaier, 1974).
let private sumReals (values: float seq) =
    let add (sum, lost) x =
        let next = sum + x
        next, lost + (if abs sum >= abs x then (sum - next) + x else (x - next) + sum)

    let sum, lost = Seq.fold add (0.0, 0.0) values
    if Double.IsFinite sum then sum + lost else sum

let private sumOf (dtype: DType) (values: Literal seq) =
    if dtype.IsFloat then
        Literal.Real(sumReals (Seq.map real values))
    else
        Literal.Whole(Seq.fold (fun sum v -> sum + whole v) 0L values)

let private reduce kind axes (x: Value) index =
    let kept = Shape.allAxes x.Shape.Length |> Array.except axes

    let group =
        indices (axes |> Array.map (fun a -> x.Shape[a]))
        |> Array.map (fun reduced ->
            let whole = Array.zeroCreate x.Shape.Length
            Array.iter2 (fun a i -> whole[a] <- i) axes reduced
            Array.iter2 (fun a i -> whole[a] <- i) kept index
            x.At whole)

    match kind with
    | Reduction.Sum -> sumOf x.DType group
    | Reduction.Max when x.DType = DType.Bool -> ofBool (Array.exists (fun v -> whole v <> 0L) group)
    | Reduction.Min when x.DType = DType.Bool -> ofBool (Array.forall (fun v -> whole v <> 0L) group)
    | Reduction.Max -> group[extreme true (Array.map (ranked x.DType) group)]
    | Reduction.Min -> group[extreme false (Array.map (ranked x.DType) group)]

/// Where an element of a gather's result, or of a scatter's updates, lies in the data.
let private indexed axis batch (indices: Value) (index: int[]) =
    let count = indices.Shape.Length - batch
    let found = indices.At(Array.append index[.. batch - 1] index[axis .. axis + count - 1])
    Array.concat [ index[.. axis - 1]; [| int (whole found) |]; index[axis + count ..] ]

let private scatter collision axis batch (shape: int[]) (updates: Value) (positions: Value) =
    let strides = Shape.strides shape
    let zero = if updates.DType.IsFloat then Literal.Real 0.0 else Literal.Whole 0L

    let least, most =
        match updates.DType with
        | DType.Int8 -> Literal.Whole -128L, Literal.Whole 127L
        | DType.UInt8 -> Literal.Whole 0L, Literal.Whole 255L
        | DType.Int16 -> Literal.Whole -32768L, Literal.Whole 32767L
        | DType.UInt16 -> Literal.Whole 0L, Literal.Whole 65535L
        | DType.Int32 -> Literal.Whole -2147483648L, Literal.Whole 2147483647L
        | DType.UInt32 -> Literal.Whole 0L, Literal.Whole 4294967295L
        | DType.Int64 -> Literal.Whole System.Int64.MinValue, Literal.Whole System.Int64.MaxValue
        // As bits.
        | DType.UInt64 -> Literal.Whole 0L, Literal.Whole -1L
        | DType.Bool -> Literal.Whole 0L, Literal.Whole 1L
        | _ -> Literal.Real -infinity, Literal.Real infinity

    /// Of two numbers the larger one, or the smaller one.
    let larger isLargest a b =
        let both = [| a; b |]
        both[extreme isLargest (Array.map (ranked updates.DType) both)]

    let start =
        match collision with
        | Collision.Add
        | Collision.Last -> zero
        | Collision.Max -> least
        | Collision.Min -> most

    let result = Array.create (Shape.count shape) start

    for index in indices updates.Shape do
        let target = Seq.sum (Seq.map2 (*) strides (indexed axis batch positions index))

        result[target] <-
            match collision with
            | Collision.Last -> updates.At index
            | Collision.Add when updates.DType = DType.Bool ->
                binary Binary.Or result[target] (updates.At index)
            | Collision.Add -> binary Binary.Add result[target] (updates.At index)
            | Collision.Max when updates.DType = DType.Bool ->
                binary Binary.Or result[target] (updates.At index)
            | Collision.Max -> larger true result[target] (updates.At index)
            | Collision.Min when updates.DType = DType.Bool ->
                binary Binary.And result[target] (updates.At index)
            | Collision.Min -> larger false result[target] (updates.At index)

    fun (index: int[]) -> result[Seq.sum (Seq.map2 (*) strides index)]

// Windows.

/// The element that window i has at k, in the coordinates of what the windows slide over; None in the padding.
let private inWindow (w: Windows) (i: int[]) (k: int[]) =
    let element = Array.init i.Length (fun a -> i[a] * w.Step[a] - w.Before[a] + k[a] * w.Dilation[a])
    if Array.forall2 (fun t n -> t >= 0 && t < n) element w.Full then Some element else None

/// The sum of all products x[n, c, t] w[o, c', k] y[n, o, i] of which a part of the indices is given, without the factor
/// asked for.
let private convolution result (w: Windows) groups (a: Value) (b: Value) (given: int[]) =
    let channels, outputs, images =
        match result with
        | ConvolutionTerm.Output -> a.Shape[1], b.Shape[0], 1
        | ConvolutionTerm.Input -> a.Shape[1] * groups, a.Shape[0], 1
        | ConvolutionTerm.Kernel -> a.Shape[1], b.Shape[1], a.Shape[0]

    let perGroup = channels / groups
    let windows, elements = indices w.Count, indices w.Size

    seq {
        for n in
            (if images = 1 && result <> ConvolutionTerm.Kernel then
                 [ given[0] ]
             else
                 [ 0 .. images - 1 ]) do
            for o in 0 .. outputs - 1 do
                for c' in 0 .. perGroup - 1 do
                    let c = o / (outputs / groups) * perGroup + c'

                    for i in windows do
                        for k in elements do
                            match inWindow w i k with
                            | None -> ()
                            | Some t ->
                                let x = Array.append [| n; c |] t
                                let kernel = Array.append [| o; c' |] k
                                let y = Array.append [| n; o |] i

                                match result with
                                | ConvolutionTerm.Output when y = given -> a.At x, b.At kernel
                                | ConvolutionTerm.Input when x = given -> a.At kernel, b.At y
                                | ConvolutionTerm.Kernel when kernel = given -> a.At x, b.At y
                                | ConvolutionTerm.Output
                                | ConvolutionTerm.Input
                                | ConvolutionTerm.Kernel -> ()
    }
    |> Seq.map (fun (p, q) -> binary Binary.Multiply p q)
    |> sumOf a.DType

let private maxPool result (w: Windows) (x: Value) (index: int[]) =
    let places = indices w.Size |> Array.choose (inWindow w index[2..])
    let best = extreme true (places |> Array.map (fun t -> x.At(Array.append index[..1] t)))

    if result = 0 then
        x.At(Array.append index[..1] places[best])
    else
        Literal.Whole(int64 (Seq.sum (Seq.map2 (*) places[best] (Shape.strides w.Full))))

/// A result of fused operations, row by row.
let private fused (f: Fused) (result: int) (inputs: Value[]) : int[] -> Literal =
    let row axis i index = along axis inputs[i] index |> Array.map real
    let last = inputs[0].Shape.Length - 1
    let label i = inputs[1].At i |> whole

    /// One element of a row that takes the place of another.
    let mapped axis (work: (int -> float[]) -> float[]) =
        fun index ->
            let result = work (fun i -> row axis i (Array.removeAt axis index))
            Literal.Real result[index[axis]]

    let sizes () : FusedOracle.Sizes = {
        Queries = inputs[0].Shape[last - 1]
        Keys = inputs[1].Shape[last - 1]
        Width = inputs[0].Shape[last]
        ValueWidth = inputs[2].Shape[last]
    }

    let row' i index = row last i index

    /// The gain of the matrices at the place that an index begins with.
    let gainOf (index: int[]) =
        Array.init inputs[0].Shape[last] (fun column ->
            real (inputs[2].At(Array.append index[.. last - 2] [| column |])))

    let ignores (t: Targets) label = t.Ignored = ValueSome label

    match f with
    | Fused.Softmax(isLog, axis) -> mapped axis (fun row -> FusedOracle.softmax isLog (row 0))
    | Fused.SoftmaxPull(isLog, axis) -> mapped axis (fun row -> FusedOracle.softmaxPull isLog (row 0) (row 1))
    | Fused.LogSumExp axis -> fun index -> Literal.Real(FusedOracle.logSumExp (row axis 0 index))
    | Fused.CrossEntropy t ->
        fun index ->
            Literal.Real(
                if ignores t (label index) then
                    0.0
                else
                    FusedOracle.crossEntropy t.Smoothing (row last 0 index) (int (label index))
            )
    | Fused.CrossEntropyPull t ->
        fun index ->
            let example = Array.removeAt last index
            let label, c = label example, real (inputs[2].At example)

            Literal.Real(
                if ignores t label then
                    0.0
                else
                    (FusedOracle.crossEntropyPull t.Smoothing (row last 0 example) (int label) c)[index[last]]
            )
    | Fused.Normalize(isCentred, epsilon) ->
        fun index ->
            let y = FusedOracle.normalize isCentred epsilon (row last 0 (Array.removeAt last index))
            // The place in a gain or a bias.
            let column i = real (inputs[i].At(Array.removeAt (last - 1) index))
            let gain = if inputs.Length > 1 then column 1 else 1.0
            let bias = if inputs.Length > 2 then column 2 else 0.0
            Literal.Real(y[index[last]] * gain + bias)
    | Fused.NormalizeGainPull(isCentred, epsilon) ->
        fun index ->
            let batch = index[.. last - 2]
            let of' i row = Array.append batch [| row |] |> row' i
            let column = index[index.Length - 1]

            let sum term = Literal.Real(Seq.sumBy term (seq { 0 .. inputs[0].Shape[last - 1] - 1 }))

            match result with
            | 0 ->
                let row = index[last - 1]
                let c = Array.map2 (*) (of' 1 row) (gainOf index)
                Literal.Real((FusedOracle.normalizePull isCentred epsilon (of' 0 row) c)[column])
            | 1 ->
                sum (fun row ->
                    (of' 1 row)[column] * (FusedOracle.normalize isCentred epsilon (of' 0 row))[column])
            | _ -> sum (fun row -> (of' 1 row)[column])
    | Fused.NormalizePull(isCentred, epsilon) ->
        mapped last (fun row -> FusedOracle.normalizePull isCentred epsilon (row 0) (row 1))
    | Fused.Attention(isCausal, scale) ->
        fun index ->
            let of' i a b = real (inputs[i].At(Array.append index[.. last - 2] [| a; b |]))
            let sees i j = inputs.Length = 3 || of' 3 i j > 0.0
            let y = FusedOracle.attention isCausal scale (sizes ()) (of' 0) (of' 1) (of' 2) sees
            Literal.Real y[index[last - 1], index[last]]
    | Fused.AttentionPull(isCausal, scale) ->
        fun index ->
            let of' i a b = real (inputs[i].At(Array.append index[.. last - 2] [| a; b |]))
            let sees i j = inputs.Length = 4 || of' 4 i j > 0.0
            let all = FusedOracle.attentionPull isCausal scale (sizes ()) (of' 0) (of' 1) (of' 2) (of' 3) sees
            // The three of them lie one after the other.
            let row k = inputs[k].Shape[last - 1] * inputs[k].Shape[last]
            let start = Seq.sumBy row (seq { 0 .. result - 1 })
            Literal.Real all[start + index[last - 1] * inputs[result].Shape[last] + index[last]]

/// One of the matrices that an input is a batch of.
let private matrixAt k (inputs: Value[]) (batch: int[]) : float[,] =
    let shape = inputs[k].Shape
    let r = shape.Length

    Array2D.init shape[r - 2] shape[r - 1] (fun i j -> real (inputs[k].At(Array.append batch [| i; j |])))

/// A function of each matrix that an input is a batch of.
let private ofMatrices (f: float[,] -> float[,]) (inputs: Value[]) : int[] -> Literal =
    fun i ->
        let y = f (matrixAt 0 inputs i[.. i.Length - 3])
        Literal.Real y[i[i.Length - 2], i[i.Length - 1]]

let private at (p: Primitive) (result: int) (inputs: Value[]) (shape: int[]) : int[] -> Literal =
    match p with
    | Primitive.Unary op -> fun i -> unaryOf inputs[0].DType op (inputs[0].At i)
    | Primitive.Binary op -> fun i -> binaryOf inputs[0].DType op (inputs[0].At i) (inputs[1].At i)
    | Primitive.Higher f -> fun i -> Literal.Real(HigherOracle.value f [ for x in inputs -> real (x.At i) ])
    | Primitive.Select -> fun i -> if whole (inputs[0].At i) <> 0L then inputs[1].At i else inputs[2].At i
    | Primitive.Convert dtype -> fun i -> convertOf inputs[0].DType dtype (inputs[0].At i)
    | Primitive.Full(value, dtype, _) -> fun _ -> convert dtype value
    | Primitive.Iota(dtype, _) -> fun i -> convert dtype (Literal.Whole(int64 i[0]))
    | Primitive.Random(kind, dtype, drawn) ->
        fun i ->
            let split = i.Length - drawn.Length
            let position = Seq.sum (Seq.map2 (*) i[split..] (Shape.strides drawn))
            draw kind dtype (whole (inputs[0].At i[.. split - 1])) (int64 position)
    | Primitive.Reshape _ ->
        let x = inputs[0]
        let order = indices x.Shape
        fun i -> x.At order[Seq.sum (Seq.map2 (*) i (Shape.strides shape))]
    | Primitive.Permute order -> fun i -> inputs[0].At(Shape.inverse order |> Array.map (fun a -> i[a]))
    | Primitive.Broadcast _ ->
        let x = inputs[0]

        fun i ->
            x.At(i[i.Length - x.Shape.Length ..] |> Array.mapi (fun a n -> if x.Shape[a] = 1 then 0 else n))
    | Primitive.Slice region -> fun i -> inputs[0].At(ofRegion region i)
    | Primitive.Place region ->
        let x = inputs[0]
        let zero = if x.DType.IsFloat then Literal.Real 0.0 else Literal.Whole 0L

        fun i ->
            match inRegion region i with
            | Some source -> x.At source
            | None -> zero
    | Primitive.Concatenate axis ->
        let rec find k (i: int[]) =
            let size = inputs[k].Shape[axis]

            if i[axis] < size then
                inputs[k].At i
            else
                find (k + 1) (Array.updateAt axis (i[axis] - size) i)

        find 0
    | Primitive.Gather(_, axis, batch) -> fun i -> inputs[0].At(indexed axis batch inputs[1] i)
    | Primitive.Scatter(collision, axis, batch, _) -> scatter collision axis batch shape inputs[0] inputs[1]
    | Primitive.Reduce(kind, axes) -> reduce kind axes inputs[0]
    | Primitive.ArgReduce(largest, axis) ->
        let rank = ranked inputs[0].DType
        fun i -> Literal.Whole(int64 (extreme largest (along axis inputs[0] i |> Array.map rank)))
    | Primitive.Sort(axis, descending) ->
        fun i ->
            let row = along axis inputs[0] (Array.removeAt axis i)
            let place = (sorted descending (row |> Array.map (ranked inputs[0].DType)))[i[axis]]
            if result = 0 then row[place] else Literal.Whole(int64 place)
    | Primitive.CumulativeSum(axis, reverse) ->
        fun i ->
            let row = along axis inputs[0] (Array.removeAt axis i)
            sumOf inputs[0].DType (if reverse then row[i[axis] ..] else row[.. i[axis]])
    | Primitive.MatMul ->
        let a, b = inputs[0], inputs[1]
        let r = shape.Length

        fun i ->
            seq { 0 .. a.Shape[r - 1] - 1 }
            |> Seq.map (fun k ->
                binary Binary.Multiply (a.At(Array.updateAt (r - 1) k i)) (b.At(Array.updateAt (r - 2) k i)))
            |> sumOf a.DType
    | Primitive.TriangularSolve isUpper ->
        fun i ->
            let b = matrixAt 1 inputs i[.. i.Length - 3]
            let x = DecompositionOracle.solve isUpper (matrixAt 0 inputs i[.. i.Length - 3]) b
            Literal.Real x[i[i.Length - 2], i[i.Length - 1]]
    | Primitive.Qr ->
        fun i ->
            let q, r = DecompositionOracle.qr (matrixAt 0 inputs i[.. i.Length - 3])
            let found = if result = 0 then q else r
            Literal.Real found[i[i.Length - 2], i[i.Length - 1]]
    | Primitive.Eigh ->
        fun i ->
            let batch = if result = 0 then i[.. i.Length - 2] else i[.. i.Length - 3]
            let w, v = DecompositionOracle.eigh (matrixAt 0 inputs batch)
            Literal.Real(if result = 0 then w[i[i.Length - 1]] else v[i[i.Length - 2], i[i.Length - 1]])
    | Primitive.Svd ->
        fun i ->
            let batch = if result = 1 then i[.. i.Length - 2] else i[.. i.Length - 3]
            let u, s, v = DecompositionOracle.svd (matrixAt 0 inputs batch)

            match result with
            | 1 -> Literal.Real s[i[i.Length - 1]]
            | _ -> Literal.Real((if result = 0 then u else v)[i[i.Length - 2], i[i.Length - 1]])
    | Primitive.SingularValues ->
        fun i ->
            let _, s, _ = DecompositionOracle.svd (matrixAt 0 inputs i[.. i.Length - 2])
            Literal.Real s[i[i.Length - 1]]
    | Primitive.Lu ->
        fun i ->
            let batch = i[.. i.Length - 3 + result]
            let packed, order, exchanges = DecompositionOracle.lu (matrixAt 0 inputs batch)

            match result with
            | 0 -> Literal.Real packed[i[i.Length - 2], i[i.Length - 1]]
            | 1 -> Literal.Whole(int64 order[i[i.Length - 1]])
            | _ -> Literal.Whole(int64 (exchanges % 2))
    | Primitive.Solve isTransposed ->
        fun i ->
            let solve =
                if isTransposed then DecompositionOracle.solveTransposed else DecompositionOracle.solveAny

            let matrix k = matrixAt k inputs i[.. i.Length - 3]
            let x = solve (matrix 0) (matrix 1)
            Literal.Real x[i[i.Length - 2], i[i.Length - 1]]
    | Primitive.Cholesky -> ofMatrices DecompositionOracle.cholesky inputs
    | Primitive.Inverse -> ofMatrices DecompositionOracle.inverse inputs
    | Primitive.PseudoInverse _ -> ofMatrices DecompositionOracle.pseudoInverse inputs
    | Primitive.OfMatrix MatrixFunction.Exp -> ofMatrices DecompositionOracle.exponential inputs
    | Primitive.OfMatrix MatrixFunction.Sqrt -> ofMatrices DecompositionOracle.root inputs
    | Primitive.OfMatrix MatrixFunction.Log -> ofMatrices DecompositionOracle.logarithm inputs
    | Primitive.Complex
    | Primitive.OfComplex _
    | Primitive.Conjugate
    | Primitive.Eig
    | Primitive.Fourier _ -> invalidOp "Complex numbers have oracles of their own."
    | Primitive.Convolution(term, windows, groups) -> convolution term windows groups inputs[0] inputs[1]
    | Primitive.MaxPool windows -> maxPool result windows inputs[0]
    | Primitive.Fused f -> fused f result inputs
    | Primitive.Detach
    | Primitive.Print _
    | Primitive.Barrier -> inputs[0].At
    | Primitive.Transfer _ -> inputs[0].At
    | Primitive.Host f -> invalidOp $"'{f.Name}' is its own oracle."
    | Primitive.Custom f -> invalidOp $"'{f.Name}' has no meaning here."

/// The results of a primitive. The shape rule gives shapes and dtypes.
let evaluateAll (p: Primitive) (inputs: HostBuffer[]) : HostBuffer[] =
    let values = inputs |> Array.map (ofBuffer >> remember)

    ShapeRule.infer p (inputs |> Array.map (fun x -> { Shape = x.Shape; DType = x.DType }))
    |> Array.mapi (fun k result ->
        toBuffer { DType = result.DType; Shape = result.Shape; At = at p k values result.Shape })

/// The first of them.
let evaluate (p: Primitive) (inputs: HostBuffer[]) : HostBuffer = (evaluateAll p inputs)[0]

/// The distance from 1 to the next number of a dtype; 0 for exact ones.
let epsilon (dtype: DType) =
    match dtype.Storage with
    | Storage.Float64 -> 2.0 ** -52.0
    | Storage.Float32 -> 2.0 ** -23.0
    | Storage.Float16 -> 2.0 ** -10.0
    | Storage.BFloat16 -> 2.0 ** -7.0
    | Storage.Integer _
    | Storage.Bool
    | Storage.Complex64
    | Storage.Complex128 -> 0.0

/// Results of fused operations are differences of numbers of this size, and as exact as those. So is the oracle of the gamma
/// function's logarithm, of sums of logarithms; its tests with published digits are exact to a few units.
let scale (p: Primitive) =
    match p with
    | Primitive.Unary Unary.Lgamma -> 128.0
    | Primitive.Unary(Unary.Polygamma _)
    | Primitive.Fused _ -> 1.0
    | Primitive.TriangularSolve _
    | Primitive.Qr
    | Primitive.Eigh
    | Primitive.Lu
    | Primitive.Svd
    | Primitive.SingularValues
    | Primitive.Cholesky
    | Primitive.Solve _
    | Primitive.Inverse
    | Primitive.PseudoInverse _ -> 8.0
    | Primitive.OfMatrix _
    // MathNet's are not exact to the last digits; tests with published ones are.
    | Primitive.Higher _ -> 64.0
    | _ -> 0.0

/// The elements in row-major order as Float64.
let reals (x: HostBuffer) =
    let v = ofBuffer x
    indices x.Shape |> Array.map (v.At >> real)

/// The first place where two buffers differ by more than `ulps` units in the last place of the expected
/// element, or of `scale` where that is larger; None where they agree. NaN agrees with NaN, and 0 with -0.
let difference ulps scale (expected: HostBuffer) (actual: HostBuffer) =
    if expected.DType <> actual.DType || not (Shape.equal expected.Shape actual.Shape) then
        Some
            $"expected {expected.DType} {Shape.show expected.Shape}, \
              got {actual.DType} {Shape.show actual.Shape}"
    else
        let e, a = ofBuffer expected, ofBuffer actual

        let smallest =
            match expected.DType.Storage with
            | Storage.Float64 -> Double.Epsilon
            | Storage.Float32
            | Storage.BFloat16 -> float Single.Epsilon
            | Storage.Float16 -> 2.0 ** -24.0
            | Storage.Integer _
            | Storage.Bool
            | Storage.Complex64
            | Storage.Complex128 -> 0.0

        let smallest = if expected.DType = DType.BFloat16 then 2.0 ** -133.0 else smallest

        let same index =
            match e.At index, a.At index with
            | Literal.Whole x, Literal.Whole y -> x = y
            | x, y ->
                let x, y = real x, real y

                x = y
                || Double.IsNaN x && Double.IsNaN y
                || Double.IsFinite x
                   && abs (x - y) <= ulps * max smallest (epsilon expected.DType * max (abs x) scale)

        indices expected.Shape
        |> Array.tryFind (same >> not)
        |> Option.map (fun i -> $"at {Shape.show i}: expected {e.At i}, got {a.At i}")

/// The same of several, in turn.
let differences ulps scale (expected: HostBuffer[]) (actual: HostBuffer[]) =
    if expected.Length <> actual.Length then
        Some $"{expected.Length} results expected, got {actual.Length}"
    else
        Seq.zip expected actual
        |> Seq.indexed
        |> Seq.tryPick (fun (k, (e, a)) ->
            difference ulps scale e a
            |> Option.map (fun wrong -> if expected.Length = 1 then wrong else $"result {k}: {wrong}"))
