using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>
/// Transformations of functions other than into derivatives (for those see <see cref="Differentiate"/>). They
/// compose with them, in any order and to any depth.
/// </summary>
public static class Transform
{
    /// <summary>
    /// A function of one example over a batch: over axis 0 of every tensor of the argument, which must all
    /// have the same size there, N. The function sees tensors without that axis and is called once, whatever
    /// N; each of its operations then works on all examples at once. Tensors of the result get N as axis 0.
    /// What the function closes over is shared by all examples.
    /// </summary>
    /// <exception cref="ShapeException">The batches differ in size.</exception>
    /// <exception cref="TraceException">The function reads a value, as for an <c>if</c>.</exception>
    /// <example><code>
    /// // The distance of each row of xs from the same row of ys.
    /// var (xs, ys) = (Tensor.Create([[0.0, 0.0], [1.0, 2.0]]), Tensor.Create([[3.0, 4.0], [1.0, 2.0]]));
    /// Transform.Vectorize(p => (p.x - p.y).Norm(), (x: xs, y: ys)) // [5, 0]
    ///
    /// // One gradient for each example.
    /// var w = Tensor.Create([1.0, 1.0]);
    /// Transform.Vectorize(e => Differentiate.Gradient(w => w.Dot(e), w), xs) // [[0, 0], [1, 2]]
    ///
    /// // A key of its own for each example.
    /// Transform.Vectorize(k => k.Normal(3), Key.Create(0).Batch(10)) // shape (10, 3)
    /// </code></example>
    public static Q Vectorize<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => Core.vmap(f.ToFSharp(), x.NotNull());

    /// <summary>A function of one example, as a function of a batch.</summary>
    /// <example><code>
    /// var norms = Transform.Vectorize((Tensor x) => x.Norm());
    /// norms(Tensor.Create([[3.0, 4.0], [0.0, 2.0]])) // [5, 2]
    /// </code></example>
    public static Func<P, Q> Vectorize<P, Q>(Func<P, Q> f)
        where P : notnull
        where Q : notnull
    {
        f.NotNull();
        return x => Vectorize(f, x);
    }

    /// <summary>The same over other axes than the first, or over some fields of the argument only.</summary>
    /// <param name="f">The function of one example.</param>
    /// <param name="x">The batch.</param>
    /// <param name="inAxes">
    /// One entry for each field of the argument (item of a tuple, field of a record, item of a list): the
    /// axis of examples in every tensor of that field, or null where all examples share it. One entry alone
    /// holds for all fields.
    /// </param>
    /// <param name="outAxis">The axis of examples in every tensor of the result.</param>
    /// <exception cref="AxisException">A tensor has no such axis.</exception>
    /// <exception cref="ShapeException">Sizes along the axes of examples differ.</exception>
    /// <example><code>
    /// // The columns of a matrix, each times one and the same vector; the results are columns again.
    /// var (matrix, v) = (Tensor.Create([[1.0, 2.0], [3.0, 4.0]]), Tensor.Create([10.0, 1.0]));
    /// Transform.Vectorize(p => p.column * p.v, (column: matrix, v), [1, null], outAxis: 1)
    /// // [[10, 20], [3, 4]]
    /// </code></example>
    public static Q Vectorize<P, Q>(Func<P, Q> f, P x, IEnumerable<int?> inAxes, int outAxis = 0)
        where P : notnull
        where Q : notnull =>
        Core.vmapWith(
            new BatchAxes(ListModule.OfSeq(inAxes.NoneNull().Select(axis => axis.ToOption())), outAxis),
            f.ToFSharp(),
            x.NotNull()
        );

    /// <summary>
    /// A function whose computation runs as one program: on the first call for each signature of its argument
    /// (shapes, dtypes, device, static fields) it is traced into a graph, simplified, fused into loops and
    /// turned into machine code; later calls run that. The function must be pure, and can't read numbers:
    /// <see cref="Control"/> does what <c>if</c> and <c>for</c> do. Compile once and call often.
    /// </summary>
    /// <example><code>
    /// var step = Transform.Compile((Tensor x) => x - 0.1 * Differentiate.Gradient(y => y.Sin().Sum(), x));
    /// </code></example>
    /// <exception cref="TraceException">The function reads a value, as for an <c>if</c>.</exception>
    public static Func<P, Q> Compile<P, Q>(Func<P, Q> f)
        where P : notnull
        where Q : notnull => Core.compile(f.ToFSharp()).Invoke;

