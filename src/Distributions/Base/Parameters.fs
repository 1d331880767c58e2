namespace Cotangent.Distributions

open System
open Cotangent

/// What every family asks of its parameters: floating-point tensors of one dtype that broadcast to one shape, the batch's, and
/// numbers in their range, wherever there are numbers to look at.
[<RequireQualifiedAccess>]
module internal Parameters =
    let show (shape: int[]) =
        let inner = String.Join(", ", shape)
        $"({inner})"

    /// Where in a tree an error arose, to stand in front of its message; nothing where it is all of the tree.
    let before (path: string) = if path = "$" then "" else $"Error at: `{path}`: "

    /// The shape that two broadcast to, if they do.
    let broadcast (a: int[]) (b: int[]) : int[] option =
        let rank = max a.Length b.Length

        let at (shape: int[]) i =
            let i = i - (rank - shape.Length)
            if i < 0 then 1 else shape[i]

        let sizes = Array.init rank (fun i -> at a i, at b i)

        if sizes |> Array.forall (fun (m, n) -> m = n || m = 1 || n = 1) then
            Some(sizes |> Array.map (fun (m, n) -> if m = 1 then n else m))
        else
            None

    let private requireFloat family name (t: Tensor) =
        if isNull (box t) then nullArg name

        match t.DType with
        | DType.Float32
        | DType.Float64 -> ()
        | other ->
            raise (
                DTypeException
                    $"{family}: {name} is {other}; parameters are Float32 or Float64, since densities need their digits. Convert it, with `{name}.Convert DType.Float32` for example."
            )

    /// Whether something holds everywhere; None where a transformation traces it, and nobody knows.
    let private holds (condition: Tensor) : bool option =
        try
            Some(condition.All().ToData<bool>())
        with :? TraceException ->
            None

    let private refuse family name wanted (t: Tensor) =
        // Differentiated, it would be shown without its numbers.
        raise (ValueException $"{family}: {name} must be {wanted}, got {stopGradient t}.")

    /// A parameter whose condition holds. Throws where it is known not to; where nobody knows, the parameter is NaN wherever it does not
    /// hold, and with it all that is computed of it.
    let require family name wanted (condition: Tensor) (t: Tensor) : Tensor =
        match holds condition with
        | Some true -> t
        | Some false -> refuse family name wanted t
        | None -> where condition t (Tensor.fullLike t nan)

    /// The batch shape of a family by the shapes that its parameters have beside their event axes.
    let batchOf family (named: (string * Tensor * int) list) : int[] =
        for name, t, eventRank in named do
            requireFloat family name t

            if t.Rank < eventRank then
                raise (
                    ShapeException
                        $"{family}: {name} has shape {show t.Shape}; {eventRank} axes are wanted, after those of the batch."
                )

        let firstName, first, _ = named.Head

        for name, t, _ in named.Tail do
            if t.DType <> first.DType then
                raise (
                    DTypeException
                        $"{family}: {firstName} is {first.DType}, {name} is {t.DType}. Convert one of them."
                )

        let merge shape (name, t: Tensor, eventRank) =
            let own = t.Shape[.. t.Rank - eventRank - 1]

            match broadcast shape own with
            | Some merged -> merged
            | None ->
                raise (
                    ShapeException
                        $"{family}: {name} has batch shape {show own}, which does not broadcast with {show shape} of the parameters before it."
                )

        named |> List.fold merge [||]

    /// The same where all parameters are numbers.
    let batch family (named: (string * Tensor) list) : int[] =
        batchOf family (named |> List.map (fun (name, t) -> name, t, 0))

    /// Any number.
    let real family name (batch: int[]) (t: Tensor) : Tensor =
        if holds (t.Equal t) = Some false then refuse family name "a number" t

        t.Expand batch

    let positive family name (batch: int[]) (t: Tensor) : Tensor =
        (require family name "positive" (t.Greater 0.0) t).Expand batch

    let probability family name (batch: int[]) (t: Tensor) : Tensor =
        let isProbability = (t.GreaterEqual 0.0).And(t.LessEqual 1.0)
        (require family name "between 0 and 1" isProbability t).Expand batch

    /// Whole numbers, 0 or more.
    let count family name (batch: int[]) (t: Tensor) : Tensor =
        let isCount = (t.GreaterEqual 0.0).And(t.Equal(floor t))
        (require family name "a whole number, 0 or more" isCount t).Expand batch

/// Log-densities where they are: -∞ outside the support.
[<RequireQualifiedAccess>]
module internal Support =
    /// f where x is inside; outside it gets a number inside instead, so that no NaN of there reaches a gradient. A NaN is outside
    /// of nothing, and stays what it is.
    let within (outside: Tensor) (inside: Tensor) (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let values: Tensor = f (where outside inside x)
        where outside (Tensor.fullLike values -infinity) values

    let private like (x: Tensor) (value: float) = Tensor.fullLike x value

    /// x > 0; no density reaches infinity.
    let positive f (x: Tensor) = within ((x.LessEqual 0.0).Or(x.Equal infinity)) (like x 1.0) f x

    /// x ≥ 0; no density reaches infinity.
    let notNegative f (x: Tensor) = within ((x.Less 0.0).Or(x.Equal infinity)) (like x 1.0) f x

    /// From 0 to 1.
    let unit f (x: Tensor) = within ((x.Less 0.0).Or(x.Greater 1.0)) (like x 0.5) f x

    /// Anything but 0, 1, 2, …
    let isNoCount (x: Tensor) = (x.Less 0.0).Or(x.Greater(floor x)).Or(x.Equal infinity)

    /// 0, 1, 2, …
    let count f (x: Tensor) = within (isNoCount x) (like x 0.0) f x
