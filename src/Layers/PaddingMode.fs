namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>What stands beyond the edges of a tensor where it is padded.</summary>
[<RequireQualifiedAccess; Struct>]
type PaddingMode =
    /// 0 everywhere.
    | Zeros
    /// The numbers mirrored at the last one, which is not repeated: 3 2 | 1 2 3 | 2 1.
    | Reflect
    /// The numbers mirrored at the edge, so that the last one is repeated once: 2 1 | 1 2 3 | 3 2.
    | Symmetric
    /// The last number again and again: 1 1 | 1 2 3 | 3 3.
    | Replicate
    /// The numbers from the other end, as if they went round: 2 3 | 1 2 3 | 1 2.
    | Circular

/// Padding with the numbers of the tensor itself.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module PaddingMode =
    let private refuse (operation: string) (x: Tensor) axis (before, after) what =
        raise (
            ShapeException
                $"{operation}: axis {axis} of shape {Shape.show x.Dims} can't be widened by {before} before and {after} after: {what}."
        )

    /// The pieces before and after an axis.
    let private ends (operation: string) mode axis (before, after) (x: Tensor) =
        let size = x.Dims[axis]
        let part start count = sliceAxis axis start count x
        let many (piece: Tensor) count = piece.Expand(Array.updateAt axis count x.Dims)

        match mode with
        | PaddingMode.Zeros ->
            let zeros count = Bind.full (Literal.Whole 0L) x.DType (Array.updateAt axis count x.Dims) x.Device
            zeros before, zeros after
        | PaddingMode.Reflect ->
            if max before after >= size then
                refuse operation x axis (before, after) "a mirror shows one number less than the axis has"

            (part 1 before).Flip axis, (part (size - 1 - after) after).Flip axis
        | PaddingMode.Symmetric ->
            if max before after > size then
                refuse operation x axis (before, after) "a mirror shows as many numbers as the axis has"

            (part 0 before).Flip axis, (part (size - after) after).Flip axis
        | PaddingMode.Replicate ->
            if size = 0 then refuse operation x axis (before, after) "there is no number to repeat"

            many (part 0 1) before, many (part (size - 1) 1) after
        | PaddingMode.Circular ->
            if max before after > size then
                refuse operation x axis (before, after) "the axis goes round once"

            part (size - before) before, part 0 after

    let private widen (operation: string) mode axis (before, after) (x: Tensor) =
        if before = 0 && after = 0 then
            x
        else
            let first, last = ends operation mode axis (before, after) x

            concat axis [
                if before > 0 then first
                x
                if after > 0 then last
            ]

    let internal padLast (operation: string) mode (widths: (int * int)[]) (x: Tensor) : Tensor =
        let first = x.Rank - widths.Length

        let mutable padded = x

        for axis in 0 .. widths.Length - 1 do
            padded <- widen operation mode (first + axis) widths[axis] padded

        padded

    /// <summary>The last axes widened by so much before and after each; other axes stay.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// There are more widths than axes, one is negative, or an axis is too short to be reflected or to go round.
    /// </exception>
    /// <example><code>
    /// let x = tensor [ 1; 2; 3 ]
    /// PaddingMode.pad PaddingMode.Reflect [ (2, 1) ] x // [3, 2, 1, 2, 3, 2]
    /// PaddingMode.pad PaddingMode.Symmetric [ (2, 1) ] x // [2, 1, 1, 2, 3, 3]
    /// PaddingMode.pad PaddingMode.Circular [ (2, 1) ] x // [2, 3, 1, 2, 3, 1]
    /// </code></example>
    let pad (mode: PaddingMode) (widths: (int * int) list) (x: Tensor) : Tensor =
        let operation = "PaddingMode.pad"
        Given.check "widths" widths
        Given.check "x" x

        if
            widths.Length > x.Rank || widths |> List.exists (fun (before, after) -> before < 0 || after < 0)
        then
            raise (
                ShapeException
                    $"{operation}: widths {widths} for a tensor of shape {Shape.show x.Dims}; give a pair of non-negative numbers for each of its last axes."
            )

        padLast operation mode (Array.ofList widths) x
