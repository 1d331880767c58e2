namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Which keys a query looks at, and how scores are scaled.
[<CompiledName "FSharpAttention">]
type Attention = {
    /// Whether a query sees the keys up to its own place only. Where there are fewer queries than keys, the queries are the
    /// last ones: the last query sees all keys.
    IsCausal: bool
    /// Where a query may look at a key (Bool, broadcast to the batch axes ++ (queries, keys)).
    Mask: Tensor option
    /// What products of queries and keys are multiplied by; None: 1/√width.
    Scale: float option
}

/// Scaled dot-product attention.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Attention =
    /// Every query looks at every key.
    let full: Attention = { IsCausal = false; Mask = None; Scale = None }

    /// A query sees the keys up to its own place.
    let causal: Attention = { full with IsCausal = true }

    /// <summary>A query sees the keys where the mask (Bool) holds. It broadcasts to the batch axes ++ (queries, keys).</summary>
    /// <example><code>
    /// // Every query sees the first key alone.
    /// let x = tensor [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ] ]
    /// attend (Attention.masked (tensor [ true; false ])) x x x // [[1, 0], [1, 0]]
    /// </code></example>
    let masked (mask: Tensor) : Attention =
        Given.check "mask" mask
        { full with Mask = Some mask }

/// Applying attention.
[<AutoOpen>]
module Attending =
    let private shapes (query: Tensor) (key: Tensor) (value: Tensor) =
        $"query {query.DType} {Shape.show query.Dims}, key {key.DType} {Shape.show key.Dims} and value {value.DType} {Shape.show value.Dims}"

    /// Whether a query sees the keys up to its own place only, the scale, and query, key, value and mask with one shape of batch.
    let internal prepared
        (how: Attention)
        (query: Tensor)
        (key: Tensor)
        (value: Tensor)
        : struct (bool * float * Tensor[]) =
        Given.check "how" how
        Given.check "query" query
        Given.check "key" key
        Given.check "value" value
        Operands.sameDType "attend" query key
        Operands.sameDType "attend" query value

        if not query.DType.IsFloat then
            raise (
                DTypeException
                    $"attend needs floating-point tensors, got {shapes query key value}; convert them first."
            )

        let size (t: Tensor) fromEnd = t.Dims[t.Rank - fromEnd]

        if
            query.Rank < 2
            || key.Rank < 2
            || value.Rank < 2
            || size query 1 <> size key 1
            || size key 2 <> size value 2
        then
            raise (
                ShapeException
                    $"attend: expected query (…, L, E), key (…, S, E) and value (…, S, V), got {shapes query key value}."
            )

        let batchOf (t: Tensor) = t.Dims[.. t.Rank - 3]

        let batch =
            Shape.broadcast "attend" (batchOf query) (batchOf key) |> Shape.broadcast "attend" (batchOf value)

        let withBatch (t: Tensor) = Operands.expandTo (Array.append batch [| size t 2; size t 1 |]) t

        let mask =
            match how.Mask with
            | None -> [||]
            | Some mask ->
                let wanted = Array.append batch [| size query 2; size key 2 |]

                if mask.DType <> DType.Bool then
                    raise (
                        DTypeException
                            $"attend: the mask must be Bool, got {mask.DType} {Shape.show mask.Dims}. Compare it with something first."
                    )

                if not (Shape.stretches mask.Dims wanted) then
                    raise (
                        ShapeException
                            $"attend: the mask {Shape.show mask.Dims} does not broadcast to {Shape.show wanted}, the batch axes, queries and keys of {shapes query key value}."
                    )

                [| Operands.expandTo wanted mask |]

        let scale =
            match how.Scale with
            | Some scale -> scale
            | None -> 1.0 / sqrt (float (max 1 (size query 1)))

        struct (how.IsCausal, scale, Array.append [| withBatch query; withBatch key; withBatch value |] mask)

    /// <summary>
    /// softmax(scale · query keyᵀ) value (Vaswani et al. 2017): query (…, L, E), key (…, S, E) and value (…, S, V) give
    /// (…, L, V); batch axes broadcast. A query that may look at no key gets 0. The matrix of all scores is never in memory
    /// on the CPU, neither here nor in reverse mode; on CUDA, reverse mode holds those of a block of queries. Forward mode
    /// and second derivatives do hold it.
    /// </summary>
    /// <remarks>
    /// Causal queries are aligned with the end of the keys, as decoding with earlier keys at hand wants it; PyTorch's
    /// <c>is_causal</c> aligns them with the beginning. For as many queries as keys both are the same.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit together.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ or are not floating-point, or the mask is not Bool.
    /// </exception>
    /// <example><code>
    /// let x = tensor [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ]; [ 1.0; 1.0 ] ]
    /// attend Attention.causal x x x // [[1, 0], [0.3302, 0.6698], [0.7517, 0.7517]]
    /// </code></example>
    let attend (how: Attention) (query: Tensor) (key: Tensor) (value: Tensor) : Tensor =
        let struct (isCausal, scale, inputs) = prepared how query key value
        Bind.one (Primitive.Fused(Fused.Attention(isCausal, scale))) inputs
