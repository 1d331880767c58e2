namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// How many multiply-adds a graph takes in products of matrices, convolutions and attention: what nets spend their time on. Of each
/// it is also asked which of the graph's inputs is a factor in it, seen as it is or otherwise.
module internal MultiplyAdds =
    let private size (shape: int[]) = Array.fold (fun n d -> n * int64 d) 1L shape

    /// Of a convolution each number of the output is a sum over one output channel of the kernel.
    let private ofConvolution (term: ConvolutionTerm) (inputs: int[][]) (result: int[]) : int64 =
        let kernel, output =
            match term with
            | ConvolutionTerm.Output -> inputs[1], result
            | ConvolutionTerm.Input -> inputs[0], inputs[1]
            | ConvolutionTerm.Kernel -> result, inputs[1]

        size output * size kernel / int64 (max 1 kernel[0])

    let private ofFused (f: Fused) (inputs: int[][]) (result: int[]) : int64 =
        match f with
        // Queries meet keys, and weights meet values.
        | Fused.Attention _ ->
            let keys = inputs[1].[inputs[1].Length - 2]
            (size inputs[0] + size result) * int64 keys
        // The same, computed anew, and twice as much on the way back.
        | Fused.AttentionPull _ ->
            let keys = inputs[1].[inputs[1].Length - 2]
            (3L * size inputs[0] + 2L * size inputs[3]) * int64 keys
        | Fused.Softmax _
        | Fused.SoftmaxPull _
        | Fused.LogSumExp _
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _
        | Fused.Normalize _
        | Fused.NormalizePull _
        | Fused.NormalizeGainPull _ -> 0L

    /// Of a node that computes sums of products, by the shapes of its inputs and its own.
    let private ofKind (kind: Kind) (inputs: int[][]) (result: int[]) : int64 =
        match kind with
        | Kind.Contraction -> size result * int64 inputs[0].[inputs[0].Length - 1]
        | Kind.Opaque kernel ->
            match kernel with
            | Kernel.Convolution(term, _, _) -> ofConvolution term inputs result
            | Kernel.Fused f -> ofFused f inputs result
            | Kernel.Concatenate _
            | Kernel.CumulativeSum _
            | Kernel.Gather _
            | Kernel.Scatter _
            | Kernel.Print
            | Kernel.Host _
            | Kernel.Solve _
            | Kernel.TriangularSolve _
            | Kernel.OfMatrix _
            | Kernel.Other -> 0L
        | Kind.Source _
        | Kind.View _
        | Kind.Elementwise _
        | Kind.Fold _
        | Kind.Draw _
        | Kind.Transfer _
        | Kind.Custom _ -> 0L

    /// Whether it shows the numbers of its only input, perhaps in another dtype.
    let private isSame (kind: Kind) =
        match kind with
        | Kind.View _
        | Kind.Transfer _
        | Kind.Elementwise(Pointwise.Convert _) -> true
        | Kind.Elementwise _
        | Kind.Source _
        | Kind.Fold _
        | Kind.Contraction
        | Kind.Draw _
        | Kind.Opaque _
        | Kind.Custom _ -> false

    /// Adds what a graph takes, so many times over, to the inputs that are factors, or to the last place if none is. `factor` tells
    /// which an input of this graph is to the outermost; -1 for none.
    let rec private add (totals: int64[]) (times: int64) (factor: int -> int) (g: Graph) : unit =
        let origins = Array.create g.Nodes.Length -1

        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]
            let origin k = if k < node.Inputs.Length then origins[node.Inputs[k]] else -1

            match node.Operation with
            | Operation.Input n -> origins[i] <- factor n
            | Operation.Constant _
            | Operation.Item _ -> ()
            | Operation.Control control -> ofControl totals times origin control
            | Operation.Primitive p ->
                let kind = Facts.kind p

                if isSame kind then
                    origins[i] <- origin 0
                else
                    let n = ofKind kind (node.Inputs |> Array.map (fun j -> g.Nodes[j].Shape)) node.Shape

                    if n > 0L then
                        let found = Array.init node.Inputs.Length origin |> Array.tryFind (fun o -> o >= 0)
                        let place = Option.defaultValue (totals.Length - 1) found
                        totals[place] <- totals[place] + times * n

    /// Of a loop of unknown length one round counts; of two branches, both.
    and private ofControl totals times (origin: int -> int) (control: Control) : unit =
        match control with
        | Control.Scan s -> add totals (times * int64 s.Count) origin s.Body
        | Control.While w -> add totals times origin w.Body
        | Control.Cond c ->
            let behindTest i = origin (i + 1)
            add totals times behindTest c.OnTrue
            add totals times behindTest c.OnFalse
        | Control.Call c -> add totals times origin c.Body

    /// For each of the first inputs the multiply-adds in which it is a factor, and all others.
    let ofGraph (inputs: int) (g: Graph) : struct (int64[] * int64) =
        let totals = Array.zeroCreate<int64>(inputs + 1)
        add totals 1L (fun n -> if n < inputs then n else -1) g
        struct (totals[.. inputs - 1], totals[inputs])
