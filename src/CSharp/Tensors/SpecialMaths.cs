namespace Cotangent;

/// <summary>Special functions, as methods of tensors, with derivatives of every order.</summary>
public static class SpecialMaths
{
    /// <summary>The logarithm to the base 2, exact at powers of 2.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 8.0]).Log2() // [0, 3]
    /// </code></example>
    public static Tensor Log2(this Tensor x) => SpecialFunctions.log2(x.NotNull());

    /// <summary>2 to the power x, exact at whole numbers.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 3.0]).Exp2() // [1, 8]
    /// </code></example>
    public static Tensor Exp2(this Tensor x) => SpecialFunctions.exp2(x.NotNull());

    /// <summary>The cube root, of negative numbers too; its slope at 0 is infinite.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([-8.0, 27.0]).Cbrt() // [-2, 3]
    /// </code></example>
    public static Tensor Cbrt(this Tensor x) => SpecialFunctions.cbrt(x.NotNull());

    /// <summary>log (x/(1 - x)), the inverse of <c>sigmoid</c>: infinite at 0 and 1, NaN beyond.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.5, 0.75]).Logit() // [0, 1.0986]
    /// </code></example>
    public static Tensor Logit(this Tensor x) => SpecialFunctions.logit(x.NotNull());

    /// <summary>The term -x log x of an entropy, 0 at 0 and -∞ below.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 0.5]).Entr() // [0, 0.3466]
    /// </code></example>
    public static Tensor Entr(this Tensor x) => SpecialFunctions.entr(x.NotNull());

    /// <summary>The inverse of <c>erf</c>, between -1 and 1.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 0.5]).Erfinv() // [0, 0.4769]
    /// </code></example>
    public static Tensor Erfinv(this Tensor x) => SpecialFunctions.erfinv(x.NotNull());

    /// <summary>exp(x²) · erfc x, which stays in range where <c>erfc</c> does not.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 100.0]).Erfcx() // [1, 0.00564]
    /// </code></example>
    public static Tensor Erfcx(this Tensor x) => SpecialFunctions.erfcx(x.NotNull());

    /// <summary>The standard normal distribution function, also far in its tails.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.96]).Ndtr() // [0.5, 0.975]
    /// </code></example>
    public static Tensor Ndtr(this Tensor x) => SpecialFunctions.ndtr(x.NotNull());

    /// <summary>The logarithm of the standard normal distribution function, also where that is out of range.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, -40.0]).LogNdtr() // [-0.6931, -804.6084]
    /// </code></example>
    public static Tensor LogNdtr(this Tensor x) => SpecialFunctions.logNdtr(x.NotNull());

    /// <summary>The quantile of the standard normal distribution: the inverse of <c>ndtr</c>.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.5, 0.975]).Ndtri() // [0, 1.96]
    /// </code></example>
    public static Tensor Ndtri(this Tensor p) => SpecialFunctions.ndtri(p.NotNull());

    /// <summary>The modified Bessel function of the first kind and order 0.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).BesselI0() // [1, 1.2661]
    /// </code></example>
    public static Tensor BesselI0(this Tensor x) => SpecialFunctions.besselI0(x.NotNull());

    /// <summary>The modified Bessel function of the first kind and order 1.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).BesselI1() // [0, 0.5652]
    /// </code></example>
    public static Tensor BesselI1(this Tensor x) => SpecialFunctions.besselI1(x.NotNull());

    /// <summary><c>besselI0</c> divided by exp |x|: in range for every x.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1000.0]).BesselI0e() // [1, 0.0126]
    /// </code></example>
    public static Tensor BesselI0e(this Tensor x) => SpecialFunctions.besselI0e(x.NotNull());

    /// <summary><c>besselI1</c> divided by exp |x|: in range for every x.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).BesselI1e() // [0, 0.2079]
    /// </code></example>
    public static Tensor BesselI1e(this Tensor x) => SpecialFunctions.besselI1e(x.NotNull());

    /// <summary>The Bessel function of the first kind and order 0.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 2.404826]).BesselJ0() // [1, 0]
    /// </code></example>
    public static Tensor BesselJ0(this Tensor x) => SpecialFunctions.besselJ0(x.NotNull());

