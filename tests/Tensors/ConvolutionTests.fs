module Cotangent.Tests.ConvolutionTests

open System
open System.Buffers
open System.Collections.Concurrent
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Dice
open Cotangent.Tests.Support
open Cotangent.Tests.Checks
open Expecto

// ---- The definition, in plain loops over whole tensors ----

/// One case of a convolution: examples, inputs and outputs of each group, groups, and the windows.
type private Problem = {
    Images: int
    Inputs: int
    Outputs: int
    Groups: int
    Windows: Windows
} with

    member p.XShape = Array.append [| p.Images; p.Inputs * p.Groups |] p.Windows.Full
    member p.KernelShape = Array.append [| p.Outputs * p.Groups; p.Inputs |] p.Windows.Size
    member p.YShape = Array.append [| p.Images; p.Outputs * p.Groups |] p.Windows.Count

    override p.ToString() = $"{Shape.show p.XShape} by {Shape.show p.KernelShape} in {p.Groups} groups"

let private windows full size step dilation before after : Windows = {
    Full = full
    Size = size
    Step = step
    Dilation = dilation
    Before = before
    After = after
}

/// Runs `each x w y` on the places in row-major order of every product x w y of the form.
let private products (p: Problem) (each: int -> int -> int -> unit) =
    let w = p.Windows
    let axes = w.Full.Length
    let strides = Shape.strides
    let xs, ks, ys = strides p.XShape, strides p.KernelShape, strides p.YShape
    let count = w.Count
    let windows = cells (List.ofArray count) |> List.map Array.ofList |> Array.ofList
    let taps = cells (List.ofArray w.Size) |> List.map Array.ofList |> Array.ofList

    for i in windows do
        for k in taps do
            let t = Array.init axes (fun a -> i[a] * w.Step[a] - w.Before[a] + k[a] * w.Dilation[a])

            if Array.forall2 (fun t n -> t >= 0 && t < n) t w.Full then
                let at (s: int[]) index = Seq.sum (Seq.map2 (*) s[2..] index)
                let xAt, kAt, yAt = at xs t, at ks k, at ys i

                for n in 0 .. p.Images - 1 do
                    for o in 0 .. p.Outputs * p.Groups - 1 do
                        for c in 0 .. p.Inputs - 1 do
                            let channel = o / p.Outputs * p.Inputs + c

                            each
                                (n * xs[0] + channel * xs[1] + xAt)
                                (o * ks[0] + c * ks[1] + kAt)
                                (n * ys[0] + o * ys[1] + yAt)

let private random (dice: Dice.Dice) (shape: int[]) : float[] =
    Array.init (Shape.count shape) (fun _ -> float (float32 (dice.Between -1.0 1.0)))

/// What kernels rent may hold anything.
let private poison () =
    for _ in 1..3 do
        let rented = [
            for bits in 4..20 do
                let singles, doubles =
                    ArrayPool<float32>.Shared.Rent(1 <<< bits), ArrayPool<float>.Shared.Rent(1 <<< bits)

                Array.Fill(singles, nanf)
                Array.Fill(doubles, nan)
                singles, doubles
        ]

        for singles, doubles in rented do
            ArrayPool<float32>.Shared.Return singles
            ArrayPool<float>.Shared.Return doubles

/// The three tensors of a problem, drawn, and what loops make of the two others for each.
[<NoComparison; NoEquality>]
type private Known = { X: float[]; K: float[]; Y: float[]; ToX: float[]; ToK: float[]; ToY: float[] }

/// Loops take longer than what is tested, and most problems are tested in many ways: each is known once.
let private known =
    let found = ConcurrentDictionary<Problem, Lazy<Known>>(HashIdentity.Structural)

    let find (p: Problem) =
        let dice = Dice.Dice 7
        let x, k, y = random dice p.XShape, random dice p.KernelShape, random dice p.YShape
        let toX, toK, toY = Array.zeroCreate x.Length, Array.zeroCreate k.Length, Array.zeroCreate y.Length

        products p (fun i j l ->
            toY[l] <- toY[l] + x[i] * k[j]
            toX[i] <- toX[i] + k[j] * y[l]
            toK[j] <- toK[j] + x[i] * y[l])

        { X = x; K = k; Y = y; ToX = toX; ToK = toK; ToY = toY }

    fun (p: Problem) -> found.GetOrAdd(p, (fun p -> lazy find p)).Value

/// `term` gives each of the three tensors from the two others.
let private agreesBy term (dtype: DType) (p: Problem) =
    let known = known p
    let tensor (shape: int[]) (data: float[]) = (Tensor.ofArray shape data).Convert dtype
    let x, k, y = tensor p.XShape known.X, tensor p.KernelShape known.K, tensor p.YShape known.Y
    poison ()

    let check result a b (expected: float[]) (shape: int[]) =
        let actual: Tensor = term p result a b
        let tolerance = if dtype = DType.Float64 then 1e-13 else 2e-6

        within
            tolerance
            (Tensor.ofArray shape expected)
            (actual.Convert DType.Float64)
            $"{dtype} {result} of {p}"

    check ConvolutionTerm.Output x k known.ToY p.YShape
    check ConvolutionTerm.Input k y known.ToX p.XShape
    check ConvolutionTerm.Kernel x y known.ToK p.KernelShape

let private agrees =
    agreesBy (fun p result a b -> Bind.one (Primitive.Convolution(result, p.Windows, p.Groups)) [| a; b |])

let private problem images inputs outputs groups windows = {
    Images = images
    Inputs = inputs
    Outputs = outputs
    Groups = groups
    Windows = windows
}

/// Two spatial axes of a square, alike.
let private plane full size step dilation pad =
    let both n = [| n; n |]
    windows (both full) (both size) (both step) (both dilation) (both pad) (both pad)

