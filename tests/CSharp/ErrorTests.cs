using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Cotangent.CSharp.Tests;

/// <summary>The errors of the core come through, and speak C#.</summary>
public partial class ErrorTests
{
    private static readonly Tensor x = Tensor.Create([1f, 2f, 3f]);

    [Fact]
    public void Shapes_that_do_not_fit()
    {
        var error = Assert.Throws<ShapeException>(() => x + Tensor.Create([1f, 2f]));
        Assert.Contains("(3,)", error.Message);
        Assert.Contains("(2,)", error.Message);
        Assert.Throws<ShapeException>(() => x.Reshape(2, 2));
        Assert.Throws<ShapeException>(() => Tensor.Create([[1f], [2f, 3f]]));
        Assert.Throws<ShapeException>(() => Tensor.Create([1f, 2f], [3]));
        Assert.Throws<ShapeException>(() => Tensor.Zeros(-1));
        Assert.Throws<ShapeException>(() => x.ToScalar<float>());
        Assert.Throws<ShapeException>(() => Loss.MeanSquaredError(x, x.Unsqueeze(1)));
        Assert.IsAssignableFrom<CotangentException>(error);
    }

    [Fact]
    public void Dtypes_that_do_not_meet()
    {
        Assert.Throws<DTypeException>(() => x + Tensor.Create([1.0, 2.0, 3.0]));
        Assert.Throws<DTypeException>(() => x.ToArray<double>());
        Assert.Throws<DTypeException>(() => Tensor.Create(1m));
        Assert.Throws<DTypeException>(() => Differentiate.Gradient(x => x.Sum(), Tensor.Create([1])));
    }

    [Fact]
    public void Functions_that_cannot_be_differentiated()
    {
        Assert.Throws<ShapeException>(() => Differentiate.Gradient(x => x, x));
        Assert.Throws<TreeException>(() => Differentiate.Gradient(n => x.Sum(), 3));
        Assert.Throws<DerivativeException>(() => Differentiate.LinearTranspose((Tensor x) => x.Sin(), x));
        Assert.Throws<ShapeException>(() => Differentiate.Derivative(x => x, x));
    }

    [Fact]
    public void Tensors_that_leave_their_transformation()
    {
        Tensor? kept = null;
        Differentiate.Gradient(x => { kept = x; return x.Sum(); }, x);
        Assert.Throws<TraceException>(() => kept! + 1);
    }

    [Fact]
    public void What_a_function_throws_arrives()
    {
        Assert.Throws<TimeoutException>(() => Differentiate.Gradient(x => throw new TimeoutException(), x));
    }

    [Theory]
    [InlineData("grad: the function returned Float32 (3,). Use `vjp` or `jacobian`.",
        "Differentiate.Gradient: the function returned Float32 (3,). Use `Differentiate.Vjp` or `Differentiate.Jacobian`.")]
    [InlineData("Error at: `scan.Grad`: vmap: wrong", "Error at: `scan.Grad`: Transform.Vectorize: wrong")]
    [InlineData("add: Float32 (2,) and Float64 (2,). Use `t.Convert DType.Float32`.",
        "Add: Float32 (2,) and Float64 (2,). Use `t.Convert(DType.Float32)`.")]
    [InlineData("equal: Int32 and Int64. Use `t.Convert` on one of them.", "Equal: Int32 and Int64. Use `t.Convert` on one of them.")]
    [InlineData("A tensor was used after its `scope` had ended.", "A tensor was used after its `Hardware.Scope` had ended.")]
    [InlineData("slice: 3 indices; `Index.NewAxis` adds an axis.", "Slice: 3 indices; `Slice.NewAxis` adds an axis.")]
    [InlineData("Random.bernoulli: p is 2.", "key.Bernoulli: p is 2.")]
    [InlineData("cuda:0 needs libtorch: reference Cotangent-cpu.", "cuda:0 needs libtorch: reference Cotangent-cpu.")]
    public void Messages_name_functions_as_CSharp_does(string core, string here) =>
        Assert.Equal(here, CSharpNames.Of(core));

    [Fact]
    public void Exceptions_carry_such_messages()
    {
        var error = Assert.Throws<ShapeException>(() => Differentiate.Gradient(x => x, x));
        Assert.StartsWith("Differentiate.Gradient: ", error.Message);
        Assert.Contains("`Differentiate.Vjp`", error.Message);

        var read = Assert.Throws<TraceException>(() => Transform.Compile((Tensor x) => x.ToScalar<float>() > 0 ? x : -x)(Tensor.Create(1f)));
        Assert.StartsWith("Transform.Compile: ", read.Message);
        Assert.Contains("`Control.Cond`", read.Message);
    }

    /// <summary>Words in code that name no member: variables, keywords, settings of a project, and parts of what is installed.</summary>
    private static readonly HashSet<string> variables =
        ["t", "x", "xs", "f", "a", "b", "key", "device", "mask", "scalar", "if", "var", "new", "float", "double", "long", "T", "lib", "Select",
            "PublishAot", "NullabilityInfoContextSupport", "true"];

