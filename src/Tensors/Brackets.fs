namespace Cotangent

module internal Bracket =
    /// `a..b`, or `*`.
    let along (first: int option) (last: int option) =
        match first, last with
        | None, None -> Index.All
        | first, last -> Index.Range(first, last, 1)

    let positions (positions: int[]) =
        Given.check "positions" positions
        positions |> List.ofArray |> List.map Index.At

    let taken (name: string) (positions: Tensor) =
        Given.check name positions
        Index.Take positions

    /// What stands in brackets with more axes than the overloads know: slices come as two options, of which None is
    /// null, all else as it is.
    let parse (arguments: objnull[]) =
        Given.check "arguments" arguments

        let rec go i =
            if i = arguments.Length then
                []
            else
                match arguments[i] with
                | :? int as p -> Index.At p :: go (i + 1)
                | :? Tensor as p -> Index.Take p :: go (i + 1)
                | first ->
                    let bound (o: objnull) =
                        match o with
                        | null -> None
                        | :? (int option) as b -> b
                        | other ->
                            raise (
                                IndexException
                                    $"slice: {other} is no position. Use an int, a slice such as 1..3, or an integer tensor."
                            )

                    along (bound first) (bound arguments[i + 1]) :: go (i + 2)

        go 0

open Bracket

// Overloads for the common cases tell the type of an open end, as in `t[1..]`; a parameter array alone would leave it
// open (warning FS3559).

/// <summary>What stands behind <c>t.At</c>: brackets that name a part instead of reading it.</summary>
[<Sealed>]
type TensorParts(whole: Tensor) =
    do Given.check "whole" whole
    let part indices = TensorPart(whole, PartSelection.Indices indices)

    /// By positions: the axes named disappear.
    member _.Item
        with get ([<System.ParamArray>] positions: int[]): TensorPart = part (Bracket.positions positions)

    /// By a Bool mask, or by integer positions along axis 0.
    member _.Item
        with get (selection: Tensor): TensorPart =
            Given.check "selection" selection

            if selection.DType = DType.Bool then
                TensorPart(whole, PartSelection.Mask selection)
            else
                part [ Index.Take selection ]

    /// By computed indices.
    member _.Item
        with get (indices: Index seq): TensorPart =
            Given.check "indices" indices
            part (List.ofSeq indices)

    /// <summary><c>t.At[1.., *, -1]</c></summary>
    /// <exception cref="T:Cotangent.IndexException">An index lies outside its axis.</exception>
    /// <example><code>
    /// (tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]).At[*, 1..].Set 0.0 // [[1, 0, 0], [4, 0, 0]]
    /// </code></example>
    member _.GetSlice(a1: int option, b1: int option) = part [ along a1 b1 ]

    /// <exclude/>
    member _.GetSlice(a1: int option, b1: int option, a2: int option, b2: int option) =
        part [ along a1 b1; along a2 b2 ]

    /// <exclude/>
    member _.GetSlice(a1: int option, b1: int option, i2: int) = part [ along a1 b1; Index.At i2 ]

    /// <exclude/>
    member _.GetSlice(i1: int, a2: int option, b2: int option) = part [ Index.At i1; along a2 b2 ]

    /// <exclude/>
    member _.GetSlice(a1: int option, b1: int option, p2: Tensor) = part [ along a1 b1; taken "p2" p2 ]

    /// <exclude/>
    member _.GetSlice(p1: Tensor, a2: int option, b2: int option) = part [ taken "p1" p1; along a2 b2 ]

    /// <exclude/>
    member _.GetSlice
        (a1: int option, b1: int option, a2: int option, b2: int option, a3: int option, b3: int option)
        =
        part [ along a1 b1; along a2 b2; along a3 b3 ]

    /// <exclude/>
    member _.GetSlice(a1: int option, b1: int option, a2: int option, b2: int option, i3: int) =
        part [ along a1 b1; along a2 b2; Index.At i3 ]

    /// <exclude/>
    member _.GetSlice(a1: int option, b1: int option, i2: int, a3: int option, b3: int option) =
        part [ along a1 b1; Index.At i2; along a3 b3 ]

    /// <exclude/>
    member _.GetSlice(a1: int option, b1: int option, i2: int, i3: int) =
        part [ along a1 b1; Index.At i2; Index.At i3 ]

    /// <exclude/>
    member _.GetSlice(i1: int, a2: int option, b2: int option, a3: int option, b3: int option) =
        part [ Index.At i1; along a2 b2; along a3 b3 ]

    /// <exclude/>
    member _.GetSlice(i1: int, a2: int option, b2: int option, i3: int) =
        part [ Index.At i1; along a2 b2; Index.At i3 ]

    /// <exclude/>
    member _.GetSlice(i1: int, i2: int, a3: int option, b3: int option) =
        part [ Index.At i1; Index.At i2; along a3 b3 ]

    /// <exclude/>
    member _.GetSlice([<System.ParamArray>] arguments: objnull[]) = part (parse arguments)