/// Each takes another way through the kernels.
let private large = [
    "the first layer of a small net", problem 5 1 16 1 (plane 28 3 1 1 1)
    "its second layer", problem 6 16 32 1 (plane 14 3 1 1 1)
    "more outputs than a block of rows", problem 2 3 101 1 (plane 9 3 1 1 1)
    "more products than a block of sums", problem 2 40 7 1 (plane 8 3 1 1 1)
    "both, by strides", problem 2 70 100 1 (plane 7 2 2 1 0)
    "an image cut into blocks", problem 1 3 5 1 (plane 75 3 1 1 1)
    "an image cut into blocks, by strides", problem 1 2 3 1 (plane 91 5 3 2 4)
    "a long signal", problem 2 3 4 1 (windows [| 5000 |] [| 5 |] [| 1 |] [| 3 |] [| 6 |] [| 6 |])
    "a volume",
    problem
        2
        2
        3
        1
        (windows [| 9; 10; 11 |] [| 3; 2; 3 |] [| 1; 2; 1 |] [| 1; 1; 2 |] [| 1; 0; 2 |] [| 1; 1; 2 |])
    "depthwise", problem 3 1 1 20 (plane 12 3 1 1 1)
    "depthwise, two outputs each, by strides", problem 3 1 2 7 (plane 12 3 2 1 1)
    "depthwise, wide kernels", problem 2 1 1 9 (plane 21 7 1 1 3)
    "depthwise, large images", problem 2 1 1 5 (plane 75 3 1 2 2)
    "depthwise, by strides, without padding", problem 3 1 1 6 (plane 23 5 2 1 0)
    "one window for all", problem 9 6 10 1 (plane 5 5 1 1 0)
    "single elements", problem 4 24 18 1 (plane 6 1 1 1 0)
    "every third element", problem 2 4 5 1 (plane 10 1 3 1 0)
    "strides beyond the kernel", problem 2 4 5 1 (plane 11 2 3 1 0)
    "many tiny images", problem 50 20 20 1 (plane 2 3 1 1 1)
    // The forms of Correlation.fs, by what each reads: one or two kernels, the image, copies; and the halves of long sums.
    "two outputs", problem 4 20 2 1 (plane 12 3 1 1 1)
    "three outputs of large images", problem 2 20 3 1 (plane 33 5 1 1 2)
    "four outputs by strides", problem 3 40 4 1 (plane 21 3 2 1 1)
    "three outputs of each of two groups", problem 2 7 3 2 (plane 19 3 1 2 2)
    "lines of whole vectors", problem 2 9 20 1 (plane 32 3 1 1 1)
    "small images of many examples", problem 33 9 20 1 (plane 7 3 1 1 1)
    "every other element of long lines", problem 3 8 9 1 (plane 35 3 2 1 1)
    "one example, shared by rows", problem 1 30 70 1 (plane 5 3 1 1 1)
    // The last columns of 49, 50, 169 and 36 by upright tiles, of panels in pairs and of a single one.
    "a column beyond three vectors", problem 1 20 40 1 (plane 7 5 1 1 2)
    "two columns beyond three vectors", problem 2 70 24 1 (plane 5 5 1 1 2)
    "nine columns beyond ten vectors", problem 1 12 56 1 (plane 13 5 1 1 2)
    "four columns beyond two vectors, by strides", problem 1 33 8 1 (plane 12 5 2 1 2)
    "columns of the image beyond three vectors",
    problem 1 20 40 1 (windows [| 50 |] [| 3 |] [| 1 |] [| 1 |] [| 1 |] [| 1 |])
    "three outputs of more taps than are added up in order", problem 1 1000 3 1 (plane 11 3 1 1 1)
    "more taps than are added up in order", problem 1 1000 3 1 (plane 3 3 1 1 1)
    // By Winograd's algorithm in Float32: tiles of 4 × 4 that end with the image, or behind it.
    "whole tiles", problem 3 32 40 1 (plane 16 3 1 1 1)
    "tiles over the edges", problem 2 24 33 1 (plane 13 3 1 1 1)
    "tiles of small images", problem 9 40 32 1 (plane 7 3 1 1 1)
    "tiles without padding", problem 2 32 32 1 (plane 21 3 1 1 0)
    "tiles beyond the padding", problem 2 32 32 1 (plane 9 3 1 1 4)
    "tiles in groups", problem 3 24 32 3 (plane 11 3 1 1 1)
    "tiles of more channels than a block", problem 2 300 20 1 (plane 14 3 1 1 1)
    "tiles of long lines",
    problem 1 20 20 1 (windows [| 6; 130 |] [| 3; 3 |] [| 1; 1 |] [| 1; 1 |] [| 0; 2 |] [| 2; 0 |])
    // Three axes, the first of which is no axis of one place alone: not by tiles.
    "two taps across, one place",
    problem
        2
        20
        24
        1
        (windows [| 3; 8; 8 |] [| 2; 3; 3 |] [| 2; 1; 1 |] [| 1; 1; 1 |] [| 0; 1; 1 |] [| 0; 1; 1 |])
    "three taps across, by three",
    problem
        2
        20
        24
        1
        (windows [| 5; 8; 8 |] [| 3; 3; 3 |] [| 3; 1; 1 |] [| 1; 1; 1 |] [| 0; 1; 1 |] [| 0; 1; 1 |])
    "one tap across, padded",
    problem
        2
        20
        24
        1
        (windows [| 1; 8; 8 |] [| 1; 3; 3 |] [| 1; 1; 1 |] [| 1; 1; 1 |] [| 1; 1; 1 |] [| 1; 1; 1 |])
    "padding alone across",
    problem
        2
        20
        24
        1
        (windows [| 1; 8; 8 |] [| 1; 3; 3 |] [| 3; 1; 1 |] [| 1; 1; 1 |] [| 1; 1; 1 |] [| 1; 1; 1 |])
    "two phases across",
    problem
        2
        20
        24
        1
        (windows [| 2; 8; 8 |] [| 2; 3; 3 |] [| 2; 1; 1 |] [| 1; 1; 1 |] [| 0; 1; 1 |] [| 1; 1; 1 |])
    "one place across",
    problem
        2
        20
        24
        1
        (windows [| 1; 8; 8 |] [| 1; 3; 3 |] [| 1; 1; 1 |] [| 1; 1; 1 |] [| 0; 1; 1 |] [| 0; 1; 1 |])
    // The kernels of many channels by products of all taps with the transposed image: panels of one to three vectors of channels, blocks
    // of places with more than are added up in order, and parts of images.
    "two vectors of channels", problem 3 31 20 1 (plane 7 5 1 1 2)
    "three vectors of channels, by strides", problem 3 35 20 1 (plane 12 3 2 1 1)
    "four vectors of channels, not a panel of outputs", problem 2 52 7 1 (plane 8 2 1 1 0)
    "many vectors of channels of single elements", problem 5 101 19 1 (plane 6 1 1 1 0)
    "many channels and few places", problem 1 130 140 1 (plane 3 2 1 1 1)
    "many channels apart, with wide padding", problem 2 40 10 1 (plane 6 3 1 4 5)
    "many channels in groups", problem 2 33 12 3 (plane 8 3 2 1 1)
    "strides beyond the kernel of many channels", problem 2 32 8 1 (plane 11 2 3 1 0)
    "a long signal of many channels",
    problem 2 32 8 1 (windows [| 1500 |] [| 3 |] [| 1 |] [| 2 |] [| 3 |] [| 1 |])
    "a long signal of many channels, by strides",
    problem 1 33 9 1 (windows [| 2500 |] [| 4 |] [| 2 |] [| 3 |] [| 0 |] [| 5 |])
    "planes of many channels, in parts",
    problem 2 32 8 1 (windows [| 43; 41 |] [| 2; 1 |] [| 1; 1 |] [| 1; 1 |] [| 1; 0 |] [| 0; 0 |])
    "a volume of many channels, in parts",
    problem
        1
        32
        8
        1
        (windows [| 5; 24; 33 |] [| 2; 2; 1 |] [| 1; 2; 1 |] [| 2; 1; 1 |] [| 1; 0; 0 |] [| 0; 1; 0 |])
    // Few tiles: kernels are transformed where they are used, by blocks of channels, and fill the vectors.
    "few tiles of many channels", problem 1 150 75 1 (plane 7 3 1 1 1)
    "few tiles in groups", problem 2 70 44 2 (plane 5 3 1 1 1)
    "few tiles of a larger image", problem 1 130 40 1 (plane 14 3 1 1 1)
    "a single tile of several blocks of channels", problem 1 200 20 1 (plane 2 3 1 1 1)
    "as many as are few", problem 4 66 33 1 (plane 8 3 1 1 1)
    "one image more", problem 5 66 33 1 (plane 8 3 1 1 1)
    "the first layer of a net for large images", problem 2 3 20 1 (plane 31 7 2 1 3)
    "kernels of a column beyond vectors",
    problem 3 2 9 2 (windows [| 6; 19 |] [| 3; 11 |] [| 2; 3 |] [| 2; 1 |] [| 2; 5 |] [| 1; 4 |])
    "a volume of few channels",
    problem
        2
        2
        5
        1
        (windows [| 5; 6; 7 |] [| 3; 2; 3 |] [| 2; 1; 2 |] [| 1; 2; 1 |] [| 1; 0; 1 |] [| 1; 1; 0 |])
    "tiles in many parts", problem 40 16 16 1 (plane 32 3 1 1 1)
    // Tiles of 2 × 2 by steps that begin a column later, where rows are cut.
    "much padding before short lines",
    problem 2 3 4 1 (windows [| 6; 9 |] [| 3; 3 |] [| 1; 1 |] [| 1; 1 |] [| 1; 15 |] [| 1; 0 |])
    "much padding before longer lines",
    problem 2 3 4 1 (windows [| 6; 17 |] [| 3; 3 |] [| 1; 1 |] [| 1; 1 |] [| 1; 15 |] [| 1; 0 |])
    // Phases of transposes begin at different places, end at different ones, or have no element.
    "an even kernel by strides", problem 2 5 6 1 (plane 12 4 2 1 1)
    "strides beyond the kernel, padded", problem 2 4 5 1 (plane 11 2 3 1 1)
    "wide padding by strides", problem 2 4 5 1 (plane 9 5 2 1 5)
    "apart by strides, padded", problem 2 4 5 1 (plane 13 3 2 2 1)
    "an odd image, two taps by strides, padded", problem 2 4 5 1 (plane 7 2 2 1 1)
    "one element by large strides, padded",
    problem 2 4 5 1 (windows [| 1; 6 |] [| 1; 2 |] [| 3; 4 |] [| 1; 1 |] [| 1; 1 |] [| 0; 2 |])
    // Three kernels by eight vectors, or by four where places are few.
    "three outputs of small images", problem 1 20 3 1 (plane 7 3 1 1 1)
    "three outputs of a transpose by strides", problem 2 3 24 1 (plane 32 4 2 1 1)
    "padding on one side",
    problem 2 3 4 1 (windows [| 6; 6 |] [| 3; 3 |] [| 2; 1 |] [| 1; 1 |] [| 0; 2 |] [| 2; 0 |])
]

