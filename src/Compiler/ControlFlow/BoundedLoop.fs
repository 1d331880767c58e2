namespace Cotangent.Compiler

open System
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// A loop that ends after a known number of rounds at the latest, so that compiled programs can go back through it.
module internal BoundedLoop =
    /// Runs of a level in one of the next.
    [<Literal>]
    let private Radix = 8

    /// Recursive checkpointing (Griewank 1992). A level is eight runs of the level below, of which only the carries are kept: what is
    /// inside of a run is computed again on the way back. For n rounds there are log₈ n levels, and with them grow memory and the times
    /// that a round is computed. A run that begins when the condition has ended is passed over whole.
    let run (bound: int) (condition: 'c -> Tensor) (f: 'c -> 'c) (x: 'c) : 'c =
        let operation = "boundedWhileLoop"

        if bound < 0 then
            raise (ValueException $"{operation}: the bound is {bound} rounds; it must be 0 or more.")

        let leaves = Loops.leavesOf x
        let rounds = Tensor.zeros DType.Int32 []
        let rounds = if leaves.Length = 0 then rounds else rounds.To leaves[0].Device

        let goes (count: Tensor, carry) =
            let test = condition carry
            Loops.requireTest operation test
            test.And(count.Less(float bound))

        let once (count: Tensor, carry) =
            let next = f carry
            Loops.requireSame operation carry leaves next |> ignore
            count + 1, next

        let rec level size start =
            let inner =
                if size = 1L then
                    once
                else
                    Loops.iterate Radix (Checkpoint.run (level (size / int64 Radix)))

            Loops.cond (goes start) inner id start

        let rec size reached = if reached >= int64 bound then reached else size (reached * int64 Radix)
        snd (level (size 1L) (rounds, x))
