/// Random tensors from a seed, in all the layouts that views give them.
module internal Cotangent.Tests.Dice

open System
open System.Numerics
open Cotangent

/// A seeded source of choices: a failing case is repeated by its seed.
[<Sealed>]
type Dice(seed: int) =
    let random = Random seed

    member _.Seed = seed
    member _.Below n = random.Next n
    member _.Chance(probability: float) = random.NextDouble() < probability
    member _.Between (low: float) (high: float) = low + (high - low) * random.NextDouble()
    member _.Pick(items: 'a list) = items[random.Next items.Length]
    member _.Sign = if random.Next 2 = 0 then -1.0 else 1.0

    /// 0 .. n-1 in random order.
    member _.Order n =
        let order = Array.init n id
        random.Shuffle order
        order

    /// Mostly 1 to 3, now and then 0.
    member dice.Size = if dice.Chance 0.06 then 0 else 1 + dice.Below 3

    member dice.Shape() : int[] = Array.init (dice.Below 5) (fun _ -> dice.Size)

    /// A shape with at least one axis, and one of its axes, which is not empty.
    member dice.ShapeWithAxis() =
        let shape = Array.init (1 + dice.Below 4) (fun _ -> dice.Size)
        let axis = dice.Below shape.Length
        shape[axis] <- 1 + dice.Below 4
        shape, axis

/// How many times the usual number of random cases are tried: `COTANGENT_TEST_EFFORT`, which may be below 1.
let effort =
    let text = Environment.GetEnvironmentVariable "COTANGENT_TEST_EFFORT"

    match Double.TryParse(text, Globalization.CultureInfo.InvariantCulture) with
    | true, x when x > 0.0 -> x
    | _ -> 1.0

/// So many random cases, times the effort.
let cases (usual: int) = max 1 (int (Math.Ceiling(float usual * effort)))

/// The seed that random programs begin with: `COTANGENT_TEST_SEED`.
let firstSeed =
    match Int32.TryParse(Environment.GetEnvironmentVariable "COTANGENT_TEST_SEED") with
    | true, n -> max 1 n
    | false, _ -> 1

/// How the elements of a shape lie in memory: strides, offset, and the length of the array under them.
let private layout (dice: Dice) repeats (shape: int[]) =
    let strides: int[] = Array.zeroCreate shape.Length
    let mutable extent = 1
    let mutable offset = 0

    for axis in dice.Order shape.Length do
        if not (repeats && dice.Chance 0.15) then
            // Every other element of something larger, sometimes.
            let step = extent * (if dice.Chance 0.2 then 2 else 1)
            let reach = step * max 0 (shape[axis] - 1)

            if dice.Chance 0.3 then
                strides[axis] <- -step
                offset <- offset + reach
            else
                strides[axis] <- step

            extent <- step * max 1 shape[axis]

    let before = dice.Below 3
    strides, offset + before, extent + before

let private fill
    dtype
    (shape: int[])
    (strides: int[])
    offset
    length
    (stale: 'T)
    (number: unit -> 'T)
    : Tensor =
    let data = Array.create length stale
    let written = Array.create length false
    let contiguous = Shape.strides shape

    for n in 0 .. Shape.count shape - 1 do
        let mutable place = offset

        for axis in 0 .. shape.Length - 1 do
            place <- place + n / contiguous[axis] % shape[axis] * strides[axis]

        if not written[place] then
            data[place] <- number ()
            written[place] <- true

    Value(HostBuffer<'T>(dtype, data, shape, strides, offset))

let private inLayout dtype (shape: int[]) (strides, offset, length) (number: unit -> float) : Tensor =
    // What lies between the elements must never be read: it would be noticed.
    match dtype with
    | DType.Float64 -> fill dtype shape strides offset length nan number
    | DType.Float32 -> fill dtype shape strides offset length nanf (number >> float32)
    | DType.BFloat16 ->
        fill
            dtype
            shape
            strides
            offset
            length
            (BFloat16.OfSingle nanf)
            (number >> float32 >> BFloat16.OfSingle)
    | DType.Float16 -> fill dtype shape strides offset length Half.NaN (number >> Half.op_Explicit)
    // Numbers below 0 become large ones without a sign.
    | DType.Int8
    | DType.UInt8 -> fill dtype shape strides offset length 123y (number >> int >> sbyte)
    | DType.Int16
    | DType.UInt16 -> fill dtype shape strides offset length 12345s (number >> int >> int16)
    | DType.Int32
    | DType.UInt32 -> fill dtype shape strides offset length 123456789 (number >> int)
    | DType.Int64
    | DType.UInt64 -> fill dtype shape strides offset length 123456789L (number >> int64)
    | DType.Bool -> fill dtype shape strides offset length true (fun () -> number () > 0.0)
    | DType.Complex64 ->
        fill dtype shape strides offset length (Complex64(nanf, nanf)) (fun () ->
            Complex64(float32 (number ()), float32 (number ())))
    | DType.Complex128 ->
        fill dtype shape strides offset length (Complex(nan, nan)) (fun () -> Complex(number (), number ()))

/// A tensor in a random layout: axes permuted and flipped in memory, gaps between the elements, axes of stride 0.
let tensorOf (dice: Dice) dtype shape (number: unit -> float) : Tensor =
    let found =
        if dice.Chance 0.3 then
            Shape.strides shape, 0, Shape.count shape
        else
            layout dice true shape

    inLayout dtype shape found number

/// Such a tensor without two equal numbers: they are at least 0.06 apart.
let distinctOf (dice: Dice) dtype shape : Tensor =
    let count = Shape.count shape
    let ranks = dice.Order count
    let mutable next = 0

    inLayout dtype shape (layout dice false shape) (fun () ->
        next <- next + 1
        float (ranks[next - 1] - count / 2) * 0.1 + dice.Between -0.02 0.02)

/// A direction: numbers between -1 and 1 in the shapes of tensors.
let directionOf (dice: Dice) (like: Tensor[]) : Tensor[] =
    like |> Array.map (fun t -> tensorOf dice t.DType t.Dims (fun () -> dice.Between -1.0 1.0))
