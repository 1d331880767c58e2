namespace Cotangent.Differentiation

open Cotangent

/// Slopes of elementwise functions in forms that keep their digits wherever the slope is a number of the dtype: 1 - tanh² is
/// 0 from 20 on, where the slope is 1.7e-17, and x² overflows where 1/√(x² + 1) is 1e-200. A slope that is an inverse comes as
/// what a change is divided by, since the quotient may be a number where the inverse is none.
///
/// Where a form holds on a part of the line only, what it is computed from is replaced elsewhere, not the slope alone: behind
/// a mask, NaN would come back in the second derivative.
module internal Slopes =
    /// From where on the slope of tanh is 0 in the dtype, and up to where cosh is finite.
    let private flatFrom (dtype: DType) =
        match dtype.Storage with
        | Storage.Float64 -> 400.0
        | Storage.Float16 -> 10.5
        | Storage.Float32
        | Storage.BFloat16
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> 60.0

    /// 1/cosh² x
    let tanh (x: Tensor) : Tensor =
        let limit = flatFrom x.DType
        let bound number = Tensor.fullLike x number
        square (1 / cosh (minimum (bound limit) (maximum (bound -limit) x)))

    /// y (1 - y) for y = sigmoid x
    let sigmoid (x: Tensor) (y: Tensor) : Tensor = y * sigmoid -x

    /// Two divisors, whose product is 1 + x².
    let atan (x: Tensor) : struct (Tensor * Tensor) =
        let isLarge = (abs x).Greater 1.0
        let inner, outer = where isLarge (Tensor.zerosLike x) x, where isLarge x (Tensor.onesLike x)
        struct (where isLarge (outer + 1 / outer) (1 + inner * inner), outer)

    /// From where on 1 is nothing beside x².
    let private largeFrom (dtype: DType) =
        match dtype.Storage with
        | Storage.Float64 -> System.Math.ScaleB(1.0, 28)
        | Storage.Float32
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> System.Math.ScaleB(1.0, 13)
        | Storage.Float16 -> 64.0
        | Storage.BFloat16 -> 32.0

    /// The divisor √(x² + 1)
    let asinh (x: Tensor) : Tensor =
        let isLarge = (abs x).Greater(largeFrom x.DType)
        let inner, outer = where isLarge (Tensor.zerosLike x) x, where isLarge x (Tensor.onesLike x)
        where isLarge (abs outer) (sqrt (inner * inner + 1))

    /// a and b over a² + b², but for one last divisor; 0 at the origin and at infinity. What all are divided by stands for
    /// itself in derivatives, too: the quotient does not depend on it.
    let atan2 (a: Tensor) (b: Tensor) : struct (Tensor * Tensor * Tensor) =
        let size = maximum (abs (Bind.detach a)) (abs (Bind.detach b))
        let isEdge = (size.Equal 0.0).Or(size.Equal infinity)
        let zero, one = Tensor.zerosLike a, Tensor.onesLike a
        let size = where isEdge one size
        let over (x: Tensor) = where isEdge zero x / size
        let s, t = over a, over b
        let length = where isEdge one (s * s + t * t)
        struct (s / length, t / length, size)
