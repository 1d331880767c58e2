namespace Cotangent.Compiler

open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Arguments in which few numbers are seen many times, as a broadcast leaves them. A program expects each argument as an array of
/// its own; to write a large one out may take more memory than there is. A program for such arguments reads them as they are,
/// and repeats them where it computes. For small ones that is not worth another compilation.
module internal RepeatedArguments =
    /// Bytes from which on it is.
    [<Literal>]
    let private Large = 16777216L

    let private isRepeated (b: HostBuffer) axis = b.Shape[axis] > 1 && b.Strides[axis] = 0

    let isLarge (b: HostBuffer) =
        not b.IsContiguous
        && int64 (Shape.count b.Shape) * int64 b.DType.Size >= Large
        && Range.exists b.Shape.Length (isRepeated b)

    /// The shape of what is there once.
    let private shapeOf (b: HostBuffer) =
        b.Shape |> Array.mapi (fun axis n -> if isRepeated b axis then 1 else n)

    /// What is there once of the large ones from a number on; the others as they are.
    let narrow (first: int) (buffers: HostBuffer[]) : HostBuffer[] =
        buffers
        |> Array.mapi (fun n b ->
            if n >= first && isLarge b then b.View(shapeOf b, b.Strides, b.Offset) else b)

    /// The graph that takes those.
    let graph (name: string) (g: Graph) (narrowed: HostBuffer[]) : Graph =
        let shapes = g.Inputs |> Array.map (fun i -> g.Nodes[i].Shape)

        let like =
            narrowed |> Array.map (fun b -> ({ DType = b.DType; Shape = b.Shape }: Signature), Device.Cpu)

        Stage.closed
            name
            (fun xs ->
                GraphInterpreter.Run g (Array.map2 (fun shape x -> Operands.expandTo shape x) shapes xs))
            like

    /// What tells such graphs apart.
    let key (narrowed: HostBuffer[]) : string =
        System.String.Join(";", narrowed |> Array.map (fun b -> Shape.show b.Shape))
