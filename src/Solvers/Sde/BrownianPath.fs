namespace Cotangent.Solvers

open Cotangent

/// <summary>
/// A path of Brownian motion, which can be asked again: W at any time of its interval, always the same for the same key, in any order,
/// in the memory of the key. A tree of Brownian bridges that halves the interval down to a resolution (the virtual Brownian tree of
/// Li, Wong, Chen and Duvenaud 2020); W is 0 at the first time.
/// </summary>
[<Sealed>]
type BrownianPath
    internal (key: Key, first: float, last: float, resolution: float, shape: int[], dtype: DType) =
    // Between the ends of the shortest intervals W is a line, and the change of W over a step that ends inside of one varies too
    // little: by a third of such an interval in the mean. Four halvings beyond the resolution make that 2 % of a step at most, as long
    // as the dtype tells their ends apart.
    let levels =
        let halvings = max 0 (int (ceil (log ((last - first) / resolution) / log 2.0)))

        match dtype with
        | DType.Float64 -> halvings + 4
        | _ -> min (halvings + 4) (max halvings 22)

    let scalar (x: float) = Tensor.scalar dtype x

    let draw (node: Tensor) = Random.normal (Key.foldTensor node key) dtype shape

    /// When it begins.
    member _.First = first
    /// When it ends.
    member _.Last = last
    /// The shortest steps in time that it is for.
    member _.Resolution = resolution
    /// The shape of W: that of the state it drives.
    member _.Shape = shape
    /// The dtype of W.
    member _.DType = dtype

    /// Whether a time is in the interval, whose ends are rounded as the time is.
    member internal _.Holds(time: Tensor) : Tensor =
        (time.GreaterEqual(scalar first)).And(time.LessEqual(scalar last))

    /// The same for a time that was read.
    member internal _.HoldsNumber(time: float) : bool =
        let rounded (x: float) = if dtype = DType.Float64 then x else float (float32 x)
        time >= rounded first && time <= rounded last

    /// <summary>
    /// W at one time of the interval; linear between times that the resolution does not tell apart. Outside of the interval an error, or
    /// NaN inside of <c>compile</c> and <c>vmap</c>, where the time can't be read.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The time is not one number of the path's dtype.</exception>
    /// <exception cref="T:Cotangent.ValueException">The time is outside of the interval.</exception>
    /// <example><code>
    /// let path = Brownian.path (Key.create 1L) (0.0, 1.0) 1e-3 DType.Float64 []
    /// path.At(tensor 0.0) // 0
    /// </code></example>
    member path.At(time: Tensor) : Tensor =
        if time.Rank <> 0 || time.DType <> dtype then
            raise (
                ShapeException
                    $"BrownianPath.At: a time of {time.DType} {Vector.show time.Shape}; it must be one {dtype}. For many, `vmap`."
            )

        match Vector.tryRead time with
        | ValueSome read when not (path.HoldsNumber read[0]) ->
            raise (
                ValueException
                    $"BrownianPath.At: a time of {read[0]}; the path goes from {first} to {last}. Make it longer."
            )
        | ValueSome _ -> path.Clamped time
        | ValueNone ->
            let value = path.Clamped time
            where (path.Holds(stopGradient time)) value (Tensor.fullLike value nan)

    /// W, of a time that may be beyond the ends by rounding: what it is there.
    member internal _.Clamped(time: Tensor) : Tensor =
        let whole = sqrt (last - first) * draw (Tensor.ofArray [] [| 0L |])

        // An interval, W at its ends, its number among all intervals.
        let halve (low: Tensor, width: Tensor, atLow: Tensor, atHigh: Tensor, node: Tensor) =
            let middle = low + 0.5 * width
            let atMiddle = 0.5 * (atLow + atHigh) + 0.5 * sqrt width * draw node
            let isRight = time.GreaterEqual middle
            let next = 2 * node + (isRight.Convert DType.Int64)

            where isRight middle low,
            0.5 * width,
            where isRight atMiddle atLow,
            where isRight atHigh atMiddle,
            next

        let low, width, atLow, atHigh, _ =
            iterate
                levels
                halve
                (scalar first,
                 scalar (last - first),
                 Tensor.zerosLike whole,
                 whole,
                 Tensor.ofArray [] [| 1L |])

        atLow + clamp 0.0 1.0 ((time - low) / width) * (atHigh - atLow)

/// <summary>Paths of Brownian motion.</summary>
[<RequireQualifiedAccess>]
module Brownian =
    /// <summary>
    /// A path over an interval, of the shape and dtype of the state that it drives. Its resolution is the shortest step in time that it will
    /// be asked for; ten times finer costs three to four more draws at each time.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The interval is empty, or the resolution not above 0.</exception>
    /// <example><code>
    /// let path = Brownian.path (Key.create 1L) (0.0, 1.0) 1e-3 DType.Float64 [ 2 ]
    /// path.At(tensor 0.5) // shape (2)
    /// </code></example>
    [<CompiledName "Path">]
    let path
        (key: Key)
        (first: float, last: float)
        (resolution: float)
        (dtype: DType)
        (shape: int seq)
        : BrownianPath =
        if not (last > first && resolution > 0.0) then
            raise (
                ValueException
                    $"Brownian.path: from {first} to {last} with a resolution of {resolution}; time must go forwards, and the resolution be above 0."
            )

        // Numbers of intervals are Int64.
        if (last - first) / resolution > 1e15 then
            raise (
                ValueException
                    $"Brownian.path: a resolution of {resolution} over {last - first}; at most 1e15 parts are told apart."
            )

        BrownianPath(key, first, last, resolution, Array.ofSeq shape, dtype)
