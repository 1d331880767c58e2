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

    let private text (parameters: string) (lines: string list) =
        $"def f({parameters}):\n  " + String.concat "\n  " lines + "\n"

    let private script (f: Frame) parameters lines inputs = Script.call f (text parameters lines) inputs
    let private scriptAll (f: Frame) parameters lines inputs = Script.callAll f (text parameters lines) inputs

    /// Whether all of a row is -∞: of that, libtorch's softmax is NaN.
    let private isLow axis = $"torch.amax(x, {axis}, True) == float('-inf')"

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

    /// Libtorch's kernels without the matrix of all scores want values as wide as keys: zeros behind either change nothing.
    let private widened (names: string) width wanted = [
        if width < wanted then
            for name in names.Split ' ' do
                $"{name} = torch.constant_pad_nd({name}, [0, {wanted - width}], 0.0)"
    ]

    /// The sizes of an attention.
    let private sizes (ss: Signature[]) : AttentionSizes =
        let r = ss[0].Shape.Length

        {
            Batch = ss[0].Shape[.. r - 3]
            Queries = ss[0].Shape[r - 2]
            Keys = ss[1].Shape[r - 2]
            Width = ss[0].Shape[r - 1]
            ValueWidth = ss[2].Shape[r - 1]
            IsCausal = false
            Scale = 1.0
        }

    let private attention
        f
        isCausal
        (scale: float)
        (inputs: nativeint[])
        (ss: Signature[])
        (result: Signature)
        =
        let s = sizes ss
        let hasMask = inputs.Length > 3
        let inputs = Array.map2 (fun x (s: Signature) -> fourAxes f x s.Shape) inputs ss
        let width = max s.Width s.ValueWidth
        let parameters = if hasMask then "q, k, v, mask" else "q, k, v"

        let call mask causal =
            $"torch.scaled_dot_product_attention(q, k, v, {mask}, 0.0, {causal}, scale={number scale})"

        let lines = [
            yield! widened "q k" s.Width width
            yield! widened "v" s.ValueWidth width

            match seen isCausal hasMask s.Queries s.Keys with
            | "" -> "y = " + call "None" "False"
            // As many queries as keys: both ends are aligned.
            | _ when isCausal && not hasMask && s.Queries = s.Keys -> "y = " + call "None" "True"
            | mask ->
                $"seen = {mask}"
                "y = " + call "seen" "False"
                // Who sees nothing has 0.
                "y = torch.masked_fill(y, torch.logical_not(torch.any(seen, -1, True)), 0.0)"

            $"return torch.narrow(y, -1, 0, {s.ValueWidth})"
        ]

        reshape f (script f parameters lines inputs) result.Shape

    let private pullParameters hasMask = if hasMask then "q, k, v, c, mask" else "q, k, v, c"

    /// The cotangents of an attention by libtorch's own kernel for the CPU, which computes the scores again, block by block.
    let private attentionPullOnCpu
        (f: Frame)
        isCausal
        (scale: float)
        (inputs: nativeint[])
        (s: AttentionSizes)
        =
        let hasMask = inputs.Length > 4
        let width = max s.Width s.ValueWidth
        let aligned = isCausal && not hasMask && s.Queries = s.Keys
        let mask = if aligned then "" else seen isCausal hasMask s.Queries s.Keys
        let causal = if aligned then "True" else "False"
        let bias = if mask = "" then "None" else "bias"

        let rest = $"0.0, {causal}, attn_mask={bias}, scale={number scale})"

        let part name width = $"torch.narrow({name}, -1, 0, {width})"
        let parts = [ part "dq" s.Width; part "dk" s.Width; part "dv" s.ValueWidth ] |> String.concat ", "

        let lines = [
            yield! widened "q k" s.Width width
            yield! widened "v c" s.ValueWidth width

            if mask <> "" then
                // Who sees nothing has no cotangent; what it sees then does not matter, so let it be all.
                $"seen = {mask}"
                "blind = torch.logical_not(torch.any(seen, -1, True))"
                "bias = torch.where(seen | blind, 0.0, float('-inf')).to(q.dtype)"
                "c = torch.masked_fill(c, blind, 0.0)"

            $"y, sums = torch._scaled_dot_product_flash_attention_for_cpu(q, k, v, {rest}"
            $"dq, dk, dv = torch._scaled_dot_product_flash_attention_for_cpu_backward(c, q, k, v, y, sums, {rest}"
            $"return [{parts}]"
        ]

        scriptAll f (pullParameters hasMask) lines inputs

    /// The same for blocks of queries, so that no more than their scores are in memory.
    let attentionPullInBlocks
        (f: Frame)
        isCausal
        (scale: float)
        (inputs: nativeint[])
        (s: AttentionSizes)
        (block: int)
        =
        let hasMask = inputs.Length > 4

        let seen = [
            if hasMask then "torch.narrow(mask, -2, first, n)"
            if isCausal then
                $"(torch.arange({s.Keys}, device=q.device) <= (torch.arange(n, device=q.device) + (first + {s.Keys - s.Queries})).unsqueeze(-1))"
        ]

        let each = [
            $"n = min({block}, {s.Queries} - first)"
            "a = torch.narrow(q, -2, first, n)"
            "g = torch.narrow(c, -2, first, n)"
            $"x = torch.matmul(a, k.transpose(-2, -1)) * {number scale}"
            if not seen.IsEmpty then
                let all = String.concat " & " seen
                $"x = torch.masked_fill(x, torch.logical_not({all}), float('-inf'))"
            $"p = torch.masked_fill(torch.softmax(x, -1), {isLow -1}, 0.0)"
            "d = torch.matmul(g, v.transpose(-2, -1))"
            $"e = torch._softmax_backward_data(d, p, -1, p.dtype) * {number scale}"
            "dq.append(torch.matmul(e, k))"
            "dk = dk + torch.matmul(e.transpose(-2, -1), a)"
            "dv = dv + torch.matmul(p.transpose(-2, -1), g)"
        ]

        let lines = [
            "dq: List[Tensor] = []"
            "dk = torch.zeros_like(k)"
            "dv = torch.zeros_like(v)"
            $"for first in range(0, {s.Queries}, {block}):"
            for line in each do
                "  " + line
            "return [torch.cat(dq, -2), dk, dv]"
        ]

        scriptAll f (pullParameters hasMask) lines inputs

    /// Scores that a block may hold: 64 MiB of Float32.
    [<Literal>]
    let private Scores = 16777216

    let private attentionPull (f: Frame) isCausal (scale: float) (inputs: nativeint[]) (ss: Signature[]) =
        let s = sizes ss
        let wide x (s: Signature) = if DTypes.isHalf s.DType then cast f x DType.Float32 else x
        let inputs = Array.map2 (fun x s -> fourAxes f (wide x s) s.Shape) inputs ss

        let pulled =
            if f.Place.Kind = Code.Cpu then
                // The kernel's results are wrong where a stride is 0.
                let inputs = inputs |> Array.map (fun x -> f.Own(Native.THSTensor_contiguous x))
                attentionPullOnCpu f isCausal scale inputs s
            else
                let rows = Scores / max 1 (Shape.count s.Batch * s.Keys)
                attentionPullInBlocks f isCausal scale inputs s (max 1 (min s.Queries rows))

        pulled |> Array.mapi (fun k t -> reshape f (cast f t ss[k].DType) ss[k].Shape)

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
            | Fused.Attention(isCausal, scale) -> [| attention f isCausal scale inputs signatures result |]
            | Fused.AttentionPull(isCausal, scale) -> attentionPull f isCausal scale inputs signatures
