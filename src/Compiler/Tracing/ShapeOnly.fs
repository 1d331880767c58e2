namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// A tensor that a function would return: its shape, dtype and device, and no numbers.
[<Sealed>]
type internal ShapeTracer(trace, dtype, shape, device) =
    inherit Tracer(trace, dtype, shape, device)

    let refusal (r: Tracer) : exn =
        TraceException
            $"{r.TracedBy}: a tensor of shape {Shape.show r.Shape} has no numbers, and can't be computed with: its shape and dtype alone were asked for. Call the function itself, or give the tensor to `evalShape` again."

    override r.Concrete = raise (refusal r)
    override r.Detached = raise (refusal r)
    override _.HasNumbers = false
    override _.Remark = ", a shape without numbers"
    override r.Escaped() = refusal r

/// Shapes and dtypes of what a function would return, found by tracing it.
module internal ShapeOnly =
    let evaluate (operation: string) (f: 'p -> 'q) (x: 'p) : 'q =
        let leaves = if Walkers.holdsTensors typeof<'p> then Tree.leaves x else [||]
        let trace = StageTrace operation

        try
            let inputs = leaves |> Array.map (fun t -> trace.Input(t.DType, t.Dims, t.Device))

            let y =
                Staging.during trace (fun () -> f (if leaves.Length = 0 then x else Tree.rebuild x inputs))

            if Walkers.holdsTensors typeof<'q> then
                Tree.replace operation (fun t -> Traced(ShapeTracer(trace, t.DType, t.Dims, t.Device))) y
            else
                y
        finally
            trace.Close()
