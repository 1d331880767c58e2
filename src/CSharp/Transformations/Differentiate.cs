using Microsoft.FSharp.Collections;

namespace Cotangent;

/// <summary>
/// Derivatives of functions, of any order and nested any way. Each method comes in two forms: with the point,
/// to the derivative there, and without it, to the derivative as a function. <c>P</c> and <c>Q</c> are any
/// trees of tensors (see <see cref="Tree"/>): a tensor, a record, a tuple, an array of tensors.
/// </summary>
public static partial class Differentiate
{
    /// <summary>
    /// The gradient of a scalar function: of the type of the argument, whatever record that is. Reverse mode:
    /// about the price of two or three evaluations, however many parameters there are.
    /// </summary>
    /// <exception cref="ShapeException">The function does not return one floating-point number.</exception>
    /// <exception cref="DTypeException">
    /// The argument holds integers or Bools; close over them instead.
    /// </exception>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <example><code>
    /// Differentiate.Gradient(x => x.Sin().Sum(), Tensor.Create([0.0, 1.0])) // cos x: [1, 0.5403]
    ///
    /// var at = (w: Tensor.Create(2.0), b: Tensor.Create(1.0));
    /// var (dw, db) = Differentiate.Gradient(p => (p.w * 3 + p.b).Square(), at);
    /// dw // 42
    /// </code></example>
    public static P Gradient<P>(Func<P, Tensor> f, P x)
        where P : notnull => Core.grad(f.ToFSharp(), x.NotNull());

    /// <summary>The gradient of a scalar function, as a function.</summary>
    /// <example><code>
    /// var cosine = Differentiate.Gradient((Tensor x) => x.Sin().Sum());
    /// cosine(Tensor.Create([0.0, 1.0])) // [1, 0.5403]
    /// </code></example>
    public static Func<P, P> Gradient<P>(Func<P, Tensor> f)
        where P : notnull
    {
        f.NotNull();
        return x => Gradient(f, x);
    }

    /// <summary>The value of a scalar function and its gradient.</summary>
    /// <exception cref="ShapeException">The function returns anything but one floating-point number.</exception>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <exception cref="DTypeException">A tensor of the argument is not floating-point.</exception>
    /// <example><code>
    /// var x = Tensor.Create([1.0, 2.0]);
    /// var (value, gradient) = Differentiate.ValueAndGradient(x => x.Square().Sum(), x);
    /// value // 5
    /// gradient // [2, 4]
    /// </code></example>
    public static (Tensor Value, P Gradient) ValueAndGradient<P>(Func<P, Tensor> f, P x)
        where P : notnull => Core.valueAndGrad(f.ToFSharp(), x.NotNull()).ToValueTuple();

    /// <summary>The value of a scalar function and its gradient, as a function.</summary>
    /// <example><code>
    /// var f = Differentiate.ValueAndGradient((Tensor x) => x.Square().Sum());
    /// f(Tensor.Create([1.0, 2.0])) // (5, [2, 4])
    /// </code></example>
    public static Func<P, (Tensor Value, P Gradient)> ValueAndGradient<P>(Func<P, Tensor> f)
        where P : notnull
    {
        f.NotNull();
        return x => ValueAndGradient(f, x);
    }

    /// <summary>
    /// The gradient of a function that also returns something else, which comes out with it.
    /// </summary>
    /// <exception cref="ShapeException">The first result is anything but one floating-point number.</exception>
    /// <example><code>
    /// // The prediction comes out with the gradient.
    /// (Tensor, Tensor) Error(Tensor w) { var y = w * 3; return ((y - 1).Square().Sum(), y); }
    /// var (gradient, prediction) = Differentiate.GradientWith(Error, Tensor.Create([2.0]));
    /// gradient // [30]
    /// prediction // [6]
    /// </code></example>
    public static (P Gradient, A Aux) GradientWith<P, A>(Func<P, (Tensor Value, A Aux)> f, P x)
        where P : notnull => Core.gradWith(f.ToFSharpPair(), x.NotNull()).ToValueTuple();

    /// <summary>Value and gradient of a function that also returns something else.</summary>
    /// <exception cref="ShapeException">The first result is anything but one floating-point number.</exception>
    /// <example><code>
    /// // The prediction comes out with the error and its gradient.
    /// (Tensor, Tensor) Error(Tensor w) { var y = w * 3; return ((y - 1).Square().Sum(), y); }
    /// var (error, prediction, gradient) = Differentiate.ValueAndGradientWith(Error, Tensor.Create([2.0]));
    /// error // 25
    /// prediction // [6]
    /// gradient // [30]
    /// </code></example>
    public static (Tensor Value, A Aux, P Gradient) ValueAndGradientWith<P, A>(
        Func<P, (Tensor Value, A Aux)> f,
        P x
    )
        where P : notnull
    {
        var ((value, aux), gradient) = Core.valueAndGradWith(f.ToFSharpPair(), x.NotNull());
        return (value, aux, gradient);
    }

