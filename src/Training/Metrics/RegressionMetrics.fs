namespace Cotangent

open LossParts

/// Figures of predicted numbers, in Float64.
[<AutoOpen>]
module RegressionMetrics =
    let internal pairOf (operation: string) (target: Tensor) (prediction: Tensor) =
        requireEqual operation "prediction" prediction "target" target

        if target.Size = 0 then
            raise (ShapeException $"{operation}: no examples in shape {Shape.show target.Dims}.")

        struct (target.Convert DType.Float64, prediction.Convert DType.Float64)

    /// 1 - errors/spread. Of equal targets it is 1 where all are met, 0 where not, as in scikit-learn.
    let internal determination (errors: Tensor) (spread: Tensor) : Tensor =
        let isFlat = spread.Equal 0.0
        let share = errors / where isFlat (Tensor.onesLike spread) spread
        let met = (errors.Equal 0.0).Convert DType.Float64
        where isFlat met (1.0 - share)

    /// Figures that tell how good predictions are: of numbers.
    [<RequireQualifiedAccess>]
    module Metric =
        /// <summary>
        /// R², the coefficient of determination: 1 less the squared errors over the squared distances of the targets from their
        /// mean, over all numbers. 1 is best, 0 is what the mean of the targets has; of equal targets it is 1 or 0.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// // The example of scikit-learn's r2_score.
        /// Metric.r2 (tensor [ 3.0; -0.5; 2.0; 7.0 ]) (tensor [ 2.5; 0.0; 2.0; 8.0 ]) // 0.9486
        /// </code></example>
        let r2 (target: Tensor) (prediction: Tensor) : Tensor =
            let struct (t, p) = pairOf "Metric.r2" target prediction
            determination (sum (square (p - t))) (sum (square (t - mean t)))

        /// <summary>The mean absolute error.</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// // The example of scikit-learn's mean_absolute_error.
        /// Metric.meanAbsoluteError (tensor [ 3.0; -0.5; 2.0; 7.0 ]) (tensor [ 2.5; 0.0; 2.0; 8.0 ]) // 0.5
        /// </code></example>
        let meanAbsoluteError (target: Tensor) (prediction: Tensor) : Tensor =
            let struct (t, p) = pairOf "Metric.meanAbsoluteError" target prediction
            mean (abs (p - t))

        /// <summary>The root of the mean squared error, in the unit of the target.</summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or there is nothing.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// // The example of scikit-learn's root_mean_squared_error.
        /// Metric.rootMeanSquaredError (tensor [ 3.0; -0.5; 2.0; 7.0 ]) (tensor [ 2.5; 0.0; 2.0; 8.0 ]) // 0.6124
        /// </code></example>
        let rootMeanSquaredError (target: Tensor) (prediction: Tensor) : Tensor =
            let struct (t, p) = pairOf "Metric.rootMeanSquaredError" target prediction
            sqrt (mean (square (p - t)))
