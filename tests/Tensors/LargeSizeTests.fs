/// Sizes, positions and lengths near the largest integer, where sums and products of two Int32 overflow. What is asked for is
/// made or refused by name; nothing is computed from a number that has wrapped around.
module Cotangent.Tests.LargeSizeTests

open System
open System.Collections.Concurrent
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Support
open Expecto

let private huge = Int32.MaxValue
let private ones shape = Tensor.ones DType.Float32 shape

// ---- Windows ----

let private refusedWindows =
    testList "windows that overflow are refused by name" [
        for kernel in [ 2; 3; 5; 9 ] do
            for dilation in [ 1 <<< 30; huge ] do
                testCase $"a kernel of {kernel} with dilation {dilation}" (fun () ->
                    let window = { Window.plain with Dilation = [ dilation ] }
                    let reach = string (int64 (kernel - 1) * int64 dilation + 1L)
                    let k, x = ones [ 1; 1; kernel ], ones [ 1; 1; 8 ]
                    throws<ShapeException, _> [ "convolve"; reach ] (fun () -> convolve window k x)
                    throws<ShapeException, _> [ "maxPool"; reach ] (fun () -> maxPool [ kernel ] window x)

                    throws<ShapeException, _> [ "averagePool"; reach ] (fun () ->
                        averagePool [ kernel ] window x)

                    throws<ShapeException, _> [ "convolve"; reach ] (fun () ->
                        grad (fun k -> sum (convolve window k x)) k)

                    throws<ShapeException, _> [ "convolve"; reach ] (fun () -> compile (convolve window k) x))

        testCase "padding" (fun () ->
            let x = ones [ 1; 1; 8 ]

            for padding, size in
                [
                    Padding.Around huge, 8L + 2L * int64 huge
                    Padding.Sides [ (huge, 0) ], 8L + int64 huge
                    Padding.Sides [ (0, huge) ], 8L + int64 huge
                ] do
                let window = { Window.plain with Padding = padding }
                throws<ShapeException, _> [ "convolve"; $"({size},)" ] (fun () -> convolve window x x)
                throws<ShapeException, _> [ "maxPool"; $"({size},)" ] (fun () -> maxPool [ 2 ] window x))

        testCase "all axes together" (fun () ->
            let window = { Window.plain with Dilation = [ 1300 ]; Padding = Padding.Around 1300 }

            throws<ShapeException, _> [ "convolve"; "(2601, 2601, 2601)" ] (fun () ->
                convolve window (ones [ 1; 1; 2; 2; 2 ]) (ones [ 1; 1; 1; 1; 1 ])))

        testCase "what a transposed convolution makes" (fun () ->
            let k, x = ones [ 1; 1; 3 ], ones [ 1; 1; 8 ]

            throws<ShapeException, _> [ "convolveTransposed"; "(15032385532,)" ] (fun () ->
                convolveTransposed (Window.stride huge) k x)

            throws<ShapeException, _> [ "convolveTransposed"; "(17179869176,)" ] (fun () ->
                convolveTransposed { Window.same with Strides = [ huge ] } k x))
    ]

