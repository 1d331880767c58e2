namespace Cotangent;

/// <summary>
/// Elementwise mathematics, as methods of tensors and as functions: <c>x.Exp()</c> is <c>Maths.Exp(x)</c>.
/// </summary>
public static class Maths
{
    /// <summary>|x|; its derivative at 0 is 0.</summary>
    public static Tensor Abs(this Tensor x) => Tensor.Abs(x.NotNull());

    /// <summary>-1, 0 or 1; NaN stays.</summary>
    public static Tensor Sign(this Tensor x) => Mathematics.Sign(x.NotNull());

    /// <summary>e to the x.</summary>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).Exp() // [1, 2.71828]
    /// </code></example>
    public static Tensor Exp(this Tensor x) => Tensor.Exp(x.NotNull());

    /// <summary>exp x - 1, accurate near 0.</summary>
    public static Tensor Expm1(this Tensor x) => Mathematics.expm1(x.NotNull());

    /// <summary>The natural logarithm.</summary>
    public static Tensor Log(this Tensor x) => Tensor.Log(x.NotNull());

    /// <summary>log (1 + x), accurate near 0.</summary>
    public static Tensor Log1p(this Tensor x) => Mathematics.log1p(x.NotNull());

    /// <summary>The logarithm to the base 10.</summary>
    public static Tensor Log10(this Tensor x) => Tensor.Log10(x.NotNull());

    /// <summary>The square root.</summary>
    public static Tensor Sqrt(this Tensor x) => Tensor.Sqrt(x.NotNull());

    /// <summary>x times x.</summary>
    public static Tensor Square(this Tensor x) => Mathematics.square(x.NotNull());

    /// <summary>The sine.</summary>
    public static Tensor Sin(this Tensor x) => Tensor.Sin(x.NotNull());

    /// <summary>The cosine.</summary>
    public static Tensor Cos(this Tensor x) => Tensor.Cos(x.NotNull());

    /// <summary>The tangent.</summary>
    public static Tensor Tan(this Tensor x) => Tensor.Tan(x.NotNull());

    /// <summary>The inverse sine.</summary>
    public static Tensor Asin(this Tensor x) => Tensor.Asin(x.NotNull());

    /// <summary>The inverse cosine.</summary>
    public static Tensor Acos(this Tensor x) => Tensor.Acos(x.NotNull());

    /// <summary>The inverse tangent.</summary>
    public static Tensor Atan(this Tensor x) => Tensor.Atan(x.NotNull());

    /// <summary>The hyperbolic sine.</summary>
    public static Tensor Sinh(this Tensor x) => Tensor.Sinh(x.NotNull());

    /// <summary>The hyperbolic cosine.</summary>
    public static Tensor Cosh(this Tensor x) => Tensor.Cosh(x.NotNull());

    /// <summary>The hyperbolic tangent.</summary>
    public static Tensor Tanh(this Tensor x) => Tensor.Tanh(x.NotNull());

    /// <summary>The inverse hyperbolic sine.</summary>
    public static Tensor Asinh(this Tensor x) => Mathematics.asinh(x.NotNull());

    /// <summary>The inverse hyperbolic cosine.</summary>
    public static Tensor Acosh(this Tensor x) => Mathematics.acosh(x.NotNull());

    /// <summary>The inverse hyperbolic tangent.</summary>
    public static Tensor Atanh(this Tensor x) => Mathematics.atanh(x.NotNull());

    /// <summary>1 / (1 + exp -x).</summary>
    public static Tensor Sigmoid(this Tensor x) => Mathematics.sigmoid(x.NotNull());

    /// <summary>log (1 + exp x), stable at both ends.</summary>
    public static Tensor Softplus(this Tensor x) => Mathematics.softplus(x.NotNull());

    /// <summary>The error function, 2/√π ∫₀ˣ exp(-t²) dt.</summary>
    public static Tensor Erf(this Tensor x) => Mathematics.erf(x.NotNull());

    /// <summary>1 - erf x, which keeps its digits where erf x is nearly 1.</summary>
    public static Tensor Erfc(this Tensor x) => Mathematics.erfc(x.NotNull());

    /// <summary>The logarithm of the size of the gamma function, log |Γ(x)|.</summary>
    public static Tensor Lgamma(this Tensor x) => Mathematics.lgamma(x.NotNull());

    /// <summary>The derivative of <see cref="Lgamma"/>, Γ'(x)/Γ(x).</summary>
    public static Tensor Digamma(this Tensor x) => Mathematics.digamma(x.NotNull());

