namespace Cotangent.Distributions

open System
open Cotangent

/// What many draws are made of.
[<RequireQualifiedAccess>]
module internal Uniforms =
    /// Uniform between 0 and 1, without these: what would be 0 is the middle of its cell instead.
    let inside (key: Key) (dtype: DType) (shape: int[]) : Tensor =
        let half = if dtype = DType.Float64 then Math.ScaleB(1.0, -54) else Math.ScaleB(1.0, -25)
        clampMin half (Random.uniform key dtype shape)

    /// Exponential of mean 1.
    let exponential (key: Key) (dtype: DType) (shape: int[]) : Tensor = -(log1p -(inside key dtype shape))
