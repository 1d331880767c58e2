namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics.Tensors
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Householder's reflections of real vectors, and products of many: so many of them together are I - V T Vᵀ (R. Schreiber and C. Van
// Loan, "A storage-efficient WY representation for products of Householder transformations", 1989), and a matrix is multiplied by
// that in three products of matrices.

module internal Reflections =
    [<Literal>]
    let private Panel = 32

    /// Of a vector x the reflection I - tau v vᵀ that takes it to (beta, 0, …): beta and tau. v, whose first element is 1, takes the
    /// place of x.
    let make (x: Span<float>) : struct (float * float) =
        let rest: float = if x.Length > 1 then TensorPrimitives.Norm(reading (x.Slice 1)) else 0.0
        let alpha = if x.Length > 0 then x[0] else 0.0

        if rest = 0.0 then
            if x.Length > 0 then x[0] <- 1.0
            struct (alpha, 0.0)
        else
            let norm = Double.Hypot(alpha, rest)
            let beta = if alpha < 0.0 then norm else -norm
            TensorPrimitives.Divide(reading x, alpha - beta, x)
            x[0] <- 1.0
            struct (beta, (beta - alpha) / beta)

    /// T of reflections whose vectors are rows of so many elements: upper triangular.
    let private factor (multiply: Matrices.Product<float>) width size (rows: float[]) (taus: float[]) first =
        let inner, t = Array.zeroCreate<float>(width * width), Array.zeroCreate<float>(width * width)
        let vectors = Matrices.adjacent rows 0 size
        multiply.Invoke(width, width, size, vectors, Matrices.transpose vectors, inner, 0)

        for j in 0 .. width - 1 do
            t[j * width + j] <- taus[first + j]

            for i in 0 .. j - 1 do
                let mutable sum = 0.0

                for l in i .. j - 1 do
                    sum <- sum + t[i * width + l] * inner[l * width + j]

                t[i * width + j] <- -taus[first + j] * sum

        t

    let private multiplyBy isIdentity count size shift (vectors: float[]) (taus: float[]) (z: float[]) =
        let multiply = Matrices.product<float>()
        let reflections = max 0 (count - shift)

        for block in partsOf reflections Panel - 1 .. -1 .. 0 do
            let first = block * Panel
            let width = min Panel (reflections - first)
            // Columns before this one stay as they are; and, of the identity, rows.
            let from = first + shift
            let top = if isIdentity then from else 0
            let wide, tall = size - from, count - top
            let rows = Array.zeroCreate<float>(width * wide)

            for k in 0 .. width - 1 do
                Array.Copy(vectors, (first + k) * size + from + k, rows, k * wide + k, wide - k)

            // z <- z - (z V) Tᵀ Vᵀ
            let t =
                Matrices.transpose (Matrices.adjacent (factor multiply width wide rows taus first) 0 width)

            let v = Matrices.adjacent rows 0 wide
            let rent (size: int) = ArrayPool<float>.Shared.Rent size
            let along, turned, change = rent (tall * width), rent (tall * width), rent (tall * wide)
            let target = Matrices.adjacent z (top * size + from) size
            multiply.Invoke(tall, width, wide, target, Matrices.transpose v, along, 0)
            multiply.Invoke(tall, width, width, Matrices.adjacent along 0 width, t, turned, 0)
            multiply.Invoke(tall, wide, width, Matrices.adjacent turned 0 width, v, change, 0)

            for i in 0 .. tall - 1 do
                let row = Span(z, (top + i) * size + from, wide)
                TensorPrimitives.Subtract(reading row, ReadOnlySpan(change, i * wide, wide), row)

            for array in [| along; turned; change |] do
                ArrayPool<float>.Shared.Return array

    /// The rows of z (so many, each of `size` elements) times the transposed product of reflections. The vector of the k-th stands in
    /// row k of `vectors`, from element k + shift on; what is before it is not read.
    let multiply count size shift (vectors: float[]) (taus: float[]) (z: float[]) =
        multiplyBy false count size shift vectors taus z

    /// The first rows of the transposed product itself.
    let accumulate count size shift (vectors: float[]) (taus: float[]) (z: float[]) =
        Array.Clear(z, 0, count * size)

        for i in 0 .. count - 1 do
            z[i * size + i] <- 1.0

        multiplyBy true count size shift vectors taus z
