namespace Cotangent

/// The nonlinearity after a layer: all that PyTorch has with one argument. <c>Prelu</c> and <c>Rrelu</c> are layers.
[<RequireQualifiedAccess; Struct>]
type Activation =
    /// None: the layer stays affine.
    | Identity
    /// max(x, 0).
    | Relu
    /// min(max(x, 0), 6).
    | Relu6
    /// x where positive, slope * x elsewhere.
    | LeakyRelu of slope: float
    /// x where positive, alpha (exp x - 1) elsewhere.
    | Elu of alpha: float
    /// x where positive, alpha (exp (x / alpha) - 1) elsewhere.
    | Celu of alpha: float
    /// 1.0507 x where positive, 1.7581 (exp x - 1) elsewhere (Klambauer et al. 2017).
    | Selu
    /// x Φ(x), the Gaussian error linear unit (Hendrycks and Gimpel 2016), exact.
    | Gelu
    /// <summary><c>Gelu</c> approximated by tanh, as GPT-2 has it.</summary>
    | GeluTanh
    /// x · sigmoid x, also called swish (Elfwing et al. 2018).
    | Silu
    /// x tanh (softplus x) (Misra 2019).
    | Mish
    /// log (1 + exp x).
    | Softplus
    /// log (1 + exp (beta x)) / beta.
    | SoftplusBy of beta: float
    /// x / (1 + |x|).
    | Softsign
    /// x brought towards 0 by a limit.
    | Softshrink of limit: float
    /// x where it is further from 0 than a limit, 0 elsewhere.
    | Hardshrink of limit: float
    /// x - tanh x.
    | Tanhshrink
    /// The hyperbolic tangent.
    | Tanh
    /// x between two bounds, and these outside.
    | Hardtanh of low: float * high: float
    /// 1 / (1 + exp -x).
    | Sigmoid
    /// x/6 + 1/2 within 0 and 1.
    | Hardsigmoid
    /// <summary>x times <c>Hardsigmoid</c>.</summary>
    | Hardswish
    /// log (sigmoid x).
    | LogSigmoid
    /// x above a limit, one value elsewhere.
    | Threshold of limit: float * value: float
    /// exp x over its sum along an axis.
    | Softmax of axis: int
    /// <summary>The logarithm of <c>Softmax</c>.</summary>
    | LogSoftmax of axis: int
    /// <summary><c>Softmax</c> of -x.</summary>
    | Softmin of axis: int
    /// The first half along an axis times the sigmoid of the second.
    | Glu of axis: int

    /// <summary>The activation of each element; along their axis for those that have one.</summary>
    /// <example><code>
    /// Activation.Relu.Apply(tensor [ -1.0; 2.0 ]) // [0, 2]
    /// (Activation.Softmax -1).Apply(tensor [ 1.0; 1.0 ]) // [0.5, 0.5]
    /// </code></example>
    member activation.Apply(x: Tensor) : Tensor =
        Given.check "x" x

        match activation with
        | Activation.Identity -> x
        | Activation.Relu -> relu x
        | Activation.Relu6 -> relu6 x
        | Activation.LeakyRelu slope -> leakyRelu slope x
        | Activation.Elu alpha -> elu alpha x
        | Activation.Celu alpha -> celu alpha x
        | Activation.Selu -> selu x
        | Activation.Gelu -> gelu x
        | Activation.GeluTanh -> geluTanh x
        | Activation.Silu -> silu x
        | Activation.Mish -> mish x
        | Activation.Softplus -> softplus x
        | Activation.SoftplusBy beta -> softplusBy beta x
        | Activation.Softsign -> softsign x
        | Activation.Softshrink limit -> softshrink limit x
        | Activation.Hardshrink limit -> hardshrink limit x
        | Activation.Tanhshrink -> tanhshrink x
        | Activation.Tanh -> tanh x
        | Activation.Hardtanh(low, high) -> hardtanh low high x
        | Activation.Sigmoid -> sigmoid x
        | Activation.Hardsigmoid -> hardsigmoid x
        | Activation.Hardswish -> hardswish x
        | Activation.LogSigmoid -> logSigmoid x
        | Activation.Threshold(limit, value) -> threshold limit value x
        | Activation.Softmax axis -> x.Softmax axis
        | Activation.LogSoftmax axis -> x.LogSoftmax axis
        | Activation.Softmin axis -> softmin axis x
        | Activation.Glu axis -> glu axis x

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