let private kernels =
    testList "convolutions against loops" [
        for name, p in large do
            for dtype in [ DType.Float64; DType.Float32 ] do
                testCase $"{dtype}: {name}" (fun () -> agrees dtype p)
    ]

/// A tensor's own numbers, side by side.
let private sideBySide (x: Tensor) : HostBuffer<float32> =
    HostBuffer.own DType.Float32 (Array.ofSeq x.Shape) (x.Flatten().ToData<float32[]>())

/// The same so far from each other along the last axis, with NaN between them and around them.
let private amongNaN apart (x: Tensor) : HostBuffer<float32> =
    let shape = Array.ofSeq x.Shape
    let last = shape.Length - 1
    let around = Array.mapi (fun a n -> if a = last then apart * n + 3 else n + 1) shape
    let strides = Array.mapi (fun a s -> if a = last then apart else s) (Shape.strides around)
    let items = Array.create (Shape.count around + 5) nanf

    for index, value in Seq.zip (cells (List.ofArray shape)) (x.Flatten().ToData<float32[]>()) do
        items[5 + Seq.sum (Seq.map2 (*) strides index)] <- value

    HostBuffer<float32>(DType.Float32, items, shape, strides, 5)

/// By tiles of one size, where tiles can be, whether or not that pays, of kernels that are kept, if need be, and operands that lie
/// in some way.
let private bySizeOf lay (size: TileSize) packing (p: Problem) result (a: Tensor) (b: Tensor) : Tensor =
    let sums (sums: CorrelationSums<float32>) =
        let sums = { sums with Packing = packing }
        if WinogradChoice.isFor sums.Axes then Winograd.run size sums else Correlation.run sums

    let kernel (w: Windows) groups (x: HostBuffer<float32>) y =
        if WinogradChoice.isFor (CorrelationImage.axes CorrelationImage.forward x.Shape[0] w) then
            WinogradKernels.kernel w groups x y
        else
            KernelSums.kernel w groups x y

    let found = Engines.Convolve.by sums kernel result p.Windows p.Groups (lay a) (lay b)
    Tensor.ofArray found.Shape (found :?> HostBuffer<float32>).Items

