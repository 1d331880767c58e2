namespace Cotangent.Distributions

open Cotangent

/// Draws by proposals that are refused until one is accepted.
[<RequireQualifiedAccess>]
module internal Rejection =
    /// The first proposal accepted, for each place by itself; NaN where none is wanted, or the parameters are such that nothing would
    /// ever be accepted. Each round has a key of its own, so the numbers do not depend on how many places there are. A constant for
    /// every differentiation.
    let draw (key: Key) (isWanted: Tensor) (like: Tensor) (propose: Key -> Tensor * Tensor) : Tensor =
        let isOpen (_: Tensor, isDone: Tensor, _: Key) = isDone.All().Not()

        let round (drawn: Tensor, isDone: Tensor, key) =
            let own, rest = Key.split key
            let proposal, isAccepted = propose own
            where (isAccepted.And(isDone.Not())) proposal drawn, isDone.Or isAccepted, rest

        let drawn, _, _ = whileLoop isOpen round (Tensor.fullLike like nan, isWanted.Not(), key)
        stopGradient drawn
