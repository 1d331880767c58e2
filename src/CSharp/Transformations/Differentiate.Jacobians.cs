namespace Cotangent;

/// <content>Derivatives of every output with respect to every input, and what they add up to.</content>
public static partial class Differentiate
{
    /// <summary>
    /// Derivatives of every output (leading axes) by every input (trailing axes), in reverse mode: the choice
    /// for more inputs than outputs.
    /// </summary>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <exception cref="DTypeException">A tensor of the argument, or the result, is not floating-point.</exception>
    /// <example><code>
    /// Differentiate.Jacobian(x => x * x, Tensor.Create([1.0, 2.0])) // [[2, 0], [0, 4]]
    /// </code></example>
    public static Tensor Jacobian(Func<Tensor, Tensor> f, Tensor x) => Core.jacobian(f.ToFSharp(), x.NotNull());

    /// <summary>The same of a function of any tree: a tree like it, whose tensors hold the derivatives with respect to those in their places.</summary>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <exception cref="DTypeException">A tensor of the argument, or the result, is not floating-point.</exception>
    /// <example><code>
    /// var (slope, offset) = (Tensor.Create(3.0), Tensor.Create(0.0));
    /// var x = Tensor.Create([1.0, 2.0]);
    /// Differentiate.Jacobian(p => p.slope * x + p.offset, (slope, offset)).slope // [1, 2]
    /// </code></example>
    public static P Jacobian<P>(Func<P, Tensor> f, P x)
        where P : notnull => Core.jacobian(f.ToFSharp(), x.NotNull());

    /// <summary>
    /// The derivatives of every tensor of a result by every tensor of an argument, where both are trees: blocks, which are asked for by
    /// what they are the derivatives of. In reverse mode; <c>JacobiansForward</c> is the choice for more outputs than inputs.
    /// </summary>
    /// <exception cref="TreeException">The argument holds no tensors, or the result can't.</exception>
    /// <exception cref="DTypeException">A tensor of the argument, or of the result, is not floating-point.</exception>
    /// <example><code>
    /// var j = Differentiate.Jacobians(x => (Sum: x.a + x.b, Product: x.a * x.b), (a: Tensor.Create(2.0), b: Tensor.Create(3.0)));
    /// j.Of(y => y.Product).a // 3
    /// j.By(x => x.a).Sum // 1
    /// j.Block(y => y.Product, x => x.b) // 2
    /// </code></example>
    public static Jacobian<P, Q> Jacobians<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => Core.jacobians(f.ToFSharp(), x.NotNull());

    /// <summary>The same in forward mode.</summary>
    /// <exception cref="TreeException">The argument holds no tensors, or the result can't.</exception>
    /// <exception cref="DTypeException">A tensor of the argument, or of the result, is not floating-point.</exception>
    /// <example><code>
    /// var at = (a: Tensor.Create(2.0), b: Tensor.Create(3.0));
    /// var j = Differentiate.JacobiansForward(x => (Sum: x.a + x.b, Product: x.a * x.b), at);
    /// j.Block(y => y.Product, x => x.b) // 2
    /// </code></example>
    public static Jacobian<P, Q> JacobiansForward<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => Core.jacobiansForward(f.ToFSharp(), x.NotNull());

    /// <summary>The Jacobian in reverse mode, as a function.</summary>
    /// <example><code>
    /// var jacobian = Differentiate.Jacobian((Tensor x) => x * x);
    /// jacobian(Tensor.Create([1.0, 2.0])) // [[2, 0], [0, 4]]
    /// </code></example>
    public static Func<Tensor, Tensor> Jacobian(Func<Tensor, Tensor> f)
    {
        f.NotNull();
        return x => Jacobian(f, x);
    }

    /// <summary>
    /// The same as <c>Jacobian</c> in forward mode: the choice for more outputs than inputs.
    /// </summary>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <exception cref="DTypeException">A tensor of the argument, or the result, is not floating-point.</exception>
    /// <example><code>
    /// Differentiate.JacobianForward(x => x * x, Tensor.Create([1.0, 2.0])) // [[2, 0], [0, 4]]
    /// </code></example>
    public static Tensor JacobianForward(Func<Tensor, Tensor> f, Tensor x) => Core.jacobianForward(f.ToFSharp(), x.NotNull());

