namespace Cotangent

open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Functions of .NET that programs call with numbers.
module internal HostCalls =
    /// A copy that is the function's own: programs and engines use their memory again.
    let private own (b: HostBuffer) : HostBuffer =
        let copy = Buffers.fresh b.DType b.Shape
        Buffers.copy b copy
        copy

    /// Apart from the program or trace in the midst of which it is called.
    let private apart (body: unit -> 'a) : 'a = Recycling.apart (fun () -> Staging.suspended body)

    /// Tells a function the numbers of a tensor.
    let tell (told: Tensor -> unit) (b: Buffer) : unit =
        apart (fun () -> told (Value(own (NumberCheck.host b))))

    let private result (operation: string) (wanted: Signature) (t: Tensor) : HostBuffer =
        if t.DType <> wanted.DType || not (Shape.equal t.Dims wanted.Shape) then
            raise (
                ShapeException
                    $"{operation}: the function returned {t.DType} {Shape.show t.Dims} where {wanted.DType} {Shape.show wanted.Shape} was announced. Say what it returns, or convert or reshape that."
            )

        match t with
        | Value b -> own (NumberCheck.host b)
        | Traced r ->
            raise (
                TraceException
                    $"{operation}: the function returned a tensor traced by `{r.TracedBy}`; it may compute with its argument's numbers alone. Pass what else it needs in the argument."
            )

    /// With results of these signatures.
    let create (operation: string) (results: Signature[]) (f: Tensor[] -> Tensor[]) : HostFunction =
        HostFunction(
            operation,
            results,
            fun inputs ->
                apart (fun () ->
                    let made = inputs |> Array.map (fun b -> Value(own b)) |> f
                    Array.map2 (result operation) results made)
        )

    /// The same for each example of a batch, one after the other.
    let batched (examples: int) (f: HostFunction) : HostFunction =
        let part i (b: HostBuffer) = b.View(b.Shape[1..], b.Strides[1..], b.Offset + i * b.Strides[0])

        let results = f.Results |> Array.map (fun r -> { r with Shape = Array.append [| examples |] r.Shape })

        HostFunction(
            f.Name,
            results,
            fun inputs ->
                let all = results |> Array.map (fun r -> Buffers.fresh r.DType r.Shape)

                for i in 0 .. examples - 1 do
                    f.Run(inputs |> Array.map (part i))
                    |> Array.iter2 (fun whole made -> Buffers.copy made (part i whole)) all

                all
        )

    /// A function of a tree, called with numbers whenever the program runs.
    let call (operation: string) (like: 'q) (f: 'p -> 'q) (x: 'p) : 'q =
        let signatures =
            Tree.leavesOf $"{operation}: the result's type" like
            |> Array.map (fun t -> ({ DType = t.DType; Shape = t.Dims }: Signature))

        let leaves =
            if Walkers.holdsTensors typeof<'p> then
                Tree.leavesOf $"{operation}: the argument's type" x
            else
                [||]

        if leaves.Length = 0 then
            raise (
                TreeException
                    $"{operation}: the argument holds no tensors, so the function would be called when the program is made. Call it there."
            )

        let run (inputs: Tensor[]) =
            Tree.rebuild x inputs |> f |> Tree.leavesOf $"{operation}: the result's type"

        let host = create operation signatures run
        Tree.rebuild like (Bind.apply (Primitive.Host host) leaves)
