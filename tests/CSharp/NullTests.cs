using System.Collections.Immutable;
using System.Linq.Expressions;
using System.Reflection;

namespace Cotangent.CSharp.Tests;

/// <summary>Null where something should be: the exception says which argument it was.</summary>
public class NullTests
{
    private static readonly Tensor x = Tensor.Create([1.0, 2.0]);

    /// <summary>What stands for the other arguments; functions are never called.</summary>
    private static readonly object[] samples =
    [
        CpuEngine.Managed,
        x,
        Key.Create(0),
        Device.Cpu,
        "text",
        TextWriter.Null,
        new Linear(x, null, default),
        Mlp.Of(new Linear(x, null, default)),
        new CrossEntropyOptions(),
        MatrixNorm.Spectral,
        FourierNorm.Forward,
        CheckpointPolicy.Products,
        (Schedule)0.1,
        Optimizer.Sgd(0.1),
        Optimizer.Sgd(0.1).Init(x),
        Selection.All,
        Plateau.Create(),
        Plateau.Create().Start(),
        LossScaling.Dynamic(),
        LossScaling.Dynamic().Start(),
        WeightAverage.Start(x),
        GradientSum.Zero(x),
        LBfgs.Start(t => t.Sum(), x),
        Array.Empty<string>(),
        Array.Empty<Optimizer>(),
        Array.Empty<Selection>(),
        Array.Empty<(Selection, Optimizer)>(),
        Array.Empty<(int, Schedule)>(),
        Array.Empty<(int, double)>(),
        Gan(),
        Gan().Start(x, x),
        new int?[] { 0 },
        new int[] { 1 },
        new Tensor[] { x },
        new double[] { 1 },
        new double[][] { [1] },
        new double[][][] { [[1]] },
        new double[1, 1],
        new double[1, 1, 1],
        new double[1, 1, 1, 1],
        Array.Empty<(string, double)>(),
        Array.Empty<Linear>(),
        Init.Zeros,
        Repeat.Create(2, _ => x, Key.Create(0)),
        new Func<Tensor, Tensor>[] { t => t },
        new ProgressReport(0, 1, []),
        new Batches<Tensor>(1, (_, _) => [x]),
        new Trained<Tensor>(x, 0, 0, []),
        new TrainingRun<Tensor>(new(x, 0, 0, []), false, null, []),
        new TrainOptions<Tensor>(),
        new Reaction<Tensor>(),
        new Attention(),
        new Window(),
        x.At,
        x.At[0],
        new CheckpointOptions(),
        new Dictionary<string, string>(),
        new Dictionary<string, Tensor>(),
    ];

    private static Gan<Tensor, Tensor> Gan() =>
        new()
        {
            Generate = (g, z) => z,
            Judge = (d, z) => z,
            LatentSize = 2,
            Adversary = Adversary.CrossEntropy(),
            GeneratorOptimizer = Optimizer.Sgd(0.1),
            DiscriminatorOptimizer = Optimizer.Sgd(0.1),
        };

    private static Expression Plausible(Type type)
    {
        if (type.IsByRefLike)
        {
            var item = type.GetGenericArguments()[0].MakeArrayType();
            return Expression.Convert(Expression.NewArrayBounds(item.GetElementType()!, Expression.Constant(0)), type);
        }

        if (type.IsSubclassOf(typeof(Delegate)) && type != typeof(Initializer))
        {
            var signature = type.GetMethod("Invoke")!;
            var parameters = signature.GetParameters().Select(p => Expression.Parameter(p.ParameterType));
            return Expression.Lambda(type, Expression.Default(signature.ReturnType), parameters);
        }

        return samples.FirstOrDefault(type.IsInstanceOfType) is { } sample
            ? Expression.Constant(sample, type)
            : Expression.Default(type);
    }