    /// <summary>Packages that are used from C# as they are, without the facade.</summary>
    private static readonly string[] beside = ["Data", "Images", "Charts", "Video", "Distributions", "Solvers"];

    /// <summary>No message of the core tells a C# user to call what is not there.</summary>
    [Fact]
    public void All_code_in_messages_is_code_of_CSharp()
    {
        var members = new[] { typeof(Transform).Assembly, typeof(Tensor).Assembly }
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => !FSharp().IsMatch(type.Name))
            .SelectMany(type => type.GetMembers().Select(member => member.Name.Split('_')[^1]).Append(type.Name.Split('`')[0]))
            .ToHashSet();

        var code =
            from file in Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.fs", SearchOption.AllDirectories)
            where !file.Split(Path.DirectorySeparatorChar).Intersect(["obj", .. beside]).Any()
            from line in File.ReadLines(file)
            where !line.TrimStart().StartsWith("//")
            from text in Text().Matches(line)
            from span in Span().Matches(text.Value)
            where !span.Value.Contains('{')
            select span.Value;

        Assert.InRange(code.Count(), 50, 1000);

        var unknown =
            from span in code.Distinct()
            let here = CSharpNames.Of($"See {span}")
            from word in Word().Matches(here["See ".Length..])
            where !members.Contains(word.Value) && !variables.Contains(word.Value)
            select $"{word} in {here} from {span}";

        Assert.Empty(unknown);
    }

    /// <summary>What .NET calls operators, and what sets a part of a tensor; types and projects in front of a message.</summary>
    private static readonly HashSet<string> operators =
        ["Add", "Subtract", "Multiply", "Divide", "Remainder", "Negate", "And", "Or", "Xor", "Not", "Equal", "Less",
            "LessEqual", "Greater", "GreaterEqual", "Cotangent", "LBfgs", "Schedule", "ToData", "Random", "Set"];

    /// <summary>
    /// The operation in front of a message stands outside of backticks. It is written there, or is a name that functions
    /// hand on: the elementwise ones from their table, others as text that is a member's name but for its capitals.
    /// </summary>
    [Fact]
    public void The_operation_in_front_is_a_member_in_CSharp()
    {
        var members = new[] { typeof(Transform).Assembly, typeof(Tensor).Assembly }
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => !FSharp().IsMatch(type.Name))
            // Of the core, C# calls what is spelled as its own members are.
            .SelectMany(type => type.GetMembers().Select(member => member.Name.Split('_')[^1]).Append(type.Name.Split('`')[0]))
            .Where(name => char.IsUpper(name[0]))
            .Concat(operators)
            .ToHashSet();
        var ignoringCase = members.ToHashSet(StringComparer.OrdinalIgnoreCase);

        var lines =
            from file in Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.fs", SearchOption.AllDirectories)
            where !file.Split(Path.DirectorySeparatorChar).Intersect(["obj", "Torch", .. beside]).Any()
            from line in File.ReadLines(file)
            where !line.TrimStart().StartsWith("//")
            select line;

        var written = lines.SelectMany(line => Front().Matches(line)).Select(match => match.Groups[1].Value);
        var elementwise = lines.SelectMany(line => Elementwise().Matches(line)).Select(match => match.Groups[1].Value);
        // PyTorch's names of dtypes stand in its files.
        var handedOn = lines.SelectMany(line => Word(line))
            .Where(name => ignoringCase.Contains(InCSharp(name)) && name != "dtype" && !name.StartsWith("torch."));

        var names = written.Concat(elementwise.Except(["geluslope", "polygamma"])).Concat(handedOn).Distinct().ToArray();
        Assert.InRange(names.Length, 150, 1000);
        Assert.Empty(from name in names where !members.Contains(InCSharp(name)) select $"{name}: {InCSharp(name)}");

        static string InCSharp(string name) => CSharpNames.Of($"{name}: ").Split(':')[0].Split('.')[^1];
        static IEnumerable<string> Word(string line) => Identifier().Matches(line).Select(match => match.Groups[1].Value);
    }

    [Fact]
    public void A_power_is_called_Pow()
    {
        var error = Assert.Throws<ShapeException>(() => x.Pow(Tensor.Create([1f, 2f])));
        Assert.StartsWith("Pow: ", error.Message);
        Assert.StartsWith("ArgMax: ", Assert.Throws<AxisException>(() => x.ArgMax(5)).Message);
    }

    private static string Root([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..");

    /// <summary>Modules of functions, which C# does not call.</summary>
    [GeneratedRegex("Module$|^Core$|^FSharp")]
    private static partial Regex FSharp();

    [GeneratedRegex("\"([A-Za-z]\\w*(?:\\.\\w+)?): ")]
    private static partial Regex Front();

    [GeneratedRegex("FunctionFacts\\.\\w+ \"(\\w+)\"")]
    private static partial Regex Elementwise();

    [GeneratedRegex("\"([a-z]\\w*(?:\\.\\w+)?)\"")]
    private static partial Regex Identifier();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();

    [GeneratedRegex("`[^`\"]+`")]
    private static partial Regex Span();

    [GeneratedRegex(@"[A-Za-z]\w*")]
    private static partial Regex Word();
}