    /// <summary>The same of a function of any tree: a tree like it, whose tensors hold the derivatives with respect to those in their places.</summary>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <exception cref="DTypeException">A tensor of the argument, or the result, is not floating-point.</exception>
    /// <example><code>
    /// var (slope, offset) = (Tensor.Create(3.0), Tensor.Create(0.0));
    /// var x = Tensor.Create([1.0, 2.0]);
    /// Differentiate.JacobianForward(p => p.slope * x + p.offset, (slope, offset)).slope // [1, 2]
    /// </code></example>
    public static P JacobianForward<P>(Func<P, Tensor> f, P x)
        where P : notnull => Core.jacobianForward(f.ToFSharp(), x.NotNull());

    /// <summary>The Jacobian in forward mode, as a function.</summary>
    /// <example><code>
    /// var jacobian = Differentiate.JacobianForward((Tensor x) => x * x);
    /// jacobian(Tensor.Create([1.0, 2.0])) // [[2, 0], [0, 4]]
    /// </code></example>
    public static Func<Tensor, Tensor> JacobianForward(Func<Tensor, Tensor> f)
    {
        f.NotNull();
        return x => JacobianForward(f, x);
    }

    /// <summary>The second derivatives of a scalar function: the shape of x twice.</summary>
    /// <exception cref="ShapeException">The function returns more than one number.</exception>
    /// <example><code>
    /// Differentiate.Hessian(x => x.Pow(3).Sum(), Tensor.Create([1.0, 2.0])) // [[6, 0], [0, 12]]
    /// </code></example>
    public static Tensor Hessian(Func<Tensor, Tensor> f, Tensor x) => Core.hessian(f.ToFSharp(), x.NotNull());

    /// <summary>The second derivatives of a scalar function, as a function.</summary>
    /// <example><code>
    /// var hessian = Differentiate.Hessian((Tensor x) => x.Pow(3).Sum());
    /// hessian(Tensor.Create([1.0, 2.0])) // [[6, 0], [0, 12]]
    /// </code></example>
    public static Func<Tensor, Tensor> Hessian(Func<Tensor, Tensor> f)
    {
        f.NotNull();
        return x => Hessian(f, x);
    }

    /// <summary>The second derivatives of a scalar function of any tree: of its gradient with respect to each tensor of the argument.</summary>
    /// <exception cref="ShapeException">The function returns more than one number.</exception>
    /// <exception cref="TreeException">The argument holds no tensors.</exception>
    /// <exception cref="DTypeException">A tensor of the argument is not floating-point.</exception>
    /// <example><code>
    /// var h = Differentiate.Hessians(x => x.a * x.a * x.b, (a: Tensor.Create(2.0), b: Tensor.Create(3.0)));
    /// h.Block(x => x.a, x => x.b) // 4
    /// </code></example>
    public static Jacobian<P, P> Hessians<P>(Func<P, Tensor> f, P x)
        where P : notnull => Core.hessians(f.ToFSharp(), x.NotNull());

    /// <summary>
    /// A vector times the Hessian of a scalar function, without the Hessian: reverse over reverse. Where the second derivatives are
    /// continuous it is the same as <c>HessianVectorProduct</c>, which takes less time and memory.
    /// </summary>
    /// <exception cref="ShapeException">The function returns more than one number, or v does not match x.</exception>
    /// <example><code>
    /// var (x, v) = (Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 1.0]));
    /// Differentiate.VectorHessianProduct(x => x.Pow(3).Sum(), x, v) // [6, 12]
    /// </code></example>
    public static P VectorHessianProduct<P>(Func<P, Tensor> f, P x, P v)
        where P : notnull => Core.vhp(f.ToFSharp(), x.NotNull(), v.NotNull());

