namespace Cotangent

/// Elementwise mathematics beyond the operators, comparisons, choice.
[<AutoOpen>]
module Mathematics =
    let private literal (t: Tensor) (value: float) = Tensor.fullLike t value

    let private unary op (x: Tensor) =
        Given.check "x" x
        Operands.unary op x

    let private givenAs name (x: Tensor) =
        Given.check name x
        x

    /// The second operand of comparisons.
    let private given (y: Tensor) = givenAs "y" y

    /// What is known of all elements.
    let private everywhere (isTrue: bool) (x: Tensor) =
        Bind.full (Literal.Whole(if isTrue then 1L else 0L)) DType.Bool x.Dims x.Device

    let private requireFloat (operation: string) (x: Tensor) =
        Given.check "x" x

        if not x.DType.IsFloat then
            raise (DTypeException $"{operation} is not defined on {x.DType}. {DTypes.wayOut x.DType}")

    /// <summary>exp x - 1, accurate near 0.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// expm1 (tensor 1e-10) // 1e-10
    /// </code></example>
    let expm1 (x: Tensor) : Tensor = unary Unary.Expm1 x

    /// <summary>log (1 + x), accurate near 0.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// log1p (tensor 1e-10) // 1e-10
    /// </code></example>
    let log1p (x: Tensor) : Tensor = unary Unary.Log1p x

    /// <summary>The inverse hyperbolic sine.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// asinh (sinh (tensor 0.5)) // 0.5
    /// </code></example>
    let asinh (x: Tensor) : Tensor = unary Unary.Asinh x
    /// <summary>The inverse hyperbolic cosine; NaN below 1.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// acosh (cosh (tensor 0.5)) // 0.5
    /// </code></example>
    let acosh (x: Tensor) : Tensor = unary Unary.Acosh x
    /// <summary>The inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// atanh (tanh (tensor 0.5)) // 0.5
    /// </code></example>
    let atanh (x: Tensor) : Tensor = unary Unary.Atanh x

    /// <summary>1 / (1 + exp -x), without overflow.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// sigmoid (tensor [ 0.0; 1000.0 ]) // [0.5, 1]
    /// </code></example>
    let sigmoid (x: Tensor) : Tensor = unary Unary.Sigmoid x

    /// <summary>log (1 + exp x), stable at both ends.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// softplus (tensor [ -1000.0; 0.0; 1000.0 ]) // [0, 0.6931, 1000]
    /// </code></example>
    let softplus (x: Tensor) : Tensor = unary Unary.Softplus x

    /// <summary>
    /// The error function, 2/√π ∫₀ˣ exp(-t²) dt: how likely a normal variable of variance 1/2 lies within x of 0.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// erf (tensor [ 0.0; 0.5; infinity ]) // [0, 0.5205, 1]
    /// </code></example>
    let erf (x: Tensor) : Tensor = unary Unary.Erf x

    /// <summary>1 - erf x, which keeps its digits where erf x is nearly 1.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// erfc (tensor [ 0.0; 1.0; infinity ]) // [1, 0.1573, 0]
    /// erfc (tensor 10.0) // 2.0885e-45
    /// </code></example>
    let erfc (x: Tensor) : Tensor = unary Unary.Erfc x

    /// <summary>The logarithm of the size of the gamma function, log |Γ(x)|; infinite at 0, -1, -2, …</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// lgamma (tensor [ 1.0; 5.0 ]) // [0, 3.1781]
    /// </code></example>
    let lgamma (x: Tensor) : Tensor = unary Unary.Lgamma x

    /// <summary>The derivative of `lgamma`, Γ'(x)/Γ(x).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// digamma (tensor 1.0) // -0.5772
    /// </code></example>
    let digamma (x: Tensor) : Tensor = unary (Unary.Polygamma 0) x

    /// <summary>
    /// x Φ(x), where Φ(x) = (1 + erf(x/√2))/2 is the distribution function of the standard normal: the Gaussian error
    /// linear unit (Hendrycks and Gimpel 2016), exact. The cheaper approximation by tanh is <c>geluTanh</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// gelu (tensor [ -1.0; 0.0; 1.0 ]) // [-0.1587, 0, 0.8413]
    /// </code></example>
    let gelu (x: Tensor) : Tensor = unary Unary.Gelu x

    /// <summary>
    /// x (1 + tanh(√(2/π) (x + 0.044715 x³)))/2, which is within 0.0005 of <c>gelu</c>: for models that were trained with
    /// it, such as GPT-2.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// geluTanh (tensor [ -1.0; 0.0; 1.0 ]) // [-0.1588, 0, 0.8412]
    /// </code></example>
    let geluTanh (x: Tensor) : Tensor =
        Given.check "x" x
        requireFloat "geluTanh" x
        // (1 + tanh z)/2 is the sigmoid of 2z.
        let slope = sqrt (8.0 / System.Math.PI)
        // From 50 on the sigmoid is 0 or 1 in every dtype; were its argument infinite, derivatives would be 0 · ∞.
        let near =
            Operands.binary Binary.Max (Operands.binary Binary.Min x (literal x 50.0)) (literal x -50.0)

        x * unary Unary.Sigmoid (near * (near * near * (0.044715 * slope) + slope))

    /// <summary>x · sigmoid x, also called swish (Elfwing et al. 2018).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// silu (tensor [ -1.0; 0.0; 1.0 ]) // [-0.2689, 0, 0.7311]
    /// </code></example>
    let silu (x: Tensor) : Tensor =
        Given.check "x" x
        x * Operands.unaryOf "silu" Unary.Sigmoid x

    /// <summary>max(x, 0), of floating-point numbers or integers; its derivative at 0 is 0.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool or complex.</exception>
    /// <example><code>
    /// relu (tensor [ -1.0; 2.0 ]) // [0, 2]
    /// </code></example>
    let relu (x: Tensor) : Tensor = unary Unary.Relu x

    /// <summary>x where positive, slope * x elsewhere.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// leakyRelu 0.1 (tensor [ -1.0; 2.0 ]) // [-0.1, 2]
    /// </code></example>
    let leakyRelu (slope: float) (x: Tensor) : Tensor =
        Given.check "x" x
        requireFloat "leakyRelu" x
        // The slope at each place is a constant, so one product is all that the way back takes.
        let positive = Operands.binary Binary.Less (literal x 0.0) x
        x * Bind.one Primitive.Select [| positive; literal x 1.0; literal x slope |]

    /// <summary>x times x.</summary>
    /// <example><code>
    /// square (tensor [ -3; 2 ]) // [9, 4]
    /// </code></example>
    let square (x: Tensor) : Tensor =
        Given.check "x" x
        Operands.binaryOf "square" Binary.Multiply x x

    /// <summary>
    /// Elements of the first where the condition holds, of the second elsewhere. All three broadcast together.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The condition is not Bool, or the other two differ in dtype.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// let x = tensor [ -1.0; 4.0 ]
    /// where (x.Greater 0.0) x (Tensor.zerosLike x) // [0, 4]
    /// </code></example>
    let where (condition: Tensor) (whenTrue: Tensor) (whenFalse: Tensor) : Tensor =
        Given.check "condition" condition
        Given.check "whenTrue" whenTrue
        Given.check "whenFalse" whenFalse

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

    /// <summary>The larger of two, elementwise. NaN wins. Where both are equal each gets half the derivative.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// maximum (tensor [ 1; 5 ]) (tensor [ 3; 2 ]) // [3, 5]
    /// </code></example>
    let maximum (a: Tensor) (b: Tensor) : Tensor = Operands.binaryOf "maximum" Binary.Max a b

    /// <summary>
    /// The smaller of two, elementwise. NaN wins. Where both are equal each gets half the derivative.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// minimum (tensor [ 1; 5 ]) (tensor [ 3; 2 ]) // [1, 2]
    /// </code></example>
    let minimum (a: Tensor) (b: Tensor) : Tensor = Operands.binaryOf "minimum" Binary.Min a b

    /// <summary>
    /// Confined to [low, high]. Outside, and NaN aside, the derivative is 0; inside and on the border it is 1.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The lower bound is above the upper one, or one is NaN.</exception>
    /// <example><code>
    /// clamp -1.0 1.0 (tensor [ -3.0; 0.5; 2.0 ]) // [-1, 0.5, 1]
    /// </code></example>
    let clamp (low: float) (high: float) (x: Tensor) : Tensor =
        Given.check "x" x

        if not (low <= high) then
            raise (
                ValueException
                    $"clamp: the lower bound {string low} is not at or below the upper bound {string high}; exchange them."
            )

        let bound value = Bind.full (Literals.real "clamp" x.DType value) x.DType x.Dims x.Device
        let low, high = bound low, bound high
        let below = Operands.binaryOf "clamp" Binary.Less x low
        let above = Operands.binaryOf "clamp" Binary.Less high x
        Bind.one Primitive.Select [| below; low; Bind.one Primitive.Select [| above; high; x |] |]

    let private oneSided (operation: string) isBeyond (bound: float) (x: Tensor) =
        Given.check "x" x

        if System.Double.IsNaN bound then
            raise (
                ValueException $"{operation}: the bound is NaN; a number is needed, which may be infinite."
            )

        let bound = Bind.full (Literals.real operation x.DType bound) x.DType x.Dims x.Device
        Bind.one Primitive.Select [| isBeyond x bound; bound; x |]

    /// <summary>
    /// Nothing below the bound. Below it the derivative is 0; above and on it, it is 1; NaN stays.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The bound is NaN.</exception>
    /// <example><code>
    /// clampMin 0.0 (tensor [ -3.0; 0.5; 2.0 ]) // [0, 0.5, 2]
    /// </code></example>
    let clampMin (low: float) (x: Tensor) : Tensor =
        oneSided "clampMin" (fun x bound -> Operands.binaryOf "clampMin" Binary.Less x bound) low x

    /// <summary>
    /// Nothing above the bound. Above it the derivative is 0; below and on it, it is 1; NaN stays.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The bound is NaN.</exception>
    /// <example><code>
    /// clampMax 1.0 (tensor [ -3.0; 0.5; 2.0 ]) // [-3, 0.5, 1]
    /// </code></example>
    let clampMax (high: float) (x: Tensor) : Tensor =
        oneSided "clampMax" (fun x bound -> Operands.binaryOf "clampMax" Binary.Less bound x) high x

    /// Where |x - y| <= absolute + relative * |y|.
    let internal near (operation: string) (relative: float) (absolute: float) (x: Tensor) (y: Tensor) =
        if not x.DType.HasDerivatives then
            raise (
                DTypeException
                    $"{operation} needs floating-point tensors, got {x.DType} {Shape.show x.Dims}; use `Equal`."
            )

        Operands.sameDType operation x y
        Shape.broadcast operation x.Dims y.Dims |> ignore

        // Not finite is an answer here, not a fault.
        Ambient.withoutNumberCheck (fun () ->
            let difference = abs (x - y)
            let isNear = Operands.binary Binary.LessEqual difference (abs y * relative + absolute)
            let isFinite = unary Unary.Not (unary Unary.IsNaN (difference - difference))
            // An infinite bound holds anything: there only equality counts.
            Operands.binary
                Binary.Or
                (Operands.binary Binary.And isNear isFinite)
                (Operands.binary Binary.Equal x y))

    let private requireInexact (operation: string) (x: Tensor) =
        if not x.DType.IsComplex then requireFloat operation x

    type Tensor with

        /// <summary>Bool: where both are equal. NaN equals nothing.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ 1; 2 ]).Equal(tensor [ 1; 3 ]) // [true, false]
        /// </code></example>
        [<CompiledName "Equal">]
        member x.Equal(y: Tensor) : Tensor = Operands.binary Binary.Equal x (given y)

        /// <summary>Bool: where an element equals a number.</summary>
        /// <example><code>
        /// (tensor [ 1; 2 ]).Equal 2.0 // [false, true]
        /// </code></example>
        [<CompiledName "Equal">]
        member x.Equal(y: float) : Tensor = Operands.withReal Binary.Equal x y

        /// <summary>Bool: where both differ. NaN differs from everything.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0; nan ]).NotEqual(tensor [ 1.0; 3.0; nan ]) // [false, true, true]
        /// </code></example>
        [<CompiledName "NotEqual">]
        member x.NotEqual(y: Tensor) : Tensor =
            unary Unary.Not (Operands.binaryOf "notEqual" Binary.Equal x (given y))

        /// <summary>Bool: where an element differs from a number.</summary>
        [<CompiledName "NotEqual">]
        member x.NotEqual(y: float) : Tensor =
            unary Unary.Not (Operands.withRealOf "notEqual" Binary.Equal x y)

        /// <summary>Bool: where x &lt; y.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are complex.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).Less(tensor 2) // [true, false, false]
        /// </code></example>
        [<CompiledName "Less">]
        member x.Less(y: Tensor) : Tensor = Operands.binary Binary.Less x (given y)

        /// <summary>Bool: where x &lt; y.</summary>
        /// <example><code>
        /// (tensor [ 1.0; 2.0 ]).Less 1.5 // [true, false]
        /// </code></example>
        [<CompiledName "Less">]
        member x.Less(y: float) : Tensor = Operands.withReal Binary.Less x y

        /// <summary>Bool: where x &lt;= y.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are complex.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0; 3.0 ]).LessEqual(tensor 2.0) // [true, true, false]
        /// </code></example>
        [<CompiledName "LessEqual">]
        member x.LessEqual(y: Tensor) : Tensor = Operands.binaryOf "lessEqual" Binary.LessEqual x (given y)

        /// <summary>Bool: where x &lt;= y.</summary>
        [<CompiledName "LessEqual">]
        member x.LessEqual(y: float) : Tensor = Operands.withRealOf "lessEqual" Binary.LessEqual x y

        /// <summary>Bool: where x &gt; y.</summary>
        [<CompiledName "Greater">]
        member x.Greater(y: Tensor) : Tensor = Operands.binaryOf "greater" Binary.Less (given y) x

        /// <summary>Bool: where x &gt; y.</summary>
        /// <example><code>
        /// let x = tensor [ -1.0; 2.0; 3.0 ]
        /// x[x.Greater 0.0] // [2, 3]
        /// </code></example>
        [<CompiledName "Greater">]
        member x.Greater(y: float) : Tensor = Operands.realWithOf "greater" Binary.Less y x

        /// <summary>Bool: where x &gt;= y.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are complex.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0; 3.0 ]).GreaterEqual(tensor 2.0) // [false, true, true]
        /// </code></example>
        [<CompiledName "GreaterEqual">]
        member x.GreaterEqual(y: Tensor) : Tensor =
            Operands.binaryOf "greaterEqual" Binary.LessEqual (given y) x

        /// <summary>Bool: where x &gt;= y.</summary>
        [<CompiledName "GreaterEqual">]
        member x.GreaterEqual(y: float) : Tensor = Operands.realWithOf "greaterEqual" Binary.LessEqual y x

        /// <summary>And: logical (Bool) or bitwise (integers).</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are floating-point or complex.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ 6; 5 ]).And(tensor 3) // [2, 1]
        /// </code></example>
        [<CompiledName "And">]
        member x.And(y: Tensor) : Tensor = Operands.binary Binary.And x (given y)

        /// <summary>Or: logical (Bool) or bitwise (integers).</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are floating-point or complex.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ true; false ]).Or(tensor [ false; false ]) // [true, false]
        /// </code></example>
        [<CompiledName "Or">]
        member x.Or(y: Tensor) : Tensor = Operands.binary Binary.Or x (given y)

        /// <summary>Exclusive or: logical (Bool) or bitwise (integers).</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are floating-point or complex.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ true; true; false ]).Xor(tensor [ true; false; false ]) // [false, true, false]
        /// </code></example>
        [<CompiledName "Xor">]
        member x.Xor(y: Tensor) : Tensor = Operands.binary Binary.Xor x (given y)

        /// <summary>The opposite of a Bool, or of each bit of an integer.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is floating-point or complex.</exception>
        /// <example><code>
        /// (tensor [ true; false ]).Not() // [false, true]
        /// </code></example>
        [<CompiledName "Not">]
        member x.Not() : Tensor = Operands.opposite (givenAs "x" x)

        /// <summary>
        /// The bits of integers moved to the left, each by a number of its own, zeros coming in from the right; as <c>&lt;&lt;&lt;</c>
        /// by one number for all. A number that is negative, or at least that of the bits, moves all out.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are no integers.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [| 1uy; 1uy; 1uy |]).ShiftLeft(tensor [| 0uy; 3uy; 8uy |]) // [1, 8, 0]
        /// </code></example>
        [<CompiledName "ShiftLeft">]
        member x.ShiftLeft(bits: Tensor) : Tensor =
            Operands.binaryOf "shiftLeft" Binary.ShiftLeft (givenAs "x" x) (givenAs "bits" bits)

        /// <summary>
        /// The bits of integers moved to the right, each by a number of its own, copies of the sign coming in from the left; as
        /// <c>>>></c> by one number for all. A number that is negative, or at least that of the bits, moves all out.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are no integers.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ 12; -12; -1 ]).ShiftRight(tensor [ 2; 2; 40 ]) // [3, -3, -1]
        /// </code></example>
        [<CompiledName "ShiftRight">]
        member x.ShiftRight(bits: Tensor) : Tensor =
            Operands.binaryOf "shiftRight" Binary.ShiftRight (givenAs "x" x) (givenAs "bits" bits)

        /// <summary>Bool: where an element is NaN, which an integer never is.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
        /// <example><code>
        /// (tensor [ nan; 1.0 ]).IsNaN() // [true, false]
        /// </code></example>
        [<CompiledName "IsNaN">]
        member x.IsNaN() : Tensor =
            if (givenAs "x" x).DType.IsInteger then
                everywhere false x
            else
                Operands.unaryOf "isNaN" Unary.IsNaN x

        /// <summary>Bool: where an element is infinite, which an integer never is.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
        /// <example><code>
        /// (tensor [ nan; -infinity; 1.0 ]).IsInfinity() // [false, true, false]
        /// </code></example>
        [<CompiledName "IsInfinity">]
        member x.IsInfinity() : Tensor =
            if (givenAs "x" x).DType.IsInteger then
                everywhere false x
            else
                requireInexact "isInfinity" x
                Operands.withReal Binary.Equal (Operands.modulus x) infinity

        /// <summary>Bool: where an element is neither NaN nor infinite, as every integer.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
        /// <example><code>
        /// (tensor [ nan; infinity; 1.0 ]).IsFinite() // [false, false, true]
        /// </code></example>
        [<CompiledName "IsFinite">]
        member x.IsFinite() : Tensor =
            if (givenAs "x" x).DType.IsInteger then
                everywhere true x
            else
                requireInexact "isFinite" x
                Ambient.withoutNumberCheck (fun () -> unary Unary.IsNaN (x - x) |> unary Unary.Not)

        /// <summary>-1, 0 or 1; NaN stays.</summary>
        /// <example><code>
        /// (tensor [ -2.5; 0.0; 4.0 ]).Sign() // [-1, 0, 1]
        /// </code></example>
        [<CompiledName "Sign">]
        member x.Sign() : Tensor = unary Unary.Sign x

        /// <summary>
        /// Where |x - y| &lt;= absolute + relative * |y|, by default 1e-8 + 1e-5 |y| as in NumPy; equal infinities are
        /// close, NaN is close to nothing.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The tensors are not floating-point, or their dtypes differ.
        /// </exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0 ]).IsClose(tensor [ 1.000001; 2.1 ]) // [true, false]
        /// </code></example>
        [<CompiledName "IsClose">]
        member x.IsClose(y: Tensor, ?relative: float, ?absolute: float) : Tensor =
            near "isClose" (defaultArg relative 1e-5) (defaultArg absolute 1e-8) x (given y)
