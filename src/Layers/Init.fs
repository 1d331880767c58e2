namespace Cotangent

/// How many numbers meet in one output of a layer, and how many outputs one input feeds.
[<Struct>]
type Fans = {
    /// Numbers that meet in one output.
    In: int
    /// Outputs that one input feeds.
    Out: int
}

/// <summary>
/// How a layer's parameters start: from the layer's fans and the shape wanted, with a key of their own. Float32.
/// </summary>
/// <example><code>
/// // Zeros but for the first input.
/// let first: Init = fun fans shape key -> (Init.zeros fans shape key).At[0].Set 1.0
/// (Linear.init { Linear.defaults with Weight = first } 3 2 (Key.create 0L)).Weight // [[1, 1], [0, 0], [0, 0]]
/// </code></example>
type Init = Fans -> int list -> Key -> Tensor

/// Initialisers of the field.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Init =
    /// <summary>Uniform in [-bound, bound), the bound computed from the fans.</summary>
    /// <example><code>
    /// let small = Init.uniformWithin (fun _ -> 0.05)
    /// </code></example>
    let uniformWithin (bound: Fans -> float) : Init =
        fun fans shape key ->
            let b = bound fans
            Random.uniformIn key -b b DType.Float32 shape

    /// <summary>Normal with mean 0 and a deviation computed from the fans.</summary>
    /// <example><code>
    /// let gpt2 = Init.normalOf (fun _ -> 0.02)
    /// </code></example>
    let normalOf (deviation: Fans -> float) : Init =
        fun fans shape key -> Random.normal key DType.Float32 shape * deviation fans

    /// The same number everywhere.
    let constant (value: float) : Init = fun _ shape _ -> Tensor.full DType.Float32 shape value

    /// <summary>The number 0 everywhere.</summary>
    let zeros: Init = constant 0.0

    /// Uniform within ±√(6/(in+out)), for layers followed by tanh or sigmoid (Glorot & Bengio 2010, eq. 16).
    let glorotUniform: Init = uniformWithin (fun fans -> sqrt (6.0 / float (fans.In + fans.Out)))

    /// Normal with variance 2/(in+out) (Glorot & Bengio 2010, eq. 12).
    let glorotNormal: Init = normalOf (fun fans -> sqrt (2.0 / float (fans.In + fans.Out)))

    /// Uniform within ±√(6/in), for layers followed by ReLU (He et al. 2015, eq. 10, as a uniform).
    let heUniform: Init = uniformWithin (fun fans -> sqrt (6.0 / float fans.In))

    /// Normal with variance 2/in, for layers followed by ReLU (He et al. 2015, eq. 10).
    let heNormal: Init = normalOf (fun fans -> sqrt (2.0 / float fans.In))

    /// Normal with variance 1/in (LeCun et al. 1998, §4.6).
    let lecunNormal: Init = normalOf (fun fans -> sqrt (1.0 / float fans.In))

    /// <summary>Uniform within ±1/√in: what PyTorch's <c>nn.Linear</c> starts from, weights and biases alike.</summary>
    let inverseRoot: Init = uniformWithin (fun fans -> 1.0 / sqrt (float fans.In))