let private bySize size packing p = bySizeOf sideBySide size packing p

let private lies = [ "side by side", sideBySide; "among NaN", amongNaN 1; "apart among NaN", amongNaN 2 ]

/// Vectors of tiles reach over the images' edges, and sums read what a tile reaches of the next step, or nothing.
let private tilesOfAnyWidth =
    testList "convolutions by tiles of any width against loops" [
        if WinogradVectors.isSupported () then
            for size in [ TileSize.Two; TileSize.Four ] do
                for padding in 0..2 do
                    for name, lay in lies do
                        testCase $"tiles of {size.Outputs}, padded by {padding}, of images {name}" (fun () ->
                            for width in 3 - padding .. 36 do
                                let ends = [| padding; padding |]

                                windows [| 6; width |] [| 3; 3 |] [| 1; 1 |] [| 1; 1 |] ends ends
                                |> problem 3 3 4 1
                                |> agreesBy (bySizeOf lay size null) DType.Float32)
        else
            ptestCase
                "tiles are for vectors of 256 bits with multiply-adds, which this processor lacks"
                ignore
    ]

let private tiles =
    testList "convolutions by tiles against loops" [
        if WinogradVectors.isSupported () then
            for size in [ TileSize.Two; TileSize.Four ] do
                for name, p in large do
                    testCase $"tiles of {size.Outputs}: {name}" (fun () ->
                        agreesBy (bySize size null) DType.Float32 p)

                    testCase $"tiles of {size.Outputs}, of kernels that are kept: {name}" (fun () ->
                        let packing = Packing()

                        // The second call reads what the first one has kept.
                        for _ in 1..2 do
                            agreesBy (bySize size packing) DType.Float32 p)
        else
            ptestCase
                "tiles are for vectors of 256 bits with multiply-adds, which this processor lacks"
                ignore
    ]

/// By one form of sums of products, whether or not that pays, of kernels that are kept, if need be, and operands that lie in some way.
let private byFormOf form lay packing (p: Problem) result (a: Tensor) (b: Tensor) : Tensor =
    let sums (sums: CorrelationSums<float32>) =
        Correlation.runBy (fun _ -> form) { sums with Packing = packing }

    let found = Engines.Convolve.by sums KernelSums.kernel result p.Windows p.Groups (lay a) (lay b)
    Tensor.ofArray found.Shape (found :?> HostBuffer<float32>).Items

let private byUpright packing p = byFormOf Correlation.Form.Upright sideBySide packing p

let private upright =
    testList "convolutions by upright tiles against loops" [
        if UprightProducts.isFor<float32>() then
            for name, p in large do
                testCase name (fun () -> agreesBy (byUpright null) DType.Float32 p)

                testCase $"of kernels that are kept: {name}" (fun () ->
                    let packing = Packing()

                    // The second call reads what the first one has kept.
                    for _ in 1..2 do
                        agreesBy (byUpright packing) DType.Float32 p)

            // Rows of places are cut into sevens and eights, or taken two at a time.
            for step in 1..3 do
                for name, lay in lies do
                    testCase $"images of any width by strides of {step}, {name}" (fun () ->
                        for width in 1..36 do
                            let around = [| 1; 1 |]

                            windows [| 5; width |] [| 3; 3 |] [| 1; step |] [| 1; 1 |] around around
                            |> problem 2 3 35 1
                            |> agreesBy (byFormOf Correlation.Form.Upright lay null) DType.Float32)
        else
            ptestCase "they are for vectors of 512 bits, which this processor lacks" ignore
    ]

/// The bits of what a convolution's terms are.
let private bits (term: ConvolutionTerm -> Tensor -> Tensor -> Tensor) dtype (p: Problem) =
    let dice = Dice.Dice 11
    let tensor shape = (Tensor.ofArray shape (random dice shape)).Convert dtype
    let x, k, y = tensor p.XShape, tensor p.KernelShape, tensor p.YShape

    [ ConvolutionTerm.Output, x, k; ConvolutionTerm.Input, k, y; ConvolutionTerm.Kernel, x, y ]
    |> List.map (fun (result, a, b) ->
        numbers (term result a b) |> Seq.map BitConverter.DoubleToInt64Bits |> List.ofSeq)

/// Which form is taken depends on the block, and so on the number of workers: each adds up in the same order.
let private forms =
    testList "convolutions have the same bits by every form" [
        for name, p in large do
            testCase name (fun () ->
                let by form = bits (byFormOf form sideBySide null p) DType.Float32 p
                let expected = by Correlation.Form.InImage

                for form in
                    [
                        Correlation.Form.Copies
                        if UprightProducts.isFor<float32>() then Correlation.Form.Upright
                    ] do
                    if by form <> expected then failtest $"{p} by {form}")
    ]

/// What a convolution's terms are has the same bits by any number of threads, however they share the work.
let private threads =
    let usual (p: Problem) result a b =
        Bind.one (Primitive.Convolution(result, p.Windows, p.Groups)) [| a; b |]

    let areSame term dtype (p: Problem) () =
        let before = Workers.count ()

        try
            let by threads =
                Workers.limit threads
                bits (term p) dtype p

            let alone = by 1

            for threads in [ 2; 3; 16 ] do
                if by threads <> alone then failtest $"{p} by {threads} threads"
        finally
            Workers.limit before

    testSequenced (
        testList "convolutions by any number of threads" [
            for name, p in large do
                testCase $"Float64: {name}" (areSame usual DType.Float64 p)
                testCase $"Float32: {name}" (areSame usual DType.Float32 p)

                if WinogradVectors.isSupported () then
                    for size in [ TileSize.Two; TileSize.Four ] do
                        testCase
                            $"tiles of {size.Outputs}: {name}"
                            (areSame (bySize size null) DType.Float32 p)

                        testCase
                            $"tiles of {size.Outputs}, of kernels that are kept: {name}"
                            (areSame (bySize size (Packing())) DType.Float32 p)

                if UprightProducts.isFor<float32>() then
                    testCase $"upright tiles: {name}" (areSame (byUpright null) DType.Float32 p)
        ]
    )

