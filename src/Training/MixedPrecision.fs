namespace Cotangent

open System.Collections.Generic

/// <summary>
/// Computing in 16 bits, with parameters and optimisers in 32 (Micikevicius et al. 2018): the parameters that are trained stay
/// as they are, and a function of them sees them converted.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module MixedPrecision =
    let private convertTo (dtype: DType) (t: Tensor) = if t.DType.IsFloat then t.Convert dtype else t

    /// <summary>
    /// The function computed in another floating-point dtype: floating-point tensors of its argument are converted to it, those of
    /// its result to Float32. Gradients with respect to the argument have the dtypes of the argument: these are the masters. What should
    /// not be in 16 bits, such as a loss and its norms, stays outside: <c>fun model -> Loss.crossEntropy labels (forward model x)</c> with
    /// <c>forward</c> made by this function.
    /// </summary>
    /// <remarks>
    /// What is <c>Frozen</c>, such as the running statistics of <c>BatchNorm</c>, is not converted; and what the function hands on as it got
    /// it comes out as it went in, bit for bit. So a model may be trained by its own <c>Train</c>, which returns the model with new statistics.
    /// </remarks>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// let forward (w: Tensor, x: Tensor) = matmul x w
    /// let half = MixedPrecision.computeIn DType.BFloat16 forward
    /// let loss w = sum (square (half (w, tensor [ [ 1.0f; 2.0f ] ])))
    /// grad loss (tensor [ [ 1.0f ]; [ 0.5f ] ]) // [[4], [8]]
    /// </code></example>
    let computeIn (dtype: DType) (f: 'p -> 'q) : 'p -> 'q =
        Given.check "f" f

        if not dtype.IsFloat then
            raise (
                DTypeException
                    $"MixedPrecision.computeIn: {dtype}; a floating-point dtype is needed, such as BFloat16."
            )

        fun x ->
            let converted = Tree.mapTrained (convertTo dtype) x
            let masters = Dictionary<Tensor, Tensor>(HashIdentity.Reference)

            (Tree.leaves converted, Tree.leaves x)
            ||> Array.iter2 (fun half master -> masters[half] <- master)

            let back (t: Tensor) =
                match masters.TryGetValue t with
                | true, master -> master
                | false, _ -> convertTo DType.Float32 t

            f converted |> Tree.map back

/// <summary>How the scale of a loss changes.</summary>
/// <example><code>
/// let scaling = { LossScale.dynamic with Initial = 1024.0; Interval = 500 }
/// (LossScale.start scaling).Scale // 1024
/// </code></example>
type LossScaling = {
    /// The scale at first.
    Initial: float
    /// What the scale is multiplied by after so many steps without an overflow; 1 for a scale that stays.
    Growth: float
    /// What it is multiplied by after an overflow.
    Backoff: float
    /// These steps.
    Interval: int
}

/// The scale of a loss; a tree.
type LossScale = {
    /// What the loss is multiplied by, Float32.
    Scale: Tensor
    /// Steps without an overflow since it last changed, Int32.
    Since: Tensor
}

