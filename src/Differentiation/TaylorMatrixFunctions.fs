/// Series through functions of matrices.
module internal Cotangent.Differentiation.TaylorMatrixFunctions

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Of the block matrix that has a₀ on its diagonal, a₁ beside it, and so on, the function is the block matrix of its terms, as the
/// powers of the one are those of the other.
let ofBlocks (trace: SeriesTrace) (f: MatrixFunction) (a: Tensor) (equation: Equation) : Tensor =
    let start = Bind.one (Primitive.OfMatrix f) [| trace.Start a |]
    let n = a.Dims[a.Rank - 1]

    let upTo last =
        let zero = Tensor.zerosLike (trace.Start a)
        let terms = Array.init (last + 1) (fun k -> trace.Term k a |> ValueOption.defaultValue zero)

        let row i =
            concat -1 [
                for j in 0..last do
                    if j < i then zero else terms[j - i]
            ]

        let all = Bind.one (Primitive.OfMatrix f) [| concat -2 [ for i in 0..last -> row i ] |]
        let first = sliceAxis (a.Rank - 2) 0 n all
        fun k -> sliceAxis (a.Rank - 1) (k * n) n first

    let whole = later (fun () -> upTo trace.Order)
    let term k = if isNull equation then whole.Value k else upTo k k
    trace.Begun(start, equation, (fun _ k -> ValueSome(if k = 0 then start else term k)))