/// With kernels by products of all taps, or by patches, whether or not that pays.
let private byKernels single double (p: Problem) result (a: Tensor) (b: Tensor) : Tensor =
    match a, b with
    | Value(:? HostBuffer<float32> as a), Value(:? HostBuffer<float32> as b) ->
        Value(Engines.Convolve.by Correlation.run single result p.Windows p.Groups a b)
    | Value(:? HostBuffer<float> as a), Value(:? HostBuffer<float> as b) ->
        Value(Engines.Convolve.by Correlation.run double result p.Windows p.Groups a b)
    | _ -> failtest "These are tensors of Float32 or Float64."

let private kernelsByVectors =
    let byProducts = byKernels KernelProducts.kernel KernelProducts.kernel
    let byPatches = byKernels KernelPatches.kernel KernelPatches.kernel

    testList "kernels by vectors of channels and of elements against loops" [
        if Vector512.IsHardwareAccelerated then
            for name, p in large do
                for dtype in [ DType.Float64; DType.Float32 ] do
                    testCase $"channels, {dtype}: {name}" (fun () -> agreesBy byProducts dtype p)

                    if Array.last p.Windows.Dilation = 1 then
                        testCase $"elements, {dtype}: {name}" (fun () -> agreesBy byPatches dtype p)
        else
            ptestCase "they are for vectors of 512 bits, which this processor lacks" ignore
    ]

/// The kernel of transposed images is the transposed one, wherever their elements lie.
let private transposedImages =
    testCase "the kernel from images that lie transposed" (fun () ->
        let dice = Dice.Dice 3
        let p = problem 3 40 24 1 (plane 9 3 2 1 1)
        let tensor shape = Tensor.ofArray shape (random dice shape)
        let x, y = tensor p.XShape, tensor p.YShape

        let kernel (x: Tensor) (y: Tensor) =
            Bind.one (Primitive.Convolution(ConvolutionTerm.Kernel, p.Windows, 1)) [| x; y |]

        let expected = (kernel x y).Transpose(2, 3)
        within 1e-13 expected (kernel (x.Transpose(2, 3)) (y.Transpose(2, 3))) "transposed")

/// Blocks are added up in order, and in halves where they are many.
let private blocksOfSums =
    testCase "sums over many blocks have each of them once" (fun () ->
        for blocks in [ 0; 1; 32; 33; 200 ] do
            let sums = Array.zeroCreate<float> 7

            let add block (into: float[]) start =
                for i in 0..4 do
                    into[start + i] <- into[start + i] + float (block + 1) * float (i + 1)

            KernelParts.overBlocks 5 add 0 blocks sums 2
            let total = float (blocks * (blocks + 1) / 2)

            Expect.equal
                sums
                (Array.append [| 0.0; 0.0 |] (Array.init 5 (fun i -> total * float (i + 1))))
                $"{blocks} blocks")

/// What one example gives depends on no other; by sums of products, nor on how many there are.
let private alone =
    testCase "an example alone gives what it gives in a batch" (fun () ->
        let dice = Dice.Dice 3
        let tensor shape = (Tensor.ofArray shape (random dice shape)).Convert DType.Float32

        // The last ones by upright tiles, where vectors have 512 bits: by strides, and of rows so short that a block has several examples.
        for p in
            [
                problem 7 5 12 1 (plane 9 3 1 1 1)
                problem 7 40 96 1 (plane 14 3 2 1 1)
                problem 7 40 96 1 (plane 5 3 2 1 1)
            ] do
            let window = {
                Window.stride p.Windows.Step[0] with
                    Padding = Padding.Around p.Windows.Before[0]
            }

            let x, k = tensor p.XShape, tensor p.KernelShape
            let all = convolve window k x

            for n in 0..6 do
                same all[n] (convolve window k x[n]) $"{p}: example {n}"

        // By Winograd's algorithm: what is not finite reaches two places further, and no other example.
        let p = problem 7 32 32 1 (plane 12 3 1 1 1)
        let x, k = tensor p.XShape, tensor p.KernelShape
        let all = convolve Window.same k x
        let numbers = x.ToData<float32[,,,]>()
        numbers[3, 5, 4, 4] <- nanf

        let spoilt =
            convolve Window.same k (Tensor.ofArray p.XShape (Array.ofSeq (Seq.cast<float32> numbers)))

        for n in 0..6 do
            if n <> 3 then same all[n] spoilt[n] $"example {n}"

        let reached = spoilt[3, 0].ToData<float32[,]>()

        for i in 0..11 do
            for j in 0..11 do
                let isNear reach = abs (i - 4) <= reach && abs (j - 4) <= reach
                if isNear 1 then Expect.isTrue (Single.IsNaN reached[i, j]) $"({i}, {j})"
                if not (isNear 3) then Expect.isFalse (Single.IsNaN reached[i, j]) $"({i}, {j})")

// ---- What users call ----

