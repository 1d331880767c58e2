namespace Cotangent

/// The activations of the field that are not primitives: elementwise, of floating-point tensors. Where PyTorch has one, values,
/// defaults of <c>Activation</c> and slopes at kinks are its own. None computes with what it then leaves out, so that no NaN
/// comes back through a derivative.
[<AutoOpen>]
module Nonlinearities =
    let private requireFloat (operation: string) (x: Tensor) =
        Given.check "x" x

        if not x.DType.IsFloat then
            raise (DTypeException $"{operation} is not defined on {x.DType}. {DTypes.wayOut x.DType}")

    /// One function where x is above a limit and another elsewhere, each of an argument that is 0 where it does not apply.
    let private split (limit: float) above below (x: Tensor) =
        let isAbove = x.Greater limit
        let zero = Tensor.zerosLike x
        where isAbove (above (where isAbove x zero)) (below (where isAbove zero x))

    /// x between two bounds, and these outside. Its slope is 0 at both, as PyTorch's hardtanh has it.
    let private ramp (low: float) (high: float) (x: Tensor) =
        where
            (x.LessEqual low)
            (Tensor.fullLike x low)
            (where (x.GreaterEqual high) (Tensor.fullLike x high) x)

    /// <summary>min(max(x, 0), 6) (Krizhevsky 2010).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// relu6 (tensor [ -1.0; 2.0; 7.0 ]) // [0, 2, 6]
    /// </code></example>
    let relu6 (x: Tensor) : Tensor =
        requireFloat "relu6" x
        ramp 0.0 6.0 x

    /// <summary>x where positive, alpha (exp x - 1) elsewhere (Clevert, Unterthiner and Hochreiter 2016).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// elu 1.0 (tensor [ -1.0; 2.0 ]) // [-0.6321, 2]
    /// </code></example>
    let elu (alpha: float) (x: Tensor) : Tensor =
        requireFloat "elu" x
        split 0.0 id (fun x -> expm1 x * alpha) x

    /// <summary>
    /// x where positive, alpha (exp (x / alpha) - 1) elsewhere: an <c>elu</c> of continuous slope (Barron 2017).
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">alpha is 0.</exception>
    /// <example><code>
    /// celu 2.0 (tensor [ -1.0; 2.0 ]) // [-0.7869, 2]
    /// </code></example>
    let celu (alpha: float) (x: Tensor) : Tensor =
        requireFloat "celu" x
        if alpha = 0.0 then raise (ValueException "celu: alpha is 0, and x is divided by it.")
        split 0.0 id (fun x -> expm1 (x * (1.0 / alpha)) * alpha) x

    /// <summary>
    /// 1.0507 x where positive, 1.7581 (exp x - 1) elsewhere: keeps mean 0 and variance 1 from layer to layer (Klambauer,
    /// Unterthiner, Mayr and Hochreiter 2017).
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// selu (tensor [ -1.0; 1.0 ]) // [-1.1113, 1.0507]
    /// </code></example>
    let selu (x: Tensor) : Tensor =
        requireFloat "selu" x
        elu 1.6732632423543772848170429916717 x * 1.0507009873554804934193349852946

    /// <summary>x tanh (softplus x) (Misra 2019).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// mish (tensor [ -1.0; 1.0 ]) // [-0.3034, 0.8651]
    /// </code></example>
    let mish (x: Tensor) : Tensor =
        requireFloat "mish" x
        x * tanh (softplus x)

    /// <summary>x / (1 + |x|) (Bergstra et al. 2009).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// softsign (tensor [ -1.0; 3.0 ]) // [-0.5, 0.75]
    /// </code></example>
    let softsign (x: Tensor) : Tensor =
        requireFloat "softsign" x
        x / (abs x + 1.0)

    let private requireBand (operation: string) (limit: float) =
        if not (limit >= 0.0) then
            raise (ValueException $"{operation}: the limit is {string limit}; it must not be negative.")

    /// <summary>x brought towards 0 by a limit: x - limit above it, x + limit below its negative, 0 between.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">The limit is negative.</exception>
    /// <example><code>
    /// softshrink 0.5 (tensor [ -2.0; 0.25; 2.0 ]) // [-1.5, 0, 1.5]
    /// </code></example>
    let softshrink (limit: float) (x: Tensor) : Tensor =
        requireFloat "softshrink" x
        requireBand "softshrink" limit
        // x * 0, so that NaN stays.
        where (x.Greater limit) (x - limit) (where (x.Less -limit) (x + limit) (x * 0.0))

    /// <summary>x where it is further from 0 than a limit, 0 elsewhere.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">The limit is negative.</exception>
    /// <example><code>
    /// hardshrink 0.5 (tensor [ -2.0; 0.25; 2.0 ]) // [-2, 0, 2]
    /// </code></example>
    let hardshrink (limit: float) (x: Tensor) : Tensor =
        requireFloat "hardshrink" x
        requireBand "hardshrink" limit
        where ((x.GreaterEqual -limit).And(x.LessEqual limit)) (Tensor.zerosLike x) x

    /// <summary>x - tanh x.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// tanhshrink (tensor [ 0.0; 1.0 ]) // [0, 0.2384]
    /// </code></example>
    let tanhshrink (x: Tensor) : Tensor =
        requireFloat "tanhshrink" x
        x - tanh x

    /// <summary>x, but at least low and at most high: <c>clamp</c>, but of slope 0 at both bounds.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">low is above high.</exception>
    /// <example><code>
    /// hardtanh -1.0 1.0 (tensor [ -3.0; 0.5; 2.0 ]) // [-1, 0.5, 1]
    /// </code></example>
    let hardtanh (low: float) (high: float) (x: Tensor) : Tensor =
        requireFloat "hardtanh" x

        if not (low <= high) then
            raise (ValueException $"hardtanh: from {string low} to {string high}; exchange the bounds.")

        ramp low high x

    /// <summary>The line x/6 + 1/2, kept within 0 and 1: a sigmoid without exponentials (Howard et al. 2019).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// hardsigmoid (tensor [ -4.0; 0.0; 1.5; 4.0 ]) // [0, 0.5, 0.75, 1]
    /// </code></example>
    let hardsigmoid (x: Tensor) : Tensor =
        requireFloat "hardsigmoid" x
        ramp 0.0 6.0 (x + 3.0) * (1.0 / 6.0)

    /// <summary>x · hardsigmoid x (Howard et al. 2019).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// hardswish (tensor [ -4.0; 1.5; 4.0 ]) // [0, 1.125, 4]
    /// </code></example>
    let hardswish (x: Tensor) : Tensor =
        requireFloat "hardswish" x
        x * hardsigmoid x

    /// <summary>log (sigmoid x), finite wherever x is.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// logSigmoid (tensor [ -1000.0; 0.0 ]) // [-1000, -0.6931]
    /// </code></example>
    let logSigmoid (x: Tensor) : Tensor =
        requireFloat "logSigmoid" x
        -(softplus -x)

    /// <summary>log (1 + exp (beta x)) / beta: the larger beta, the closer to max(x, 0).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">beta is 0.</exception>
    /// <example><code>
    /// softplusBy 2.0 (tensor [ 0.0; 1.0 ]) // [0.3466, 1.0635]
    /// </code></example>
    let softplusBy (beta: float) (x: Tensor) : Tensor =
        requireFloat "softplusBy" x

        if beta = 0.0 then
            raise (ValueException "softplusBy: beta is 0, and the result is divided by it.")

        softplus (x * beta) * (1.0 / beta)

    /// <summary>x where it is above a limit, and one value elsewhere.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// threshold 1.0 -5.0 (tensor [ 0.5; 2.0 ]) // [-5, 2]
    /// </code></example>
    let threshold (limit: float) (value: float) (x: Tensor) : Tensor =
        requireFloat "threshold" x
        where (x.LessEqual limit) (Tensor.fullLike x value) x

    /// <summary>
    /// The first half along an axis times the sigmoid of the second: a gated linear unit (Dauphin, Fan, Auli and Grangier 2017).
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The axis has an odd size.</exception>
    /// <exception cref="T:Cotangent.AxisException">There is no such axis.</exception>
    /// <example><code>
    /// glu -1 (tensor [ 2.0; 3.0; 0.0; 0.0 ]) // [1, 1.5]
    /// </code></example>
    let glu (axis: int) (x: Tensor) : Tensor =
        requireFloat "glu" x
        let axis = Shape.axis "glu" x.Rank axis
        let size = x.Dims[axis]

        if size % 2 = 1 then
            raise (
                ShapeException
                    $"glu: axis {axis} of shape {Shape.show x.Dims} has the odd size {size}; one half gates the other, so it must be even."
            )

        sliceAxis axis 0 (size / 2) x * sigmoid (sliceAxis axis (size / 2) (size / 2) x)

    /// <summary>
    /// x where positive, slope times x elsewhere, each slope drawn uniformly between two: a randomised leaky ReLU (Xu, Wang, Chen
    /// and Li 2015), as it is while training. While predicting it is <c>leakyRelu</c> of the mean, (low + high) / 2; PyTorch draws from 1/8 to 1/3.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">low is above high.</exception>
    /// <example><code>
    /// rrelu 0.125 0.125 (Key.create 0L) (tensor [ -8.0; 2.0 ]) // [-1, 2]
    /// </code></example>
    let rrelu (low: float) (high: float) (key: Key) (x: Tensor) : Tensor =
        Given.check "key" key
        Given.check "x" x
        requireFloat "rrelu" x

        if not (low <= high) then
            raise (
                ValueException
                    $"rrelu: slopes from {string low} to {string high}; the first must not be above the second."
            )

        let slopes = Random.uniformIn key low high x.DType x.Dims
        where (x.Greater 0.0) x (x * slopes)

    /// <summary>x where positive, slope times x elsewhere, slopes a tensor that broadcasts with x (He et al. 2015).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// prelu (tensor [ 0.5; 0.25 ]) (tensor [ -2.0; -4.0 ]) // [-1, -1]
    /// </code></example>
    let prelu (slopes: Tensor) (x: Tensor) : Tensor =
        Given.check "slopes" slopes
        Given.check "x" x
        requireFloat "prelu" x
        let isPositive = x.Greater 0.0
        let negative = where isPositive (Tensor.zerosLike x) x
        where isPositive x (Operands.binaryOf "prelu" Binary.Multiply slopes negative)

    /// <summary>softmax of -x along an axis: the smallest get the most.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="T:Cotangent.AxisException">There is no such axis.</exception>
    /// <example><code>
    /// softmin -1 (tensor [ 0.0; 0.0; log 2.0 ]) // [0.4, 0.4, 0.2]
    /// </code></example>
    let softmin (axis: int) (x: Tensor) : Tensor =
        requireFloat "softmin" x
        Folds.softmaxOver "softmin" false (Some axis) (-x)
