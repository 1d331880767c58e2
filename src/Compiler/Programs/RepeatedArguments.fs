namespace Cotangent.Compiler

open System.Collections.Concurrent
open System.Threading
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// A program for arguments that repeat the same way, and what was copied for want of it.
[<Sealed>]
type private Repeating(program: Lazy<Program>) =
    let mutable copied = 0L
    member _.Program = program
    member _.Copied = Volatile.Read &copied
    member _.Copy(bytes: int64) = Interlocked.Add(&copied, bytes) |> ignore

/// Arguments in which few numbers are seen many times, as a broadcast leaves them. A program expects each argument as an array of
/// its own, so they are written out before a call; or else a program for such arguments reads them as they are, and repeats them
/// where it computes. `make` makes a program of a graph; `whole` is the one for arguments of their own arrays.
///
/// A large argument may take more memory than there is: the program for it is made at once. To write out one below 1 MiB stays in
/// the cache and takes less than 0.1 ms, which no compilation is worth. Between them it depends on how often the function will be called,
/// which nobody knows: arguments are copied until the copies have cost as much as the compilation, so that never more than twice
/// the time is lost (ski rental: Karlin et al. 1988, Competitive snoopy caching). A program that trains needs no second one
/// for its first step, whose optimiser starts from zeros.
[<Sealed>]
type internal RepeatedArguments
    (name: string, graph: Graph, donated: int, whole: Lazy<Program>, make: Graph -> Program) =

    /// Bytes of one argument from which on it is never written out.
    static let large = 16L <<< 20

    /// Bytes of one argument below which it always is.
    static let small = 1L <<< 20

    /// As measured, to write out 1 MiB and read it again takes 0.3 ms or more; a compilation some milliseconds, and 0.1 ms for
    /// each operation.
    let price = (16L <<< 20) + (256L <<< 10) * int64 (Graph.size graph)

    let known = ConcurrentDictionary<string, Repeating>()

    static let isRepeated (b: HostBuffer) axis = b.Shape[axis] > 1 && b.Strides[axis] = 0

    /// The shape of what is there once.
    static let shapeOf (b: HostBuffer) =
        b.Shape |> Array.mapi (fun axis n -> if isRepeated b axis then 1 else n)

    static let bytes (b: HostBuffer) (shape: int[]) = int64 (Shape.count shape) * int64 b.DType.Size

    static let size (b: HostBuffer) =
        if not b.IsContiguous && Range.exists b.Shape.Length (isRepeated b) then
            bytes b b.Shape
        else
            0L

    /// Whether it may be read as it is. A copy that a result lies in afterwards takes no memory of its own.
    let isWorth (buffers: HostBuffer[]) n =
        size buffers[n] >= small && not (n < donated && whole.Value.Reuses n)

    /// What is there once of those; the others as they are.
    let narrow (buffers: HostBuffer[]) : HostBuffer[] =
        buffers
        |> Array.mapi (fun n b -> if isWorth buffers n then b.View(shapeOf b, b.Strides, b.Offset) else b)

    /// The graph that takes those.
    let graphOf (narrowed: HostBuffer[]) : Graph =
        let shapes = graph.Inputs |> Array.map (fun i -> graph.Nodes[i].Shape)

        let like =
            narrowed |> Array.map (fun b -> ({ DType = b.DType; Shape = b.Shape }: Signature), Device.Cpu)

        Stage.closed
            name
            (fun xs ->
                GraphInterpreter.Run graph (Array.map2 (fun shape x -> Operands.expandTo shape x) shapes xs))
            like

    /// What tells such graphs apart.
    let keyOf (narrowed: HostBuffer[]) : string =
        System.String.Join(";", narrowed |> Array.map (fun b -> Shape.show b.Shape))

    /// For too many patterns there is no program each.
    let find (narrowed: HostBuffer[]) : Repeating | null =
        let key = keyOf narrowed

        match known.TryGetValue key with
        | true, found -> found
        | false, _ when known.Count >= 8 -> null
        | false, _ -> known.GetOrAdd(key, (fun _ -> Repeating(later (fun () -> make (graphOf narrowed)))))

    /// How many programs were made.
    member _.Count = known.Values |> Seq.sumBy (fun r -> if r.Program.IsValueCreated then 1 else 0)

    /// The program for a call with these buffers, and the buffers as it takes them.
    member _.Fitting(buffers: HostBuffer[], isCall: bool) : struct (Program * HostBuffer[]) =
        if not (Range.exists buffers.Length (isWorth buffers)) then
            struct (whole.Value, buffers)
        else
            let narrowed = narrow buffers

            match find narrowed with
            | null -> struct (whole.Value, buffers)
            | found ->
                let changed =
                    Range.filter buffers.Length (fun n -> not (obj.ReferenceEquals(narrowed[n], buffers[n])))

                if
                    found.Program.IsValueCreated
                    || changed |> Array.exists (fun n -> size buffers[n] >= large)
                    || found.Copied >= price
                then
                    struct (found.Program.Value, narrowed)
                else
                    if isCall then found.Copy(changed |> Array.sumBy (fun n -> size buffers[n]))
                    struct (whole.Value, buffers)

    /// What a call takes of memory: of the arguments what is there, and of those that are no arrays in order a copy.
    member r.Memory(buffers: HostBuffer[]) : ProgramMemory =
        let struct (program, taken) = r.Fitting(buffers, false)

        let copies = taken |> Array.sumBy (fun b -> if b.IsContiguous then 0L else bytes b b.Shape)

        {
            program.Memory with
                Arguments = buffers |> Array.sumBy (fun b -> bytes b (shapeOf b))
                Between = program.Memory.Between + copies
        }
