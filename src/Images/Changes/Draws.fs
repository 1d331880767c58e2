namespace Cotangent.Images

open System
open Cotangent

/// Numbers that a key gives, for decisions of ordinary code. One draw for all that a change needs: a key is spent once.
module internal Draws =
    /// So many numbers from 0 on, all below 1.
    let uniform (key: Key) (count: int) : float[] =
        (Random.uniform key DType.Float64 [ count ]).ToData<float[]>()

    let one (key: Key) : float = (uniform key 1)[0]

    let between low high (u: float) : float = low + u * (high - low)

    /// One of 0, 1, … count - 1.
    let below (count: int) (u: float) : int = Math.Min(count - 1, int (u * float count))

    /// Between two numbers above 0, so that x and 1/x are equally likely.
    let betweenInLogs (low: float) (high: float) (u: float) : float = exp (between (log low) (log high) u)