    /// <summary>The Bessel function of the first kind and order 1.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 1.0]).BesselJ1() // [0, 0.4401]
    /// </code></example>
    public static Tensor BesselJ1(this Tensor x) => SpecialFunctions.besselJ1(x.NotNull());

    /// <summary>The Bessel function of the second kind and order 0: -∞ at 0, NaN below.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).BesselY0() // [0.0883, 0.5104]
    /// </code></example>
    public static Tensor BesselY0(this Tensor x) => SpecialFunctions.besselY0(x.NotNull());

    /// <summary>The Bessel function of the second kind and order 1: -∞ at 0, NaN below.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).BesselY1() // [-0.7812, -0.107]
    /// </code></example>
    public static Tensor BesselY1(this Tensor x) => SpecialFunctions.besselY1(x.NotNull());

    /// <summary>The modified Bessel function of the second kind and order 0: ∞ at 0, NaN below.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).BesselK0() // [0.421, 0.1139]
    /// </code></example>
    public static Tensor BesselK0(this Tensor x) => SpecialFunctions.besselK0(x.NotNull());

    /// <summary>The modified Bessel function of the second kind and order 1: ∞ at 0, NaN below.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).BesselK1() // [0.6019, 0.1399]
    /// </code></example>
    public static Tensor BesselK1(this Tensor x) => SpecialFunctions.besselK1(x.NotNull());

    /// <summary><c>besselK0</c> times exp x.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 1000.0]).BesselK0e() // [1.1445, 0.0396]
    /// </code></example>
    public static Tensor BesselK0e(this Tensor x) => SpecialFunctions.besselK0e(x.NotNull());

    /// <summary><c>besselK1</c> times exp x.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 1000.0]).BesselK1e() // [1.6362, 0.0396]
    /// </code></example>
    public static Tensor BesselK1e(this Tensor x) => SpecialFunctions.besselK1e(x.NotNull());

    /// <summary>The exponential integral E₁, ∫ e⁻ᵗ/t dt from x on: ∞ at 0, NaN below.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([1.0, 2.0]).Expint() // [0.2194, 0.0489]
    /// </code></example>
    public static Tensor Expint(this Tensor x) => SpecialFunctions.expint(x.NotNull());

    /// <summary>The w of at least -1 with w eʷ = x: NaN below -1/e.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, Math.E]).LambertW() // [0, 1]
    /// </code></example>
    public static Tensor LambertW(this Tensor x) => SpecialFunctions.lambertW(x.NotNull());

    /// <summary>
    /// log (eᵃ + eᵇ), without overflow; arguments broadcast.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create(1000.0).LogAddExp(Tensor.Create(1000.0)) // 1000.6931
    /// </code></example>
    public static Tensor LogAddExp(this Tensor a, Tensor b) =>
        SpecialFunctions.logAddExp(a.NotNull(), b.NotNull());

    /// <summary>
    /// The logarithm of the beta function, log Γ(a) Γ(b) / Γ(a + b), of positive numbers; arguments broadcast.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create(2.0).Lbeta(Tensor.Create(3.0)) // log 1/12: -2.4849
    /// </code></example>
    public static Tensor Lbeta(this Tensor a, Tensor b) =>
        SpecialFunctions.lbeta(a.NotNull(), b.NotNull());

    /// <summary>
    /// Hurwitz's zeta function, Σ (q + k)⁻ˢ over k ≥ 0, for s > 1 and q > 0; arguments broadcast. q = 1 makes it Riemann's.
    /// It has a derivative with respect to q, none with respect to s.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <exception cref="DerivativeException">A derivative with respect to another argument is asked for.</exception>
    /// <example><code>
    /// Tensor.Create(2.0).Zeta(Tensor.Create(1.0)) // π²/6: 1.6449
    /// </code></example>
    public static Tensor Zeta(this Tensor s, Tensor q) =>
        SpecialFunctions.zeta(s.NotNull(), q.NotNull());

