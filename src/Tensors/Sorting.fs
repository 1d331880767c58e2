namespace Cotangent

/// Orders along an axis (the last unless given). NaN comes last; equal elements keep their order.
[<AutoOpen>]
module Sorting =
    /// The elements in order, and where they were.
    let private sorted axis descending (t: Tensor) = Bind.apply (Primitive.Sort(axis, descending)) [| t |]

    type Tensor with

        /// <summary>The Int32 positions that sort along an axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 3; 1; 2 ]).ArgSort() // [1, 2, 0]
        /// </code></example>
        [<CompiledName "ArgSort">]
        member t.ArgSort(?axis: int, ?descending: bool) : Tensor =
            let axis = Shape.axis "argsort" t.Rank (defaultArg axis -1)
            (sorted axis (defaultArg descending false) t)[1]

        /// <summary>The elements in order along an axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 3; 1; 2 ]).Sort(descending = true) // [3, 2, 1]
        /// </code></example>
        [<CompiledName "Sort">]
        member t.Sort(?axis: int, ?descending: bool) : Tensor =
            let axis = Shape.axis "sort" t.Rank (defaultArg axis -1)
            (sorted axis (defaultArg descending false) t)[0]

        /// <summary>The k largest elements along an axis, in falling order, and their Int32 positions.</summary>
        /// <exception cref="T:Cotangent.ValueException">The axis has fewer than k elements.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 3; 1; 2 ]).TopK 2 // ([3, 2], [0, 2])
        /// </code></example>
        [<CompiledName "TopK">]
        member t.TopK(k: int, ?axis: int) : Tensor * Tensor =
            let axis = Shape.axis "topK" t.Rank (defaultArg axis -1)

            if k < 0 || k > t.Dims[axis] then
                raise (
                    ValueException
                        $"topK: {k} of the {t.Dims[axis]} elements of axis {axis} in shape {Shape.show t.Dims}. Ask for as many at most."
                )

            let all = sorted axis true t
            sliceAxis axis 0 k all[0], sliceAxis axis 0 k all[1]