let private values =
    tests "values" [
        "of the documentation",
        fun () ->
            let edges = tensor [ [ [ -1.0; 0.0; 1.0 ] ] ]
            let x = tensor [ [ 1.0; 2.0; 4.0; 8.0; 16.0 ] ]
            equals [ [ 3.0; 6.0; 12.0 ] ] (convolve Window.plain edges x)
            equals [ [ 2.0; 3.0; 6.0; 12.0; -8.0 ] ] (convolve Window.same edges x)
            let kernel = tensor [ [ [ 1.0; 10.0 ] ] ]

            equals
                [ [ 1.0; 10.0; 2.0; 20.0 ] ]
                (convolveTransposed (Window.stride 2) kernel (tensor [ [ 1.0; 2.0 ] ]))

            let row = tensor [ [ 1.0; 5.0; 2.0; 3.0 ] ]
            equals [ [ 5.0; 3.0 ] ] (maxPool [ 2 ] (Window.stride 2) row)
            equals [ [ 3.0; 2.5 ] ] (averagePool [ 2 ] (Window.stride 2) row)
        // Sobel's operator on a ramp along the columns, which rises by 1: 8 everywhere inside.
        "a gradient of an image",
        fun () ->
            let sobel = tensor [ [ [ [ -1.0; 0.0; 1.0 ]; [ -2.0; 0.0; 2.0 ]; [ -1.0; 0.0; 1.0 ] ] ] ]
            let ramp = (counting DType.Float64 [ 6 ]).Expand [ 1; 5; 6 ]
            equals (Tensor.full DType.Float64 [ 1; 3; 4 ] 8.0) (convolve Window.plain sobel ramp)
        "dilation reads every other element",
        fun () ->
            let kernel = tensor [ [ [ 1.0; 10.0 ] ] ]
            let window = { Window.plain with Dilation = [ 2 ] }
            equals [ [ 31.0; 42.0; 53.0 ] ] (convolve window kernel (tensor [ [ 1.0; 2.0; 3.0; 4.0; 5.0 ] ]))
        "the number of windows",
        fun () ->
            for size in 1..9 do
                for k in 1..4 do
                    for step in 1..3 do
                        let x, kernel =
                            Tensor.zeros DType.Float32 [ 1; size ], Tensor.zeros DType.Float32 [ 1; 1; k ]

                        let same = { Window.same with Strides = [ step ] }
                        hasShape [ 1; (size + step - 1) / step ] (convolve same kernel x)

                        for pad in 0..2 do
                            let window = {
                                Window.plain with
                                    Strides = [ step ]
                                    Padding = Padding.Around pad
                            }

                            if size + 2 * pad >= k then
                                let count =
                                    int (floor (float (size + 2 * pad - (k - 1) - 1) / float step)) + 1

                                hasShape [ 1; count ] (convolve window kernel x)
        "an odd padding goes to the end",
        fun () ->
            let kernel = tensor [ [ [ 1.0; 10.0 ] ] ]
            equals [ [ 21.0; 32.0; 3.0 ] ] (convolve Window.same kernel (tensor [ [ 1.0; 2.0; 3.0 ] ]))
        "sides one by one",
        fun () ->
            let kernel = Tensor.ones DType.Float64 [ 1; 1; 1; 1 ]
            let window = { Window.plain with Padding = Padding.Sides [ (1, 0); (0, 2) ] }
            let expected = [ [ [ 0.0; 0.0; 0.0 ]; [ 7.0; 0.0; 0.0 ] ] ]
            equals expected (convolve window kernel (tensor [ [ [ 7.0 ] ] ]))
        "groups are convolutions of their own",
        fun () ->
            let x = build DType.Float64 [ 2; 6; 7 ] (fun i -> float (place [ 2; 6; 7 ] i * 5 % 11 - 5))
            let kernel = build DType.Float64 [ 4; 3; 2 ] (fun i -> float (place [ 4; 3; 2 ] i * 7 % 9 - 4))

            let halves (t: Tensor) axis =
                let parts = t.Split([ t.Shape[axis] / 2; t.Shape[axis] / 2 ], axis) in parts[0], parts[1]

            let (x0, x1), (k0, k1) = halves x 1, halves kernel 0
            let expected = concat 1 [ convolve Window.plain k0 x0; convolve Window.plain k1 x1 ]
            equals expected (convolveGroups 2 Window.plain kernel x)
        "the transposed convolution is the transpose",
        fun () ->
            let dice = Dice.Dice 5
            let draw shape = Dice.tensorOf dice DType.Float64 shape (fun () -> dice.Between -1.0 1.0)

            for window in
                [
                    Window.plain
                    Window.stride 2
                    { Window.plain with Strides = [ 3; 1 ]; Dilation = [ 1; 2 ]; Padding = Padding.Around 1 }
                    { Window.same with Strides = [ 2 ] }
                ] do
                let x, kernel = draw [| 2; 3; 8; 8 |], draw [| 4; 3; 3; 3 |]
                let y = convolve window kernel x
                let other = draw y.Shape
                let back = convolveTransposedTo [ 8; 8 ] window kernel other
                near (sum (y * other)) (sum (x * back)) $"%A{window}"
        "the sizes of a transposed convolution",
        fun () ->
            let x, kernel = Tensor.zeros DType.Float32 [ 2; 5 ], Tensor.zeros DType.Float32 [ 2; 1; 3 ]
            hasShape [ 1; 7 ] (convolveTransposed Window.plain kernel x)
            hasShape [ 1; 11 ] (convolveTransposed (Window.stride 2) kernel x)
            hasShape [ 1; 10 ] (convolveTransposed { Window.same with Strides = [ 2 ] } kernel x)

            hasShape
                [ 1; 9 ]
                (convolveTransposed { Window.stride 2 with Padding = Padding.Around 1 } kernel x)

            hasShape [ 1; 12 ] (convolveTransposedTo [ 12 ] (Window.stride 2) kernel x)
            hasShape [ 1; 9 ] (convolveTransposed { Window.plain with Dilation = [ 2 ] } kernel x)
    ]

