namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent.Engines.Along

/// Householder's reflections H = I - tau v vᴴ of real or complex vectors, where the first element of v is 1 (G. Golub and C. Van
/// Loan, "Matrix Computations", 4th edition, section 5.1).
module internal Householder =
    /// The squares of smaller numbers lose digits: such vectors are computed times a power of two.
    [<Literal>]
    let private Least = 1e-140

    let private power = Math.ScaleB(1.0, 600)

    let rec private reflect<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (x: Span<'T>)
        (isScaled: bool)
        : struct ('T * 'T) =
        let alpha: 'T = x[0]
        let rest = Scalars.norm (x.Slice 1)
        let isSmall = rest < Least && Scalars.size alpha < Least

        if isSmall && not isScaled && Scalars.largestPart x > 0.0 then
            Scalars.scale x power
            let struct (beta, tau) = reflect x true
            let unscaled: 'T = beta / 'T.CreateChecked power
            struct (unscaled, tau)
        elif rest = 0.0 && Scalars.isReal alpha then
            x[0] <- 'T.One
            struct (alpha, 'T.Zero)
        else
            let norm = Double.Hypot(Scalars.size alpha, rest)
            let beta: 'T = 'T.CreateChecked(if Scalars.realPart alpha < 0.0 then norm else -norm)
            let first: 'T = alpha - beta
            RowMath.Divide(reading x, first, x)
            x[0] <- 'T.One
            let change: 'T = beta - alpha
            struct (beta, change / beta)

    /// Of a vector x, of one element or more, the reflection whose adjoint takes it to (beta, 0, …) with a real beta: beta and tau;
    /// v takes the place of x.
    let reflection<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (x: Span<'T>)
        : struct ('T * 'T) =
        reflect x false

    /// The columns of H₀ H₁ …, a square matrix of n rows, become the rows of z. The vector of Hₖ is row k of `vectors` from element
    /// k + 1 on.
    let accumulate<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        n
        (vectors: 'T[])
        (taus: 'T[])
        (z: 'T[])
        =
        Tile.optimised ()
        Array.Clear(z, 0, n * n)

        for i in 0 .. n - 1 do
            z[i * n + i] <- 'T.One

        for k in n - 2 .. -1 .. 0 do
            if not ('T.IsZero taus[k]) then
                let from = k + 1
                let v = Matrices.part vectors (k * n + from) (n - from)

                for i in from .. n - 1 do
                    let row = Matrices.part z (i * n + from) (n - from)
                    let along: 'T = taus[k] * Scalars.inner (reading v) (reading row)
                    RowMath.MultiplyAdd(reading v, 'T.Zero - along, reading row, row)
