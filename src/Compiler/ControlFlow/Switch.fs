namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// One of several functions, by a number: where that can't be read, a balanced tree of choices between two, so that a program
/// compares as often as the tree is high, and every rule is that of `cond`.
module internal Switch =
    [<Literal>]
    let private Operation = "switch"

    let private requireIndex (index: Tensor) =
        if not index.DType.IsInteger then
            raise (
                DTypeException
                    $"{Operation}: the index is {index.DType} {Shape.show index.Dims}; it must be one integer. Convert it to Int32, or use `cond` for a choice between two by a Bool."
            )

        if index.Rank <> 0 then
            raise (
                ShapeException
                    $"{Operation}: the index has shape {Shape.show index.Dims}; it must be one integer. For a choice of each example's own, use `vmap`."
            )

    /// What is given and asked for beside the number itself.
    let private requireWithin (count: int) (i: int64) =
        if i < 0L || i >= int64 count then
            raise (
                IndexException
                    $"{Operation}: the index is {i}, where there are {count} branches: it must be from 0 to {count - 1}. Bring it there with `clamp`, or add a branch."
            )

    /// The graphs of the branches, all with the same inputs: the index, what any of them closes over, the argument's leaves.
    let private graphs (index: Tensor) (branches: ('a -> 'b)[]) (x: 'a) : struct (Graph[] * Tensor[] * 'b) =
        let leaves = Loops.leavesOf x
        let results: 'b[] = Array.zeroCreate branches.Length

        let stage i (f: 'a -> 'b) =
            let run xs =
                results[i] <- f (Loops.rebuild x xs)
                Loops.leavesOf results[i]

            let struct (graph, captured) = Loops.stage Operation run (Array.map Loops.like leaves)
            graph, captured

        let staged, captured = Array.mapi stage branches |> Array.unzip

        for i in 1 .. branches.Length - 1 do
            Loops.requireSameBranches
                Operation
                $"branches 0 and {i}"
                (results[0], staged[0])
                (results[i], staged[i])

        let given i =
            let before, after = Array.collect id captured[.. i - 1], Array.collect id captured[i + 1 ..]
            let likeBefore = Array.append [| index |] before |> Array.map Loops.like

            staged[i]
            |> Graph.insertInputs captured[i].Length (Array.map Loops.like after)
            |> Graph.insertInputs 0 likeBefore

        let inputs = Array.concat [ [| index |]; Array.collect id captured; leaves ]
        struct (Array.init branches.Length given, inputs, results[0])

    /// An index below 0 takes the first branch, and one beyond the last takes that.
    let private staged (index: Tensor) (branches: ('a -> 'b)[]) (x: 'a) : 'b =
        let struct (graphs, inputs, result) = graphs index branches x
        let like = Array.map Loops.like inputs

        let rec choose first count (xs: Tensor[]) : Tensor[] =
            let half = count / 2
            let second = first + half

            let choice = { OnTrue = branch first half; OnFalse = branch second (count - half) }

            let isBefore = xs[0].Less(float second)
            Loops.apply (GraphInterpreter.Operation(Control.Cond choice)) (Array.append [| isBefore |] xs)

        and branch first count : Graph =
            if count = 1 then graphs[first] else Stage.closed Operation (choose first count) like

        choose 0 branches.Length inputs |> Loops.rebuild result

    let run (index: Tensor) (branches: ('a -> 'b)[]) (x: 'a) : 'b =
        requireIndex index

        if branches.Length = 0 then
            raise (ValueException $"{Operation}: there are no branches; give one or more.")

        if not (Loops.isStaging ()) && Loops.isReadable index then
            let i = (index.Convert DType.Int64).ToData<int64>()
            requireWithin branches.Length i
            branches[int i] x
        elif branches.Length = 1 then
            branches[0] x
        else
            let last = branches.Length - 1

            let isTaken i =
                if i = 0 then index.LessEqual 0.0
                elif i = last then index.GreaterEqual(float last)
                else index.Equal(float i)

            let ways () = branches |> Array.mapi (fun i f -> struct (isTaken i, (fun () -> f x |> ignore)))

            KeyCheck.ofWays ways (fun () -> staged index branches x)
