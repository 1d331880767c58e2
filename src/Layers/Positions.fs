namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// Angles of positions, and what the errors about them have in common.
module internal PositionAngles =
    /// Position · theta^(-2i/width) for i = 0 .. width/2 - 1: (…) gives (…, width/2). In Float64: at position 10⁵ an angle in
    /// Float32 is off by hundredths.
    let ofPositions (theta: float) (width: int) (positions: Tensor) : Tensor =
        let index = Bind.create (Primitive.Iota(DType.Float64, width / 2)) positions.Device
        (positions.Convert DType.Float64).Unsqueeze -1 * exp (index * (-2.0 * log theta / float width))

    let requireEven (operation: string) (width: int) =
        if width < 2 || width % 2 = 1 then
            raise (
                ShapeException
                    $"{operation}: a width of {width}; numbers go in pairs, so it must be even and not 0."
            )

    let requireNumbers (operation: string) (positions: Tensor) =
        Given.check "positions" positions

        if positions.DType = DType.Bool then
            raise (
                DTypeException $"{operation}: positions are numbers, got Bool {Shape.show positions.Dims}."
            )

    /// 0 .. steps - 1, where x has so many steps before its last axis.
    let ofSteps (x: Tensor) : Tensor = Bind.create (Primitive.Iota(DType.Int32, x.Dims[x.Rank - 2])) x.Device

    /// x must hold vectors of steps: (…, steps, width).
    let requireSteps (operation: string) (x: Tensor) =
        Given.check "x" x

        if x.Rank < 2 then
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; it wants (…, steps, width). `x.Unsqueeze 0` makes one step of a vector."
            )

        if not x.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation}: the input is {x.DType} {Shape.show x.Dims}; it must be floating-point. Convert it first."
            )

/// Where a step stands in its sequence, as vectors that are not trained.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Positions =
    /// <summary>
    /// Sines and cosines of positions (Vaswani et al. 2017, §3.5): positions p (…) give (…, width), whose number 2i is
    /// sin(p / 10000^(2i/width)) and number 2i + 1 is cos of the same. Positions may be fractions, such as times.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The width is odd, or below 2.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The positions are Bool, or the dtype is not floating-point.</exception>
    /// <example><code>
    /// Positions.sinusoidal DType.Float64 4 (tensor [ 0; 1 ]) // [[0, 1, 0, 1], [0.8415, 0.5403, 0.01, 1]]
    /// Positions.sinusoidal DType.Float32 64 (Tensor.arange DType.Int32 100) // shape (100, 64)
    /// </code></example>
    let sinusoidal (dtype: DType) (width: int) (positions: Tensor) : Tensor =
        Given.check "positions" positions
        Layer.requireFloat "Positions.sinusoidal" dtype
        PositionAngles.requireEven "Positions.sinusoidal" width
        PositionAngles.requireNumbers "Positions.sinusoidal" positions
        let angles = PositionAngles.ofPositions 10000.0 width positions
        let pairs = stack -1 [ sin angles; cos angles ]
        (pairs.Reshape(Array.append positions.Dims [| width |])).Convert dtype

/// <summary>How to make <c>LearnedPositions</c>.</summary>
/// <example><code>
/// let options = { LearnedPositions.defaults with Weight = Init.zeros }
/// (LearnedPositions.init options 128 64 (Key.create 0L)).Weight // shape (128, 64)
/// </code></example>
[<NoComparison; NoEquality>]
type LearnedPositionsOptions = {
    /// How the vectors start.
    Weight: Init
    /// The dtype of the vectors.
    DType: DType
}

