using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>
/// What methods ask of their arguments before they do anything: that they are there. Who passes null is told which
/// argument it was, rather than where in the library it was met.
/// </summary>
internal static class Arguments
{
    /// <summary>The argument, if it is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T NotNull<T>(this T? value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value is null)
        {
            Missing<T>(name);
        }

        return value!;
    }

    /// <summary>The items of a sequence, if it is there and all of them are.</summary>
    internal static T[] NoneNull<T>(this IEnumerable<T> items, [CallerArgumentExpression(nameof(items))] string name = "")
    {
        if (items.NotNull(name) is ImmutableArray<T> { IsDefault: true })
        {
            throw new ArgumentNullException(name, "This ImmutableArray was never filled; an empty one is `[]`.");
        }

        var all = items.ToArray();

        for (var i = 0; default(T) is null && i < all.Length; i++)
        {
            // Written out only where it is needed: a text for each item would cost more than the item.
            if (all[i] is null)
            {
                Missing<T>($"{name}[{i}]");
            }
        }

        return all;
    }

    /// <summary>F# has types with a value that is null: its unit, the None of an option.</summary>
    private static void Missing<T>(string name)
    {
        var representation = typeof(T).GetCustomAttribute<CompilationRepresentationAttribute>();

        if (representation?.Flags.HasFlag(CompilationRepresentationFlags.UseNullAsTrueValue) != true
            && Nullable.GetUnderlyingType(typeof(T)) is null)
        {
            throw new ArgumentNullException(name);
        }
    }
}