    /// <summary>A generic method or type for tensors, or for numbers where it wants numbers.</summary>
    private static Type[] Arguments(IEnumerable<Type> parameters) =>
    [
        .. parameters.Select(p =>
            p.GenericParameterAttributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint)
                ? typeof(double)
                : typeof(Tensor)
        ),
    ];

    private static Type Closed(Type type) =>
        type.IsGenericTypeDefinition ? type.MakeGenericType(Arguments(type.GetGenericArguments())) : type;

    private static MethodBase Closed(MethodBase method) =>
        method.IsGenericMethodDefinition
            ? ((MethodInfo)method).MakeGenericMethod(Arguments(method.GetGenericArguments()))
            : method;

    /// <summary>By the annotations of its declaration, where a type parameter says whether it may be null.</summary>
    private static bool WantsValue(ParameterInfo parameter) =>
        !parameter.ParameterType.IsValueType
        && !parameter.ParameterType.IsByRefLike
        && new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.NotNull;

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <summary>What a record has of itself takes null for an answer.</summary>
    private static bool IsWritten(MethodBase method) =>
        method.Name is not ("Equals" or "op_Equality" or "op_Inequality" or "Deconstruct" or "<Clone>$");


    private static IEnumerable<MethodBase> Methods(Type type) =>
        type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)).Where(IsWritten);

    /// <summary>Null for one parameter and values for the others: what came of it, if not what should.</summary>
    private static string? Wrong(MethodBase declared, ParameterInfo parameter)
    {
        var type = Closed(declared.DeclaringType!);
        var own = declared.DeclaringType!.IsGenericTypeDefinition
            ? MethodBase.GetMethodFromHandle(declared.MethodHandle, type.TypeHandle)!
            : declared;
        var method = Closed(own);
        var arguments = method
            .GetParameters()
            .Select(p =>
                p.Position == parameter.Position ? Expression.Constant(null, p.ParameterType) : Plausible(p.ParameterType)
            )
            .ToArray();

        Expression call =
            method is ConstructorInfo constructor ? Expression.New(constructor, arguments)
            : method.IsStatic ? Expression.Call((MethodInfo)method, arguments)
            : Expression.Call(Plausible(type), (MethodInfo)method, arguments);

        var what = $"{type.Name}.{declared.Name}({string.Join(", ", declared.GetParameters().Select(p => p.Name))})";

        try
        {
            Expression.Lambda<Action>(Expression.Block(typeof(void), call)).Compile()();
            return $"{what}: null for {parameter.Name} is taken";
        }
        catch (ArgumentNullException e) when (e.ParamName == Named(declared, parameter))
        {
            return null;
        }
        catch (Exception e)
        {
            return $"{what}: null for {parameter.Name} gives {e.GetType().Name}: {e.Message}";
        }
    }

    /// <summary>A property's one parameter is called as the property.</summary>
    private static string Named(MethodBase method, ParameterInfo parameter) =>
        method.Name.StartsWith("set_") ? method.Name["set_".Length..] : parameter.Name!;

    private static (string[] Wrong, int Count) Checked(IEnumerable<Type> types)
    {
        var all =
            from type in types
            from method in Methods(type)
            from parameter in method.GetParameters()
            where WantsValue(parameter)
            select Wrong(method, parameter);

        var found = all.ToArray();
        return ([.. found.OfType<string>()], found.Length);
    }

    [Fact]
    public void Every_method_of_the_facade_says_which_argument_is_missing()
    {
        var types = typeof(Differentiate)
            .Assembly.GetExportedTypes()
            .Where(type => !type.IsNested || type == typeof(Loss.Each))
            .Where(type => !type.IsSubclassOf(typeof(Delegate)));
        var (wrong, count) = Checked(types);
        Assert.Empty(wrong);
        Assert.InRange(count, 250, 2000);
    }

    [Fact]
    public void Every_operator_and_part_of_a_tensor_says_which_argument_is_missing()
    {
        var (wrong, count) = Checked([typeof(Tensor), typeof(TensorPart)]);
        Assert.Empty(wrong);
        Assert.InRange(count, 40, 200);
    }

    [Fact]
    public void A_missing_item_is_named_with_its_place()
    {
        Assert.Equal("tensors[1]", Assert.Throws<ArgumentNullException>(() => Tensor.Concat([x, null!])).ParamName);
        Assert.Equal("tensors[0]", Assert.Throws<ArgumentNullException>(() => Tensor.Stack([null!, x])).ParamName);
        Assert.Equal("vectors[1]", Assert.Throws<ArgumentNullException>(() => Tensor.Meshgrid(x, null!)).ParamName);
        Assert.Equal("leaves[0]", Assert.Throws<ArgumentNullException>(() => Tree.Rebuild(x, [null!])).ParamName);
        Assert.Equal("data[1]", Assert.Throws<ArgumentNullException>(() => Tensor.Create<int>([[1], null!])).ParamName);
        Assert.Equal("data[0][1]", Assert.Throws<ArgumentNullException>(() => Tensor.Create<int>([[[1], null!]])).ParamName);
        Assert.Equal("x", Assert.Throws<ArgumentNullException>(() => Linear.Create(2, 3, Key.Create(0)).Forward(null!)).ParamName);
    }

    [Fact]
    public void A_function_that_is_given_back_asks_for_its_argument()
    {
        Func<Tensor, Tensor> f = x => x.Sum();
        Assert.Equal("x", Assert.Throws<ArgumentNullException>(() => Differentiate.Gradient(f)(null!)).ParamName);
        Assert.Equal("x", Assert.Throws<ArgumentNullException>(() => Transform.Vectorize(f)(null!)).ParamName);
        Assert.Contains("null", Assert.Throws<TreeException>(() => Transform.Compile(f)(null!)).Message);
    }

    /// <summary>F# has types with a value that is null: they are trees without that leaf.</summary>
    [Fact]
    public void Null_that_means_something_passes()
    {
        Assert.Empty(Tree.Leaves(Microsoft.FSharp.Core.FSharpOption<Tensor>.None));
        Assert.Null(Differentiate.Gradient((Linear l) => l.Weight.Sum(), new Linear(x, null, Activation.Identity)).Bias);
    }

    [Fact]
    public void What_default_makes_of_a_struct_is_refused()
    {
        Assert.Contains("default(Slice)", Assert.Throws<IndexException>(() => x.Slice(default(Slice))).Message);
        Assert.Contains("default(TensorAt)", Assert.Throws<ValueException>(() => default(TensorAt)[0]).Message);
        Assert.Equal("data", Assert.Throws<ArgumentNullException>(() => Tensor.Create(default(ImmutableArray<int>))).ParamName);
        Assert.Equal("tensors", Assert.Throws<ArgumentNullException>(() => Tensor.Stack(default(ImmutableArray<Tensor>))).ParamName);
        Assert.Equal("Strides", Assert.Throws<ArgumentNullException>(() => new Window { Strides = default(ImmutableArray<int>) }).ParamName);
        Assert.Contains("ImmutableArray", Assert.Throws<TreeException>(() => Tree.Leaves(default(ImmutableArray<Tensor>))).Message);
    }
}
