namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Steps of a program that record how long they took.
module internal StepProfile =
    let private isArithmetic (i: Instruction) =
        match i with
        | Instruction.Load _
        | Instruction.Constant _
        | Instruction.Position _ -> false
        | Instruction.Unary _
        | Instruction.Binary _
        | Instruction.Select _
        | Instruction.Convert _
        | Instruction.Draw _
        | Instruction.Reduce _ -> true

    let private operation (i: Instruction) =
        match i with
        | Instruction.Load _ -> "load"
        | Instruction.Constant _ -> "constant"
        | Instruction.Position _ -> "position"
        | Instruction.Unary(op, _) -> string<Unary> op
        | Instruction.Binary(op, _, _) -> string<Binary> op
        | Instruction.Select _ -> "where"
        | Instruction.Convert(dtype, _) -> "convert " + string<DType> dtype
        | Instruction.Draw _ -> "draw"
        | Instruction.Reduce(kind, _) -> string<Reduction> kind

    /// The operations of a nest in order, each once: `multiply add tanh`.
    let private nest (k: LoopNest) =
        let names = k.Body |> Array.filter isArithmetic |> Array.map operation |> Seq.distinct |> List.ofSeq

        match names with
        | [] -> "copy"
        | names -> String.concat " " names

    let private name (step: Step) =
        match step with
        | Step.Nest k -> nest k
        | Step.Product _ -> "matmul"
        | Step.Draw _ -> "random"
        | Step.Engine(p, _, _) -> string<Primitive> p
        | Step.Scan _ -> "scan"
        | Step.While _ -> "while"
        | Step.Cond _ -> "cond"

    let private shapes (views: View seq) = views |> Seq.map (fun v -> Shape.show v.Shape) |> String.concat " "

    let private detail (step: Step) =
        match step with
        | Step.Nest k ->
            let kept, folded = Array.splitAt (k.Axes.Length - k.Reduced) k.Axes

            if k.Reduced = 0 then
                Shape.show kept
            else
                $"{Shape.show kept} folding {Shape.show folded}"
        | Step.Product(a, b, _) -> shapes [ a; b ]
        | Step.Draw(_, _, _, _, target) -> shapes [ target ]
        | Step.Engine(_, inputs, _) -> shapes inputs
        | Step.Scan _
        | Step.While _
        | Step.Cond _ -> ""

    /// Of a slot that a loop moves on, the slice of one round.
    let private bytes (slots: Slot[]) (step: Step) =
        let touched = Steps.slots step

        Seq.append (Seq.distinct touched.Reads) (Seq.distinct touched.Writes)
        |> Seq.sumBy (fun slot -> int64 slots[slot].Count * int64 slots[slot].DType.Size)

    /// A runner of a step that tells the profile which is being taken when it runs.
    let timed (slots: Slot[]) (step: Step) (run: Runner) : Runner =
        let name, detail, bytes = name step, detail step, bytes slots step

        let work =
            match step with
            | Step.Nest _ -> ProfiledWork.Kernel
            | Step.Product _
            | Step.Draw _
            | Step.Engine _
            | Step.Scan _
            | Step.While _
            | Step.Cond _ -> ProfiledWork.Primitive

        Runner(fun w ->
            match Profiling.current () with
            | null -> run.Invoke w
            | recorder ->
                recorder.Time(
                    work,
                    (fun () -> name),
                    (fun () -> detail),
                    (fun () -> bytes),
                    (fun () -> run.Invoke w)
                ))
