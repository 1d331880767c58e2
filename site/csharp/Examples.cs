using System.Runtime.CompilerServices;
using System.Text.Json;
using Cotangent;

/// <summary>The examples of the facade's documentation comments, which site/examples.fsx makes methods of.</summary>
internal static partial class Examples
{
    internal static async Task RunAll()
    {
        var all = new List<Func<Task>>();
        Add(all);

        foreach (var example in all)
        {
            await example();
        }
    }

    /// <summary>Left out where no examples were made.</summary>
    static partial void Add(List<Func<Task>> all);

    /// <summary>Prints what an expression gives, for site/examples.fsx to compare.</summary>
    internal static void Show(string name, string expected, Func<object> f)
    {
        var (kind, got) = ("value", "");

        try
        {
            var value = f();
            got = expected.StartsWith("shape") ? $"({string.Join(", ", ((Tensor)value).Shape)})" : Text(value);
        }
        catch (Exception e)
        {
            (kind, got) = (e.GetType().Name, e.Message);
        }

        Console.WriteLine("@@ " + JsonSerializer.Serialize(new[] { name, expected, kind, got }));
    }

    private static string Text(object? value) =>
        value switch
        {
            ITuple t => $"({string.Join(", ", Enumerable.Range(0, t.Length).Select(i => Text(t[i])))})",
            Array items => $"[{string.Join(", ", items.Cast<object>().Select(Text))}]",
            _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "",
        };
}