    /// <summary>
    /// Pushes a tangent forward: the value at x, and the change of the value as x changes by dx. Forward
    /// mode: about the price of two evaluations.
    /// </summary>
    /// <exception cref="ShapeException">The tangent has another shape than the argument.</exception>
    /// <exception cref="TreeException">The tangent differs from x in structure, or there are no tensors.</exception>
    /// <example><code>
    /// Differentiate.Jvp(x => x.Sin(), Tensor.Create(0.0), Tensor.Create(1.0)).Tangent // 1
    /// </code></example>
    public static (Q Value, Q Tangent) Jvp<P, Q>(Func<P, Q> f, P x, P dx)
        where P : notnull
        where Q : notnull => Core.jvp(f.ToFSharp(), x.NotNull(), dx.NotNull()).ToValueTuple();

    /// <summary>
    /// The value at x, and the function that pulls a cotangent of the value back to one of x. It can be
    /// called again and again.
    /// </summary>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <example><code>
    /// var (y, pull) = Differentiate.Vjp(x => x.Sin(), Tensor.Create([0.0, 1.0]));
    /// pull(Tensor.Create([1.0, 10.0])) // [1, 5.403]
    /// </code></example>
    public static (Q Value, Func<Q, P> Pull) Vjp<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull
    {
        var (value, pull) = Core.vjp(f.ToFSharp(), x.NotNull());
        return (value, pull.Invoke);
    }

    /// <summary>
    /// The value at x, and the derivative there as a linear function of tangents, without evaluating f again.
    /// </summary>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <example><code>
    /// var (y, push) = Differentiate.Linearize(x => x.Pow(3), Tensor.Create(2.0));
    /// push(Tensor.Create(10.0)) // 120
    /// </code></example>
    public static (Q Value, Func<P, Q> Push) Linearize<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull
    {
        var (value, push) = Core.linearize(f.ToFSharp(), x.NotNull());
        return (value, push.Invoke);
    }

    /// <summary>
    /// The transpose of a linear function: ⟨f x, y⟩ = ⟨x, fᵀ y⟩. The argument tells shapes and dtypes only.
    /// </summary>
    /// <exception cref="DerivativeException">The function is not linear.</exception>
    /// <example><code>
    /// var like = Tensor.Create([0.0, 0.0]);
    /// var sums = Differentiate.LinearTranspose((Tensor x) => x.Expand(3, 2), like);
    /// sums(Tensor.Create([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])) // [9, 12]
    /// </code></example>
    public static Func<Q, P> LinearTranspose<P, Q>(Func<P, Q> f, P like)
        where P : notnull
        where Q : notnull => Core.linearTranspose(f.ToFSharp(), like.NotNull()).Invoke;

    /// <summary>
    /// The derivative of a function of one number, or the derivative of a higher order; the result may have
    /// any shape.
    /// </summary>
    /// <exception cref="ShapeException">The argument is not one number.</exception>
    /// <exception cref="ValueException">The order is negative.</exception>
    /// <example><code>
    /// Differentiate.Derivative(x => x.Pow(3), Tensor.Create(2.0)) // 12
    /// Differentiate.Derivative(x => x.Pow(3), Tensor.Create(2.0), order: 2) // 12
    /// </code></example>
    public static Tensor Derivative(Func<Tensor, Tensor> f, Tensor x, int order = 1) =>
        Core.diffn(order, f.ToFSharp(), x.NotNull());

    /// <summary>The derivative of a function of one number, as a function.</summary>
    /// <example><code>
    /// var slope = Differentiate.Derivative(x => x.Pow(3));
    /// slope(Tensor.Create(2.0)) // 12
    /// </code></example>
    public static Func<Tensor, Tensor> Derivative(Func<Tensor, Tensor> f, int order = 1)
    {
        f.NotNull();
        return x => Derivative(f, x, order);
    }

    /// <summary>
    /// The Taylor polynomial of a function of one number: the coefficients of f(x + t) in the powers of t up to an
    /// order. k! times the k-th is the k-th derivative. All take of the order of order² evaluations.
    /// </summary>
    /// <exception cref="ShapeException">The argument is not one number.</exception>
    /// <exception cref="ValueException">The order is negative.</exception>
    /// <example><code>
    /// var terms = Differentiate.Taylor(3, x => x.Exp(), Tensor.Create(0.0));
    /// terms[3] // 0.1667
    /// </code></example>
    public static IReadOnlyList<Q> Taylor<Q>(int order, Func<Tensor, Q> f, Tensor x)
        where Q : notnull => [.. Core.taylor(order, f.ToFSharp(), x.NotNull())];

