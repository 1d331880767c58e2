namespace Cotangent.Engines

open System
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Householder's reflections make a symmetric matrix tridiagonal. A step passes once over the lower triangle of what is left of the
// matrix: where a reflection is applied, what the next one needs of the new numbers, their product with its vector, is summed up.

module internal Tridiagonal =
    /// Makes the symmetric a, whose lower triangle is read and spoiled, tridiagonal, with diagonal d and e beside it. The vector of
    /// the k-th reflection goes into row k, from element k + 1 on, its tau into taus.
    let reduce n (a: float[]) (d: float[]) (e: float[]) (taus: float[]) =
        Tile.optimised ()
        // A reflection with vector v makes a into a - v wᵀ - w vᵀ, where w = tau a v - ½ tau² (vᵀ a v) v.
        let v, w, products = Array.zeroCreate<float> n, Array.zeroCreate<float> n, Array.zeroCreate<float> n

        for k in 0 .. n - 1 do
            // Of the last reflection, column k takes its part before the others: it tells the next one.
            for i in k .. n - 1 do
                a[i * n + k] <- a[i * n + k] - v[i] * w[k] - w[i] * v[k]

            d[k] <- a[k * n + k]

            if k < n - 1 then
                let next = k + 1
                let count = n - next
                let z = Span(a, k * n + next, count)

                for i in 0 .. count - 1 do
                    z[i] <- a[(next + i) * n + k]

                let struct (beta, tau) = Reflections.make z
                e[k] <- beta
                taus[k] <- tau
                Array.Clear(products, next, count)

                for i in next .. n - 1 do
                    let before = i - next

                    let along =
                        RowSteps.subtractDotAdd
                            (Span(a, i * n + next, before))
                            v[i]
                            (Span(w, next, before))
                            w[i]
                            (Span(v, next, before))
                            z
                            z[before]
                            (Span(products, next, before))

                    let own = a[i * n + i] - 2.0 * v[i] * w[i]
                    a[i * n + i] <- own
                    products[i] <- products[i] + along + own * z[before]

                let change = Span(w, next, count)
                RowMath.Multiply(ReadOnlySpan(products, next, count), tau, change)
                let share: float = -0.5 * tau * RowMath.Dot(reading change, reading z)
                RowMath.MultiplyAdd(reading z, share, reading change, change)
                z.CopyTo(Span(v, next, count))
