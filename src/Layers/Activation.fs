namespace Cotangent

/// The nonlinearity after a layer.
[<RequireQualifiedAccess; Struct>]
type Activation =
    /// None: the layer stays affine.
    | Identity
    | Relu
    /// x where positive, slope * x elsewhere.
    | LeakyRelu of slope: float
    | Tanh
    | Sigmoid
    | Softplus
    /// x · sigmoid x, also called swish (Elfwing et al. 2018).
    | Silu

/// Applying activations.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Activation =
    /// The activation of each element.
    let apply (activation: Activation) (x: Tensor) : Tensor =
        match activation with
        | Activation.Identity -> x
        | Activation.Relu -> relu x
        | Activation.LeakyRelu slope -> leakyRelu slope x
        | Activation.Tanh -> tanh x
        | Activation.Sigmoid -> sigmoid x
        | Activation.Softplus -> softplus x
        | Activation.Silu -> x * sigmoid x