/// <summary>
/// Parts in brackets: <c>t[1..3, *, -1]</c>, <c>t[indices]</c>, <c>t[mask]</c>; and, for copies with a part replaced,
/// <c>t.At[1..].Set v</c>. Slices include both ends, as everywhere in F#; negative positions count from the end.
/// </summary>
[<AutoOpen>]
module Brackets =
    type Tensor with

        /// <summary><c>t[0, -1]</c>: the axes named disappear.</summary>
        /// <exception cref="T:Cotangent.IndexException">A position lies outside its axis.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ])[0, -1] // 2
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ])[1] // [3, 4]
        /// </code></example>
        member t.Item
            with get ([<System.ParamArray>] positions: int[]): Tensor =
                Given.check "positions" positions
                Subset.at positions t

        /// <summary>
        /// With integers, the slices at those positions of axis 0; with a Bool mask over leading axes, the elements
        /// where it holds, along one axis.
        /// </summary>
        /// <example><code>
        /// let x = tensor [ 1.0; -2.0; 3.0 ]
        /// x[tensor [ 2; 0; 2 ]] // [3, 1, 3]
        /// x[x.Greater 0.0] // [1, 3]
        /// </code></example>
        member t.Item
            with get (selection: Tensor): Tensor =
                Given.check "selection" selection

                if selection.DType = DType.Bool then
                    t.Masked selection
                else
                    Subset.integer "index" selection
                    Subset.slice [ Index.Take selection ] t

        /// <summary>
        /// The part that brackets name, to be replaced in a copy: <c>t.At[0, 1..].Set 5.0</c>, <c>t.At[mask].Add u</c>.
        /// </summary>
        /// <example><code>
        /// let x = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
        /// x.At[0, 1..].Set 0.0 // [[1, 0, 0], [4, 5, 6]]
        /// x.At[x.Greater 4.0].Add 10.0 // [[1, 2, 3], [4, 15, 16]]
        /// </code></example>
        member t.At: TensorParts = TensorParts t

        /// <summary><c>t[1..3, *, -1]</c>: slices include both ends.</summary>
        /// <exception cref="T:Cotangent.IndexException">An index lies outside its axis.</exception>
        /// <example><code>
        /// let x = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
        /// x[*, 1..] // [[2, 3], [5, 6]]
        /// x[-1, ..1] // [4, 5]
        /// </code></example>
        [<CompiledName "GetSlice">]
        member t.GetSlice(a1: int option, b1: int option) = t.Slice [ along a1 b1 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(a1: int option, b1: int option, a2: int option, b2: int option) =
            t.Slice [ along a1 b1; along a2 b2 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(a1: int option, b1: int option, i2: int) = t.Slice [ along a1 b1; Index.At i2 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(i1: int, a2: int option, b2: int option) = t.Slice [ Index.At i1; along a2 b2 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(a1: int option, b1: int option, p2: Tensor) = t.Slice [ along a1 b1; taken "p2" p2 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(p1: Tensor, a2: int option, b2: int option) = t.Slice [ taken "p1" p1; along a2 b2 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice
            (a1: int option, b1: int option, a2: int option, b2: int option, a3: int option, b3: int option)
            =
            t.Slice [ along a1 b1; along a2 b2; along a3 b3 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(a1: int option, b1: int option, a2: int option, b2: int option, i3: int) =
            t.Slice [ along a1 b1; along a2 b2; Index.At i3 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(a1: int option, b1: int option, i2: int, a3: int option, b3: int option) =
            t.Slice [ along a1 b1; Index.At i2; along a3 b3 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(a1: int option, b1: int option, i2: int, i3: int) =
            t.Slice [ along a1 b1; Index.At i2; Index.At i3 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(i1: int, a2: int option, b2: int option, a3: int option, b3: int option) =
            t.Slice [ Index.At i1; along a2 b2; along a3 b3 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(i1: int, a2: int option, b2: int option, i3: int) =
            t.Slice [ Index.At i1; along a2 b2; Index.At i3 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice(i1: int, i2: int, a3: int option, b3: int option) =
            t.Slice [ Index.At i1; Index.At i2; along a3 b3 ]

        /// <exclude/>
        [<CompiledName "GetSlice">]
        member t.GetSlice([<System.ParamArray>] arguments: objnull[]) : Tensor =
            Subset.slice (parse arguments) t
