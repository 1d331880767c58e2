/// CTC against every alignment there is, one after the other.
module Cotangent.Tests.CtcTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

/// All sequences of classes of a length.
let rec private paths classes time =
    if time = 0 then
        [ [] ]
    else
        [
            for path in paths classes (time - 1) do
                for c in 0 .. classes - 1 -> c :: path
        ]

/// What a sequence spells: repeats once, blanks left out.
let private spelled blank path =
    List.foldBack
        (fun c (rest, next) -> (if c <> blank && c <> next then c :: rest else rest), c)
        path
        ([], -1)
    |> fst

/// -log of the sum of the probabilities of all paths of `time` that spell the labels.
let private oracle blank (probability: int -> int -> float) classes time (labels: int list) =
    paths classes time
    |> List.filter (fun path -> spelled blank path = labels)
    |> List.sumBy (fun path -> path |> List.mapi probability |> List.fold (*) 1.0)
    |> log
    |> (~-)

let private softmaxed (logits: Tensor) =
    let read = reader (softmax logits)
    fun b t c -> read [ b; t; c ]

let private logits = 2.0 * Random.normal (Key.create 3L) DType.Float64 [ 5; 5; 3 ]
let private labels = tensor [ [ 1; 1; 9 ]; [ 2; 1; 2 ]; [ 2; -1; -1 ]; [ 0; 0; 0 ]; [ 1; 2; 0 ] ]
let private labelLengths = tensor [ 2; 3; 1; 0; 2 ]
let private times = tensor [ 5; 4; 1; 3; 5 ]

let private expected (logits: Tensor) =
    let p = softmaxed logits

    [
        oracle 0 (p 0) 3 5 [ 1; 1 ]
        oracle 0 (p 1) 3 4 [ 2; 1; 2 ]
        oracle 0 (p 2) 3 1 [ 2 ]
        oracle 0 (p 3) 3 3 []
        oracle 0 (p 4) 3 5 [ 1; 2 ]
    ]

let private each = Loss.Each.ctc 0 labelLengths times labels
let private mean = Loss.ctc 0 labelLengths times labels

let private refuses<'error when 'error :> exn> parts (f: unit -> Tensor) () = throws<'error, Tensor> parts f

[<Tests>]
let all =
    tests "CTC" [
        "is the sum over all alignments",
        fun () ->
            close 1e-12 (expected logits) (each logits)
            close 1e-12 [ List.average (expected logits) ] (mean logits)
            close 1e-12 (expected logits) (compile each logits)
        "of labels of 64 bits, and logarithms of probabilities",
        fun () ->
            let long (t: Tensor) = t.Convert DType.Int64
            let loss = Loss.Each.ctc 0 (long labelLengths) (long times) (long labels) (logits.LogSoftmax())
            close 1e-12 (expected logits) loss
        "with another blank",
        fun () ->
            let p = softmaxed logits

            close
                1e-12
                [ oracle 2 (p 0) 3 5 [ 0; 0 ]; oracle 2 (p 1) 3 4 [ 1; 0 ] ]
                (Loss.Each.ctc
                    2
                    (tensor [ 2; 2 ])
                    (tensor [ 5; 4 ])
                    (tensor [ [ 0; 0 ]; [ 1; 0 ] ])
                    logits[..1])
        "its gradient is that of differences of the sum over all alignments",
        fun () ->
            let gradient = reader (grad mean logits)
            let compiled = reader (compile (grad mean) logits)
            let at = numbers logits

            for b, t, c in [ 0, 0, 0; 0, 2, 1; 0, 4, 2; 1, 1, 1; 1, 4, 0; 2, 0, 2; 3, 1, 0; 4, 3, 2 ] do
                let moved h =
                    let numbers = Array.copy at
                    let k = place [ 5; 5; 3 ] [ b; t; c ]
                    numbers[k] <- numbers[k] + h
                    List.average (expected (Tensor.ofArray [ 5; 5; 3 ] numbers))

                let slope = (moved 1e-5 - moved -1e-5) / 2e-5
                closeNumbers 1e-8 [ slope; slope ] [ gradient [ b; t; c ]; compiled [ b; t; c ] ]
        "what stands behind a sequence has no gradient",
        fun () ->
            let gradient = grad mean logits
            close 0.0 (Array.zeroCreate 12) gradient[2, 1..]
        "labels that do not fit have no probability, and no gradient",
        fun () ->
            // Two equal labels want a blank between them.
            let loss x = Loss.ctc 0 (tensor [ 2 ]) (tensor [ 2 ]) (tensor [ [ 1; 1 ] ]) x
            close 0.0 [ infinity ] (loss logits[..0, ..1])
            close 0.0 (Array.zeroCreate 6) (grad loss logits[..0, ..1])
        "long sequences do not underflow",
        fun () ->
            // All paths of 2000 times over two classes have the same probability; those that spell one label are runs.
            let logits = Tensor.zeros DType.Float32 [ 1; 2000; 2 ]
            let loss = compile (Loss.ctc 0 (tensor [ 1 ]) (tensor [ 2000 ]) (tensor [ [ 1 ] ])) logits
            close 1e-5 [ 2000.0 * log 2.0 - log (2000.0 * 2001.0 / 2.0) ] loss
        "16 bits are computed in 32",
        fun () ->
            let loss = each (logits.Convert DType.BFloat16)
            Expect.equal loss.DType DType.BFloat16 "dtype"
            close 0.03 (expected logits) loss
        "under vmap",
        fun () ->
            let twice = vmap each (stack 0 [ logits; logits ])
            close 1e-12 (expected logits) twice[1]
        "refuses a label that is the blank",
        refuses<ValueException> [ "ctc: "; "blank"; "(0, 1)" ] (fun () ->
            Loss.ctc 0 (tensor [ 2 ]) (tensor [ 2 ]) (tensor [ [ 1; 0 ] ]) logits[..0])
        "refuses a label that is no class",
        refuses<IndexException> [ "ctc: "; "(0, 1) is 3" ] (fun () ->
            Loss.ctc 0 (tensor [ 2 ]) (tensor [ 2 ]) (tensor [ [ 1; 3 ] ]) logits[..0])
        "refuses lengths that are too large",
        refuses<ValueException> [ "ctc: "; "length of the logits at (0,) is 6"; "from 0 to 5" ] (fun () ->
            Loss.ctc 0 (tensor [ 2 ]) (tensor [ 6 ]) (tensor [ [ 1; 2 ] ]) logits[..0])
        "refuses another number of lengths",
        refuses<ShapeException> [ "ctc: "; "labels"; "(1,)"; "(2,)" ] (fun () ->
            Loss.ctc 0 (tensor [ 2; 1 ]) (tensor [ 5 ]) (tensor [ [ 1; 2 ] ]) logits[..0])
        "refuses labels that are no integers",
        refuses<DTypeException> [ "ctc: "; "Float64" ] (fun () ->
            Loss.ctc 0 (tensor [ 2 ]) (tensor [ 5 ]) (tensor [ [ 1.0; 2.0 ] ]) logits[..0])
        "refuses logits without a batch",
        refuses<ShapeException> [ "ctc: "; "(5, 3)" ] (fun () ->
            Loss.ctc 0 (tensor [ 2 ]) (tensor [ 5 ]) (tensor [ [ 1; 2 ] ]) logits[0])
        "refuses a blank that is no class",
        refuses<ValueException> [ "ctc: "; "blank 3" ] (fun () -> Loss.ctc 3 labelLengths times labels logits)
    ]
