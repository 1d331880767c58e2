namespace Cotangent

open LossParts

/// Losses of predicted numbers against numbers.
[<AutoOpen>]
module RegressionLosses =
    /// What is wrong by: both in Float32 at least.
    let private errorOf (operation: string) (target: Tensor) (prediction: Tensor) =
        requireEqual operation "prediction" prediction "target" target
        wide prediction - wide target

    let private squared (operation: string) target prediction = square (errorOf operation target prediction)
    let private absolute (operation: string) target prediction = abs (errorOf operation target prediction)

    let private huberOf (delta: float) target prediction =
        requirePositive "Loss.huber" "delta" delta
        let error = abs (errorOf "Loss.huber" target prediction)
        where (error.LessEqual delta) (0.5 * square error) (delta * (error - 0.5 * delta))

    let private smoothL1Of (beta: float) target prediction =
        requirePositive "Loss.smoothL1" "beta" beta
        let error = abs (errorOf "Loss.smoothL1" target prediction)
        where (error.Less beta) (0.5 / beta * square error) (error - 0.5 * beta)

    /// cosh e = 1 + 2 sinh² (e/2) keeps the digits of small errors; |e| - log 2 + log (1 + exp -2|e|) never overflows.
    let private logCoshOf target prediction =
        let error = errorOf "Loss.logCosh" target prediction
        let size = abs error
        let near = log1p (2.0 * square (sinh (0.5 * clamp -1.0 1.0 error)))
        let far = size - log 2.0 + log1p (exp (-2.0 * size))
        where (size.Less 1.0) near far

    let private quantileOf (level: float) target prediction =
        if not (level > 0.0 && level < 1.0) then
            raise (ValueException $"Loss.quantile: the level {string level} is not between 0 and 1.")

        let over = errorOf "Loss.quantile" target prediction
        where (over.Greater 0.0) ((1.0 - level) * over) (-level * over)

    let private poissonOf target (logRate: Tensor) =
        Given.check "target" target
        Given.check "logRate" logRate
        requireEqual "Loss.poisson" "prediction" logRate "target" target
        requireWithin "Loss.poisson" "target" "a count is wanted, 0 or more" 0.0 infinity target
        exp (wide logRate) - wide target * wide logRate

    /// The least variance that a Gaussian is given, PyTorch's.
    let private leastVariance = 1e-6

    let private gaussianOf variance target prediction =
        let error = errorOf "Loss.gaussianNll" target prediction
        requireEqual "Loss.gaussianNll" "variance" variance "target" target
        requireWithin "Loss.gaussianNll" "variance" "a variance is wanted, 0 or more" 0.0 infinity variance
        let v = wide variance
        // The value is kept away from 0, the slope is that at the border, so that a collapsed variance can recover.
        let kept = stopGradient (maximum v (Tensor.fullLike v leastVariance)) + (v - stopGradient v)
        0.5 * (log kept + square error / kept)

    /// Losses of predicted numbers against numbers.
    [<RequireQualifiedAccess>]
    module Loss =
        /// Losses of each number or example, of which <c>Loss</c> has the means.
        [<RequireQualifiedAccess>]
        module Each =
            /// <summary>(prediction - target)² of each number; its mean is <c>Loss.meanSquaredError</c>.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <example><code>
            /// Loss.Each.squaredError (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 4.0 ]) // [0, 4]
            /// </code></example>
            let squaredError (target: Tensor) (prediction: Tensor) : Tensor =
                squared "Loss.squaredError" target prediction |> each prediction

            /// <summary>|prediction - target| of each number; its mean is <c>Loss.meanAbsoluteError</c>.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <example><code>
            /// Loss.Each.absoluteError (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 4.0 ]) // [0, 2]
            /// </code></example>
            let absoluteError (target: Tensor) (prediction: Tensor) : Tensor =
                absolute "Loss.absoluteError" target prediction |> each prediction

            /// <summary><c>Loss.huber</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">delta is not positive.</exception>
            /// <example><code>
            /// Loss.Each.huber 2.0 (tensor [ 0.0; 0.0 ]) (tensor [ 1.0; 5.0 ]) // [0.5, 8]
            /// </code></example>
            let huber (delta: float) (target: Tensor) (prediction: Tensor) : Tensor =
                huberOf delta target prediction |> each prediction

            /// <summary><c>Loss.smoothL1</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">beta is not positive.</exception>
            /// <example><code>
            /// Loss.Each.smoothL1 2.0 (tensor [ 0.0; 0.0 ]) (tensor [ 1.0; 5.0 ]) // [0.25, 4]
            /// </code></example>
            let smoothL1 (beta: float) (target: Tensor) (prediction: Tensor) : Tensor =
                smoothL1Of beta target prediction |> each prediction

            /// <summary><c>Loss.logCosh</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <example><code>
            /// Loss.Each.logCosh (tensor [ 0.0; 0.0 ]) (tensor [ 1.0; 1000.0 ]) // [0.4338, 999.3069]
            /// </code></example>
            let logCosh (target: Tensor) (prediction: Tensor) : Tensor =
                logCoshOf target prediction |> each prediction

            /// <summary><c>Loss.quantile</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">The level is not between 0 and 1.</exception>
            /// <example><code>
            /// Loss.Each.quantile 0.75 (tensor [ 3.0; 3.0 ]) (tensor [ 1.0; 5.0 ]) // [1.5, 0.5]
            /// </code></example>
            let quantile (level: float) (target: Tensor) (prediction: Tensor) : Tensor =
                quantileOf level target prediction |> each prediction

            /// <summary><c>Loss.poisson</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">A count is seen to be negative.</exception>
            /// <example><code>
            /// Loss.Each.poisson (tensor [ 0.0; 3.0 ]) (tensor [ 0.0; 1.0 ]) // [1, -0.2817]
            /// </code></example>
            let poisson (target: Tensor) (logRate: Tensor) : Tensor = poissonOf target logRate |> each logRate

            /// <summary><c>Loss.gaussianNll</c> of each number.</summary>
            /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
            /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
            /// <exception cref="T:Cotangent.ValueException">A variance is seen to be negative.</exception>
            /// <example><code>
            /// Loss.Each.gaussianNll (tensor [ 1.0; 4.0 ]) (tensor [ 0.0; 0.0 ]) (tensor [ 3.0; 2.0 ]) // [4.5, 1.1931]
            /// </code></example>
            let gaussianNll (variance: Tensor) (target: Tensor) (prediction: Tensor) : Tensor =
                gaussianOf variance target prediction |> each prediction

        /// <summary>mean (prediction - target)²</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// Loss.meanSquaredError (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 4.0 ]) // 2
        /// </code></example>
        let meanSquaredError (target: Tensor) (prediction: Tensor) : Tensor =
            squared "Loss.meanSquaredError" target prediction |> meanOf "Loss.meanSquaredError" prediction

        /// <summary>mean |prediction - target|</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// Loss.meanAbsoluteError (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 4.0 ]) // 1
        /// </code></example>
        let meanAbsoluteError (target: Tensor) (prediction: Tensor) : Tensor =
            absolute "Loss.meanAbsoluteError" target prediction |> meanOf "Loss.meanAbsoluteError" prediction

        /// <summary>
        /// The mean of e²/2 for errors e within ±delta, and of delta (|e| - delta/2) beyond (Huber 1964): the slope is at most
        /// delta.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">delta is not positive.</exception>
        /// <example><code>
        /// Loss.huber 1.0 (tensor [ 0.0; 0.0 ]) (tensor [ 0.5; 3.0 ]) // 1.3125
        /// </code></example>
        let huber (delta: float) (target: Tensor) (prediction: Tensor) : Tensor =
            huberOf delta target prediction |> meanOf "Loss.huber" prediction

        /// <summary>
        /// The mean of e²/(2 beta) for errors e within ±beta, and of |e| - beta/2 beyond (Girshick 2015): Huber's over beta, so
        /// that the slope is at most 1.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">beta is not positive.</exception>
        /// <example><code>
        /// Loss.smoothL1 2.0 (tensor [ 0.0; 0.0 ]) (tensor [ 1.0; 5.0 ]) // 2.125
        /// </code></example>
        let smoothL1 (beta: float) (target: Tensor) (prediction: Tensor) : Tensor =
            smoothL1Of beta target prediction |> meanOf "Loss.smoothL1" prediction

        /// <summary>mean log cosh (prediction - target): near e²/2 for small errors, |e| - log 2 for large ones.</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// Loss.logCosh (tensor [ 0.0; 0.0 ]) (tensor [ 1.0; 0.0 ]) // 0.2169
        /// </code></example>
        let logCosh (target: Tensor) (prediction: Tensor) : Tensor =
            logCoshOf target prediction |> meanOf "Loss.logCosh" prediction

        /// <summary>
        /// The pinball loss, least where the prediction is the quantile of this level (Koenker and Bassett 1978): the mean of
        /// level · e where the target is higher by e, of (1 - level) · e where it is lower by e.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">The level is not between 0 and 1.</exception>
        /// <example><code>
        /// Loss.quantile 0.75 (tensor [ 3.0; 3.0 ]) (tensor [ 1.0; 5.0 ]) // 1
        /// </code></example>
        let quantile (level: float) (target: Tensor) (prediction: Tensor) : Tensor =
            quantileOf level target prediction |> meanOf "Loss.quantile" prediction

        /// <summary>
        /// The negative log-likelihood of counts t under Poisson distributions, given the logarithms l of their rates:
        /// mean (exp l - t l), without the constant log t!.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A count is seen to be negative.</exception>
        /// <example><code>
        /// Loss.poisson (tensor [ 0.0; 3.0 ]) (tensor [ 0.0; 1.0 ]) // 0.3591
        /// </code></example>
        let poisson (target: Tensor) (logRate: Tensor) : Tensor =
            poissonOf target logRate |> meanOf "Loss.poisson" logRate

        /// <summary>
        /// The negative log-likelihood of numbers under normal distributions of these means (the prediction) and variances
        /// (Nix and Weigend 1994): mean ½ (log v + (prediction - target)²/v), without the constant ½ log 2π. A variance below
        /// 1e-6 counts as that, with the slope at that border.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched; or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <exception cref="T:Cotangent.ValueException">A variance is seen to be negative.</exception>
        /// <example><code>
        /// Loss.gaussianNll (tensor [ 1.0; 4.0 ]) (tensor [ 0.0; 0.0 ]) (tensor [ 3.0; 2.0 ]) // 2.8466
        /// </code></example>
        let gaussianNll (variance: Tensor) (target: Tensor) (prediction: Tensor) : Tensor =
            gaussianOf variance target prediction |> meanOf "Loss.gaussianNll" prediction
