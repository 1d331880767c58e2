namespace Cotangent.Engines

// What the transform of one line needs, made once for a length: see LongLines.fs.

open System.Collections.Concurrent

/// Both transforms of columns, and the roots of unity between them: exp(-2πi k j/n) for row k and column j = tile W + t is
/// the product of one for k and the tile, and of one for k and t.
[<NoComparison; NoEquality>]
type internal MatrixPlan<'T> = {
    First: ColumnPlan<'T>
    Second: ColumnPlan<'T>
    /// A row of slots for each k.
    Within: 'T[]
    /// At tile n1 + k.
    OfTiles: 'T[]
}

/// The convolution that a transform is, in Float64.
[<NoComparison; NoEquality>]
type internal ChirpPlan = {
    /// exp(-πi k²/n)
    Chirp: float[]
    /// The transform of the conjugate, at distances forward and backward.
    Kernel: float[]
    Convolution: LinePlan<float>
}

/// How a line of a length is transformed.
and [<RequireQualifiedAccess; NoComparison; NoEquality>] internal LinePlan<'T> =
    | Columns of ColumnPlan<'T>
    | Matrix of MatrixPlan<'T>
    | Chirp of length: int * ChirpPlan

    member plan.Length =
        match plan with
        | Columns plan -> plan.Length
        | Matrix plan -> plan.First.Length * plan.Second.Length
        | Chirp(length, _) -> length

/// What is made once for a length, and kept for the next transform of it.
[<Sealed; AbstractClass>]
type internal Kept<'T, 'plan> private () =
    /// So many lengths at once: some programs walk through many.
    static member Most = 256

    static member val private Plans = ConcurrentDictionary<int, 'plan>()

    static member Get(n: int, make: int -> 'plan) : 'plan =
        match Kept<'T, 'plan>.Plans.TryGetValue n with
        | true, plan -> plan
        | false, _ ->
            let made = make n
            if Kept<'T, 'plan>.Plans.Count >= Kept<'T, 'plan>.Most then Kept<'T, 'plan>.Plans.Clear()
            Kept<'T, 'plan>.Plans[ n ] <- made
            made
