namespace Cotangent.Torch

open Cotangent
open Cotangent.Engines
open Cotangent.Torch.Basic
open Cotangent.Torch.ScriptLines

/// Fused operations, by libtorch's own.
module internal FusedKernels =
    let private softmax (f: Frame) isLog axis x =
        let name, low = if isLog then "log_softmax", "float('-inf')" else "softmax", "0.0"

        if f.Room = 0n then
            script f "x" [ $"return torch.masked_fill(torch.{name}(x, {axis}), {isLow axis}, {low})" ] [| x |]
        else
            // Such rows are looked for only where something is NaN.
            Script.fill f "x" [
                $"torch.{name}(x, {axis}, out=room)"
                $"if bool(torch.any(torch.isnan(torch.select(room, {axis}, 0)))):"
                $"  room.masked_fill_({isLow axis}, {low})"
            ] [| x |]

    let private softmaxPull f isLog axis y c =
        let name, out =
            if isLog then
                "_log_softmax_backward_data", "out"
            else
                "_softmax_backward_data", "grad_input"

        Script.into f out "y, c" (fun out -> $"torch.{name}(c, y, {axis}, y.dtype{out})") [| y; c |]

    // ---- Cross-entropy ----

    /// Labels as Int64 in a row; throws what the managed kernel does where one is no class. Waits for the device.
    let private labels (f: Frame) (targets: Targets) (t: nativeint) (s: Signature) classes =
        let isIgnored =
            match targets.Ignored with
            | ValueSome label -> $"(t != {label})"
            | ValueNone -> "torch.ones_like(t, dtype=11)"

        let wrong = script f "t" [ $"return torch.any(((t < 0) | (t >= {classes})) & {isIgnored})" ] [| t |]

        if any f wrong then
            CrossEntropy.labels targets classes (Transfer.read f t s.DType s.Shape) |> ignore

        reshape f (cast f t DType.Int64) [| Shape.count s.Shape |]

    /// The number of an ignored label; where there is none, one that no label is.
    let private ignored (targets: Targets) = ValueOption.defaultValue -9223372036854775807L targets.Ignored

    let private crossEntropy f (targets: Targets) x (xs: Signature) t (shape: int[]) =
        let rows, classes = Shape.count shape, xs.Shape[xs.Shape.Length - 1]
        let x = reshape f x [| rows; classes |]

        let losses =
            script f "x, t" [
                $"return torch.cross_entropy_loss(x, t, None, 0, {ignored targets}, {number targets.Smoothing})"
            ] [| x; t |]

        reshape f losses shape

    let private crossEntropyPull (f: Frame) (targets: Targets) x (xs: Signature) t c =
        let classes = xs.Shape[xs.Shape.Length - 1]
        let rows = Shape.count xs.Shape / max 1 classes
        let table = [| rows; classes |]

        let lines = [
            // A question about numbers would have a device waited for.
            if f.Room <> 0n then "if bool(torch.any(torch.isnan(torch.select(p, 1, 0)))):"
            (if f.Room <> 0n then "  " else "") + $"p.masked_fill_({isLow 1}, 0.0)"
            if targets.Smoothing <> 0.0 then
                $"p.sub_({number (targets.Smoothing / float (max 1 classes))})"
            $"counts = t != {ignored targets}"
            "at = torch.where(counts, t, 0).unsqueeze(1)"
            $"p.scatter_add_(1, at, torch.full_like(at, {number (targets.Smoothing - 1.0)}, dtype=x.dtype))"
            "p.mul_(c)"
            if targets.Ignored.IsSome then
                "p.masked_fill_(torch.logical_not(counts).unsqueeze(1), 0.0)"
            "return p"
        ]

        let inputs = [| reshape f x table; t; reshape f c [| rows; 1 |] |]

        if f.Room = 0n then
            reshape f (script f "x, t, c" ("p = torch.softmax(x, 1)" :: lines) inputs) xs.Shape
        else
            let inputs = Array.append inputs [| reshape f f.Room table |]
            script f "x, t, c, room" ("p = torch.softmax(x, 1, out=room)" :: lines) inputs |> ignore
            f.Room

    // ---- Normalisation ----

    let private normalize f isCentred epsilon x (xs: Signature) =
        let n = xs.Shape[xs.Shape.Length - 1]

        if isCentred then
            script f "x" [ $"return torch.native_layer_norm(x, [{n}], None, None, {number epsilon})[0]" ] [|
                x
            |]
        else
            let y =
                script f "x" [ $"return x * torch.rsqrt(torch.mean(x * x, -1, True) + {number epsilon})" ] [|
                    (if DTypes.isHalf xs.DType then cast f x DType.Float32 else x)
                |]

            cast f y xs.DType

    /// With a gain, and perhaps a bias; of several matrices each has its own.
    let private normalizeWith (f: Frame) isCentred epsilon (inputs: nativeint[]) (xs: Signature) =
        let n = xs.Shape[xs.Shape.Length - 1]

        if isCentred && xs.Shape.Length = 2 then
            let bias, parameters = if inputs.Length > 2 then "bias", "x, gain, bias" else "None", "x, gain"

            script
                f
                parameters
                [ $"return torch.native_layer_norm(x, [{n}], gain, {bias}, {number epsilon})[0]" ]
                inputs
        else
            let y = normalize f isCentred epsilon inputs[0] xs
            let operands = Array.append [| y |] inputs[1..]

            if inputs.Length > 2 then
                script
                    f
                    "y, gain, bias"
                    [ "return torch.addcmul(bias.unsqueeze(-2), y, gain.unsqueeze(-2))" ]
                    operands
            else
                script f "y, gain" [ "return y * gain.unsqueeze(-2)" ] operands

    let private normalizePull f isCentred epsilon x (xs: Signature) c =
        let n = xs.Shape[xs.Shape.Length - 1]

        if isCentred then
            script f "x, c" [
                $"y, mean, r = torch.native_layer_norm(x, [{n}], None, None, {number epsilon})"
                $"return torch.native_layer_norm_backward(c, x, [{n}], mean, r, None, None, [True, False, False])[0]"
            ] [| x; c |]
        else
            let wide t = if DTypes.isHalf xs.DType then cast f t DType.Float32 else t

            let pulled =
                script f "x, c" [
                    $"r = torch.rsqrt(torch.mean(x * x, -1, True) + {number epsilon})"
                    "y = x * r"
                    "return r * (c - y * torch.mean(y * c, -1, True))"
                ] [| wide x; wide c |]

            cast f pulled xs.DType

    /// The cotangents of x, the gain and a bias.
    let private normalizePullWith (f: Frame) isCentred epsilon (inputs: nativeint[]) (xs: Signature) =
        let x, c, gain = inputs[0], inputs[1], inputs[2]
        let n = xs.Shape[xs.Shape.Length - 1]

        if isCentred && xs.Shape.Length = 2 then
            scriptAll
                f
                "x, c, gain"
                [
                    $"y, mean, r = torch.native_layer_norm(x, [{n}], None, None, {number epsilon})"
                    // Of the bias there is only asked whether there is one.
                    $"dx, dg, db = torch.native_layer_norm_backward(c, x, [{n}], mean, r, gain, gain, [True, True, True])"
                    "return [dx, dg, db]"
                ]
                inputs
        else
            let scaled = script f "c, gain" [ "return c * gain.unsqueeze(-2)" ] [| c; gain |]
            let ofX = normalizePull f isCentred epsilon x xs scaled
            let y = normalize f isCentred epsilon x xs
            let wide t = if DTypes.isHalf xs.DType then cast f t DType.Float32 else t

            let sums =
                scriptAll f "c, y" [ "return [torch.sum(c * y, -2), torch.sum(c, -2)]" ] [| wide c; wide y |]

            Array.append [| ofX |] (sums |> Array.map (fun t -> cast f t xs.DType))

    /// All results.
    let evaluate
        (f: Frame)
        (op: Fused)
        (inputs: nativeint[])
        (signatures: Signature[])
        (results: Signature[])
        =
        let result = results[0]
        let x, s = inputs[0], signatures[0]
        let last = s.Shape.Length - 1

        let isEmpty = signatures |> Array.exists (fun s -> Shape.count s.Shape = 0)

        if isEmpty then
            match op with
            | Fused.LogSumExp _ -> [| real f -infinity result.DType result.Shape |]
            | Fused.Softmax _
            | Fused.SoftmaxPull _
            | Fused.CrossEntropy _
            | Fused.CrossEntropyPull _
            | Fused.Normalize _
            | Fused.NormalizePull _
            | Fused.NormalizeGainPull _
            | Fused.Attention _
            | Fused.AttentionPull _ -> results |> Array.map (fun r -> zeros f r.DType r.Shape)
        else
            match op with
            | Fused.Softmax(isLog, axis) -> [| softmax f isLog axis x |]
            | Fused.SoftmaxPull(isLog, axis) -> [| softmaxPull f isLog axis x inputs[1] |]
            | Fused.LogSumExp axis -> [| script f "x" [ $"return torch.logsumexp(x, [{axis}])" ] [| x |] |]
            | Fused.CrossEntropy targets ->
                let t = labels f targets inputs[1] signatures[1] s.Shape[last]
                [| crossEntropy f targets x s t result.Shape |]
            | Fused.CrossEntropyPull targets ->
                let t = labels f targets inputs[1] signatures[1] s.Shape[last]
                [| crossEntropyPull f targets x s t inputs[2] |]
            | Fused.Normalize(isCentred, epsilon) when inputs.Length > 1 -> [|
                normalizeWith f isCentred epsilon inputs s
              |]
            | Fused.Normalize(isCentred, epsilon) -> [| normalize f isCentred epsilon x s |]
            | Fused.NormalizeGainPull(isCentred, epsilon) -> normalizePullWith f isCentred epsilon inputs s
            | Fused.NormalizePull(isCentred, epsilon) -> [| normalizePull f isCentred epsilon x s inputs[1] |]
            | Fused.Attention(isCausal, scale) -> [|
                AttentionKernels.attention f isCausal scale inputs signatures result
              |]
            | Fused.AttentionPull(isCausal, scale) ->
                AttentionKernels.attentionPull f isCausal scale inputs signatures