let private pooling =
    tests "pooling" [
        "overlapping windows, with padding",
        fun () ->
            let window = { Window.plain with Padding = Padding.Around 1 }
            equals [ [ 3.0; 3.0; 3.0; 2.0 ] ] (maxPool [ 3 ] window (tensor [ [ 1.0; 3.0; -1.0; 2.0 ] ]))

            equals
                [ [ 2.0; 1.0; 4.0 / 3.0; 0.5 ] ]
                (averagePool [ 3 ] window (tensor [ [ 1.0; 3.0; -1.0; 2.0 ] ]))
        "averages with padding at the end alone",
        fun () ->
            equals
                [ [ 3.0; 3.5; 2.5; 3.0 ] ]
                (averagePool [ 2 ] Window.same (tensor [ [ 1.0; 5.0; 2.0; 3.0 ] ]))
        "padding is never the largest",
        fun () ->
            let x = tensor [ [ -5.0; -7.0; -infinity ] ]
            equals [ [ -5.0; -5.0; -7.0 ] ] (maxPool [ 3 ] Window.same x)
            equals [ [ -infinity ] ] (maxPool [ 1 ] Window.same (tensor [ [ -infinity ] ]))
        "a NaN is the largest of its windows",
        fun () ->
            let x = tensor [ [ 1.0; nan; 3.0; 4.0; 5.0 ] ]
            equals [ [ nan; nan; 4.0; 5.0 ] ] (maxPool [ 2 ] Window.plain x)
        "two axes",
        fun () ->
            let x = counting DType.Float32 [ 2; 3; 4; 6 ]
            let pooled = maxPool [ 2; 3 ] { Window.plain with Strides = [ 2; 3 ] } x

            let expected =
                build DType.Float32 [ 2; 3; 2; 2 ] (fun i ->
                    float (i[0] * 72 + i[1] * 24 + i[2] * 12 + 6 + i[3] * 3 + 2))

            equals expected pooled
        "one size for all axes of a batch",
        fun () ->
            let x = counting DType.Float32 [ 2; 3; 4; 6 ]
            equals (maxPool [ 2; 2 ] (Window.stride 2) x) (maxPool [ 2 ] (Window.stride 2) x)
            equals (averagePool [ 2; 2 ] (Window.stride 2) x) (averagePool [ 2 ] (Window.stride 2) x)
            let solid = counting DType.Float32 [ 1; 2; 4; 4; 4 ]
            equals (maxPool [ 3; 3; 3 ] Window.plain solid) (maxPool [ 3 ] Window.plain solid)
            // Of three axes it is a batch of signals, as ever.
            hasShape [ 2; 3; 2 ] (maxPool [ 2 ] (Window.stride 2) (counting DType.Float32 [ 2; 3; 4 ]))
        "averages of 16-bit floats do not overflow",
        fun () ->
            let x = Tensor.full DType.Float16 [ 1; 4 ] 60000.0
            equalsAs DType.Float16 [ [ 60000.0; 60000.0 ] ] (averagePool [ 2 ] (Window.stride 2) x)
        "rows of many windows, with ties, NaN and infinities: values and positions",
        fun () ->
            let engine = ManagedEngine()
            let dice = Dice 5
            let usual = [| 0.0; 1.0; 2.0; 3.0; -1.0; -0.0; nan; -infinity; infinity |]

            for dtype in [ DType.Float32; DType.Float64 ] do
                for size, step, padding, full in
                    [
                        2, 2, 0, [ 6; 34 ]
                        2, 2, 0, [ 11; 11 ]
                        2, 1, 0, [ 5; 20 ]
                        3, 2, 1, [ 7; 41 ]
                        5, 2, 2, [ 30; 30 ]
                        2, 2, 1, [ 70; 33 ]
                        3, 3, 1, [ 9; 60 ]
                        // Shared among the cores.
                        2, 2, 0, [ 150; 149 ]
                    ] do
                    let windows =
                        WindowRules.poolingWindows
                            "maxPool"
                            [ size; size ]
                            { Window.stride step with Padding = Padding.Around padding }
                            (Array.ofList full)

                    let number _ = usual[dice.Below(if dice.Chance 0.2 then 9 else 6)]

                    let x =
                        match (build DType.Float64 ([ 2; 3 ] @ full) number).Convert dtype with
                        | Value b -> b :?> HostBuffer
                        | Traced _ -> failtest "traced"

                    let p = Primitive.MaxPool windows
                    let found = engine.EvaluateAll(p, [| x |], Device.Cpu)
                    Seq.iter2 (fun e a -> equals (Value e) (Value a)) (Oracle.evaluateAll p [| x |]) found
        "of equal elements the first has the derivative",
        fun () ->
            let pooled x = sum (maxPool [ 2; 2 ] (Window.stride 2) x * tensor [ [ [ 1.0; 10.0 ] ] ])
            let x = tensor [ [ [ 3.0; 3.0; 1.0; 2.0 ]; [ 3.0; 0.0; 2.0; 2.0 ] ] ]
            equals [ [ [ 1.0; 0.0; 0.0; 10.0 ]; [ 0.0; 0.0; 0.0; 0.0 ] ] ] (grad pooled x)
        "windows of nothing but -infinity have a derivative",
        fun () ->
            let x = tensor [ [ -infinity; -infinity; 1.0 ] ]
            equals [ [ 1.0; 0.0; 0.0 ] ] (grad (fun x -> sum (maxPool [ 2 ] (Window.stride 2) x)) x)
        "a window of padding and -infinity has its derivative inside",
        fun () ->
            let x = tensor [ [ -infinity; -infinity; 1.0 ] ]
            equals [ [ 1.0; 0.0; 2.0 ] ] (grad (fun x -> sum (maxPool [ 3 ] Window.same x)) x)
        "a NaN has the derivative of its windows",
        fun () ->
            let x = tensor [ [ nan; 1.0; 2.0 ] ]
            equals [ [ 1.0; 0.0; 1.0 ] ] (grad (fun x -> sum (maxPool [ 2 ] Window.plain x)) x)
        "overlapping windows share their largest",
        fun () ->
            let x = tensor [ [ 1.0; 5.0; 2.0 ] ]
            equals [ [ 0.0; 2.0; 0.0 ] ] (grad (fun x -> sum (maxPool [ 2 ] Window.plain x)) x)
    ]

