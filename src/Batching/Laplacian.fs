namespace Cotangent.Batching

open Cotangent
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// The sum of the second derivatives of a function along all axes: twice the second terms of its series along them, by one Taylor mode
/// of all directions at once.
module internal Laplacian =
    /// As long as nobody knows how large the tensors on the way are.
    let private first = 64

    /// As many directions as make tensors of at most 2²⁶ numbers.
    let private atOnce width = max 1 ((1 <<< 26) / max 1 width)

    /// Of some directions in a row, the numbers of all leaves being counted through: their part of the sum, and the size of the
    /// largest tensor on the way.
    let private part (operation: string) (f: 'p -> Tensor) (x: 'p) (leaves: Differentiated) start count =
        let batch = BatchTrace(operation, count)

        let sum (t: Tensor) = Bind.one (Primitive.Reduce(Reduction.Sum, [| 0 |])) [| batch.Each t |]

        let trace = TaylorTrace(operation, 2, Directions(count, sum))

        try
            let mutable passed = 0

            /// 1 at the place of each direction that is this tensor's.
            let join (t: Tensor) =
                let along n = Bind.create (Primitive.Iota(DType.Int32, n)) t.Device
                let ones = ((along count + (start - passed)).Unsqueeze 1).Equal(along t.Size)
                passed <- passed + t.Size
                let basis = (ones.Convert t.DType).Reshape(Array.append [| count |] t.Dims)
                trace.Join(t, [| ValueSome(batch.Join basis); ValueNone |])

            let y = leaves.Replaced join |> Tree.rebuild x |> f
            Transform.requireNumber operation y
            let rest = trace.Rest y

            let found =
                match (if rest.Length = 0 then ValueNone else rest[1]) with
                | ValueSome term -> term + term
                | ValueNone -> Tensor.zerosLike (trace.Start y)

            struct (found, trace.Largest)
        finally
            trace.Close()
            batch.Close()

    let at (operation: string) (f: 'p -> Tensor) (x: 'p) : Tensor =
        let leaves = Transform.argument operation x
        let directions = leaves.Trained leaves.Leaves |> Array.sumBy _.Size
        let struct (found, width) = part operation f x leaves 0 (min first directions)
        let mutable total, next = found, min first directions

        while next < directions do
            let count = min (atOnce width) (directions - next)
            let struct (found, _) = part operation f x leaves next count
            total <- total + found
            next <- next + count

        total
