namespace Cotangent;

/// <summary>
/// Elementwise mathematics, as methods of tensors and as functions: <c>x.Exp()</c> is <c>Maths.Exp(x)</c>.
/// </summary>
public static class Maths
{
    /// <summary>|x|; its derivative at 0 is 0.</summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// Tensor.Create([-2, 3]).Abs() // [2, 3]
    /// </code></example>
    public static Tensor Abs(this Tensor x) => Tensor.Abs(x.NotNull());

    /// <summary>-1, 0 or 1; NaN stays.</summary>
    /// <exception cref="DTypeException">The dtype is Bool or complex.</exception>
    /// <example><code>
    /// Tensor.Create([-2.0, 0.0, 5.0]).Sign() // [-1, 0, 1]
    /// </code></example>
    public static Tensor Sign(this Tensor x) => Mathematics.Sign(x.NotNull());

    /// <summary>e to the x.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Exp() // [1, 2.71828]
    /// </code></example>
    public static Tensor Exp(this Tensor x) => Tensor.Exp(x.NotNull());

    /// <summary>exp x - 1, accurate near 0.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1e-10, 1.0]).Expm1() // [1e-10, 1.7183]
    /// </code></example>
    public static Tensor Expm1(this Tensor x) => Mathematics.expm1(x.NotNull());

    /// <summary>The natural logarithm.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, Math.E]).Log() // [0, 1]
    /// </code></example>
    public static Tensor Log(this Tensor x) => Tensor.Log(x.NotNull());

    /// <summary>log (1 + x), accurate near 0.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1e-10, Math.E - 1]).Log1p() // [1e-10, 1]
    /// </code></example>
    public static Tensor Log1p(this Tensor x) => Mathematics.log1p(x.NotNull());

    /// <summary>The logarithm to the base 10.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 1000.0]).Log10() // [0, 3]
    /// </code></example>
    public static Tensor Log10(this Tensor x) => Tensor.Log10(x.NotNull());

    /// <summary>The square root.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([4.0, 9.0]).Sqrt() // [2, 3]
    /// </code></example>
    public static Tensor Sqrt(this Tensor x) => Tensor.Sqrt(x.NotNull());

    /// <summary>x times x.</summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// Tensor.Create([-2, 3]).Square() // [4, 9]
    /// </code></example>
    public static Tensor Square(this Tensor x) => Mathematics.square(x.NotNull());

    /// <summary>The sine.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, Math.PI / 2]).Sin() // [0, 1]
    /// </code></example>
    public static Tensor Sin(this Tensor x) => Tensor.Sin(x.NotNull());

    /// <summary>The cosine.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, Math.PI]).Cos() // [1, -1]
    /// </code></example>
    public static Tensor Cos(this Tensor x) => Tensor.Cos(x.NotNull());

    /// <summary>The tangent.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, Math.PI / 4]).Tan() // [0, 1]
    /// </code></example>
    public static Tensor Tan(this Tensor x) => Tensor.Tan(x.NotNull());

    /// <summary>The inverse sine.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Asin() // [0, 1.5708]
    /// </code></example>
    public static Tensor Asin(this Tensor x) => Tensor.Asin(x.NotNull());

    /// <summary>The inverse cosine.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 1.0]).Acos() // [3.1416, 0]
    /// </code></example>
    public static Tensor Acos(this Tensor x) => Tensor.Acos(x.NotNull());

    /// <summary>The inverse tangent.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Atan() // [0, 0.7854]
    /// </code></example>
    public static Tensor Atan(this Tensor x) => Tensor.Atan(x.NotNull());

    /// <summary>The hyperbolic sine.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Sinh() // [0, 1.1752]
    /// </code></example>
    public static Tensor Sinh(this Tensor x) => Tensor.Sinh(x.NotNull());

    /// <summary>The hyperbolic cosine.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Cosh() // [1, 1.5431]
    /// </code></example>
    public static Tensor Cosh(this Tensor x) => Tensor.Cosh(x.NotNull());

    /// <summary>The hyperbolic tangent.</summary>
    /// <exception cref="DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Tanh() // [0, 0.7616]
    /// </code></example>
    public static Tensor Tanh(this Tensor x) => Tensor.Tanh(x.NotNull());

    /// <summary>The inverse hyperbolic sine.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Asinh() // [0, 0.8814]
    /// </code></example>
    public static Tensor Asinh(this Tensor x) => Mathematics.asinh(x.NotNull());

    /// <summary>The inverse hyperbolic cosine.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).Acosh() // [0, 1.317]
    /// </code></example>
    public static Tensor Acosh(this Tensor x) => Mathematics.acosh(x.NotNull());

    /// <summary>The inverse hyperbolic tangent.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 0.5]).Atanh() // [0, 0.5493]
    /// </code></example>
    public static Tensor Atanh(this Tensor x) => Mathematics.atanh(x.NotNull());

