namespace Cotangent.Solvers

open System

/// The functions of C#, and options that may be left out.
module internal Given =
    let options (defaults: 'o) (options: 'o | null) : 'o =
        match options with
        | null -> defaults
        | options -> options

    let curried (f: Func<'p, 'x, 'y>) (p: 'p) (x: 'x) : 'y = f.Invoke(p, x)
