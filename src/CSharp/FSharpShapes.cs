using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>The F# shapes of functions, options and lists, which no public signature shows.</summary>
internal static class FSharpShapes
{
    internal static FSharpFunc<A, B> ToFSharp<A, B>(this Func<A, B> f) => FuncConvert.FromFunc(f);

    internal static FSharpFunc<A, FSharpFunc<B, C>> ToFSharp<A, B, C>(this Func<A, B, C> f) =>
        FuncConvert.FromFunc(f);

    internal static FSharpFunc<A, FSharpFunc<B, FSharpFunc<C, D>>> ToFSharp<A, B, C, D>(this Func<A, B, C, D> f) =>
        FuncConvert.FromFunc(f);

    internal static FSharpFunc<A, Tuple<B, C>> ToFSharpPair<A, B, C>(this Func<A, (B, C)> f) =>
        FuncConvert.FromFunc((A a) => f(a).ToTuple());

    internal static FSharpFunc<A, FSharpFunc<B, Tuple<C, D>>> ToFSharpPair<A, B, C, D>(this Func<A, B, (C, D)> f) =>
        FuncConvert.FromFunc((A a, B b) => f(a, b).ToTuple());

    internal static FSharpFunc<Unit, A> ToFSharp<A>(this Func<A> f) => FuncConvert.FromFunc(f);

    internal static FSharpOption<T>? ToOption<T>(this T? value)
        where T : struct => value is { } some ? FSharpOption<T>.Some(some) : null;

    internal static FSharpOption<T>? ToReferenceOption<T>(this T? value)
        where T : class => value is { } some ? FSharpOption<T>.Some(some) : null;

    internal static FSharpOption<IEnumerable<int>> ToAxes(this ReadOnlySpan<int> axes) =>
        FSharpOption<IEnumerable<int>>.Some(axes.ToArray());

    internal static FSharpOption<IEnumerable<int>>? ToAxes(this int? axis) =>
        axis is { } one ? FSharpOption<IEnumerable<int>>.Some([one]) : null;

    internal static FSharpList<T> ToFSharpList<T>(this IEnumerable<T> items) => ListModule.OfSeq(items);
}