/// <summary>A vector for each place in a sequence, learned, which is added to what stands there.</summary>
type LearnedPositions = {
    /// (steps, width)
    Weight: Tensor
} with

    /// <summary>x of shape (…, steps, width) plus the vectors of these positions, whose shape (steps,) or (…, steps) fits x.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis of x is not as long as the vectors, or positions do not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or positions are not integers.</exception>
    /// <exception cref="T:Cotangent.IndexException">There is no vector for a position.</exception>
    /// <example><code>
    /// let layer: LearnedPositions = { Weight = tensor [ [ 10.0 ]; [ 20.0 ]; [ 30.0 ] ] }
    /// layer.At(tensor [ [ 1.0 ] ], tensor [ 2 ]) // [[31]]
    /// </code></example>
    member layer.At(x: Tensor, positions: Tensor) : Tensor =
        Given.check "x" x
        Given.check "positions" positions
        PositionAngles.requireSteps "LearnedPositions.at" x
        Layer.requireLast "LearnedPositions.at" "numbers of a vector" layer.Weight.Dims[1] x

        if not positions.DType.IsInteger then
            raise (
                DTypeException
                    $"LearnedPositions.at: positions must be integers, got {positions.DType} {Shape.show positions.Dims}."
            )

        if not (Shape.stretches positions.Dims x.Dims[.. x.Rank - 2]) then
            raise (
                ShapeException
                    $"LearnedPositions.at: positions {Shape.show positions.Dims} do not fit the steps {Shape.show x.Dims[.. x.Rank - 2]} of the input {Shape.show x.Dims}."
            )

        x + Bind.one (Primitive.Gather(Finder.Positions, 0, 0)) [| layer.Weight; positions |]

    /// <summary>x of shape (…, steps, width) plus the vectors of its places, counted from 0.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The last axis of x is not as long as the vectors, or x has more steps than there are vectors.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer: LearnedPositions = { Weight = tensor [ [ 10.0 ]; [ 20.0 ]; [ 30.0 ] ] }
    /// layer.Forward(tensor [ [ 1.0 ]; [ 2.0 ] ]) // [[11], [22]]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        PositionAngles.requireSteps "LearnedPositions.forward" x
        Layer.requireLast "LearnedPositions.forward" "numbers of a vector" layer.Weight.Dims[1] x
        let steps = x.Dims[x.Rank - 2]

        if steps > layer.Weight.Dims[0] then
            raise (
                ShapeException
                    $"LearnedPositions.forward: {steps} steps in an input of shape {Shape.show x.Dims}; this layer knows {layer.Weight.Dims[0]} positions."
            )

        x + sliceAxis 0 0 steps layer.Weight

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Learned positions.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module LearnedPositions =
    /// <summary>Normal with a deviation of 0.02, as in GPT-2; Float32.</summary>
    let defaults: LearnedPositionsOptions = { Weight = Init.normalOf (fun _ -> 0.02); DType = DType.Float32 }

    /// <summary>Vectors for so many places, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">The number of steps or the width is below 1.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let layer = LearnedPositions.init { LearnedPositions.defaults with DType = DType.Float64 } 128 64 (Key.create 0L)
    /// layer.Weight // shape (128, 64)
    /// </code></example>
    let init (options: LearnedPositionsOptions) (steps: int) (width: int) (key: Key) : LearnedPositions =
        Given.check "options" options
        Given.check "key" key
        Layer.requirePositive "LearnedPositions.init" [ "steps", steps; "numbers of a vector", width ]
        Layer.requireFloat "LearnedPositions.init" options.DType
        let shape = [ steps; width ]
        { Weight = options.Weight (Fans.ofShape shape) shape options.DType key }

    /// <summary>Vectors for so many places, as <c>LearnedPositions.defaults</c> has them.</summary>
    /// <exception cref="T:Cotangent.ValueException">The number of steps or the width is below 1.</exception>
    /// <example><code>
    /// (LearnedPositions.create 128 64 (Key.create 0L)).Weight // shape (128, 64)
    /// </code></example>
    let create (steps: int) (width: int) (key: Key) : LearnedPositions = init defaults steps width key

    /// <summary>x of shape (…, steps, width) plus the vectors of its places, counted from 0.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The last axis of x is not as long as the vectors, or x has more steps than there are vectors.
    /// </exception>
    /// <example><code>
    /// let layer = LearnedPositions.create 128 64 (Key.create 0L)
    /// LearnedPositions.forward layer (Tensor.zeros DType.Float32 [ 2; 10; 64 ]) // shape (2, 10, 64)
    /// </code></example>
    let forward (layer: LearnedPositions) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x

/// <summary>Which two numbers of a vector are a point of the plane that is rotated. Weights trained for one do not fit the other.</summary>
/// <example><code>
/// Rotary.halves.Pairing = RotaryPairing.Halves // true
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type RotaryPairing =
    /// Numbers 2i and 2i + 1, as Su et al. 2021 write it, and the weights of Meta's LLaMA.
    | Neighbours
    /// Numbers i and i + width/2, as GPT-NeoX and the weights on Hugging Face have it.
    | Halves

