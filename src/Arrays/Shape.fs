namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Arithmetic of shapes and strides. A shape is an `int[]` that nobody changes once made.
module internal Shape =
    /// "(2, 3)", and "(3,)" for one axis, as NumPy writes them.
    let showLong (s: int64[]) =
        match s with
        | [| n |] -> $"({n},)"
        | _ -> "(" + System.String.Join(", ", s) + ")"

    let show (s: int[]) = showLong (Array.map int64 s)

    /// The most elements that a tensor can have: what one .NET array holds.
    [<Literal>]
    let MostElements = 2147483591L

    /// Whether there are more elements than a tensor can have. Sizes of 0 do not make up for others: strides and the parts
    /// that kernels share out are products of those.
    let inline private isTooLarge (sizes: 'size[]) =
        let mutable n = 1L
        let mutable fits = true

        for size in sizes do
            let d = int64 size

            if d > 0L then
                fits <- fits && d <= MostElements / n

                if fits then n <- n * d

        not fits

    let private refuseLarge (wanted: string) (sizes: int64[]) =
        raise (
            ShapeException
                $"{wanted} of shape {showLong sizes} would have more than {MostElements} elements, the most one tensor can hold. Split it."
        )

    /// Sizes that were computed, and so may be larger than any axis, as the shape of what an operation makes.
    let sized (operation: 'operation) (sizes: int64[]) : int[] =
        if isTooLarge sizes then refuseLarge $"{operation}: a tensor" sizes

        Array.map int sizes

    /// Throws where a tensor of such a shape, which an operation is to make, would have too many elements.
    let requireRoom (operation: 'operation) (s: int[]) =
        if isTooLarge s then refuseLarge $"{operation}: a tensor" (Array.map int64 s)

    /// Throws unless the sizes that an operation is given are 0 or more, and no more elements than a tensor can have.
    let requireSizes (operation: string) (s: int[]) =
        if s |> Array.exists (fun d -> d < 0) then
            raise (ShapeException $"{operation}: shape {show s} has a negative size; sizes are 0 or more.")

        requireRoom operation s

    /// The number of elements. Throws when it exceeds what one .NET array holds.
    let count (s: int[]) =
        let mutable n = 1L
        let mutable isEmpty = false

        for d in s do
            if d = 0 then
                isEmpty <- true
            else
                n <- n * int64 d

                if n > MostElements then refuseLarge "A tensor" (Array.map int64 s)

        if isEmpty then 0 else int n

    let equal (a: int[]) (b: int[]) =
        System.MemoryExtensions.SequenceEqual(System.ReadOnlySpan a, System.ReadOnlySpan b)

    /// Row-major strides.
    let strides (s: int[]) =
        let r = Array.zeroCreate s.Length
        let mutable n = 1

        for i = s.Length - 1 downto 0 do
            r[i] <- n
            n <- n * s[i]

        r

    /// The strides of new memory whose axes lie within each other as they do where strides are these; the last one innermost.
    let stridesLike (like: int[]) (s: int[]) =
        // Sorted so that equal ones stay in order.
        let before = List.init (max 0 (s.Length - 1)) id |> List.sortBy (fun axis -> -(abs like[axis]))
        let r = Array.zeroCreate s.Length
        let mutable n = 1

        for axis in Seq.rev (Seq.append before (Seq.truncate 1 (seq { before.Length .. s.Length - 1 }))) do
            r[axis] <- n
            n <- n * s[axis]

        r

    /// Turns a possibly negative axis into 0 .. rank - 1.
    let axis (operation: string) (rank: int) (a: int) =
        let b = if a < 0 then a + rank else a

        if b < 0 || b >= rank then
            let range = if rank = 0 then "a scalar has no axes" else $"axes run from {-rank} to {rank - 1}"

            raise (
                AxisException $"{operation}: axis {a} is out of range for a tensor of rank {rank}; {range}."
            )

        b

    /// Normalised, sorted axes without repeats.
    let axes (operation: string) (rank: int) (requested: int[]) =
        let found = requested |> Array.map (axis operation rank) |> Array.sort

        for i in 1 .. found.Length - 1 do
            if found[i] = found[i - 1] then
                raise (AxisException $"{operation}: axis {found[i]} is named twice; name each axis once.")

        found

    let allAxes rank = Array.init rank id

    /// Whether it names each axis once.
    let isOrder rank (order: int[]) =
        order.Length = rank && Range.forall rank (fun axis -> System.Array.IndexOf(order, axis) >= 0)

    /// The shape without the given (sorted, normalised) axes.
    let without (axes: int[]) (s: int[]) =
        let r = Array.zeroCreate (s.Length - axes.Length)
        let mutable j = 0

        for i in 0 .. s.Length - 1 do
            if System.Array.IndexOf(axes, i) < 0 then
                r[j] <- s[i]
                j <- j + 1

        r

    /// The shape with the given axes set to 1.
    let keeping (axes: int[]) (s: int[]) =
        Array.mapi (fun i d -> if System.Array.IndexOf(axes, i) >= 0 then 1 else d) s

    let removeAt i (s: int[]) = Array.removeAt i s
    let insertAt i d (s: int[]) = Array.insertAt i d s

    /// NumPy broadcasting: align right, stretch axes of size 1. Throws naming the axis that does not fit. The operation
    /// is anything that prints: it is asked for its name only when that fails.
    let broadcast (operation: 'operation) (a: int[]) (b: int[]) =
        if equal a b then
            a
        else
            let rank = max a.Length b.Length

            let both =
                Array.init rank (fun i ->
                    let da = if i < rank - a.Length then 1 else a[i - rank + a.Length]
                    let db = if i < rank - b.Length then 1 else b[i - rank + b.Length]

                    if da = db || db = 1 then
                        da
                    elif da = 1 then
                        db
                    else
                        raise (
                            ShapeException
                                $"{operation}: shapes {show a} and {show b} do not broadcast: axis {i - rank} has sizes {da} and {db}. Sizes must agree or be 1; use reshape, expand or permute to line the axes up."
                        ))

            requireRoom operation both
            both

    /// Whether a shape broadcasts to exactly the other.
    let stretches (source: int[]) (target: int[]) =
        let added = target.Length - source.Length
        let fits i d = (d = 1 || d = target[added + i])
        added >= 0 && Range.forall source.Length (fun i -> fits i source[i])

    /// The inverse of a permutation.
    let inverse (permutation: int[]) =
        let r = Array.zeroCreate permutation.Length
        permutation |> Array.iteri (fun i p -> r[p] <- i)
        r

    /// The permutation that moves one axis from a place to another.
    let moving rank source target = allAxes rank |> Array.removeAt source |> Array.insertAt target source