    /// <summary>x Φ(x), the Gaussian error linear unit (Hendrycks and Gimpel 2016), exact.</summary>
    public static Tensor Gelu(this Tensor x) => Mathematics.gelu(x.NotNull());

    /// <summary>The approximation of <c>Gelu</c> by tanh, for models that were trained with it.</summary>
    public static Tensor GeluTanh(this Tensor x) => Mathematics.geluTanh(x.NotNull());

    /// <summary>x · sigmoid x, also called swish (Elfwing et al. 2018).</summary>
    public static Tensor Silu(this Tensor x) => Mathematics.silu(x.NotNull());

    /// <summary>max(x, 0); its derivative at 0 is 0.</summary>
    public static Tensor Relu(this Tensor x) => Mathematics.relu(x.NotNull());

    /// <summary>The largest whole number not above x. Integers stay as they are.</summary>
    public static Tensor Floor(this Tensor x) => Tensor.Floor(x.NotNull());

    /// <summary>The smallest whole number not below x. Integers stay as they are.</summary>
    public static Tensor Ceiling(this Tensor x) => Tensor.Ceiling(x.NotNull());

    /// <summary>The nearest whole number; halves go to the even one. Integers stay as they are.</summary>
    public static Tensor Round(this Tensor x) => Tensor.Round(x.NotNull());

    /// <summary>The whole number toward 0. Integers stay as they are.</summary>
    public static Tensor Truncate(this Tensor x) => Tensor.Truncate(x.NotNull());

    /// <summary>Bool: whether an element is NaN, which an integer never is.</summary>
    public static Tensor IsNaN(this Tensor x) => Mathematics.IsNaN(x.NotNull());

    /// <summary>Bool: whether an element is infinite, which an integer never is.</summary>
    public static Tensor IsInfinity(this Tensor x) => Mathematics.IsInfinity(x.NotNull());

    /// <summary>Bool: whether an element is neither NaN nor infinite, as every integer.</summary>
    public static Tensor IsFinite(this Tensor x) => Mathematics.IsFinite(x.NotNull());

    /// <summary>
    /// Bool: where |x - y| &lt;= absolute + relative · |y|; equal infinities are close, NaN is close to nothing.
    /// </summary>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).IsClose(Tensor.Create([1.000001, 2.1])) // [true, false]
    /// </code></example>
    public static Tensor IsClose(this Tensor x, Tensor y, double relative = 1e-5, double absolute = 1e-8) =>
        Mathematics.IsClose(x.NotNull(), y.NotNull(), relative, absolute);

    /// <summary>x where positive, slope times x elsewhere.</summary>
    /// <example><code>
    /// Tensor.Create([-1.0, 2.0]).LeakyRelu(0.1) // [-0.1, 2]
    /// </code></example>
    public static Tensor LeakyRelu(this Tensor x, double slope = 0.01) => Mathematics.leakyRelu(slope, x.NotNull());

    /// <summary>x to a power, elementwise.</summary>
    public static Tensor Pow(this Tensor x, Tensor exponent) => Tensor.Pow(x.NotNull(), exponent.NotNull());

    /// <summary>x to a power.</summary>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).Pow(3) // [1, 8]
    /// </code></example>
    public static Tensor Pow(this Tensor x, double exponent) => Tensor.Pow(x.NotNull(), exponent);

    /// <summary>The angle of the point (x, y), as <c>Math.Atan2</c>.</summary>
    public static Tensor Atan2(this Tensor y, Tensor x) => Tensor.Atan2(y.NotNull(), x.NotNull());

    /// <summary>
    /// The larger of two, elementwise. NaN wins. Where both are equal each gets half the derivative.
    /// </summary>
    /// <example><code>
    /// Maths.Maximum(Tensor.Create([1, 5]), Tensor.Create([3, 2])) // [3, 5]
    /// </code></example>
    public static Tensor Maximum(this Tensor a, Tensor b) => Mathematics.maximum(a.NotNull(), b.NotNull());

    /// <summary>
    /// The smaller of two, elementwise. NaN wins. Where both are equal each gets half the derivative.
    /// </summary>
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
    /// <example><code>
    /// var x = Tensor.Create([-1.0, 4.0]);
    /// Maths.Where(x > 0, x, x.ZerosLike()) // [0, 4]
    /// </code></example>
    public static Tensor Where(this Tensor condition, Tensor whenTrue, Tensor whenFalse) =>
        Mathematics.where(condition.NotNull(), whenTrue.NotNull(), whenFalse.NotNull());
}