/// The one window of a convolution with an enormous stride is that of stride 8, and so is each derivative.
let private longSteps =
    testList "strides beyond the last window" [
        for step in [ 9; 1 <<< 30; huge ] do
            testCase $"{step}" (fun () ->
                let long, short = Window.stride step, Window.stride 8
                let k = tensor [ [ [ 1.0; 10.0; 100.0 ] ] ]
                let x = (Tensor.arange DType.Float64 8).Reshape [ 1; 1; 8 ]
                equals (convolve short k x) (convolve long k x)
                equals (convolve short k x) (compile (convolve long k) x)
                equals [ [ [ 210.0 ] ] ] (convolve long k x)
                equals (maxPool [ 3 ] short x) (maxPool [ 3 ] long x)
                equals (averagePool [ 3 ] short x) (averagePool [ 3 ] long x)
                let loss window k x = sum (square (convolve window k x))
                let gradients window = grad (fun (k, x) -> loss window k x) (k, x)
                equals (fst (gradients short)) (fst (gradients long))
                equals (snd (gradients short)) (snd (gradients long))
                let y = tensor [ [ [ 2.0 ] ] ]
                equals [ [ [ 2.0; 20.0; 200.0 ] ] ] (convolveTransposed long k y)

                // As many windows as a vector has lanes, and the next one far beyond the memory.
                let many = (Tensor.arange DType.Float32 4096).Reshape [ 1; 64; 64 ]
                equals (maxPool [ 64 ] (Window.stride 64) many) (maxPool [ 64 ] long many))

        testCase "the dilation of a single element" (fun () ->
            let window = { Window.plain with Dilation = [ huge ] }
            let x = (Tensor.arange DType.Float64 8).Reshape [ 1; 8 ]
            equals x (convolve window (tensor [ [ [ 1.0 ] ] ]) x)
            equals x (maxPool [ 1 ] window x))

        testCase "windows far apart, most of them padding" (fun () ->
            let window = { Strides = [ huge ]; Padding = Padding.Around 1000000; Dilation = [ 1000000 ] }

            let x = (Tensor.arange DType.Float64 8).Reshape [ 1; 8 ] + 1.0
            let k = tensor [ [ [ 5.0; 7.0; 11.0 ] ] ]
            equals [ [ 7.0 ] ] (convolve window k x)
            equals [ [ [ 0.0; 1.0; 0.0 ] ] ] (grad (fun k -> sum (convolve window k x)) k))
    ]

// ---- Ranges ----

let private ranges =
    let v = tensor [ 1; 2; 3; 4 ]
    let range first last step = v.Slice [ Index.Range(first, last, step) ]

    testList "ranges" [
        testCase "bounds" (fun () ->
            throws<IndexException, _> [ "2147483647" ] (fun () -> v[0..huge])
            throws<IndexException, _> [ "2147483647" ] (fun () -> v[3..huge])
            throws<IndexException, _> [ "slice" ] (fun () -> v[Int32.MinValue ..])
            throws<IndexException, _> [ "slice" ] (fun () -> v[Int32.MinValue .. huge])
            throws<IndexException, _> [ "2147483647" ] (fun () -> v.At[0..huge].Set 9.0)
            throws<IndexException, _> [ "2147483647" ] (fun () -> range (Some huge) (Some 0) -1)
            hasShape [ 0 ] v[.. Int32.MinValue])

        testCase "steps" (fun () ->
            for step in [ huge; huge - 1; 1 <<< 30 ] do
                equals [ 1 ] (range None None step)
                equals [ 2 ] (range (Some 1) (Some 3) step)
                hasShape [ 0 ] (range (Some 3) (Some 1) step)
                equals [ 1; 9; 3; 4 ] (v.At[[ Index.Range(Some 1, Some 3, step) ]].Set 9.0)

            for step in [ Int32.MinValue; -huge; -(1 <<< 30) ] do
                equals [ 4 ] (range None None step)
                equals [ 4 ] (range (Some 3) (Some 1) step)
                hasShape [ 0 ] (range (Some 1) (Some 3) step)
                equals [ 1; 2; 3; 9 ] (v.At[[ Index.Range(None, None, step) ]].Set 9.0)

            let first (v: Tensor) = sum (v.Slice [ Index.Range(None, None, huge) ])
            equals [ 1.0; 0.0; 0.0; 0.0 ] (grad first (v.Convert DType.Float64)))

        testCase "triangles" (fun () ->
            let m = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
            let nothing = Tensor.zerosLike m

            for far in [ huge; huge - 1; huge - 2; 3 ] do
                equals m (m.Tril far)
                equals nothing (m.Triu far)

            for far in [ Int32.MinValue; Int32.MinValue + 1; -huge + 1; -2 ] do
                equals nothing (m.Tril far)
                equals m (m.Triu far)

            for far in [ huge; Int32.MinValue; 3; -2 ] do
                hasShape [ 0 ] (m.Diagonal far)

            equals [ [ 0; 0; 3 ]; [ 0; 0; 0 ] ] (m.Triu 2)
            equals [ [ 0; 0; 0 ]; [ 4; 0; 0 ] ] (m.Tril -1))

        testCase "shifts and parts" (fun () ->
            // 2³¹ - 1 is 3 mod 4, and -2³¹ is 0.
            equals [ 2; 3; 4; 1 ] (v.Roll(huge, 0))
            equals v (v.Roll(Int32.MinValue, 0))
            Expect.equal (v.Chunk huge).Length 4 "parts"

            // These sum to 4 in 32 bits.
            throws<ShapeException, _> [ "split"; "2147483647" ] (fun () -> v.Split [ huge; huge; 6 ]))
    ]

