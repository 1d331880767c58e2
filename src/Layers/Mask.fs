namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>Bools that say what is seen: true for what counts, false for what only fills up.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Mask =
    /// <summary>
    /// The steps of sequences of these lengths: lengths (…), integers, give (…, steps), true before each one's end. Sequences that
    /// fill up at the start have theirs turned round: <c>mask.Flip -1</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The lengths are not integers.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The number of steps is negative.</exception>
    /// <example><code>
    /// Mask.ofLengths 4 (tensor [ 1; 3 ]) // [[true, false, false, false], [true, true, true, false]]
    /// </code></example>
    let ofLengths (steps: int) (lengths: Tensor) : Tensor =
        Given.check "lengths" lengths

        if not lengths.DType.IsInteger then
            raise (
                DTypeException
                    $"Mask.ofLengths: lengths must be integers, got {lengths.DType} {Shape.show lengths.Dims}. Convert them first."
            )

        Shape.requireSizes "Mask.ofLengths" [| steps |]
        let step = Bind.create (Primitive.Iota(lengths.DType, steps)) lengths.Device
        step.Less(lengths.Unsqueeze -1)

    /// <summary>
    /// Steps that queries may look at, as an attention wants them: from a mask of steps (…, steps) to (…, 1, steps), the same for
    /// all queries.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The mask is not Bool.</exception>
    /// <example><code>
    /// let labels = tensor [ [ 5; 7; 0 ]; [ 6; 0; 0 ] ]
    /// Mask.forQueries (labels.NotEqual 0.0) // [[[true, true, false]], [[true, false, false]]]
    /// </code></example>
    let forQueries (mask: Tensor) : Tensor =
        Given.check "mask" mask
        Subset.requireMask "Mask.forQueries" mask
        mask.Unsqueeze -2
