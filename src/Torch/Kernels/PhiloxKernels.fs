namespace Cotangent.Torch

open Cotangent
open Cotangent.Torch.Basic

/// The counter-based generator of `Engines/Kernels/Philox.fs` in 64-bit integer tensors: the same numbers on every device.
module internal PhiloxKernels =

    [<Literal>]
    let private Mask = 0xFFFFFFFFL

    let private shifted (f: Frame) x bits =
        f.Own(NativeElementwise.THSTensor_bitwise_right_shift(x, whole f bits DType.Int64 [||]))

    /// The four words of each block, as tensors of shape (keys, blocks).
    let private words (f: Frame) keys keyCount blocks (stream: int64) =
        let mask = whole f Mask DType.Int64 [||]
        let low x = f.Own(NativeElementwise.THSTensor_bitwise_and(x, mask))
        // A product of two words fills 64 bits: the shift drags its sign in, which the mask takes off.
        let high x = low (shifted f x 32L)
        let shape = [| keyCount; blocks |]
        let keys = reshape f keys [| keyCount; 1 |]
        let mutable key0, key1 = low keys, high keys
        let mutable x0 = expand f (reshape f (counting f DType.Int64 blocks) [| 1; blocks |]) shape
        let mutable x1 = expand f (whole f 0L DType.Int64 [||]) shape
        let mutable x2 = expand f (whole f stream DType.Int64 [||]) shape
        let mutable x3 = x1

        for _ in 1..10 do
            let p0 = timesWhole f x0 0xD2511F53L
            let p1 = timesWhole f x2 0xCD9E8D57L
            x0 <- xor f (xor f (high p1) x1) key0
            x2 <- xor f (xor f (high p0) x3) key1
            x1 <- low p1
            x3 <- low p0
            key0 <- low (addWhole f key0 0x9E3779B9L)
            key1 <- low (addWhole f key1 0xBB67AE85L)

        [| x0; x1; x2; x3 |]

    /// Elements side by side in blocks, cut off after `count` for each key.
    let private inOrder (f: Frame) (parts: nativeint[]) keyCount blocks count =
        let each = parts |> Array.map (fun x -> reshape f x [| keyCount; blocks; 1 |])
        let all = reshape f (concatenate f each 2) [| keyCount; blocks * parts.Length |]
        slice f all 1 0 count 1

    let random (f: Frame) (draw: Draw) (dtype: DType) (shape: int[]) keys (keyShape: int[]) : nativeint =
        let keyCount, count = Shape.count keyShape, Shape.count shape
        let result = Array.append keyShape shape

        let stream =
            match draw with
            | Draw.Uniform
            | Draw.Bits -> 0L
            | Draw.Keys -> 1L

        let ones (make: nativeint -> nativeint) =
            let blocks = (count + 3) / 4
            let drawn = words f keys keyCount blocks stream
            reshape f (inOrder f (Array.map make drawn) keyCount blocks count) result

        let pairs (make: nativeint -> nativeint -> nativeint) =
            let blocks = (count + 1) / 2
            let w = words f keys keyCount blocks stream
            reshape f (inOrder f [| make w[0] w[1]; make w[2] w[3] |] keyCount blocks count) result

        /// The leading bits of a word as a fraction of 1.
        let fraction bits w =
            timesReal f (cast f (shifted f w (32L - bits)) DType.Float32) (2.0 ** float -bits)

        if keyCount = 0 || count = 0 then
            zeros f dtype result
        else
            match dtype.Storage with
            | Storage.Float32 -> ones (fraction 24L)
            | Storage.Float16 -> ones (fun w -> cast f (fraction 11L w) dtype)
            | Storage.BFloat16 -> ones (fun w -> cast f (fraction 8L w) dtype)
            | Storage.Float64 ->
                pairs (fun low high ->
                    let bits = add f (timesWhole f high (1L <<< 21)) (shifted f low 11L)
                    timesReal f (cast f bits DType.Float64) (2.0 ** -53.0))
            | Storage.Integer IntegerSize.Bits64 ->
                pairs (fun low high -> add f (timesWhole f high (1L <<< 32)) low)
            // Their lowest bits.
            | Storage.Integer _ -> ones (fun w -> cast f w dtype)
            | Storage.Bool
            | Storage.Complex64
            | Storage.Complex128 ->
                invalidOp "No draw is Bool, or complex; the shape rule should have refused it."