    /// <summary>
    /// The Taylor polynomial along a line: the coefficients of f(x + t v) in the powers of t up to an order.
    /// </summary>
    /// <exception cref="ShapeException">The direction has another shape than the argument.</exception>
    /// <exception cref="ValueException">The order is negative.</exception>
    /// <example><code>
    /// var (x, v) = (Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 1.0]));
    /// var terms = Differentiate.TaylorAlong(2, x => x.Square().Sum(), x, v);
    /// terms[1] // 6
    /// </code></example>
    public static IReadOnlyList<Q> TaylorAlong<P, Q>(int order, Func<P, Q> f, P x, P v)
        where P : notnull
        where Q : notnull => [.. Core.taylorAlong(order, f.ToFSharp(), x.NotNull(), v.NotNull())];

    /// <summary>
    /// Taylor mode: of a curve x₀ + x₁ t + x₂ t² + …, given by its terms, as many terms of f along it.
    /// </summary>
    /// <exception cref="ValueException">There are no terms.</exception>
    /// <exception cref="ShapeException">A term has another shape than the first.</exception>
    /// <example><code>
    /// Tensor[] curve = [Tensor.Create(0.0), Tensor.Create(1.0), Tensor.Create(1.0)];
    /// var terms = Differentiate.Jet(x => x.Exp(), curve);
    /// terms[2] // 1.5
    /// </code></example>
    public static IReadOnlyList<Q> Jet<P, Q>(Func<P, Q> f, IEnumerable<P> terms)
        where P : notnull
        where Q : notnull => [.. Core.jet(f.ToFSharp(), ListModule.OfArray(terms.NoneNull()))];

    /// <summary>The same values, constant for every differentiation around.</summary>
    /// <example><code>
    /// Differentiate.Gradient(x => (x * Differentiate.StopGradient(x)).Sum(), Tensor.Create([3.0])) // [3]
    /// </code></example>
    public static P StopGradient<P>(P x)
        where P : notnull => Core.stopGradient(x.NotNull());

    /// <summary>
    /// A function with a custom derivative in reverse mode: from the argument and a cotangent of the
    /// result to a cotangent of the argument. Forward mode uses its transpose. Everything differentiated must
    /// come in through the argument.
    /// </summary>
    /// <exception cref="TraceException">The function uses a differentiated tensor that is not part of its argument.</exception>
    /// <example><code>
    /// // The identity, whose cotangents are clipped on the way back.
    /// var clipped = Differentiate.WithPull((Tensor x) => x, (x, c) => c.Clamp(-1, 1));
    /// Differentiate.Gradient(x => 5 * clipped(x), Tensor.Create(2.0)) // 1
    /// </code></example>
    public static Func<P, Q> WithPull<P, Q>(Func<P, Q> f, Func<P, Q, P> pull)
        where P : notnull
        where Q : notnull =>
        Core.withDerivative(Cotangent.Derivative<P, Q>.NewPull(pull.ToFSharp()), f.ToFSharp()).Invoke;

    /// <summary>
    /// A function with a custom derivative in forward mode: from the argument and its tangent to the
    /// tangent of the result. Reverse mode uses its transpose.
    /// </summary>
    /// <exception cref="TraceException">The function uses a differentiated tensor that is not part of its argument.</exception>
    /// <example><code>
    /// // A step whose derivative is that of the sigmoid.
    /// var step = Differentiate.WithPush(
    ///     (Tensor x) => (x > 0).Convert(DType.Float64),
    ///     (x, dx) => dx * x.Sigmoid() * (1 - x.Sigmoid())
    /// );
    /// Differentiate.Gradient(step, Tensor.Create(0.0)) // 0.25
    /// </code></example>
    public static Func<P, Q> WithPush<P, Q>(Func<P, Q> f, Func<P, P, Q> push)
        where P : notnull
        where Q : notnull =>
        Core.withDerivative(Cotangent.Derivative<P, Q>.NewPush(push.ToFSharp()), f.ToFSharp()).Invoke;

    /// <summary>
    /// A function with a custom derivative in both modes, of which neither need be linear nor the transpose of the other.
    /// </summary>
    /// <exception cref="TraceException">The function uses a differentiated tensor that is not part of its argument.</exception>
    /// <example><code>
    /// // The identity, whose cotangents are clipped on the way back; forward they can't be.
    /// var clipped = Differentiate.WithDerivative((Tensor x) => x, push: (x, dx) => dx, pull: (x, c) => c.Clamp(-1, 1));
    /// Differentiate.HessianVectorProduct(x => (x * clipped(x)).Sum(), Tensor.Create(2.0), Tensor.Create(1.0)) // 1
    /// </code></example>
    public static Func<P, Q> WithDerivative<P, Q>(Func<P, Q> f, Func<P, P, Q> push, Func<P, Q, P> pull)
        where P : notnull
        where Q : notnull =>
        Core.withDerivative(
            Cotangent.Derivative<P, Q>.NewBoth(push.ToFSharp(), pull.ToFSharp()),
            f.ToFSharp()
        ).Invoke;
}