    /// <summary>
    /// The Hessian of a scalar function times a vector, without the Hessian: forward over reverse.
    /// </summary>
    /// <exception cref="ShapeException">The function returns more than one number, or v does not match x.</exception>
    /// <example><code>
    /// var (x, v) = (Tensor.Create([1.0, 2.0]), Tensor.Create([1.0, 1.0]));
    /// Differentiate.HessianVectorProduct(x => x.Pow(3).Sum(), x, v) // [6, 12]
    /// </code></example>
    public static P HessianVectorProduct<P>(Func<P, Tensor> f, P x, P v)
        where P : notnull => Core.hvp(f.ToFSharp(), x.NotNull(), v.NotNull());

    /// <summary>
    /// The Laplacian of a scalar function, the sum of its second derivatives with respect to each number of the argument, in
    /// Taylor mode along all axes at once.
    /// </summary>
    /// <exception cref="ShapeException">The function does not return one floating-point number.</exception>
    /// <example><code>
    /// Differentiate.Laplacian(x => x.Square().Sum(), Tensor.Create([1.0, 2.0, 3.0])) // 6
    /// </code></example>
    public static Tensor Laplacian(Func<Tensor, Tensor> f, Tensor x) => Core.laplacian(f.ToFSharp(), x.NotNull());

    /// <summary>The Laplacian of a scalar function, as a function.</summary>
    /// <example><code>
    /// var laplacian = Differentiate.Laplacian(x => x.Square().Sum());
    /// laplacian(Tensor.Create([1.0, 2.0, 3.0])) // 6
    /// </code></example>
    public static Func<Tensor, Tensor> Laplacian(Func<Tensor, Tensor> f)
    {
        f.NotNull();
        return x => Laplacian(f, x);
    }

    /// <summary>
    /// The Laplacian of a scalar function of any tree: the sum of its second derivatives with respect to each number of the
    /// argument.
    /// </summary>
    /// <exception cref="ShapeException">The function does not return one floating-point number.</exception>
    /// <example><code>
    /// var at = (a: Tensor.Create([1.0, 2.0]), b: Tensor.Create(3.0));
    /// Differentiate.Laplacian(p => (p.a * p.a * p.b).Sum(), at) // 12
    /// </code></example>
    public static Tensor Laplacian<P>(Func<P, Tensor> f, P x)
        where P : notnull => Core.laplacian(f.ToFSharp(), x.NotNull());

    /// <summary>The trace of the Jacobian of a vector field.</summary>
    /// <exception cref="ShapeException">The function does not return the shape of its argument.</exception>
    /// <example><code>
    /// Differentiate.Divergence(x => x * x, Tensor.Create([1.0, 2.0])) // 6
    /// </code></example>
    public static Tensor Divergence(Func<Tensor, Tensor> f, Tensor x) => Core.divergence(f.ToFSharp(), x.NotNull());

    /// <summary>The trace of the Jacobian of a vector field, as a function.</summary>
    /// <example><code>
    /// var divergence = Differentiate.Divergence(x => x * x);
    /// divergence(Tensor.Create([1.0, 2.0])) // 6
    /// </code></example>
    public static Func<Tensor, Tensor> Divergence(Func<Tensor, Tensor> f)
    {
        f.NotNull();
        return x => Divergence(f, x);
    }

    /// <summary>The curl of a vector field in three dimensions.</summary>
    /// <exception cref="ShapeException">The field is not one from (3,) to (3,).</exception>
    /// <example><code>
    /// // What turns about the third axis.
    /// static Tensor Field(Tensor x) => Tensor.Stack([-x.Slice(1), x.Slice(0), 0 * x.Slice(2)]);
    /// Differentiate.Curl(Field, Tensor.Create([1.0, 2.0, 3.0])) // [0, 0, 2]
    /// </code></example>
    public static Tensor Curl(Func<Tensor, Tensor> f, Tensor x) => Core.curl(f.ToFSharp(), x.NotNull());

    /// <summary>The curl of a vector field in three dimensions, as a function.</summary>
    /// <example><code>
    /// var curl = Differentiate.Curl(x => Tensor.Stack([-x.Slice(1), x.Slice(0), 0 * x.Slice(2)]));
    /// curl(Tensor.Create([1.0, 2.0, 3.0])) // [0, 0, 2]
    /// </code></example>
    public static Func<Tensor, Tensor> Curl(Func<Tensor, Tensor> f)
    {
        f.NotNull();
        return x => Curl(f, x);
    }
}
