namespace Cotangent.Torch

open Cotangent
open Cotangent.Engines
open Cotangent.Torch.Basic

/// Fused operations, by libtorch's own.
module internal FusedKernels =
    /// As scripts write a float, which without a point would be an integer.
    let private number (x: float) =
        let text = x.ToString("R", System.Globalization.CultureInfo.InvariantCulture).ToLowerInvariant()
        if text.Contains '.' || text.Contains 'e' then text else text + ".0"

    let private script (f: Frame) (parameters: string) (lines: string list) inputs =
        Script.call f ($"def f({parameters}):\n  " + String.concat "\n  " lines + "\n") inputs

    /// Whether all of a row is -∞: of that, libtorch's softmax is NaN.
    let private isLow axis = $"torch.amax(x, {axis}, True) == float('-inf')"

    let private softmax f isLog axis x =
        let name, low = if isLog then "log_softmax", "float('-inf')" else "softmax", "0.0"
        script f "x" [ $"return torch.masked_fill(torch.{name}(x, {axis}), {isLow axis}, {low})" ] [| x |]

    let private softmaxPull f isLog axis y c =
        let name = if isLog then "_log_softmax_backward_data" else "_softmax_backward_data"
        script f "y, c" [ $"return torch.{name}(c, y, {axis}, y.dtype)" ] [| y; c |]

    // ---- Cross-entropy ----

    /// Labels as Int64 in a row; throws what the managed kernel does where one is no class. Waits for the device.
    let private labels (f: Frame) (targets: Targets) (t: nativeint) (s: Signature) classes =
        let isIgnored =
            match targets.Ignored with
            | ValueSome label -> $"(t != {label})"
            | ValueNone -> "torch.ones_like(t, dtype=11)"

        let wrong = script f "t" [ $"return torch.any(((t < 0) | (t >= {classes})) & {isIgnored})" ] [| t |]

        if any f wrong then
            Softmax.labels targets classes (Transfer.read f t s.DType s.Shape) |> ignore

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

    let private crossEntropyPull f (targets: Targets) x (xs: Signature) t c =
        let classes = xs.Shape[xs.Shape.Length - 1]
        let rows = Shape.count xs.Shape / max 1 classes

        let pulled =
            script f "x, t, c" [
                $"p = torch.masked_fill(torch.softmax(x, 1), {isLow 1}, 0.0)"
                $"counts = t != {ignored targets}"
                "at = torch.where(counts, t, 0).unsqueeze(1)"
                $"p = p - {number (targets.Smoothing / float (max 1 classes))}"
                $"chosen = torch.full_like(at, {number (targets.Smoothing - 1.0)}, dtype=x.dtype)"
                "p = torch.scatter_add(p, 1, at, chosen)"
                "return torch.masked_fill(p * c, torch.logical_not(counts).unsqueeze(1), 0.0)"
            ] [| reshape f x [| rows; classes |]; t; reshape f c [| rows; 1 |] |]

        reshape f pulled xs.Shape

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

    // ---- Attention ----

    /// Which keys the queries see, as a script's expression of `mask`, of (queries, keys) where there is none; empty where
    /// they see all.
    let private seen isCausal hasMask queries keys =
        let causal = $"torch.ones([{queries}, {keys}], dtype=11, device=q.device).tril({keys - queries})"

        match isCausal, hasMask with
        | false, false -> ""
        | false, true -> "mask"
        | true, false -> causal
        | true, true -> $"mask & {causal}"

    /// (images, heads, rows, columns), which the fused kernels want.
    let private fourAxes f x (shape: int[]) =
        let r = shape.Length
        let heads = if r > 2 then shape[r - 3] else 1
        reshape f x [| Strided.product shape 0 (r - 4); heads; shape[r - 2]; shape[r - 1] |]

    let private attention
        f
        isCausal
        (scale: float)
        (inputs: nativeint[])
        (ss: Signature[])
        (result: Signature)
        =
        let r = ss[0].Shape.Length
        let queries, keys = ss[0].Shape[r - 2], ss[1].Shape[r - 2]
        let hasMask = inputs.Length > 3
        let inputs = Array.map2 (fun x (s: Signature) -> fourAxes f x s.Shape) inputs ss

        let parameters = if hasMask then "q, k, v, mask" else "q, k, v"

        let call mask causal =
            $"torch.scaled_dot_product_attention(q, k, v, {mask}, 0.0, {causal}, scale={number scale})"

        let lines =
            match seen isCausal hasMask queries keys with
            | "" -> [ "return " + call "None" "False" ]
            // As many queries as keys: both ends are aligned.
            | _ when isCausal && not hasMask && queries = keys -> [ "return " + call "None" "True" ]
            | mask -> [
                $"seen = {mask}"
                "y = " + call "seen" "False"
                // Who sees nothing has 0.
                "return torch.masked_fill(y, torch.logical_not(torch.any(seen, -1, True)), 0.0)"
              ]

        reshape f (script f parameters lines inputs) result.Shape

    let private attentionPull
        f
        isCausal
        (scale: float)
        (inputs: nativeint[])
        (ss: Signature[])
        (result: Signature)
        =
        let r = ss[0].Shape.Length
        let queries, keys = ss[0].Shape[r - 2], ss[1].Shape[r - 2]
        let hasMask = inputs.Length > 4
        let wide x (s: Signature) = if DTypes.isHalf s.DType then cast f x DType.Float32 else x
        let inputs = Array.map2 wide inputs ss
        let seen = seen isCausal hasMask queries keys

        let lines = [
            $"x = torch.matmul(q, k.transpose(-2, -1)) * {number scale}"
            if seen <> "" then $"x = torch.masked_fill(x, torch.logical_not({seen}), float('-inf'))"
            $"p = torch.masked_fill(torch.softmax(x, -1), {isLow -1}, 0.0)"
            "d = torch.matmul(c, v.transpose(-2, -1))"
            $"e = torch._softmax_backward_data(d, p, -1, p.dtype) * {number scale}"
            "dq = torch.matmul(e, k).flatten(-2)"
            "dk = torch.matmul(e.transpose(-2, -1), q).flatten(-2)"
            "dv = torch.matmul(p.transpose(-2, -1), c).flatten(-2)"
            "return torch.cat([dq, dk, dv], -1)"
        ]

        let parameters = if hasMask then "q, k, v, c, mask" else "q, k, v, c"
        cast f (script f parameters lines inputs) result.DType

    let evaluate (f: Frame) (op: Fused) (inputs: nativeint[]) (signatures: Signature[]) (result: Signature) =
        let x, s = inputs[0], signatures[0]
        let last = s.Shape.Length - 1

        let isEmpty = signatures |> Array.exists (fun s -> Shape.count s.Shape = 0)

        if isEmpty then
            match op with
            | Fused.LogSumExp _ -> real f -infinity result.DType result.Shape
            | Fused.Softmax _
            | Fused.SoftmaxPull _
            | Fused.CrossEntropy _
            | Fused.CrossEntropyPull _
            | Fused.Normalize _
            | Fused.NormalizePull _
            | Fused.Attention _
            | Fused.AttentionPull _ -> zeros f result.DType result.Shape
        else
            match op with
            | Fused.Softmax(isLog, axis) -> softmax f isLog axis x
            | Fused.SoftmaxPull(isLog, axis) -> softmaxPull f isLog axis x inputs[1]
            | Fused.LogSumExp axis -> script f "x" [ $"return torch.logsumexp(x, [{axis}])" ] [| x |]
            | Fused.CrossEntropy targets ->
                let t = labels f targets inputs[1] signatures[1] s.Shape[last]
                crossEntropy f targets x s t result.Shape
            | Fused.CrossEntropyPull targets ->
                let t = labels f targets inputs[1] signatures[1] s.Shape[last]
                crossEntropyPull f targets x s t inputs[2]
            | Fused.Normalize(isCentred, epsilon) -> normalize f isCentred epsilon x s
            | Fused.NormalizePull(isCentred, epsilon) -> normalizePull f isCentred epsilon x s inputs[1]
            | Fused.Attention(isCausal, scale) -> attention f isCausal scale inputs signatures result
            | Fused.AttentionPull(isCausal, scale) -> attentionPull f isCausal scale inputs signatures result