    /// <summary>1 / (1 + exp -x).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, Math.Log(3), 1000.0]).Sigmoid() // [0.5, 0.75, 1]
    /// </code></example>
    public static Tensor Sigmoid(this Tensor x) => Mathematics.sigmoid(x.NotNull());

    /// <summary>log (1 + exp x), stable at both ends.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1000.0]).Softplus() // [0.6931, 1000]
    /// </code></example>
    public static Tensor Softplus(this Tensor x) => Mathematics.softplus(x.NotNull());

    /// <summary>The error function, 2/√π ∫₀ˣ exp(-t²) dt.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Erf() // [0, 0.8427]
    /// </code></example>
    public static Tensor Erf(this Tensor x) => Mathematics.erf(x.NotNull());

    /// <summary>1 - erf x, which keeps its digits where erf x is nearly 1.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Erfc() // [1, 0.1573]
    /// </code></example>
    public static Tensor Erfc(this Tensor x) => Mathematics.erfc(x.NotNull());

    /// <summary>The logarithm of the size of the gamma function, log |Γ(x)|.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 5.0]).Lgamma() // log 24: [0, 3.1781]
    /// </code></example>
    public static Tensor Lgamma(this Tensor x) => Mathematics.lgamma(x.NotNull());

    /// <summary>The derivative of <see cref="Lgamma"/>, Γ'(x)/Γ(x).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).Digamma() // [-0.5772, 0.4228]
    /// </code></example>
    public static Tensor Digamma(this Tensor x) => Mathematics.digamma(x.NotNull());

    /// <summary>x Φ(x), the Gaussian error linear unit (Hendrycks and Gimpel 2016), exact.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 1.0]).Gelu() // [-0.1587, 0.8413]
    /// </code></example>
    public static Tensor Gelu(this Tensor x) => Mathematics.gelu(x.NotNull());

    /// <summary>The approximation of <c>Gelu</c> by tanh, for models that were trained with it.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 1.0]).GeluTanh() // [-0.1588, 0.8412]
    /// </code></example>
    public static Tensor GeluTanh(this Tensor x) => Mathematics.geluTanh(x.NotNull());

    /// <summary>x · sigmoid x, also called swish (Elfwing et al. 2018).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Silu() // [0, 0.7311]
    /// </code></example>
    public static Tensor Silu(this Tensor x) => Mathematics.silu(x.NotNull());

    /// <summary>max(x, 0); its derivative at 0 is 0.</summary>
    /// <exception cref="DTypeException">The dtype is Bool or complex.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 2.0]).Relu() // [0, 2]
    /// </code></example>
    public static Tensor Relu(this Tensor x) => Mathematics.relu(x.NotNull());

    /// <summary>The largest whole number not above x. Integers stay as they are.</summary>
    /// <exception cref="DTypeException">The dtype is Bool or complex.</exception>
    /// <example><code>
    /// Tensor.Create([-1.5, 1.5]).Floor() // [-2, 1]
    /// </code></example>
    public static Tensor Floor(this Tensor x) => Tensor.Floor(x.NotNull());

    /// <summary>The smallest whole number not below x. Integers stay as they are.</summary>
    /// <exception cref="DTypeException">The dtype is Bool or complex.</exception>
    /// <example><code>
    /// Tensor.Create([-1.5, 1.5]).Ceiling() // [-1, 2]
    /// </code></example>
    public static Tensor Ceiling(this Tensor x) => Tensor.Ceiling(x.NotNull());

    /// <summary>The nearest whole number; halves go to the even one. Integers stay as they are.</summary>
    /// <exception cref="DTypeException">The dtype is Bool or complex.</exception>
    /// <example><code>
    /// Tensor.Create([0.5, 1.5, -2.6]).Round() // [0, 2, -3]
    /// </code></example>
    public static Tensor Round(this Tensor x) => Tensor.Round(x.NotNull());

    /// <summary>The whole number toward 0. Integers stay as they are.</summary>
    /// <exception cref="DTypeException">The dtype is Bool or complex.</exception>
    /// <example><code>
    /// Tensor.Create([-1.5, 1.5]).Truncate() // [-1, 1]
    /// </code></example>
    public static Tensor Truncate(this Tensor x) => Tensor.Truncate(x.NotNull());

    /// <summary>Bool: whether an element is NaN, which an integer never is.</summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, double.NaN]).IsNaN() // [false, true]
    /// </code></example>
    public static Tensor IsNaN(this Tensor x) => Mathematics.IsNaN(x.NotNull());

    /// <summary>Bool: whether an element is infinite, which an integer never is.</summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, double.NegativeInfinity]).IsInfinity() // [false, true]
    /// </code></example>
    public static Tensor IsInfinity(this Tensor x) => Mathematics.IsInfinity(x.NotNull());

