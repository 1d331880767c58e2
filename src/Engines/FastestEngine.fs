namespace Cotangent.Engines

open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Where libtorch's kernels are faster than ours on the CPU, with one thread and with two, as `bench engines crossings`
/// measured it on two cores with AVX-512 (benchmarks/RESULTS.md has the table). A call of libtorch costs 4 to 15 µs before it
/// computes, and with more than one thread 50 to 100 until the others are awake; so it gains where much is computed. Where no
/// more is said the dtype is Float32.
module internal Crossing =
    /// Elements of which the largest or smallest are looked for, eight or more to a result: 1.4 to 1.9 times faster. Sums are
    /// not.
    [<Literal>]
    let private Folded = 10_000_000

    /// Elements of a running sum, Float32 and Float64: 4 to 12 times faster, but for vectors of 512 bits, by which ours are as fast or
    /// faster.
    [<Literal>]
    let private Summed = 10_000

    /// Elements up to which that holds from the end as well, 1.1 to 4 times: what is turned round takes two more copies.
    [<Literal>]
    let private Turned = 100_000

    /// Elements of gelu: 1.7 to 2.1 times faster.
    [<Literal>]
    let private Bent = 1_000_000

    /// Elements of a logarithm of a softmax pulled back: 1.5 to 2.3 times faster.
    [<Literal>]
    let private Pulled = 1_000_000

    /// Keys of an attention where every query sees all of them: 1.1 to 1.5 times faster. Causal ones, and their derivatives,
    /// are not.
    [<Literal>]
    let private Seen = 256

    /// Products of numbers in a convolution or a derivative of it: 1.1 to 2 times faster.
    [<Literal>]
    let private Convolved = 1e8

    /// The same with one thread: 1.5 to 1.75 times faster. With more, what is gained by a call alone is lost again in the
    /// midst of a training step, where libtorch's threads are asleep and ours awake.
    [<Literal>]
    let private ConvolvedAlone = 3e7

    /// With more threads and vectors of 512 bits, whose kernels are twice as fast as they are with 256.
    [<Literal>]
    let private ConvolvedByWide = 1e9

    /// Products of a convolution over two axes beyond which that does not hold for itself.
    [<Literal>]
    let private MostConvolved = 1e9

    /// Channels on either side from which on that holds. With one, libtorch is 3 to 7 times slower.
    [<Literal>]
    let private Channels = 16

    /// Products in the derivative by the kernel of a convolution where each channel is a group: 1.2 to 5 times faster.
    [<Literal>]
    let private Depthwise = 3e6

    let private size (x: Buffer) = Shape.count x.Shape

    let private convolution (term: ConvolutionTerm) (w: Windows) groups (a: Buffer) (b: Buffer) =
        // Images, and channels on either side; those that a kernel sees are a group's.
        let struct (images, inputs, outputs) =
            match term with
            | ConvolutionTerm.Output -> struct (a.Shape[0], a.Shape[1], b.Shape[0])
            | ConvolutionTerm.Input -> struct (b.Shape[0], groups * a.Shape[1], a.Shape[0])
            | ConvolutionTerm.Kernel -> struct (a.Shape[0], a.Shape[1], b.Shape[1])

        let products =
            float images * float inputs * float outputs / float groups
            * float (Shape.count w.Size)
            * float (Shape.count w.Count)

        let axes = w.Full.Length

        /// Whether ours go by Winograd's algorithm where there are tiles enough, at twice to three times the speed of libtorch's.
        let isByWinograd =
            axes = 2
            && WinogradChoice.hasRoom TileSize.Four groups (outputs / groups) (inputs / groups)
            && WinogradVectors.isSupported ()
            && w.Size |> Array.forall ((=) WinogradVectors.Taps)
            && Array.forall ((=) 1) w.Step
            && Array.forall ((=) 1) w.Dilation

        match term with
        | ConvolutionTerm.Kernel when groups > 1 && groups = inputs -> axes = 2 && products >= Depthwise
        | _ when groups > 1 || axes < 2 || min inputs outputs < Channels || isByWinograd -> false
        | ConvolutionTerm.Output when axes = 2 && products > MostConvolved -> false
        | ConvolutionTerm.Output
        | ConvolutionTerm.Input
        | ConvolutionTerm.Kernel ->
            products
            >= (if Workers.count () = 1 then ConvolvedAlone
                elif Vector512.IsHardwareAccelerated then ConvolvedByWide
                else Convolved)

    let private fused (f: Fused) (inputs: Buffer[]) =
        match f with
        | Fused.SoftmaxPull(isLog, _) -> isLog && size inputs[0] >= Pulled
        | Fused.Attention(isCausal, _) ->
            let key = inputs[1].Shape
            not isCausal && inputs.Length = 3 && key[key.Length - 2] >= Seen
        | Fused.Softmax _
        | Fused.LogSumExp _
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _
        | Fused.Normalize _
        | Fused.NormalizePull _
        | Fused.NormalizeGainPull _
        | Fused.AttentionPull _ -> false

    /// The same for an elementwise function, which eager code calls most.
    let isForUnary (op: Unary) (x: Buffer) : bool =
        op.IsGelu && x.DType = DType.Float32 && Shape.count x.Shape >= Bent

    let private kernel (k: Kernel) (inputs: Buffer[]) : bool =
        let x = inputs[0]

        match k with
        | Kernel.CumulativeSum reverse ->
            (x.DType = DType.Float32 || x.DType = DType.Float64)
            && not Vector512.IsHardwareAccelerated
            && size x >= Summed
            && not (reverse && size x > Turned)
        | Kernel.Convolution(term, w, groups) ->
            x.DType = DType.Float32 && convolution term w groups x inputs[1]
        | Kernel.Fused f -> x.DType = DType.Float32 && fused f inputs
        | Kernel.Concatenate _
        | Kernel.Gather _
        | Kernel.Scatter _
        | Kernel.Print
        | Kernel.Host _
        | Kernel.Solve _
        | Kernel.TriangularSolve _
        | Kernel.OfMatrix _
        | Kernel.Other -> false

    /// Whether a native library shall be asked. Single numbers tell; small tensors never load one.
    let isFor (p: Primitive) (inputs: Buffer[]) : bool =
        (Facts.primitive p).HasCrossing
        && match Facts.kind p with
           | Kind.Elementwise(Pointwise.Unary op) -> isForUnary op inputs[0]
           | Kind.Fold(kind, axes) ->
               let x = inputs[0]

               kind <> Reduction.Sum
               && x.DType = DType.Float32
               && size x >= Folded
               && axes |> Array.fold (fun n a -> n * x.Shape[a]) 1 >= 8
           | Kind.Opaque k -> kernel k inputs
           // Large products have their own way to the library: `MatMul`. All others are as fast here, or faster, at every size.
           | Kind.Contraction
           | Kind.Elementwise(Pointwise.Binary _ | Pointwise.Select | Pointwise.Convert _)
           | Kind.Source _
           | Kind.View _
           | Kind.Draw _
           | Kind.Transfer _
           | Kind.Custom _ -> false

/// The managed engine; and the native library's, if there is one, for what is faster there.
[<Sealed>]
type internal FastestEngine(managed: Engine, library: Lazy<Engine option>) =
    inherit Engine("fastest")

    override _.Unary(op, x) =
        if Crossing.isForUnary op x then
            match library.Value with
            | Some library -> library.Unary(op, x)
            | None -> managed.Unary(op, x)
        else
            managed.Unary(op, x)

    override _.Binary(op, x, y) = managed.Binary(op, x, y)

    override _.Evaluate(p, inputs, device) =
        if Crossing.isFor p inputs then
            match library.Value with
            | Some library -> library.Evaluate(p, inputs, device)
            | None -> managed.Evaluate(p, inputs, device)
        else
            managed.Evaluate(p, inputs, device)

    override _.EvaluateAll(p, inputs, device) =
        if Crossing.isFor p inputs then
            match library.Value with
            | Some library -> library.EvaluateAll(p, inputs, device)
            | None -> managed.EvaluateAll(p, inputs, device)
        else
            managed.EvaluateAll(p, inputs, device)

    override _.ToHost x = managed.ToHost x
    override _.OfHost(x, device) = managed.OfHost(x, device)
