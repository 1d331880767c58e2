namespace Cotangent

open Cotangent.Differentiation

/// <summary>
/// What <c>Debug.checkDerivative</c> found along the direction in which derivatives and differences are furthest apart.
/// </summary>
type DerivativeReport<'p> = {
    /// Where the tensor stands in the argument that was changed, as <c>$.Weight</c>.
    Place: string
    /// The direction: random numbers in that tensor, of its size, and 0 in all others.
    Direction: 'p
    /// How fast a sum of the results with random weights changes along the direction: by central differences …
    Difference: float
    /// … by the derivative in forward mode …
    Push: float
    /// … and by that in reverse mode.
    Pull: float
    /// How far the one of the two that is further off is from the differences, relative to the size of the sum's terms.
    Error: float
    /// How far it may be.
    Allowed: float
}

/// Derivatives beside central differences.
module internal DerivativeCheck =
    let private operation = "Debug.checkDerivative"

    /// Directions in each tensor.
    [<Literal>]
    let private Directions = 2

    let private numbers (t: Tensor) : float[] =
        ((t.Convert DType.Float64).Reshape [ t.Size ]).ToData<float[]>()

    let private norm (numbers: float[]) = numbers |> Array.sumBy (fun x -> x * x) |> sqrt

    /// The unit roundoff of the coarsest tensor.
    let private roundoff (leaves: Leaf[]) : float =
        let of' (leaf: Leaf) =
            if leaf.Tensor.DType = DType.Float64 then
                1.1e-16
            elif leaf.Tensor.DType = DType.Float32 then
                6e-8
            else
                raise (
                    DTypeException
                        $"{Placed.before leaf.Path}{operation}: {leaf.Tensor.DType} numbers; differences are taken of Float64, or of Float32 with less to be seen. Convert them, or put in a `Frozen` what is not differentiated."
                )

        leaves |> Array.map of' |> Array.max

    /// The floats among the results: what they are summed with, and that sum's terms.
    let private weights (y: 'q) : Tensor[] * ('q -> float[]) =
        let leaves = Tree.leavesOf $"{operation}: the result's type" y
        let keys = Key.splitMany leaves.Length (Key.create 1L)

        let weights =
            Array.map2
                (fun (t: Tensor) key ->
                    if t.DType.IsFloat then
                        (Random.normal key DType.Float64 t.Dims).Convert t.DType
                    else
                        Tensor.zerosLike t)
                leaves
                keys

        if not (leaves |> Array.exists (fun t -> t.DType.IsFloat && t.Size > 0)) then
            raise (
                TreeException
                    $"{operation}: the function returns no floating-point numbers, which alone have derivatives."
            )

        let factors = weights |> Array.map numbers

        let terms y =
            Tree.leaves y
            |> Array.mapi (fun i t ->
                if leaves[i].DType.IsFloat then Array.map2 (*) factors[i] (numbers t) else [||])
            |> Array.concat

        weights, terms

    /// The rate of change of the sum, and of its terms, by central differences whose error in h² is taken out (Richardson 1911), at the
    /// h at which it differs least from that at the next: a large one cuts off, and may step over kinks; a small one rounds. With that
    /// difference, and what rounding may make.
    let private differences unit (at: float -> float[]) : struct (float * float * float * float) =
        let central h = Array.map2 (fun after before -> (after - before) / (2.0 * h)) (at h) (at -h)

        let improved h =
            Array.map2 (fun fine coarse -> (4.0 * fine - coarse) / 3.0) (central (h / 2.0)) (central h)

        let size = norm (at 0.0)

        let found = [
            for scale in [ 8.0; 1.0; 0.125; 0.016 ] ->
                let h = scale * unit ** 0.2
                let terms = improved h
                struct (Array.sum terms, norm terms, 8.0 * unit * size / h)
        ]

        List.pairwise found
        |> List.map (fun (struct (a, _, _), struct (b, terms, rounding)) ->
            struct (b, terms, abs (a - b), rounding))
        |> List.minBy (fun (struct (_, _, settling, rounding)) ->
            if System.Double.IsNaN settling then infinity else settling + rounding)

    let private fail (report: DerivativeReport<'p>) =
        let isOff derivative =
            not (abs (derivative - report.Difference) <= 0.5 * abs (report.Push - report.Pull))

        let which =
            match isOff report.Push, isOff report.Pull with
            | true, false -> "the derivative in forward mode is"
            | false, true -> "the derivative in reverse mode is"
            | _ -> "the derivatives in forward and in reverse mode are"

        raise (
            DerivativeException
                $"{Placed.before report.Place}{operation}: {which} not what central differences are: along a random direction a weighted sum of the results changes by {report.Push:g8} in forward mode and {report.Pull:g8} in reverse mode, by differences by {report.Difference:g8}. Relative to its terms that is {report.Error:g2} off, where {report.Allowed:g2} is allowed. Look at derivatives given by hand (`withDerivative`), at `stopGradient`, at numbers that f reads, and for a kink at this point."
        )

    let private unsettled (place: string) =
        raise (
            DerivativeException
                $"{Placed.before place}{operation}: differences along a random direction do not settle as they are taken over shorter ways. The function is not smooth here (a kink, a jump, a NaN), is all rounding, or gives other numbers at each call: see that it draws by one key, and try another point."
        )

    let run (f: 'p -> 'q) (x: 'p) : DerivativeReport<'p> =
        let struct (y, pull, _) = Transform.vjp operation f x
        let all = Tree.entries x
        let unit = all |> Array.filter _.IsTrained |> roundoff
        let weights, terms = weights y
        let pulled = pull (Tree.rebuild y weights) |> Tree.leaves
        let allowed = unit ** 0.4

        let along (i: int) (key: Key) =
            let t = all[i].Tensor
            let size = norm (numbers t) / sqrt (float t.Size)

            let direction =
                (Random.normal key DType.Float64 t.Dims * (if size > 0.0 then size else 1.0)).Convert t.DType

            let tree =
                all
                |> Array.mapi (fun k leaf -> if k = i then direction else Tensor.zerosLike leaf.Tensor)
                |> Tree.rebuild x

            let moved (h: float) =
                let leaves = all |> Array.map _.Tensor
                leaves[i] <- t + h * direction
                terms (f (Tree.rebuild x leaves))

            let struct (difference, size, settling, rounding) = differences unit moved
            let _, pushed = Transform.jvp operation f x tree

            let push = Array.sum (terms pushed)
            let pull = Array.sum (Array.map2 (*) (numbers pulled[i]) (numbers direction))

            let distance =
                if System.Double.IsNaN(push + pull) then
                    infinity
                else
                    max (abs (push - difference)) (abs (pull - difference))

            let scale = max size (abs difference)

            if not (settling <= max (0.01 * scale) (100.0 * rounding)) then unsettled all[i].Path

            // Of a function that does not change at all.
            let scale = if scale > 0.0 then scale else 1.0

            {
                Place = all[i].Path
                Direction = tree
                Difference = difference
                Push = push
                Pull = pull
                Error = distance / scale
                Allowed = allowed + 10.0 * (settling + rounding) / scale
            }

        let reports = [|
            for i in 0 .. all.Length - 1 do
                if all[i].IsTrained && all[i].Tensor.Size > 0 then
                    for key in Key.splitMany Directions (Key.fold (int64 i) (Key.create 2L)) do
                        along i key
        |]

        if reports.Length = 0 then
            raise (TreeException $"{operation}: the argument holds no numbers to differentiate by.")

        let worst = reports |> Array.maxBy (fun report -> report.Error / report.Allowed)
        if worst.Error <= worst.Allowed then worst else fail worst