/// <summary>
/// Rotary positions (Su et al. 2021, "RoFormer"): queries and keys are rotated by angles that grow with their position, so
/// that their products depend on the distance alone. Nothing is trained.
/// </summary>
type Rotary = {
    /// Pair i turns by position / base^(2i/width); 10000 in the paper, more for long sequences.
    Base: float
    /// Which numbers are pairs.
    Pairing: RotaryPairing
} with

    /// <summary>
    /// x of shape (…, steps, width), each step rotated by its position; positions (steps,), or (…, steps) that fit x.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The width is odd, or the positions do not fit x.</exception>
    /// <exception cref="T:Cotangent.DTypeException">x is not floating-point, or the positions are Bool.</exception>
    /// <example><code>
    /// // A quarter of a turn.
    /// let x = tensor [ [ 1.0; 0.0 ] ]
    /// Rotary.neighbours.Rotate(x, tensor [ System.Math.PI / 2.0 ]) // [[0, 1]]
    /// </code></example>
    member rotary.Rotate(x: Tensor, positions: Tensor) : Tensor =
        Given.check "x" x
        Given.check "positions" positions
        PositionAngles.requireSteps "Rotary.rotate" x
        PositionAngles.requireNumbers "Rotary.rotate" positions
        let width = x.Dims[x.Rank - 1]
        PositionAngles.requireEven "Rotary.rotate" width

        if not (Shape.stretches positions.Dims x.Dims[.. x.Rank - 2]) then
            raise (
                ShapeException
                    $"Rotary.rotate: positions {Shape.show positions.Dims} do not fit the steps {Shape.show x.Dims[.. x.Rank - 2]} of the input {Shape.show x.Dims}."
            )

        let wide = if x.DType = DType.Float64 then DType.Float64 else DType.Float32
        let angles = PositionAngles.ofPositions rotary.Base width positions
        let cosine, sine = (cos angles).Convert wide, (sin angles).Convert wide
        let x' = x.Convert wide
        // (a + i b)(cos + i sin)
        let turned (a: Tensor) (b: Tensor) = a * cosine - b * sine, a * sine + b * cosine
        let half = width / 2

        match rotary.Pairing with
        | RotaryPairing.Halves ->
            let last = x.Rank - 1
            let a, b = turned (sliceAxis last 0 half x') (sliceAxis last half half x')
            (concat -1 [ a; b ]).Convert x.DType
        | RotaryPairing.Neighbours ->
            let pairs = x'.Reshape(Array.append x.Dims[.. x.Rank - 2] [| half; 2 |])
            let at i = (sliceAxis x.Rank i 1 pairs).Squeeze -1
            let a, b = turned (at 0) (at 1)
            ((stack -1 [ a; b ]).Reshape x.Dims).Convert x.DType

    /// <summary>x of shape (…, steps, width), each step rotated by its place, counted from 0.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The width is odd, or x has no axis of steps.</exception>
    /// <exception cref="T:Cotangent.DTypeException">x is not floating-point.</exception>
    /// <example><code>
    /// // The second step is turned by 1 radian.
    /// Rotary.halves.Forward(tensor [ [ 1.0; 0.0 ]; [ 1.0; 0.0 ] ]) // [[1, 0], [0.5403, 0.8415]]
    /// </code></example>
    member rotary.Forward(x: Tensor) : Tensor =
        PositionAngles.requireSteps "Rotary.forward" x
        rotary.Rotate(x, PositionAngles.ofSteps x)

    interface ILayer with
        member rotary.Forward x = rotary.Forward x

/// Rotary positions.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Rotary =
    /// <summary>Base 10000, numbers 2i and 2i + 1 a pair, as Su et al. 2021 write it.</summary>
    let neighbours: Rotary = { Base = 10000.0; Pairing = RotaryPairing.Neighbours }

    /// <summary>Base 10000, numbers i and i + width/2 a pair, as in GPT-NeoX.</summary>
    let halves: Rotary = { Base = 10000.0; Pairing = RotaryPairing.Halves }

    /// <summary>x of shape (…, steps, width), each step rotated by its place, counted from 0.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The width is odd, or x has no axis of steps.</exception>
    /// <example><code>
    /// Rotary.forward Rotary.halves (tensor [ [ 1.0; 0.0 ]; [ 1.0; 0.0 ] ]) // [[1, 0], [0.5403, 0.8415]]
    /// </code></example>
    let forward (rotary: Rotary) (x: Tensor) : Tensor =
        Given.check "rotary" rotary
        rotary.Forward x
