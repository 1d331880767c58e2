using System.Reflection;

namespace Cotangent.CSharp.Tests;

/// <summary>What the assembly shows of itself.</summary>
public class FacadeTests
{
    private const BindingFlags Everything =
        BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.Instance
        | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    private static readonly Assembly facade = typeof(Differentiate).Assembly;

    private static bool IsVisible(MethodBase m) => m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly;

    /// <summary>The types in a signature, taken apart into definitions and arguments.</summary>
    private static IEnumerable<Type> Parts(Type? t) =>
        t is null ? []
        : t.HasElementType ? Parts(t.GetElementType())
        : t.IsGenericParameter ? t.GetGenericParameterConstraints().SelectMany(Parts)
        : t.GetGenericArguments().SelectMany(Parts).Prepend(t);

    private static IEnumerable<Type> InSignature(MemberInfo member) =>
        member switch
        {
            MethodBase method when IsVisible(method) =>
            [
                .. Parts((method as MethodInfo)?.ReturnType),
                .. method.GetParameters().SelectMany(p => Parts(p.ParameterType)),
                .. method.IsGenericMethod ? method.GetGenericArguments().SelectMany(Parts) : [],
            ],
            FieldInfo { IsPublic: true } or FieldInfo { IsFamily: true } => Parts(((FieldInfo)member).FieldType),
            Type { IsNestedPublic: true } nested => OfType(nested),
            _ => [],
        };

    private static IEnumerable<Type> OfType(Type t) =>
    [
        .. Parts(t.BaseType),
        .. t.GetInterfaces().SelectMany(Parts),
        .. t.GetGenericArguments().SelectMany(Parts),
        .. t.GetMembers(Everything).SelectMany(InSignature),
    ];

    [Fact]
    public void No_public_signature_shows_an_FSharp_type()
    {
        var found =
            from type in facade.GetExportedTypes()
            where !type.IsNested
            from part in OfType(type)
            where part.Name.StartsWith("FSharp") || part.Namespace?.StartsWith("Microsoft.FSharp") == true
            select $"{type.Name}: {part}";

        Assert.Empty(found.Distinct());
        Assert.True(facade.GetExportedTypes().Length > 30);
    }

    [Fact]
    public void All_is_in_the_namespace_of_the_library() =>
        Assert.All(facade.GetExportedTypes(), type => Assert.Equal("Cotangent", type.Namespace));

    [Fact]
    public void The_names_of_System_stay_free()
    {
        Index last = ^1;
        Assert.Equal(3, Tensor.Create([1, 2, 3]).Slice(last).ToScalar<int>());
        Assert.InRange(new Random(1).NextDouble(), 0, 1);
        Assert.NotNull(new Progress<int>());
    }

    /// <summary>
    /// What F# spells otherwise: curried forms, names that C# has operators or other words for.
    /// </summary>
    private static readonly Dictionary<string, string> spellings = new()
    {
        ["ofArray"] = "Create",
        ["tensor"] = "Create",
        ["pinv"] = "PseudoInverse",
        ["cov"] = "Covariance",
        ["Item"] = "Slice",
        ["GetSlice"] = "Slice",
        ["Less"] = "op_LessThan",
        ["LessEqual"] = "op_LessThanOrEqual",
        ["Greater"] = "op_GreaterThan",
        ["GreaterEqual"] = "op_GreaterThanOrEqual",
        ["grad"] = "Gradient",
        ["valueAndGrad"] = "ValueAndGradient",
        ["gradWith"] = "GradientWith",
        ["valueAndGradWith"] = "ValueAndGradientWith",
        ["diff"] = "Derivative",
        ["diffn"] = "Derivative",
        ["hvp"] = "HessianVectorProduct",
        ["vhp"] = "VectorHessianProduct",
        ["vmap"] = "Vectorize",
        ["vmapWith"] = "Vectorize",
        ["withDerivative"] = "WithPull",
        ["checkNumbers"] = "Numbers",
        ["checkKeys"] = "Keys",
        ["checkDerivative"] = "Derivative",
        ["printTo"] = "Print",
        ["splitMany"] = "Split",
        ["named"] = "Fold",
        ["split3"] = "Split",
        ["split4"] = "Split",
        ["arangeIn"] = "Arange",
        ["foldTensor"] = "Fold",
        ["iteratei"] = "Iterate",
        ["whileLoop"] = "While",
        ["boundedWhileLoop"] = "While",
        ["checkpointWith"] = "Checkpoint",
        ["associativeScanWith"] = "AssociativeScan",
        ["map2"] = "Map",
        ["map3"] = "Map",
        ["init"] = "Create",
        ["initWithMemory"] = "Create",
        ["defaults"] = "Create",
        ["ofFunction"] = "From",
        ["constant"] = "Constant",
        ["silent"] = "Lines",
        ["convolveGroups"] = "Convolve",
        ["createAlong"] = "Create",
        ["convolveTransposedTo"] = "ConvolveTransposed",
        ["saveWith"] = "Save",
        ["loadWith"] = "Load",
        ["saveInBackground"] = "SaveAsync",
        ["openFile"] = "Open",
        ["writeWith"] = "Write",
        ["crossEntropyDefaults"] = "CrossEntropyOptions",
        ["crossEntropyWith"] = "CrossEntropy",
        ["resizeDefaults"] = "ResizeWith",
    };

    /// <summary>A function added to the core and forgotten here shows up here.</summary>
    [Fact]
    public void Every_function_of_the_core_is_here()
    {
        // A layer's own methods are for both languages.
        var layers = typeof(Tensor).Assembly.GetExportedTypes().Where(typeof(ILayer).IsAssignableFrom);

        var names = facade.GetExportedTypes()
            .SelectMany(type => type.GetMembers(Everything).Select(member => member.Name).Append(type.Name))
            .Concat(layers.SelectMany(type => type.GetMethods()).Select(method => method.Name))
            .Select(name => name.StartsWith("get_") ? name[4..] : name)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

        var missing =
            from module in typeof(Tensor).Assembly.GetExportedTypes()
            where module.Namespace == "Cotangent" && module is { IsAbstract: true, IsSealed: true }
            // Units of measure are F#'s alone.
            where module.Name != "QuantityModule"
            from method in module.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            // A static method that extends a type is called "Type.name.Static".
            let last = method.Name.EndsWith(".Static") ? method.Name.Split('.')[^2] : method.Name.Split('.')[^1]
            let name = last.StartsWith("get_") ? last[4..] : last
            where !names.Contains(spellings.GetValueOrDefault(name, name))
            select $"{module.Name}.{name}";

        Assert.Empty(missing);
    }
}