    /// <summary><see cref="Compile{P, Q}(Func{P, Q})"/> for a function of two arguments.</summary>
    /// <example><code>
    /// var step = Transform.Compile((Tensor x, Tensor rate) => x - rate * x);
    /// step(Tensor.Create([1.0, 2.0]), Tensor.Create(0.5)) // [0.5, 1]
    /// </code></example>
    /// <exception cref="TraceException">The function reads a value, as for an <c>if</c>.</exception>
    public static Func<A, B, Q> Compile<A, B, Q>(Func<A, B, Q> f)
        where A : notnull
        where B : notnull
        where Q : notnull
    {
        f.NotNull();
        var compiled = Core.compile(FuncConvert.FromFunc((Tuple<A, B> x) => f(x.Item1, x.Item2)));
        return (a, b) => compiled.Invoke(Tuple.Create(a.NotNull(), b.NotNull()));
    }

    /// <summary><see cref="Compile{P, Q}(Func{P, Q})"/> for a function of three arguments.</summary>
    /// <example><code>
    /// var line = Transform.Compile((Tensor slope, Tensor x, Tensor intercept) => slope * x + intercept);
    /// line(Tensor.Create(2.0), Tensor.Create([1.0, 3.0]), Tensor.Create(0.5)) // [2.5, 6.5]
    /// </code></example>
    /// <exception cref="TraceException">The function reads a value, as for an <c>if</c>.</exception>
    public static Func<A, B, C, Q> Compile<A, B, C, Q>(Func<A, B, C, Q> f)
        where A : notnull
        where B : notnull
        where C : notnull
        where Q : notnull
    {
        f.NotNull();
        var compiled = Core.compile(FuncConvert.FromFunc((Tuple<A, B, C> x) => f(x.Item1, x.Item2, x.Item3)));
        return (a, b, c) => compiled.Invoke(Tuple.Create(a.NotNull(), b.NotNull(), c.NotNull()));
    }

    /// <summary><see cref="Compile{P, Q}(Func{P, Q})"/> for a function of four arguments.</summary>
    /// <example><code>
    /// var f = Transform.Compile((Tensor a, Tensor b, Tensor c, Tensor d) => a * b - c * d);
    /// f(Tensor.Create(2.0), Tensor.Create(3.0), Tensor.Create(4.0), Tensor.Create(0.5)) // 4
    /// </code></example>
    /// <exception cref="TraceException">The function reads a value, as for an <c>if</c>.</exception>
    public static Func<A, B, C, D, Q> Compile<A, B, C, D, Q>(Func<A, B, C, D, Q> f)
        where A : notnull
        where B : notnull
        where C : notnull
        where D : notnull
        where Q : notnull
    {
        f.NotNull();
        var compiled = Core.compile(
            FuncConvert.FromFunc((Tuple<A, B, C, D> x) => f(x.Item1, x.Item2, x.Item3, x.Item4))
        );
        return (a, b, c, d) => compiled.Invoke(Tuple.Create(a.NotNull(), b.NotNull(), c.NotNull(), d.NotNull()));
    }

    /// <summary>
    /// <see cref="Compile{P, Q}(Func{P, Q})"/> for a function whose first argument is given away: the program may put its results in
    /// that memory, so that parameters and the state of an optimiser are updated in place. Give it what is replaced
    /// by the result anyway, and go on with the result: the tensors of the first argument are used up by the call.
    /// Views made before keep their numbers. Under another transformation nothing is given away.
    /// </summary>
    /// <example><code>
    /// var step = Transform.CompileDonating((Tensor x, Tensor rate) => x - rate * x);
    /// step(Tensor.Create([1.0, 2.0]), Tensor.Create(0.5))   // [0.5, 1]
    /// </code></example>
    /// <exception cref="TraceException">The function reads a value, as for an <c>if</c>.</exception>
    /// <exception cref="DonationException">A tensor is used after it was given away.</exception>
    public static Func<A, B, Q> CompileDonating<A, B, Q>(Func<A, B, Q> f)
        where A : notnull
        where B : notnull
        where Q : notnull => new Donating<A, B, Q>(f.NotNull()).Invoke;

    private sealed class Donating<A, B, Q>(Func<A, B, Q> f)
        where A : notnull
        where B : notnull
        where Q : notnull
    {
        public FSharpFunc<Tuple<A, B>, Q> Compiled { get; } =
            Core.compileDonating(FuncConvert.FromFunc((Tuple<A, B> x) => f(x.Item1, x.Item2)));

        public Q Invoke(A given, B other) => Compiled.Invoke(Tuple.Create(given.NotNull(), other.NotNull()));
    }

