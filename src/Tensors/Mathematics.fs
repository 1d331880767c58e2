namespace Cotangent

/// Elementwise mathematics beyond the operators, comparisons, choice.
[<AutoOpen>]
module Mathematics =
    let private literal (t: Tensor) (value: float) = Tensor.fullLike t value

    let private unary op (x: Tensor) = Operands.unary op x

    /// exp x - 1, accurate near 0.
    let expm1 (x: Tensor) : Tensor = unary Unary.Expm1 x

    /// log (1 + x), accurate near 0.
    let log1p (x: Tensor) : Tensor = unary Unary.Log1p x

    let asinh (x: Tensor) : Tensor = unary Unary.Asinh x
    let acosh (x: Tensor) : Tensor = unary Unary.Acosh x
    let atanh (x: Tensor) : Tensor = unary Unary.Atanh x

    /// 1 / (1 + exp -x).
    let sigmoid (x: Tensor) : Tensor = unary Unary.Sigmoid x

    /// log (1 + exp x), stable at both ends.
    let softplus (x: Tensor) : Tensor = unary Unary.Softplus x

    /// max(x, 0); its derivative at 0 is 0.
    let relu (x: Tensor) : Tensor = unary Unary.Relu x

    /// x where positive, slope * x elsewhere.
    let leakyRelu (slope: float) (x: Tensor) : Tensor =
        // The slope at each place is a constant, so one product is all that the way back takes.
        let positive = Operands.binary Binary.Less (literal x 0.0) x
        x * Bind.one Primitive.Select [| positive; literal x 1.0; literal x slope |]

    let square (x: Tensor) : Tensor = x * x

    /// Elements of the first where the condition holds, of the second elsewhere. All three broadcast together.
    let where (condition: Tensor) (whenTrue: Tensor) (whenFalse: Tensor) : Tensor =
        if condition.DType <> DType.Bool then
            raise (
                DTypeException
                    $"where: the condition must be Bool, got {condition.DType} {Shape.show condition.Dims}. Compare it with something first."
            )

        Operands.sameDType "where" whenTrue whenFalse

        let shape =
            Shape.broadcast "where" whenTrue.Dims whenFalse.Dims |> Shape.broadcast "where" condition.Dims

        Bind.one Primitive.Select [|
            Operands.expandTo shape condition
            Operands.expandTo shape whenTrue
            Operands.expandTo shape whenFalse
        |]

    /// The larger of two, elementwise. NaN wins. Where both are equal each gets half the derivative.
    let maximum (a: Tensor) (b: Tensor) : Tensor = Operands.binary Binary.Max a b

    /// The smaller of two, elementwise. NaN wins. Where both are equal each gets half the derivative.
    let minimum (a: Tensor) (b: Tensor) : Tensor = Operands.binary Binary.Min a b

    /// Confined to [low, high]. Outside, and NaN aside, the derivative is 0; inside and on the border it is 1.
    let clamp (low: float) (high: float) (x: Tensor) : Tensor =
        if not (low <= high) then
            raise (
                ValueException
                    $"clamp: the lower bound {low} is not at or below the upper bound {high}; exchange them."
            )

        let low, high = literal x low, literal x high
        let below = Operands.binary Binary.Less x low
        let above = Operands.binary Binary.Less high x
        Bind.one Primitive.Select [| below; low; Bind.one Primitive.Select [| above; high; x |] |]

    type Tensor with

        [<CompiledName "Equal">]
        member x.Equal(y: Tensor) : Tensor = Operands.binary Binary.Equal x y

        [<CompiledName "Equal">]
        member x.Equal(y: float) : Tensor = Operands.withReal Binary.Equal x y

        [<CompiledName "NotEqual">]
        member x.NotEqual(y: Tensor) : Tensor = unary Unary.Not (x.Equal y)

        [<CompiledName "NotEqual">]
        member x.NotEqual(y: float) : Tensor = unary Unary.Not (x.Equal y)

        [<CompiledName "Less">]
        member x.Less(y: Tensor) : Tensor = Operands.binary Binary.Less x y

        [<CompiledName "Less">]
        member x.Less(y: float) : Tensor = Operands.withReal Binary.Less x y

        [<CompiledName "LessEqual">]
        member x.LessEqual(y: Tensor) : Tensor = Operands.binary Binary.LessEqual x y

        [<CompiledName "LessEqual">]
        member x.LessEqual(y: float) : Tensor = Operands.withReal Binary.LessEqual x y

        [<CompiledName "Greater">]
        member x.Greater(y: Tensor) : Tensor = Operands.binary Binary.Less y x

        [<CompiledName "Greater">]
        member x.Greater(y: float) : Tensor = Operands.realWith Binary.Less y x

        [<CompiledName "GreaterEqual">]
        member x.GreaterEqual(y: Tensor) : Tensor = Operands.binary Binary.LessEqual y x

        [<CompiledName "GreaterEqual">]
        member x.GreaterEqual(y: float) : Tensor = Operands.realWith Binary.LessEqual y x

        /// Logical (Bool) or bitwise (integers).
        [<CompiledName "And">]
        member x.And(y: Tensor) : Tensor = Operands.binary Binary.And x y

        [<CompiledName "Or">]
        member x.Or(y: Tensor) : Tensor = Operands.binary Binary.Or x y

        [<CompiledName "Xor">]
        member x.Xor(y: Tensor) : Tensor = Operands.binary Binary.Xor x y

        /// The opposite of a Bool.
        [<CompiledName "Not">]
        member x.Not() : Tensor = unary Unary.Not x

        [<CompiledName "IsNaN">]
        member x.IsNaN() : Tensor = unary Unary.IsNaN x

        /// Neither NaN nor infinite.
        [<CompiledName "IsFinite">]
        member x.IsFinite() : Tensor = unary Unary.IsNaN (x - x) |> unary Unary.Not

        /// -1, 0 or 1; NaN stays.
        [<CompiledName "Sign">]
        member x.Sign() : Tensor = unary Unary.Sign x

        /// Where |x - y| <= absolute + relative * |y|, by default 1e-8 + 1e-5 |y| as in NumPy; equal infinities are
        /// close, NaN is close to nothing.
        [<CompiledName "IsClose">]
        member x.IsClose(y: Tensor, ?relative: float, ?absolute: float) : Tensor =
            if not x.DType.IsFloat then
                raise (
                    DTypeException
                        $"isClose needs floating-point tensors, got {x.DType} {Shape.show x.Dims}; use `Equal`."
                )

            let difference = abs (x - y)

            let near = difference.LessEqual(abs y * defaultArg relative 1e-5 + defaultArg absolute 1e-8)
            // An infinite bound holds anything: there only equality counts.
            (near.And(difference.IsFinite())).Or(x.Equal y)