// ---- Computed sizes ----

let private sizes =
    let v = tensor [ 1; 2; 3; 4 ]
    let long = Tensor.zeros DType.Bool [ 2000000000 ]
    let wide = Tensor.zeros DType.Float32 [ 65536 ]
    let key = Key.create 0L

    let refuse (name: string) (size: string) (make: unit -> 'made) =
        testCase $"{name} {size}" (fun () ->
            throws<ShapeException, _> [ $"{name}: a tensor of shape {size} would have more than" ] make)

    testList "sizes that are computed" [
        refuse "concat" "(4000000000,)" (fun () -> concat 0 [ long; long ])
        // The sum of these is 4 in 32 bits.
        refuse "concat" "(4294967300,)" (fun () ->
            concat 0 [ long; long; Tensor.zeros DType.Bool [ 294967300 ] ])
        refuse "stack" "(2, 2000000000)" (fun () -> stack 0 [ long; long ])
        refuse "pad" "(4294967298,)" (fun () -> v.Pad [ (huge, huge) ])
        refuse "tile" "(4294967296,)" (fun () -> v.Tile [ 1 <<< 30 ])
        refuse "tile" "(65536, 262144)" (fun () -> v.Tile [ 65536; 65536 ])
        refuse "repeat" "(4294967300,)" (fun () -> v.Repeat((1 <<< 30) + 1, 0))
        refuse "diag" "(65536, 65536)" (fun () -> Tensor.diag wide)
        refuse "eye" "(65536, 65536)" (fun () -> Tensor.eye DType.Bool 65536)
        refuse "arange" "(2147483647,)" (fun () -> Tensor.arange DType.Int32 huge)
        refuse "arangeIn" "(1000000000000,)" (fun () -> Tensor.arangeIn DType.Float32 0.0 1e12 1.0)
        refuse "linspace" "(2147483647,)" (fun () -> Tensor.linspace DType.Float32 0.0 1.0 huge)
        refuse "zeros" "(65536, 65536)" (fun () -> Tensor.zeros DType.Bool [ 65536; 65536 ])
        refuse "zeros" "(65536, 65536, 0)" (fun () -> Tensor.zeros DType.Bool [ 65536; 65536; 0 ])
        refuse "zeros" "(0, 65536, 65536)" (fun () -> Tensor.zeros DType.Bool [ 0; 65536; 65536 ])
        refuse "expand" "(65536, 65536)" (fun () -> (tensor 1).Expand [ 65536; 65536 ])
        refuse "meshgrid" "(65536, 65536)" (fun () -> Tensor.meshgrid [ wide; wide ])
        refuse "oneHot" "(4, 2000000000)" (fun () -> Tensor.oneHot DType.Bool 2000000000 v)
        refuse "outer" "(65536, 65536)" (fun () -> outer wide wide)
        refuse "multiply" "(65536, 65536)" (fun () -> wide.Unsqueeze 1 * wide)
        refuse "less" "(65536, 65536)" (fun () -> (wide.Unsqueeze 1).Less wide)
        refuse "matmul" "(65536, 65536)" (fun () -> matmul (wide.Unsqueeze 1) (wide.Unsqueeze 0))
        refuse "take" "(65536, 65536)" (fun () -> (wide.Unsqueeze 0).T.Take(wide.Convert DType.Int32, 1))
        refuse "Random.uniform" "(65536, 65536)" (fun () -> Random.uniform key DType.Float32 [ 65536; 65536 ])
        refuse "Key.batch" "(2147483647,)" (fun () -> Key.batch huge key)
        refuse "Key.splitMany" "(2147483647,)" (fun () -> Key.splitMany huge key)

        testCase "compiled" (fun () ->
            let refused parts f = throws<ShapeException, _> parts (fun () -> compile f wide)
            refused [ "(65536, 65536)" ] (fun x -> x.Unsqueeze 1 * x)
            refused [ "tile"; "(4294967296,)" ] (fun x -> x.Tile [ 65536 ])
            refused [ "pad"; "(2147549183,)" ] (fun x -> x.Pad [ (huge, 0) ]))
    ]

// ---- Lengths of rows ----

let private lengths =
    // A divisor, and lengths on both sides of what rounds up to more than 2³¹ - 1.
    let cases = [
        for size in [ 1; 2; 3; 6; 16; 1000; 1024; Strided.Piece; 1 <<< 30; huge ] do
            for n in
                [
                    0
                    1
                    size - 1
                    size
                    huge - size
                    huge - size + 1
                    huge - size + 2
                    int Shape.MostElements
                    huge
                ] do
                if n >= 0 then n, size
    ]

    testList "lengths of rows" [
        testCase "parts" (fun () ->
            for n, size in cases do
                let expected = (bigint n + bigint size - 1I) / bigint size
                Expect.equal (bigint (Inlined.partsOf n size)) expected $"{n} in parts of {size}")

        testCase "the pieces of a row make it up" (fun () ->
            for n in [ 0; 1; Strided.Piece; huge - Strided.Piece; huge - Strided.Piece + 1; huge ] do
                let pieces = ConcurrentBag<struct (int * int)>()
                Strided.pieces n (fun first count -> pieces.Add(struct (first, count)))
                let mutable next = 0L

                for struct (first, count) in Seq.sort pieces do
                    Expect.equal (int64 first) next "where a piece begins"
                    Expect.isGreaterThan count 0 "its length"
                    next <- next + int64 count

                Expect.equal next (int64 n) "all of them")

        testCase "the pieces of a walk make it up" (fun () ->
            for shape in [ [| huge |]; [| int Shape.MostElements |]; [| 2; (1 <<< 30) - 1 |]; [| 1; 5 |] ] do
                // Flipped along the first axis, so that its rows are not one.
                let strides = Shape.strides shape
                strides[0] <- -strides[0]
                let walk = Strided.walk shape [| strides |]
                let length = Array.last shape
                let rows = shape |> Array.fold (fun n d -> n * int64 d) 1L |> (fun n -> n / int64 length)
                let pieces = (int64 length + int64 walk.Piece - 1L) / int64 walk.Piece
                Expect.equal walk.Length length "the length of a row"
                Expect.equal (int64 walk.Sizes[0]) pieces "the pieces of a row"
                Expect.equal (int64 walk.Items) (rows * pieces) "the pieces of all rows")
    ]

/// Elements of which one array is nearly full, if the machine has the memory for so many bytes.
let private whenThereIsRoom gigabytes (test: unit -> unit) =
    let info = GC.GetGCMemoryInfo()
    let free = info.TotalAvailableMemoryBytes - info.MemoryLoadBytes

    if free < (int64 gigabytes <<< 30) then
        skiptest $"{free >>> 20} MB are free; this takes {gigabytes} GB"

    try
        test ()
    finally
        GC.Collect()
        GC.WaitForPendingFinalizers()
        GC.Collect()

/// On two threads at a time: what is seen here is whether memory is written at all.
let private whole =
    testSequenced (
        testList "a tensor of 2147450881 elements" [
            testCase "Not, All, Any" (fun () ->
                whenThereIsRoom 8 (fun () ->
                    let n = 2147450881
                    let data = GC.AllocateUninitializedArray<bool> n
                    Array.Fill(data, true)
                    data[n - 1] <- false
                    let t = Tensor.own [| n |] data
                    let last (t: Tensor) = t[n - 1].ToData<bool>()
                    Expect.isFalse (t.All().ToData<bool>()) "one is false"
                    Expect.isTrue (t.Any().ToData<bool>()) "the others are true"
                    let opposite = t.Not()
                    Expect.isTrue (last opposite) "the last one"
                    Expect.isFalse (opposite[0].ToData<bool>()) "the first one"
                    Expect.isTrue (opposite.Any().ToData<bool>()) "one is true"
                    Expect.isFalse (opposite[.. n - 2].Any().ToData<bool>()) "no other is"))
        ]
    )

[<Tests>]
let all = testList "Large sizes" [ refusedWindows; longSteps; ranges; sizes; lengths; whole ]
