namespace Cotangent.Engines

open System
open System.Buffers
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Householder's reflections of real vectors, and products of many: so many of them together are I - V T Vᵀ (R. Schreiber and C. Van
// Loan, "A storage-efficient WY representation for products of Householder transformations", 1989), and a matrix is multiplied by
// that in three products of matrices.

module internal Reflections =
    [<Literal>]
    let private Panel = 32

    /// Rows of a matrix that are multiplied at a time: those of one call stay in the second-level cache.
    [<Literal>]
    let private Rows = 128

    /// Of a vector x the reflection I - tau v vᵀ that takes it to (beta, 0, …): beta and tau. v, whose first element is 1, takes the
    /// place of x.
    let make (x: Span<float>) : struct (float * float) =
        let rest: float = if x.Length > 1 then RowMath.Norm(reading (x.Slice 1)) else 0.0
        let alpha = if x.Length > 0 then x[0] else 0.0

        if rest = 0.0 then
            if x.Length > 0 then x[0] <- 1.0
            struct (alpha, 0.0)
        else
            let norm = Double.Hypot(alpha, rest)
            let beta = if alpha < 0.0 then norm else -norm
            RowMath.Divide(reading x, alpha - beta, x)
            x[0] <- 1.0
            struct (beta, (beta - alpha) / beta)

    /// T of reflections whose vectors are rows of so many elements: upper triangular.
    let private factor (multiply: Matrices.Product<float>) width size (rows: float[]) (taus: float[]) first =
        Tile.optimised ()
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

    /// Reflections that are neighbours, I - V T Vᵀ, as what the rows of a matrix are multiplied by.
    [<NoComparison; NoEquality>]
    type private Block = {
        /// Elements before this one stay as they are.
        From: int
        Width: int
        /// Vᵀ's columns as rows, and Tᵀ Vᵀ.
        Vectors: float[]
        Turned: float[]
    }

    let private blockOf (multiply: Matrices.Product<float>) first width size shift (vectors: float[]) taus =
        Tile.optimised ()
        let from = first + shift
        let wide = size - from
        let rows, turned = Array.zeroCreate<float>(width * wide), Array.zeroCreate<float>(width * wide)
        let columns = Array.zeroCreate<float>(wide * width)

        for k in 0 .. width - 1 do
            Array.Copy(vectors, (first + k) * size + from + k, rows, k * wide + k, wide - k)

            for i in k .. wide - 1 do
                columns[i * width + k] <- rows[k * wide + i]

        let t = Matrices.transpose (Matrices.adjacent (factor multiply width wide rows taus first) 0 width)

        multiply.Invoke(width, wide, width, t, Matrices.adjacent rows 0 wide, turned, 0)
        { From = from; Width = width; Vectors = columns; Turned = turned }

    /// Rows of z times the transposed product of blocks: z <- z - (z V) Tᵀ Vᵀ, from the last block on. Of the identity, rows before
    /// the first that a block changes stay as they are.
    let private multiplyRows
        isIdentity
        (multiply: Matrices.Product<float>)
        (blocks: Block[])
        first
        last
        size
        (z: float[])
        =
        Tile.optimised ()
        let tall = last - first
        let along = ArrayPool<float>.Shared.Rent(max 1 (tall * Panel))
        let change = ArrayPool<float>.Shared.Rent(max 1 (tall * size))

        for block in Seq.rev blocks do
            let top = if isIdentity then max first block.From else first

            if top < last then
                let tall, wide = last - top, size - block.From
                let target = Matrices.adjacent z (top * size + block.From) size
                let vectors = Matrices.adjacent block.Vectors 0 block.Width
                multiply.Invoke(tall, block.Width, wide, target, vectors, along, 0)
                let shares = Matrices.adjacent along 0 block.Width

                multiply.Invoke(
                    tall,
                    wide,
                    block.Width,
                    shares,
                    Matrices.adjacent block.Turned 0 wide,
                    change,
                    0
                )

                for i in 0 .. tall - 1 do
                    let row = Span(z, (top + i) * size + block.From, wide)
                    RowMath.Subtract(reading row, ReadOnlySpan(change, i * wide, wide), row)

        ArrayPool<float>.Shared.Return along
        ArrayPool<float>.Shared.Return change

    let private multiplyBy isIdentity count size shift (vectors: float[]) (taus: float[]) (z: float[]) =
        let multiply = Matrices.product<float>()
        let reflections = max 0 (count - shift)
        let work = int64 count * int64 size
        let blocks = Array.zeroCreate<Block>(partsOf reflections Panel)

        Strided.ranges blocks.Length (work * int64 Panel) (fun first last ->
            for block in first .. last - 1 do
                let first = block * Panel

                blocks[block] <-
                    blockOf multiply first (min Panel (reflections - first)) size shift vectors taus)

        // Rows do not depend on each other.
        Strided.ranges (partsOf count Rows) (work * int64 count) (fun first last ->
            for part in first .. last - 1 do
                let top = part * Rows
                multiplyRows isIdentity multiply blocks top (min count (top + Rows)) size z)

    /// The rows of z (so many, each of `size` elements) times the transposed product of reflections. The vector of the k-th stands in
    /// row k of `vectors`, from element k + shift on; what is before it is not read.
    let multiply count size shift (vectors: float[]) (taus: float[]) (z: float[]) =
        multiplyBy false count size shift vectors taus z

    /// The first rows of the transposed product itself.
    let accumulate count size shift (vectors: float[]) (taus: float[]) (z: float[]) =
        Tile.optimised ()
        Array.Clear(z, 0, count * size)

        for i in 0 .. count - 1 do
            z[i * size + i] <- 1.0

        multiplyBy true count size shift vectors taus z
