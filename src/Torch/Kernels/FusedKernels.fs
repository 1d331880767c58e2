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

    let evaluate (f: Frame) (op: Fused) (inputs: nativeint[]) (signatures: Signature[]) (result: Signature) =
        let x, s = inputs[0], signatures[0]
        let last = s.Shape.Length - 1

        if Shape.count s.Shape = 0 then
            match op with
            | Fused.LogSumExp _ -> real f -infinity result.DType result.Shape
            | Fused.Softmax _
            | Fused.SoftmaxPull _
            | Fused.CrossEntropy _
            | Fused.CrossEntropyPull _
            | Fused.Normalize _
            | Fused.NormalizePull _ -> zeros f result.DType result.Shape
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