    /// <summary>
    /// The graph that a function is traced into at an argument, one line for each operation.
    /// </summary>
    /// <example><code>
    /// Console.WriteLine(Transform.Graph(x => x.Sin().Sum(), Tensor.Create([1.0, 2.0])));
    /// // %0: Float64 (2,) = input 0
    /// // %1: Float64 (2,) = sin %0
    /// // %2: Float64 () = sum axes=[0] %1
    /// // return %2
    /// </code></example>
    public static string Graph<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => CompileModule.graph(f.ToFSharp(), x.NotNull());

    /// <summary>The same graph as a Mermaid flowchart.</summary>
    /// <example><code>
    /// // A file that shows the graph where Mermaid is known.
    /// var chart = Transform.Mermaid(x => x.Sin().Sum(), Tensor.Create([1.0, 2.0]));
    /// File.WriteAllText(Path.GetTempFileName() + ".md", $"```mermaid\n{chart}\n```");
    /// </code></example>
    public static string Mermaid<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => CompileModule.mermaid(f.ToFSharp(), x.NotNull());

    /// <summary>The same graph drawn as an HTML page that opens without a network.</summary>
    /// <example><code>
    /// var page = Transform.Page(x => x.Sin().Sum(), Tensor.Create([1.0, 2.0]));
    /// File.WriteAllText(Path.GetTempFileName() + ".html", page);
    /// </code></example>
    public static string Page<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => CompileModule.page(f.ToFSharp(), x.NotNull());

    /// <summary>
    /// How often a compiled function was compiled, and why the last time.
    /// </summary>
    /// <exception cref="ValueException">The function does not come from <see cref="Compile{P, Q}(Func{P, Q})"/>.</exception>
    /// <example><code>
    /// var twice = Transform.Compile((Tensor x) => x * 2);
    /// twice(Tensor.Create(1.0)) // 2
    /// twice(Tensor.Create([1.0, 2.0])) // [2, 4]
    /// Transform.Explain(twice) // compiled 2 times, last because `$` is Float64 (2,) on cpu, it was Float64 () on cpu
    /// </code></example>
    public static string Explain<P, Q>(Func<P, Q> compiled)
        where P : notnull
        where Q : notnull =>
        compiled.NotNull().Target is FSharpFunc<P, Q> f
            ? CompileModule.explain(f)
            : throw new ValueException("Transform.Explain: this is not a function that Transform.Compile returned.");

    /// <summary>
    /// How many bytes of programs each compiled function keeps: arguments of another signature have a program of
    /// their own, and those used least lately go when all of a function's together take more. Holds for what is
    /// compiled afterwards.
    /// </summary>
    /// <exception cref="ValueException">The number is negative.</exception>
    /// <example><code>
    /// Transform.Keep(100_000_000);
    /// </code></example>
    public static void Keep(long bytes) => CompileModule.keep(bytes);

    /// <summary>
    /// The program that a function becomes for an argument like this: its loops and the other steps, and how much
    /// memory lies between inputs and outputs.
    /// </summary>
    /// <example><code>
    /// Console.WriteLine(Transform.Program(x => x.Sin().Sum(), Tensor.Create([1.0, 2.0])));
    /// // nest [2] folding 1
    /// //     %0 = Float64 s0[1]
    /// //     %1 = sin %0
    /// //     %2 = fold sum %1
    /// //     s1[0] &lt;- %2
    /// // 0 bytes between inputs and outputs
    /// </code></example>
    public static string Program<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => CompileModule.program(f.ToFSharp(), x.NotNull());

    /// <summary>
    /// The passes that make a program of a function, in order: level, name, milliseconds, and the size of what came out.
    /// </summary>
    /// <example><code>
    /// Transform.Passes(y => y.Sin().Sum(), Tensor.Ones(2))
    /// </code></example>
    public static string Passes<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => CompileModule.passes(f.ToFSharp(), x.NotNull());