/// <summary>
/// Gradients in Float16 that are not lost below its smallest number: the loss is multiplied by a scale, the gradient divided by it
/// (Micikevicius et al. 2018, §3.2). BFloat16 has the range of Float32 and needs none.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module LossScale =
    /// <summary>PyTorch's: 65,536 at first, doubled after 2,000 steps without an overflow, halved by one.</summary>
    let dynamic: LossScaling = { Initial = 65536.0; Growth = 2.0; Backoff = 0.5; Interval = 2000 }

    /// <summary>One scale that stays.</summary>
    /// <exception cref="T:Cotangent.ValueException">The scale is not positive.</exception>
    /// <example><code>
    /// let scaling = LossScale.fixedAt 128.0
    /// (LossScale.start scaling).Scale // 128
    /// </code></example>
    let fixedAt (scale: float) : LossScaling =
        if not (scale > 0.0) then
            raise (ValueException $"LossScale.fixedAt: the scale is {string scale}; it must be positive.")

        { Initial = scale; Growth = 1.0; Backoff = 1.0; Interval = 1 }

    /// <summary>The scale before the first step.</summary>
    /// <example><code>
    /// (LossScale.start LossScale.dynamic).Scale // 65536
    /// </code></example>
    let start (scaling: LossScaling) : LossScale =
        Given.check "scaling" scaling

        { Scale = Tensor.own [||] [| float32 scaling.Initial |]; Since = Tensor.own [||] [| 0 |] }

    let private scaled (scale: LossScale) (f: 'p -> Tensor * 'aux) (x: 'p) : (Tensor * 'aux) * 'p =
        Given.check "scale" scale

        let (_, found), gradient =
            valueAndGradWith
                (fun x ->
                    let value, other = f x
                    value * scale.Scale.Convert value.DType, (value, other))
                x

        let unscaled (g: Tensor) = if g.DType.IsFloat then g / scale.Scale.Convert g.DType else g
        found, Tree.map unscaled gradient

    /// <summary>
    /// Value and gradient of a function, the gradient taken of the function times the scale and divided by it in the dtypes of the
    /// argument. An overflow on the way shows as an infinity or a NaN in the gradient.
    /// </summary>
    /// <example><code>
    /// // In Float16 alone 1e-8 would be 0.
    /// let small = MixedPrecision.computeIn DType.Float16 (fun (x: Tensor) -> x * 1e-4)
    /// let loss x = 1e-4f * sum (small x)
    /// let scale = LossScale.start (LossScale.fixedAt 65536.0)
    /// LossScale.valueAndGrad scale loss (tensor [ 1.0f ]) |> snd // [1e-08]
    /// </code></example>
    let valueAndGrad (scale: LossScale) (f: 'p -> Tensor) (x: 'p) : Tensor * 'p =
        Given.check "f" f
        let (value, _), gradient = scaled scale (fun x -> f x, ()) x
        value, gradient

    /// <summary>
    /// The same for a function that returns something else beside the loss, as a model with new running statistics: loss and that, and
    /// the gradient of the loss.
    /// </summary>
    /// <example><code>
    /// let scale = LossScale.start (LossScale.fixedAt 1024.0)
    /// let loss (x: Tensor) = sum (x * x), x + 1
    /// LossScale.valueAndGradWith scale loss (tensor [ 3.0 ]) // ((9, [4]), [6])
    /// </code></example>
    let valueAndGradWith (scale: LossScale) (f: 'p -> Tensor * 'aux) (x: 'p) : (Tensor * 'aux) * 'p =
        Given.check "f" f
        scaled scale f x

    /// <summary>
    /// The scale for the next step: smaller after a gradient with an infinity or a NaN, larger after many without. Such a step
    /// should change nothing: <c>Optimizer.skipNonFinite</c>.
    /// </summary>
    /// <example><code>
    /// // Halved by an overflow.
    /// let scale = LossScale.start LossScale.dynamic
    /// (scale |> LossScale.update LossScale.dynamic (tensor [ 1.0; infinity ])).Scale // 32768
    /// </code></example>
    let update (scaling: LossScaling) (gradient: 'p) (scale: LossScale) : LossScale =
        Given.check "scaling" scaling
        Given.check "scale" scale
        let leaves = Tree.leaves gradient |> Array.filter _.DType.IsFloat
        let isFinite = Wrappers.allFinite leaves
        let since = where isFinite (scale.Since + 1) (Tensor.zerosLike scale.Since)
        let isDue = since.GreaterEqual(float scaling.Interval)

        // A scale beyond Float32, or of 0, would never come back.
        let changed =
            clamp
                1e-30
                1e30
                (where
                    isFinite
                    (where isDue (scale.Scale * scaling.Growth) scale.Scale)
                    (scale.Scale * scaling.Backoff))

        { Scale = changed; Since = where isDue (Tensor.zerosLike since) since }
