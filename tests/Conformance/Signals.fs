/// Fourier transforms, whose complex numbers are an axis of two in ONNX, and counts of n-grams.
module internal Cotangent.Conformance.Signals

open Cotangent

let private ofParts (x: Tensor) : Tensor =
    let part i = x.Take(ofInts [ i ], x.Rank - 1).Squeeze(x.Rank - 1)

    if x.Shape[x.Rank - 1] = 1 then
        complex (part 0) (Tensor.zerosLike (part 0))
    else
        complex (part 0) (part 1)

let private toParts (z: Tensor) : Tensor = stack z.Rank [ real z; imag z ]

let private fourier: Operator =
    fun a inputs ->
        let x = given inputs 0
        // What nearly cancels in Float32 is off by more than ONNX allows.
        let z = ofParts (x.Convert DType.Float64)
        let axis = a.Int("axis", 1)
        let length = tryGiven inputs 1 |> Option.map (intsOf >> List.head)

        let transformed =
            if a.IsSet "inverse" then
                z.Ifft(axis = axis, ?length = length)
            else
                z.Fft(axis = axis, ?length = length)

        let kept = if a.IsSet "onesided" then z.Shape[axis] / 2 + 1 else z.Shape[axis]
        [ (toParts (narrow axis 0 kept transformed)).Convert x.DType ]

let private shortTime: Operator =
    fun a inputs ->
        let signal = given inputs 0

        if signal.Shape[signal.Rank - 1] <> 1 || a.Int("onesided", 1) = 0 then
            unmapped "of complex signals"

        let hop = List.head (intsOf (given inputs 1))
        let samples = signal.Squeeze(signal.Rank - 1)

        let window =
            match tryGiven inputs 2, tryGiven inputs 3 with
            | Some window, _ -> window
            | None, Some length -> Tensor.ones samples.DType (intsOf length)
            | None, None -> failwith "Neither a window nor its length."

        // Ours has times last.
        let spectrum = samples.Stft(window, hop, centred = false)
        [ toParts (spectrum.Transpose()) ]

/// How often each n-gram of a pool occurs, its numbers next to each other or up to so many places apart.
let private counts: Operator =
    fun a inputs ->
        if a.Text("mode", "TF") <> "TF" then unmapped "inverse frequencies of documents"
        let x = (given inputs 0).Convert DType.Int64
        let rows = if x.Rank = 1 then x.Unsqueeze 0 else x
        let width = rows.Shape[1]
        let pool, starts = a.Ints("pool_int64s", []), a.Ints("ngram_counts", [])
        let columns = a.Ints("ngram_indexes", [])
        let size = List.max columns + 1

        let ofLength n =
            let first = starts[n - 1]
            let last = if n < starts.Length then starts[n] else pool.Length
            let grams = pool |> List.skip first |> List.take (last - first) |> List.chunkBySize n
            // Which n-gram of the pool the first one of this length is.
            let before = List.sum [ for k in 1 .. n - 1 -> (starts[k] - starts[k - 1]) / k ]

            [
                for i, gram in List.indexed grams do
                    for skip in 1 .. (if n = 1 then 1 else a.Int("max_skip_count", 0) + 1) do
                        let count = width - (n - 1) * skip

                        if count > 0 then
                            let isThere =
                                gram
                                |> List.mapi (fun k number ->
                                    (narrow 1 (k * skip) count rows).Equal(float number))
                                |> List.reduce (fun a b -> a.And b)

                            let place = Tensor.oneHot DType.Float32 size (ofInts [ columns[before + i] ])
                            ((isThere.Convert DType.Float32).Sum(1, true)) * place
            ]

        let none = Tensor.zeros DType.Float32 [ rows.Shape[0]; size ]

        let all =
            [ a.Int("min_gram_length", 1) .. a.Int("max_gram_length", 1) ]
            |> List.collect ofLength
            |> List.fold (+) none

        [ (if x.Rank = 1 then all.Squeeze 0 else all) ]

let operators: (string * Operator) list = [ "DFT", fourier; "STFT", shortTime; "TfIdfVectorizer", counts ]
