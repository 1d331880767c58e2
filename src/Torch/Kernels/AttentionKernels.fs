namespace Cotangent.Torch

open Cotangent
open Cotangent.Engines
open Cotangent.Torch.Basic
open Cotangent.Torch.ScriptLines

/// Attention, by libtorch's own kernels.
module internal AttentionKernels =
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

    /// Whether all numbers are finite, as a condition. A fused kernel takes 0 times what a query may not look at, which of NaN and
    /// infinities is NaN; so these have a way of their own, with the matrix of all scores.
    let private areFinite (names: string) =
        names.Split ' '
        |> Array.map (fun t -> $"torch.all(torch.isfinite({t}))")
        |> String.concat " & "
        |> sprintf "bool(%s)"

    /// Of weights that are 0 where `seen` does not hold, times rows: one that is not finite makes NaN of those that see it, and of
    /// no others.
    let private productSeen result weights seen rows = [
        $"bad = torch.logical_not(torch.isfinite({rows}))"
        $"{result} = torch.matmul({weights}, torch.masked_fill({rows}, bad, 0.0))"
        $"touched = torch.gt(torch.matmul({seen}.to({rows}.dtype), bad.to({rows}.dtype)), 0.0)"
        $"{result} = torch.masked_fill({result}, touched, float('nan'))"
    ]

    /// The weights of all keys, 0 where `seen` does not hold.
    let private weightsSeen (scale: float) = [
        $"x = torch.matmul(q, k.transpose(-2, -1)) * {number scale}"
        "x = torch.masked_fill(x, torch.logical_not(seen), float('-inf'))"
        $"p = torch.masked_fill(torch.softmax(x, -1), {isLow -1}, 0.0)"
    ]

    /// The cotangents of queries, keys and values where some numbers are not finite.
    let private pullSeen (scale: float) = [
        yield! weightsSeen scale
        "d = torch.masked_fill(torch.matmul(c, v.transpose(-2, -1)), torch.logical_not(seen), 0.0)"
        $"e = torch._softmax_backward_data(d, p, -1, p.dtype) * {number scale}"
        "back = seen.expand(p.size()).transpose(-2, -1)"
        yield! productSeen "dq" "e" "seen.expand(p.size())" "k"
        yield! productSeen "dk" "e.transpose(-2, -1)" "back" "q"
        yield! productSeen "dv" "p.transpose(-2, -1)" "back" "c"
        "return [dq, dk, dv]"
    ]

    let private indented (lines: string list) = lines |> List.map (fun line -> "  " + line)

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

    let attention f isCausal (scale: float) (inputs: nativeint[]) (ss: Signature[]) (result: Signature) =
        let s = sizes ss
        let hasMask = inputs.Length > 3
        let inputs = Array.map2 (fun x (s: Signature) -> fourAxes f x s.Shape) inputs ss
        let width = max s.Width s.ValueWidth
        let parameters = if hasMask then "q, k, v, mask" else "q, k, v"

        let call mask causal =
            $"torch.scaled_dot_product_attention(q, k, v, {mask}, 0.0, {causal}, scale={number scale})"

        let mask = seen isCausal hasMask s.Queries s.Keys

        let lines = [
            if mask <> "" then
                "if not (" + areFinite "k v" + "):"

                yield!
                    indented [
                        $"seen = {mask}"
                        yield! weightsSeen scale
                        yield! productSeen "y" "p" "seen.expand(p.size())" "v"
                        "return y"
                    ]

            yield! widened "q k" s.Width width
            yield! widened "v" s.ValueWidth width

            match mask with
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
            match seen isCausal hasMask s.Queries s.Keys with
            | "" -> ()
            | seen ->
                "if not (" + areFinite "q k v c" + "):"
                yield! indented ($"seen = {seen}" :: pullSeen scale)

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

        let all = seen isCausal hasMask s.Queries s.Keys

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
            "grads.append(torch.matmul(e, k))"
            "dk = dk + torch.matmul(e.transpose(-2, -1), a)"
            "dv = dv + torch.matmul(p.transpose(-2, -1), g)"
        ]

        let lines = [
            if all <> "" then
                "if not (" + areFinite "q k v c" + "):"
                yield! indented ($"seen = {all}" :: pullSeen scale)

            "grads: List[Tensor] = []"
            "dk = torch.zeros_like(k)"
            "dv = torch.zeros_like(v)"
            $"for first in range(0, {s.Queries}, {block}):"
            for line in each do
                "  " + line
            "return [torch.cat(grads, -2), dk, dv]"
        ]

        scriptAll f (pullParameters hasMask) lines inputs

    /// Scores that a block may hold: 64 MiB of Float32.
    [<Literal>]
    let private Scores = 16777216

    let attentionPull (f: Frame) isCausal (scale: float) (inputs: nativeint[]) (ss: Signature[]) =
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