    /// <summary>What a function has become after the pass of this name, the last time that it runs.</summary>
    /// <exception cref="ValueException">No pass has this name; the message lists those there are.</exception>
    /// <example><code>
    /// Transform.After("simplify", y => (y * 1.0).Sum(), Tensor.Ones(2))
    /// </code></example>
    public static string After<P, Q>(string pass, Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => CompileModule.after(pass.NotNull(), f.ToFSharp(), x.NotNull());

    /// <summary>
    /// What a call of a function with an argument like this takes of memory, by the plan: before anything is
    /// allocated, and without running it.
    /// </summary>
    /// <example><code>
    /// var x = Tensor.Ones(100, 100);
    /// Transform.Memory(y => y.MatMul(y), x).Peak   // 80000
    /// </code></example>
    public static ProgramMemory Memory<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => CompileModule.memory(f.ToFSharp(), x.NotNull());

    /// <summary>
    /// The same for a function of two arguments; for one from <see cref="CompileDonating"/>, with what happens in
    /// place.
    /// </summary>
    /// <example><code>
    /// var (x, y) = (Tensor.Ones(100, 100), Tensor.Ones(100, 100));
    /// Transform.Memory((x, y) => x.MatMul(y), x, y).Peak // 120000
    /// </code></example>
    public static ProgramMemory Memory<A, B, Q>(Func<A, B, Q> f, A first, B second)
        where A : notnull
        where B : notnull
        where Q : notnull =>
        CompileModule.memory(
            f.NotNull().Target is Donating<A, B, Q> donating
                ? donating.Compiled
                : FuncConvert.FromFunc((Tuple<A, B> x) => f(x.Item1, x.Item2)),
            Tuple.Create(first.NotNull(), second.NotNull())
        );

    /// <summary>
    /// The same function, whose values inside are not kept for the way back of reverse mode but computed again:
    /// memory for time.
    /// </summary>
    /// <example><code>
    /// Differentiate.Gradient(Transform.Checkpoint((Tensor x) => x.Square().Sum()), Tensor.Create([1.0, 2.0])) // [2, 4]
    /// </code></example>
    public static Func<P, Q> Checkpoint<P, Q>(Func<P, Q> f)
        where P : notnull
        where Q : notnull => Core.checkpoint(f.ToFSharp()).Invoke;

    /// <summary>
    /// <see cref="Checkpoint{P, Q}(Func{P, Q})"/> that keeps some of the values inside, as a policy says. Compiled programs keep the same.
    /// </summary>
    /// <example><code>
    /// var w = Tensor.Create([[1.0, 0.0], [0.0, 2.0]]);
    /// var f = Transform.Checkpoint((Tensor x) => x.MatMul(w).Tanh().Sum(), CheckpointPolicy.Products);
    /// Differentiate.Gradient(f, Tensor.Zeros([1, 2], DType.Float64)) // [[1, 2]]
    /// </code></example>
    public static Func<P, Q> Checkpoint<P, Q>(Func<P, Q> f, CheckpointPolicy policy)
        where P : notnull
        where Q : notnull => Core.checkpointWith(policy.NotNull(), f.ToFSharp()).Invoke;

    /// <summary>
    /// The same values, under a name by which a checkpoint with the policy <c>CheckpointPolicy.Named</c> keeps them. Elsewhere it does
    /// nothing.
    /// </summary>
    /// <example><code>
    /// var f = Transform.Checkpoint(
    ///     (Tensor x) => Transform.CheckpointName("hidden", x.Exp()).Sin().Sum(),
    ///     CheckpointPolicy.Named("hidden"));
    /// Differentiate.Gradient(f, Tensor.Create([0.0])) // [0.5403]
    /// </code></example>
    public static P CheckpointName<P>(string name, P x)
        where P : notnull => Core.checkpointName(name.NotNull(), x.NotNull());

    /// <summary>
    /// A function with a custom batching rule, which <c>Vectorize</c> uses in place of running the function's operations on all
    /// examples. The rule is given the argument of all examples at once, and returns the results of all of them, along axis 0 of
    /// every tensor. It must compute what the function does: where a batch is, the derivatives are the rule's.
    /// </summary>
    /// <exception cref="ShapeException">
    /// The rule returns a tensor that has not as many items along axis 0 as there are examples.
    /// </exception>
    /// <exception cref="DerivativeException">
    /// The function, or the rule, uses a traced tensor that is not part of its argument.
    /// </exception>
    /// <example><code>
    /// var sine = Transform.WithBatching((BatchedArgument&lt;Tensor&gt; batch) => batch.Value.Sin(), x => x.Sin());
    /// Transform.Vectorize(sine, Tensor.Create([0.0, 1.0])) // [0, 0.8415]
    /// </code></example>
    public static Func<P, Q> WithBatching<P, Q>(Func<BatchedArgument<P>, Q> rule, Func<P, Q> f)
        where P : notnull
        where Q : notnull => Core.withBatching(rule.ToFSharp(), f.ToFSharp()).Invoke;

    /// <summary>
    /// The shapes and dtypes of what a function returns, without computing anything: its result, whose tensors know their shape, dtype
    /// and device, and have no numbers. Of the argument, too, only these are asked for: the result of another <c>EvalShape</c> will do.
    /// </summary>
    /// <exception cref="TraceException">The function reads a number, or a number of the result is read.</exception>
    /// <example><code>
    /// Transform.EvalShape(x => x.MatMul(x.T).Sum(0), Tensor.Ones(5, 3)).Shape // [5]
    /// </code></example>
    public static Q EvalShape<P, Q>(Func<P, Q> f, P x)
        where P : notnull
        where Q : notnull => Core.evalShape(f.ToFSharp(), x.NotNull());
}