let private errors =
    let x, kernel = Tensor.zeros DType.Float32 [ 2; 3; 8 ], Tensor.zeros DType.Float32 [ 4; 3; 3 ]

    tests "errors" [
        "channels",
        fun () ->
            throws<ShapeException, _> [ "convolve"; "(2, 2, 8)"; "(4, 3, 3)"; "3 input" ] (fun () ->
                convolve Window.plain kernel (Tensor.zeros DType.Float32 [ 2; 2; 8 ]))
        "the rank of the input",
        fun () ->
            throws<ShapeException, _> [ "convolve"; "(8,)"; "1 spatial" ] (fun () ->
                convolve Window.plain kernel (Tensor.zeros DType.Float32 [ 8 ]))
        "the rank of the kernel",
        fun () ->
            throws<ShapeException, _> [ "convolve"; "(4, 3)" ] (fun () ->
                convolve Window.plain (Tensor.zeros DType.Float32 [ 4; 3 ]) x)
        "a kernel too large",
        fun () ->
            throws<ShapeException, _> [ "convolve"; "(5,)"; "(9,)"; "(8,)"; "Same" ] (fun () ->
                convolve { Window.plain with Dilation = [ 2 ] } (Tensor.zeros DType.Float32 [ 4; 3; 5 ]) x)
        "dtypes",
        fun () ->
            throws<DTypeException, _> [ "convolve"; "Float64"; "Float32" ] (fun () ->
                convolve Window.plain (kernel.Convert DType.Float64) x)
        "integers",
        fun () ->
            throws<DTypeException, _> [ "convolve"; "Int32" ] (fun () ->
                convolve Window.plain (kernel.Convert DType.Int32) (x.Convert DType.Int32))
        "groups",
        fun () ->
            throws<ValueException, _> [ "convolve"; "3 groups"; "4 outputs" ] (fun () ->
                convolveGroups 3 Window.plain kernel x)
        "strides",
        fun () ->
            throws<ValueException, _> [ "convolve"; "strides"; "0" ] (fun () ->
                convolve (Window.stride 0) kernel x)
        "as many strides as axes",
        fun () ->
            throws<ValueException, _> [ "[1; 2]"; "1 spatial" ] (fun () ->
                convolve { Window.plain with Strides = [ 1; 2 ] } kernel x)
        "padding",
        fun () ->
            throws<ValueException, _> [ "padding"; "-1" ] (fun () ->
                convolve { Window.plain with Padding = Padding.Around -1 } kernel x)
        "sizes of a transposed convolution",
        fun () ->
            throws<ShapeException, _> [ "convolveTransposed"; "(20,)"; "(18,)" ] (fun () ->
                convolveTransposedTo [ 20 ] Window.plain (kernel.Transpose(0, 1)) x)
        "windows in the padding",
        fun () ->
            throws<ShapeException, _> [ "maxPool"; "window 0"; "padding" ] (fun () ->
                maxPool [ 2 ] { Window.plain with Padding = Padding.Around 2 } x)
        "windows in the padding at the end",
        fun () ->
            throws<ShapeException, _> [ "maxPool"; "window 8"; "2 after" ] (fun () ->
                maxPool [ 2 ] { Window.plain with Padding = Padding.Sides [ 0, 2 ] } x)
        // Users are told by the functions above; this holds the library to its own rule.
        "terms that do not fit",
        fun () ->
            let w = windows [| 8 |] [| 3 |] [| 1 |] [| 1 |] [| 0 |] [| 0 |]
            let zeros shape = Tensor.zeros DType.Float32 shape
            let x, kernel, y = zeros [ 2; 4; 8 ], zeros [ 6; 2; 3 ], zeros [ 2; 6; 6 ]

            let infer term (tensors: Tensor list) =
                let signature (t: Tensor) : Signature = { Shape = t.Dims; DType = t.DType }
                let inputs = tensors |> List.map signature |> Array.ofList
                (ShapeRule.one (Primitive.Convolution(term, w, 2)) inputs).Shape

            Expect.equal (infer ConvolutionTerm.Output [ x; kernel ]) [| 2; 6; 6 |] "output"
            Expect.equal (infer ConvolutionTerm.Input [ kernel; y ]) [| 2; 4; 8 |] "input"
            Expect.equal (infer ConvolutionTerm.Kernel [ x; y ]) [| 6; 2; 3 |] "kernel"

            let refused term (a: Tensor) (b: Tensor) =
                throws<ShapeException, _> [ Shape.show a.Dims; Shape.show b.Dims ] (fun () ->
                    infer term [ a; b ])

            refused ConvolutionTerm.Output (zeros [ 2; 3; 8 ]) kernel
            refused ConvolutionTerm.Output x (zeros [ 5; 2; 3 ])
            refused ConvolutionTerm.Output (zeros [ 2; 4; 7 ]) kernel
            refused ConvolutionTerm.Input kernel (zeros [ 2; 4; 6 ])
            refused ConvolutionTerm.Input kernel (zeros [ 2; 6; 5 ])
            refused ConvolutionTerm.Kernel x (zeros [ 3; 6; 6 ])
            refused ConvolutionTerm.Kernel x (zeros [ 2; 5; 6 ])
            refused ConvolutionTerm.Kernel (zeros [ 2; 3; 8 ]) y
        "pooling of integers",
        fun () ->
            throws<DTypeException, _> [ "maxPool"; "Int32" ] (fun () ->
                maxPool [ 2 ] Window.plain (x.Convert DType.Int32))
    ]

// ---- Transformations ----

/// A small net, smooth but for the pool, of one image (1, 6, 6) and kernels of three by three.
let private net (image: Tensor) (kernel: Tensor) : Tensor =
    let hidden = tanh (convolve Window.same kernel image)
    sum (square (maxPool [ 2; 2 ] (Window.stride 2) hidden))

let private transformed =
    let dice = Dice.Dice 11
    let draw shape = Dice.tensorOf dice DType.Float64 shape (fun () -> dice.Between -1.0 1.0)
    let images, kernel = draw [| 3; 1; 6; 6 |], draw [| 2; 1; 3; 3 |]
    let loss = net images[0]

    tests "transformations" [
        "the Hessian is the Jacobian of the gradient, both ways",
        fun () ->
            let h = hessian loss kernel
            within 1e-12 (jacobian (grad loss) kernel) h "reverse over reverse"
            let n = kernel.Size
            let h = h.Reshape [ n; n ]
            within 1e-12 h.T h "symmetry"
            // Column by column against differences of the gradient.
            let v = draw kernel.Shape
            let expected = (Laws.finiteDifference (fun k -> [| grad loss k[0] |]) [| kernel |] [| v |])[0]
            let actual = matmul h (v.Flatten())
            within 1e-7 (expected.Flatten()) actual "against finite differences"
        "the Jacobian in both modes",
        fun () ->
            let f k = convolve Window.plain k images[0]
            within 1e-14 (jacobian f kernel) (jacobianForward f kernel) "modes"
        "jvp of the gradient",
        fun () ->
            let v = draw kernel.Shape
            let _, pushed = jvp (grad loss) kernel v
            within 1e-12 (hvp loss kernel v) pushed "hvp"
        "gradients example by example",
        fun () ->
            let each = vmap (fun image -> grad (net image) kernel) images
            within 1e-13 (stack 0 [ for n in 0..2 -> grad (net images[n]) kernel ]) each "vmap of grad"
            let total = grad (fun k -> sum (vmap (fun image -> net image k) images)) kernel
            within 1e-13 (each.Sum [ 0 ]) total "grad of vmap"
        "a kernel for each example",
        fun () ->
            let kernels = draw [| 3; 2; 1; 3; 3 |]
            let each = vmap (fun (image, k) -> grad (net image) k) (images, kernels)
            within 1e-13 (stack 0 [ for n in 0..2 -> grad (net images[n]) kernels[n] ]) each "vmap of grad"
        "it is linear",
        fun () ->
            let back = linearTranspose (fun x -> convolve Window.same kernel x) images
            let y = draw [| 3; 2; 6; 6 |]
            within 1e-14 (convolveTransposed Window.same kernel y) (back y) "transposed"
    ]

[<Tests>]
let all =
    testList "Convolutions" [
        kernels
        tiles
        tilesOfAnyWidth
        upright
        forms
        threads
        kernelsByVectors
        transposedImages
        blocksOfSums
        alone
        values
        pooling
        errors
        transformed
    ]
