namespace Cotangent

/// <summary>
/// When to lower a rate: once a metric has stopped to improve (PyTorch's ReduceLROnPlateau). The defaults are PyTorch's.
/// </summary>
type Plateau = {
    /// What the factor is multiplied by each time.
    Decay: float
    /// So many values in a row without improvement are let pass; with the next one the factor falls.
    Patience: int
    /// What counts as an improvement: by more than this share of the best value.
    Threshold: float
    /// Values after a fall that are not counted.
    Cooldown: int
    /// The factor falls no further than this.
    Least: float
    /// Whether larger values are better, as of an accuracy.
    IsMore: bool
}

/// <summary>Where a metric stands; a tree.</summary>
/// <example><code>
/// (Plateau.start Plateau.defaults).Factor // 1
/// (Plateau.start Plateau.defaults).Waited // 0
/// </code></example>
type PlateauState = {
    /// The factor on the rate, 1 at first: Float64.
    Factor: Tensor
    /// The best value so far, Float64.
    Best: Tensor
    /// Values in a row without improvement, Int32.
    Waited: Tensor
    /// Values that will not be counted, Int32.
    Resting: Tensor
}

/// Rates that fall once a metric has stopped to improve.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Plateau =
    /// <summary>Lowers to a tenth after ten values that are not smaller than the best by 1e-4 of it.</summary>
    let defaults: Plateau = {
        Decay = 0.1
        Patience = 10
        Threshold = 1e-4
        Cooldown = 0
        Least = 0.0
        IsMore = false
    }

    /// <summary>Before the first value.</summary>
    /// <example><code>
    /// (Plateau.start Plateau.defaults).Factor // 1
    /// </code></example>
    let start (plateau: Plateau) : PlateauState =
        Given.check "plateau" plateau

        {
            Factor = Tensor.own [||] [| 1.0 |]
            Best = Tensor.own [||] [| (if plateau.IsMore then -infinity else infinity) |]
            Waited = Tensor.own [||] [| 0 |]
            Resting = Tensor.own [||] [| 0 |]
        }

    /// <summary>
    /// The state after another value of the metric, a scalar. Its factor goes to an optimiser by <c>Optimizer.adjust</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The value is no scalar.</exception>
    /// <example><code>
    /// let plateau = { Plateau.defaults with Decay = 0.5; Patience = 1 }
    /// let seen = [ 1.0; 0.9; 0.9; 0.9 ] |> List.map tensor
    /// let state = seen |> List.fold (fun state loss -> Plateau.update plateau loss state) (Plateau.start plateau)
    /// state.Factor // 0.5
    /// </code></example>
    let update (plateau: Plateau) (metric: Tensor) (state: PlateauState) : PlateauState =
        Given.check "plateau" plateau
        Given.check "metric" metric
        Given.check "state" state

        if metric.Rank > 0 then
            raise (
                ShapeException
                    $"Plateau.update: the metric has shape {Shape.show metric.Dims}; it must be a scalar, of shape (). Index or reshape it."
            )

        let value = metric.Convert DType.Float64
        let margin = abs state.Best * plateau.Threshold

        let isBetter =
            // Of an infinity there is no share.
            let isFirst = state.Best.IsFinite().Not().And(value.IsFinite())

            let better =
                if plateau.IsMore then
                    (state.Best + margin).Less value
                else
                    value.Less(state.Best - margin)

            isFirst.Or better

        let none = Tensor.zerosLike state.Waited
        let isResting = state.Resting.Greater 0.0
        let waited = where (isBetter.Or isResting) none (state.Waited + 1)
        let isOver = waited.Greater(float plateau.Patience)
        let lowered = maximum (state.Factor * plateau.Decay) (Tensor.fullLike state.Factor plateau.Least)

        {
            Factor = where isOver lowered state.Factor
            Best = where isBetter value state.Best
            Waited = where isOver none waited
            Resting = where isOver (none + plateau.Cooldown) (maximum (state.Resting - 1) none)
        }
