namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Axes by name, in the notation of einops: `b (h w) c -> b c h w`. Names divided by spaces are the axes of a tensor in order;
/// several in parentheses are one axis, of which the last runs fastest; three dots are all axes without names; 1 is an axis
/// of size 1. A size that does not follow from the tensor is given by name.
[<AutoOpen>]
module Patterns =
    /// What stands on one side must stand on the other.
    let private requireOn
        (other: PatternGroup list)
        (pattern: Pattern)
        (side: PatternGroup list)
        (problem: string)
        =
        let known = Pattern.items other |> List.map _.Label

        for item in Pattern.items side do
            if not (List.exists (fun label -> label = item.Label) known) then
                pattern.Fail item.At $"{item.Label} {problem}"

    let private refuseNumbers (pattern: Pattern) (side: PatternGroup list) (problem: string) =
        for item in Pattern.items side do
            match item with
            | PatternItem.Number(size, at) -> pattern.Fail at $"{size} {problem}"
            | PatternItem.Axis _
            | PatternItem.Rest _ -> ()

    let private unfolded (_: int[]) (x: Tensor) = x

    /// <summary>
    /// The axes in another order, taken apart and put together, as a pattern says; the same elements.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The pattern is none, an axis stands on one side only, or a size does not follow or does not fit.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The tensor has another number of axes.</exception>
    /// <example><code>
    /// let images = Tensor.zeros DType.Float32 [ 8; 32; 48; 3 ]
    /// images |> rearrange "b h w c -> b c h w" [] // shape (8, 3, 32, 48)
    /// images |> rearrange "b (h 2) w c -> b h w c" [] // throws ValueException
    /// images |> rearrange "b (h p) (w q) c -> b (h w) (p q c)" [ "p", 16; "q", 16 ] // shape (8, 6, 768)
    /// tensor [ [ 1; 2 ]; [ 3; 4 ] ] |> rearrange "h w -> (w h)" [] // [1, 3, 2, 4]
    /// </code></example>
    let rearrange (pattern: string) (sizes: (string * int) list) (x: Tensor) : Tensor =
        Given.check "pattern" pattern
        Given.check "sizes" sizes
        Given.check "x" x
        let pattern = Pattern.parse "rearrange" pattern

        refuseNumbers
            pattern
            pattern.Left
            "has no name that could stand on the right; only an axis of 1 may vanish"

        refuseNumbers pattern pattern.Right "is a new axis; `repeat` makes new ones"

        requireOn
            pattern.Right
            pattern
            pattern.Left
            "does not stand on the right, and no element may be lost; `reduce` folds axes"

        requireOn pattern.Left pattern pattern.Right "does not stand on the left; `repeat` makes new axes"
        Rearrangement.run pattern sizes unfolded x

    /// <summary>
    /// The axes that the right side of a pattern leaves out folded into one number; the others in the order that it says.
    /// A number in the pattern is an axis of that size without a name.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The pattern is none, the right side has what the left has not, or a size does not follow or does not fit.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The tensor has another number of axes, or there is nothing to take a mean or an extreme of.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype has no such reduction.</exception>
    /// <example><code>
    /// let images = Tensor.ones DType.Float32 [ 8; 32; 48; 3 ]
    /// images |> reduce "b h w c -> b c" Reduce.Mean [] // shape (8, 3)
    /// images |> reduce "b (h 2) (w 2) c -> b h w c" Reduce.Max [] // shape (8, 16, 24, 3)
    /// tensor [ [ 1; 2 ]; [ 3; 4 ] ] |> reduce "h w -> h 1" Reduce.Sum [] // [[3], [7]]
    /// </code></example>
    let reduce (pattern: string) (how: Reduce) (sizes: (string * int) list) (x: Tensor) : Tensor =
        Given.check "pattern" pattern
        Given.check "sizes" sizes
        Given.check "x" x
        let pattern = Pattern.parse "reduce" pattern
        refuseNumbers pattern pattern.Right "is a new axis; `repeat` makes new ones"
        requireOn pattern.Left pattern pattern.Right "does not stand on the left; `repeat` makes new axes"
        Rearrangement.run pattern sizes (Reducing.over "reduce" how) x

    /// <summary>
    /// The elements again and again along the axes that only the right side of a pattern has, each of a size that is given,
    /// or is a number in the pattern.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The pattern is none, an axis of the left side is lost, or a size is not given or does not fit.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The tensor has another number of axes.</exception>
    /// <example><code>
    /// let image = tensor [ [ 1; 2 ]; [ 3; 4 ] ]
    /// image |> repeat "h w -> h w c" [ ("c", 3) ] // shape (2, 2, 3)
    /// image |> repeat "h w -> (2 h) w" [] // [[1, 2], [3, 4], [1, 2], [3, 4]]
    /// image |> repeat "h w -> h (w 2)" [] // [[1, 1, 2, 2], [3, 3, 4, 4]]
    /// </code></example>
    let repeat (pattern: string) (sizes: (string * int) list) (x: Tensor) : Tensor =
        Given.check "pattern" pattern
        Given.check "sizes" sizes
        Given.check "x" x
        let pattern = Pattern.parse "repeat" pattern

        refuseNumbers
            pattern
            pattern.Left
            "has no name that could stand on the right; only an axis of 1 may vanish"

        requireOn
            pattern.Right
            pattern
            pattern.Left
            "does not stand on the right, and no element may be lost; `reduce` folds axes"

        let known = Pattern.items pattern.Left |> List.map _.Label

        for item in Pattern.items pattern.Right do
            match item with
            | PatternItem.Rest at when not (List.exists (fun label -> label = item.Label) known) ->
                pattern.Fail at "the dots do not stand on the left"
            | PatternItem.Axis(name, at) when
                not (List.exists (fun label -> label = name) known)
                && not (List.exists (fun (given, _) -> given = name) sizes)
                ->
                pattern.Fail at $"{name} is a new axis, and no size is given for it"
            | PatternItem.Axis _
            | PatternItem.Number _
            | PatternItem.Rest _ -> ()

        Rearrangement.run pattern sizes unfolded x