    /// <summary>
    /// The regularised lower incomplete gamma function P, ∫ tᵃ⁻¹ e⁻ᵗ dt from 0 to x divided by Γ(a): the distribution of a gamma variable of shape a. Arguments broadcast.
    /// Differentiable by both.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <exception cref="DerivativeException">A derivative with respect to another argument is asked for.</exception>
    /// <example><code>
    /// Tensor.Create(1.0).Gammainc(Tensor.Create(1.0)) // one minus 1/e: 0.6321
    /// </code></example>
    public static Tensor Gammainc(this Tensor a, Tensor x) =>
        SpecialFunctions.gammainc(a.NotNull(), x.NotNull());

    /// <summary>
    /// The regularised upper incomplete gamma function Q = 1 - P, which keeps its digits where it is small. Arguments broadcast.
    /// Differentiable by both.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <exception cref="DerivativeException">A derivative with respect to another argument is asked for.</exception>
    /// <example><code>
    /// Tensor.Create(1.0).Gammaincc(Tensor.Create(1.0)) // one over e: 0.3679
    /// </code></example>
    public static Tensor Gammaincc(this Tensor a, Tensor x) =>
        SpecialFunctions.gammaincc(a.NotNull(), x.NotNull());

    /// <summary>
    /// The regularised incomplete beta function, ∫ tᵃ⁻¹ (1 - t)ᵇ⁻¹ dt from 0 to x divided by B(a, b): the distribution of a beta variable. Arguments broadcast.
    /// Differentiable by all three.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <exception cref="DerivativeException">A derivative with respect to another argument is asked for.</exception>
    /// <example><code>
    /// Tensor.Create(2.0).Betainc(Tensor.Create(1.0), Tensor.Create(0.5)) // 0.25
    /// </code></example>
    public static Tensor Betainc(this Tensor a, Tensor b, Tensor x) =>
        SpecialFunctions.betainc(a.NotNull(), b.NotNull(), x.NotNull());

    /// <summary>
    /// The inverse of <c>Gammainc</c> by x: the quantile of a gamma variable of shape a. Arguments broadcast. Differentiable by both.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static Tensor Gammaincinv(this Tensor a, Tensor p) =>
        SpecialFunctions.gammaincinv(a.NotNull(), p.NotNull());

    /// <summary>
    /// The inverse of <c>Gammaincc</c> by x, which keeps its digits where q is small. Arguments broadcast. Differentiable by both.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static Tensor Gammainccinv(this Tensor a, Tensor q) =>
        SpecialFunctions.gammainccinv(a.NotNull(), q.NotNull());

    /// <summary>
    /// The inverse of <c>Betainc</c> by x: the quantile of a beta variable. Arguments broadcast. Differentiable by all three.
    /// </summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static Tensor Betaincinv(this Tensor a, Tensor b, Tensor p) =>
        SpecialFunctions.betaincinv(a.NotNull(), b.NotNull(), p.NotNull());

    /// <summary>The beta function, Γ(a) Γ(b) / Γ(a + b), of positive numbers; arguments broadcast.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create(2.0).Beta(Tensor.Create(3.0)) // a twelfth: 0.0833
    /// </code></example>
    public static Tensor Beta(this Tensor a, Tensor b) => SpecialFunctions.beta(a.NotNull(), b.NotNull());

    /// <summary>The derivative of order n + 1 of <c>Lgamma</c>: n = 0 is <c>Digamma</c>.</summary>
    /// <exception cref="ValueException">The order is negative.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.Create(1.0).Polygamma(1) // π²/6: 1.6449
    /// </code></example>
    public static Tensor Polygamma(this Tensor x, int n) => SpecialFunctions.polygamma(n, x.NotNull());

    /// <summary>x log y, and 0 where x is 0, whatever number y is; arguments broadcast.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 2.0]).Xlogy(Tensor.Create([0.0, Math.E])) // [0, 2]
    /// </code></example>
    public static Tensor Xlogy(this Tensor x, Tensor y) => SpecialFunctions.xlogy(x.NotNull(), y.NotNull());

    /// <summary>x log (1 + y), and 0 where x is 0, whatever number y is; arguments broadcast.</summary>
    /// <exception cref="DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// Tensor.Create([0.0, 2.0]).Xlog1py(Tensor.Create([-1.0, Math.E - 1])) // [0, 2]
    /// </code></example>
    public static Tensor Xlog1py(this Tensor x, Tensor y) => SpecialFunctions.xlog1py(x.NotNull(), y.NotNull());
}
