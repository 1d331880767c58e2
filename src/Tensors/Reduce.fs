namespace Cotangent

/// <summary>
/// How many numbers become one: where a pattern leaves an axis out (<c>reduce</c>), where several updates meet
/// (<c>ScatterReduce</c>), in each segment (<c>SegmentReduce</c>). Of Bool, <c>Max</c> is whether any holds, <c>Min</c>
/// whether all do.
/// </summary>
/// <example><code>
/// reduce "h w -> w" Reduce.Max [] (tensor [ [ 1.0; 5.0 ]; [ 3.0; 2.0 ] ]) // [3, 5]
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Reduce =
    /// Their sum.
    | Sum
    /// Their arithmetic mean; integers have none.
    | Mean
    /// Their product.
    | Prod
    /// The largest; NaN if there is one.
    | Max
    /// The smallest; NaN if there is one.
    | Min
