using System.Runtime.CompilerServices;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>
/// The F# shapes of functions, options and lists, which no public signature shows. What must be there is asked for here,
/// under the name that the caller gave it.
/// </summary>
internal static class FSharpShapes
{
    internal static FSharpFunc<A, B> ToFSharp<A, B>(
        this Func<A, B> f,
        [CallerArgumentExpression(nameof(f))] string name = ""
    ) => FuncConvert.FromFunc(f.NotNull(name));

    internal static FSharpFunc<A, FSharpFunc<B, C>> ToFSharp<A, B, C>(
        this Func<A, B, C> f,
        [CallerArgumentExpression(nameof(f))] string name = ""
    ) => FuncConvert.FromFunc(f.NotNull(name));

    internal static FSharpFunc<A, FSharpFunc<B, FSharpFunc<C, D>>> ToFSharp<A, B, C, D>(
        this Func<A, B, C, D> f,
        [CallerArgumentExpression(nameof(f))] string name = ""
    ) => FuncConvert.FromFunc(f.NotNull(name));

    internal static FSharpFunc<A, Tuple<B, C>> ToFSharpPair<A, B, C>(
        this Func<A, (B, C)> f,
        [CallerArgumentExpression(nameof(f))] string name = ""
    )
    {
        f.NotNull(name);
        return FuncConvert.FromFunc((A a) => f(a).ToTuple());
    }

    internal static FSharpFunc<A, FSharpFunc<B, Tuple<C, D>>> ToFSharpPair<A, B, C, D>(
        this Func<A, B, (C, D)> f,
        [CallerArgumentExpression(nameof(f))] string name = ""
    )
    {
        f.NotNull(name);
        return FuncConvert.FromFunc((A a, B b) => f(a, b).ToTuple());
    }

    internal static FSharpFunc<A, FSharpFunc<B, FSharpFunc<C, Tuple<D, E>>>> ToFSharpPair<A, B, C, D, E>(
        this Func<A, B, C, (D, E)> f,
        [CallerArgumentExpression(nameof(f))] string name = ""
    )
    {
        f.NotNull(name);
        return FuncConvert.FromFunc((A a, B b, C c) => f(a, b, c).ToTuple());
    }

    internal static FSharpFunc<Unit, A> ToFSharp<A>(
        this Func<A> f,
        [CallerArgumentExpression(nameof(f))] string name = ""
    ) => FuncConvert.FromFunc(f.NotNull(name));

    internal static FSharpOption<T>? ToOption<T>(this T? value)
        where T : struct => value is { } some ? FSharpOption<T>.Some(some) : null;

    internal static FSharpOption<T>? ToReferenceOption<T>(this T? value)
        where T : class => value is { } some ? FSharpOption<T>.Some(some) : null;

    internal static FSharpOption<IEnumerable<int>> ToAxes(this ReadOnlySpan<int> axes) =>
        FSharpOption<IEnumerable<int>>.Some(axes.ToArray());

    internal static FSharpOption<IEnumerable<int>>? ToAxes(this int? axis) =>
        axis is { } one ? FSharpOption<IEnumerable<int>>.Some([one]) : null;

    internal static FSharpList<T> ToFSharpList<T>(
        this IEnumerable<T> items,
        [CallerArgumentExpression(nameof(items))] string name = ""
    ) => ListModule.OfArray(items.NoneNull(name));

    internal static FSharpMap<string, T> ToFSharpMap<T>(
        this IReadOnlyDictionary<string, T> items,
        [CallerArgumentExpression(nameof(items))] string name = ""
    )
        where T : class =>
        MapModule.OfSeq(
            items.NotNull(name).Select(each => Tuple.Create(each.Key, each.Value.NotNull($"{name}[{each.Key}]")))
        );
}
