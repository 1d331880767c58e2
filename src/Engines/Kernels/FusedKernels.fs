namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The managed kernels of fused operations.
module internal FusedKernels =
    let private run<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (f: Fused)
        (inputs: HostBuffer[])
        : HostBuffer[] =
        let input i = inputs[i] :?> HostBuffer<'T>
        let x = input 0
        let mask i = if inputs.Length > i then ValueSome(inputs[i] :?> HostBuffer<bool>) else ValueNone
        let sizes isCausal scale = Attention.sizes isCausal scale x inputs[1] inputs[2]
        let labels targets = CrossEntropy.labels targets x.Shape[x.Shape.Length - 1] inputs[1]

        match f with
        | Fused.Softmax(isLog, axis) -> [| Softmax.softmax isLog axis x |]
        | Fused.SoftmaxPull(isLog, axis) -> [| Softmax.pull isLog axis x (input 1) |]
        | Fused.LogSumExp axis -> [| Softmax.logSumExp axis x |]
        | Fused.CrossEntropy targets -> [| CrossEntropy.losses targets x (labels targets) |]
        | Fused.CrossEntropyPull targets -> [| CrossEntropy.pull targets x (labels targets) (input 2) |]
        | Fused.Normalize(isCentred, epsilon) ->
            let factor i = if inputs.Length > i then ValueSome(input i) else ValueNone
            [| Normalize.normalize isCentred epsilon x (factor 1) (factor 2) |]
        | Fused.NormalizePull(isCentred, epsilon) -> [| Normalize.pull isCentred epsilon x (input 1) |]
        | Fused.NormalizeGainPull(isCentred, epsilon) ->
            Normalize.pullWithGain isCentred epsilon x (input 1) (input 2)
        | Fused.Attention(isCausal, scale) -> [|
            Attention.forward (sizes isCausal scale) x (input 1) (input 2) (mask 3)
          |]
        | Fused.AttentionPull(isCausal, scale) ->
            Attention.pull (sizes isCausal scale) x (input 1) (input 2) (input 3) (mask 4)

    /// All results.
    let rec evaluate (f: Fused) (inputs: HostBuffer[]) : HostBuffer[] =
        match inputs[0].DType.Storage with
        | Storage.Float32 -> run<float32> f inputs
        | Storage.Float64 -> run<float> f inputs
        | Storage.BFloat16
        | Storage.Float16 ->
            inputs
            |> Array.map (fun x -> if DTypes.isHalf x.DType then Convert.widen x else x)
            |> evaluate f
            |> Array.map (Convert.buffer inputs[0].DType)
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 ->
            invalidOp $"{f} has no kernel for {inputs[0].DType}; the shape rule should have refused it."
