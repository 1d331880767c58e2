namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent.Engines.Along

/// A = Q H Qᴴ, where H has nothing below its subdiagonal, by Householder's reflections (G. Golub and C. Van Loan, "Matrix
/// Computations", 4th edition, algorithm 7.4.2). Matrices lie row by row.
module internal Hessenberg =
    /// h becomes Hᴴ h for H = I - tau v vᴴ, which changes the rows from `from` on: so many columns, too, are not 0 there.
    let private reflectRows<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        n
        (h: 'T[])
        from
        (v: ReadOnlySpan<'T>)
        (tau: 'T)
        (sums: Span<'T>)
        =
        Tile.optimised ()
        sums.Clear()

        for i in 0 .. v.Length - 1 do
            let row = Matrices.part h ((from + i) * n + from) v.Length
            RowMath.MultiplyAdd(reading row, Scalars.conjugate v[i], reading sums, sums)

        for i in 0 .. v.Length - 1 do
            let row = Matrices.part h ((from + i) * n + from) v.Length
            let factor: 'T = Scalars.conjugate tau * v[i]
            RowMath.MultiplyAdd(reading sums, 'T.Zero - factor, reading row, row)

    /// h becomes h H, which changes the columns from `from` on.
    let private reflectColumns<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        n
        (h: 'T[])
        from
        (v: ReadOnlySpan<'T>)
        (tau: 'T)
        (conjugates: Span<'T>)
        =
        Tile.optimised ()
        Scalars.conjugateTo v conjugates

        for i in 0 .. n - 1 do
            let row = Matrices.part h (i * n + from) v.Length
            let factor: 'T = tau * RowMath.Dot(reading row, v)
            RowMath.MultiplyAdd(reading conjugates, 'T.Zero - factor, reading row, row)

    /// The matrix in h becomes its Hessenberg form; the columns of Q become the rows of z.
    let reduce<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        n
        (h: 'T[])
        (z: 'T[])
        =
        Tile.optimised ()
        let vectors, taus = Array.zeroCreate<'T>(n * n), Array.zeroCreate<'T> n
        let scratch = Array.zeroCreate<'T> n

        for k in 0 .. n - 3 do
            let from = k + 1
            let v = Matrices.part vectors (k * n + from) (n - from)

            for i in 0 .. v.Length - 1 do
                v[i] <- h[(from + i) * n + k]
                h[(from + i) * n + k] <- 'T.Zero

            let struct (beta, tau) = Householder.reflection v
            h[from * n + k] <- beta
            taus[k] <- tau

            if not ('T.IsZero tau) then
                reflectRows n h from (reading v) tau (Matrices.part scratch 0 v.Length)
                reflectColumns n h from (reading v) tau (Matrices.part scratch 0 v.Length)

        Householder.accumulate n vectors taus z

    // ---- For the steps of the QR algorithm, which make the form triangular ----

    /// Steps for all eigenvalues. They take two or three each.
    let mostSteps n = 60 * (n + 10)

    /// The first row of the block that ends at `last`: above it the subdiagonal has nothing, or what is nothing beside its
    /// neighbours on the diagonal (beside the norm of all, if these are 0), and becomes so.
    let blockOf<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        n
        (h: 'T[])
        last
        (norm: float)
        : int =
        Tile.optimised ()

        let isNothing k =
            let neighbours = Scalars.size h[(k - 1) * n + k - 1] + Scalars.size h[k * n + k]
            let limit = Math.ScaleB((if neighbours = 0.0 then norm else neighbours), -52)
            Scalars.size h[k * n + k - 1] <= limit

        let mutable first = last

        while first > 0 && not (isNothing first) do
            first <- first - 1

        if first > 0 then h[first * n + first - 1] <- 'T.Zero
        first
