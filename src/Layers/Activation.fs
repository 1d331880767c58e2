namespace Cotangent

/// The nonlinearity after a layer.
[<RequireQualifiedAccess; Struct>]
type Activation =
    /// None: the layer stays affine.
    | Identity
    /// max(x, 0).
    | Relu
    /// x where positive, slope * x elsewhere.
    | LeakyRelu of slope: float
    /// The hyperbolic tangent.
    | Tanh
    /// 1 / (1 + exp -x).
    | Sigmoid
    /// log (1 + exp x).
    | Softplus
    /// x · sigmoid x, also called swish (Elfwing et al. 2018).
    | Silu
    /// x Φ(x), the Gaussian error linear unit (Hendrycks and Gimpel 2016), exact.
    | Gelu

    /// <summary>The activation of each element.</summary>
    member activation.Apply(x: Tensor) : Tensor =
        Given.check "x" x

        match activation with
        | Activation.Identity -> x
        | Activation.Relu -> relu x
        | Activation.LeakyRelu slope -> leakyRelu slope x
        | Activation.Tanh -> tanh x
        | Activation.Sigmoid -> sigmoid x
        | Activation.Softplus -> softplus x
        | Activation.Silu -> silu x
        | Activation.Gelu -> gelu x

    interface ILayer with
        member activation.Forward x = activation.Apply x

/// Applying activations.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Activation =
    /// <summary>The activation of each element.</summary>
    /// <example><code>
    /// Activation.apply Activation.Relu (tensor [ -1.0; 2.0 ]) // [0, 2]
    /// </code></example>
    let apply (activation: Activation) (x: Tensor) : Tensor = activation.Apply x