    /// <summary>Bool: whether an element is neither NaN nor infinite, as every integer.</summary>
    /// <exception cref="DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, double.NaN, double.PositiveInfinity]).IsFinite() // [true, false, false]
    /// </code></example>
    public static Tensor IsFinite(this Tensor x) => Mathematics.IsFinite(x.NotNull());

    /// <summary>
    /// Bool: where |x - y| &lt;= absolute + relative · |y|; equal infinities are close, NaN is close to nothing.
    /// </summary>
    /// <exception cref="DTypeException">The tensors are not floating-point, or their dtypes differ.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).IsClose(Tensor.Create([1.000001, 2.1])) // [true, false]
    /// </code></example>
    public static Tensor IsClose(this Tensor x, Tensor y, double relative = 1e-5, double absolute = 1e-8) =>
        Mathematics.IsClose(x.NotNull(), y.NotNull(), relative, absolute);

    /// <summary>x where positive, slope times x elsewhere.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-1.0, 2.0]).LeakyRelu(0.1) // [-0.1, 2]
    /// </code></example>
    public static Tensor LeakyRelu(this Tensor x, double slope = 0.01) => Mathematics.leakyRelu(slope, x.NotNull());

    /// <summary>x to a power, elementwise.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or have no such power.</exception>
    /// <example><code>
    /// Tensor.Create([2.0, 3.0]).Pow(Tensor.Create([3.0, 2.0])) // [8, 9]
    /// </code></example>
    public static Tensor Pow(this Tensor x, Tensor exponent) => Tensor.Pow(x.NotNull(), exponent.NotNull());

    /// <summary>x to a power.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or have no such power.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).Pow(3) // [1, 8]
    /// </code></example>
    public static Tensor Pow(this Tensor x, double exponent) => Tensor.Pow(x.NotNull(), exponent);

    /// <summary>The angle of the point (x, y), as <c>Math.Atan2</c>.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, -1.0]).Atan2(Tensor.Create([1.0, -1.0])) // [0.7854, -2.3562]
    /// </code></example>
    public static Tensor Atan2(this Tensor y, Tensor x) => Tensor.Atan2(y.NotNull(), x.NotNull());

    /// <summary>
    /// The larger of two, elementwise. NaN wins. Where both are equal each gets half the derivative.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Maths.Maximum(Tensor.Create([1, 5]), Tensor.Create([3, 2])) // [3, 5]
    /// </code></example>
    public static Tensor Maximum(this Tensor a, Tensor b) => Mathematics.maximum(a.NotNull(), b.NotNull());

    /// <summary>
    /// The smaller of two, elementwise. NaN wins. Where both are equal each gets half the derivative.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Maths.Minimum(Tensor.Create([1, 5]), Tensor.Create([3, 2])) // [1, 2]
    /// </code></example>
    public static Tensor Minimum(this Tensor a, Tensor b) => Mathematics.minimum(a.NotNull(), b.NotNull());

    /// <summary>
    /// Confined to [low, high]. Outside, and NaN aside, the derivative is 0; inside and on the border it is
    /// 1.
    /// </summary>
    /// <exception cref="ValueException">The bounds are out of order.</exception>
    /// <example><code>
    /// Tensor.Create([-3.0, 0.5, 2.0]).Clamp(-1, 1) // [-1, 0.5, 1]
    /// </code></example>
    public static Tensor Clamp(this Tensor x, double low, double high) => Mathematics.clamp(low, high, x.NotNull());

    /// <summary>Nothing below the bound. Below it the derivative is 0; above and on it, it is 1; NaN stays.</summary>
    /// <exception cref="ValueException">The bound is NaN.</exception>
    /// <example><code>
    /// Tensor.Create([-3.0, 0.5, 2.0]).ClampMin(0) // [0, 0.5, 2]
    /// </code></example>
    public static Tensor ClampMin(this Tensor x, double low) => Mathematics.clampMin(low, x.NotNull());

    /// <summary>Nothing above the bound. Above it the derivative is 0; below and on it, it is 1; NaN stays.</summary>
    /// <exception cref="ValueException">The bound is NaN.</exception>
    /// <example><code>
    /// Tensor.Create([-3.0, 0.5, 2.0]).ClampMax(1) // [-3, 0.5, 1]
    /// </code></example>
    public static Tensor ClampMax(this Tensor x, double high) => Mathematics.clampMax(high, x.NotNull());

    /// <summary>
    /// Elements of the first where the Bool condition holds, of the second elsewhere. All three broadcast
    /// together.
    /// </summary>
    /// <exception cref="DTypeException">The condition is not Bool, or the other two differ in dtype.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// var x = Tensor.Create([-1.0, 4.0]);
    /// Maths.Where(x > 0, x, x.ZerosLike()) // [0, 4]
    /// </code></example>
    public static Tensor Where(this Tensor condition, Tensor whenTrue, Tensor whenFalse) =>
        Mathematics.where(condition.NotNull(), whenTrue.NotNull(), whenFalse.NotNull());
}
