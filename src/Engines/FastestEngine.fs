namespace Cotangent.Engines

open Cotangent

/// Where libtorch's kernels are faster than ours on the CPU, as `bench engines crossings` measured it on two cores with
/// AVX-512 (benchmarks/RESULTS.md has the table). A call of libtorch costs 4 to 15 µs before it computes, and its results
/// are copied into an array of .NET; so it gains where much is computed of little: large folds and convolutions. In the
/// midst of a training step, with the caches full of other things, it gains later than a call by itself tells.
module internal Crossing =
    /// Elements folded, to a result of an eighth of them or less: 2 to 3 times faster.
    [<Literal>]
    let private Folded = 1_000_000

    /// Elements of a running sum: 3 times faster.
    [<Literal>]
    let private Summed = 100_000

    /// Products of numbers in a convolution: 1.6 to 2 times faster by itself. At a third of them calls are twice as fast,
    /// too, but a training step is not.
    [<Literal>]
    let private Convolved = 1e8

    /// Channels from which on the transposed convolution is not slower instead.
    [<Literal>]
    let private Channels = 4

    let private size (x: Buffer) = Shape.count x.Shape

    let private products (term: ConvolutionTerm) (w: Windows) (a: Buffer) (b: Buffer) =
        let taps = float (Shape.count w.Size)
        let windows = float (Shape.count w.Count)

        match term with
        | ConvolutionTerm.Output -> float a.Shape[0] * float b.Shape[0] * float b.Shape[1] * taps * windows
        | ConvolutionTerm.Input -> float b.Shape[0] * float a.Shape[0] * float a.Shape[1] * taps * windows
        | ConvolutionTerm.Kernel -> float a.Shape[0] * float a.Shape[1] * float b.Shape[1] * taps * windows

    /// Whether a native library shall be asked. Single numbers tell; small tensors never load one.
    let isFor (p: Primitive) (inputs: Buffer[]) : bool =
        match p with
        | Primitive.Reduce(_, axes) ->
            let x = inputs[0]

            x.DType = DType.Float32
            && size x >= Folded
            && axes |> Array.fold (fun n a -> n * x.Shape[a]) 1 >= 8
        | Primitive.CumulativeSum _ -> inputs[0].DType = DType.Float32 && size inputs[0] >= Summed
        | Primitive.Convolution(term, w, groups) ->
            inputs[0].DType = DType.Float32
            && groups = 1
            && w.Full.Length = 2
            && products term w inputs[0] inputs[1] >= Convolved
            && (term <> ConvolutionTerm.Input || inputs[0].Shape[1] >= Channels)
        // Large products have their own way to the library: `MatMul`. All others are as fast here, or faster, at every size.
        | Primitive.MatMul
        | Primitive.Unary _
        | Primitive.Binary _
        | Primitive.Select
        | Primitive.Convert _
        | Primitive.Full _
        | Primitive.Iota _
        | Primitive.Random _
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _
        | Primitive.Place _
        | Primitive.Concatenate _
        | Primitive.Gather _
        | Primitive.Scatter _
        | Primitive.ArgReduce _
        | Primitive.ArgSort _
        | Primitive.MaxPool _
        | Primitive.Fused _
        | Primitive.Detach
        | Primitive.Barrier
        | Primitive.Transfer _
        | Primitive.Custom _ -> false

/// The managed engine; and the native library's, if there is one, for what is faster there.
[<Sealed>]
type internal FastestEngine(managed: Engine, library: Lazy<Engine voption>) =
    inherit Engine("fastest")

    override _.Unary(op, x) = managed.Unary(op, x)
    override _.Binary(op, x, y) = managed.Binary(op, x, y)

    override _.Evaluate(p, inputs, device) =
        if Crossing.isFor p inputs then
            match library.Value with
            | ValueSome library -> library.Evaluate(p, inputs, device)
            | ValueNone -> managed.Evaluate(p, inputs, device)
        else
            managed.Evaluate(p, inputs, device)

    override _.ToHost x = managed.ToHost x
    override _.OfHost(x, device) = managed.OfHost(x, device)
