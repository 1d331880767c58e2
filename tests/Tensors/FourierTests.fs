/// Fourier transforms against the sums that define them, in Float64, and against NumPy's values.
module Cotangent.Tests.FourierTests

open System
open System.Numerics
open Cotangent
open Expecto
open Cotangent.Tests.ComplexTests
open Cotangent.Tests.Dice
open Cotangent.Tests.Support

/// Σ_j x_j exp(sign 2πi jk/n), the angle reduced exactly.
let private sums (sign: float) (x: Complex[]) : Complex[] =
    let n = int64 x.Length

    let roots =
        Array.init x.Length (fun k ->
            Complex.FromPolarCoordinates(1.0, sign * 2.0 * Math.PI * float k / float n))

    Array.init x.Length (fun k ->
        let mutable sum = Complex.Zero

        for j in 0 .. x.Length - 1 do
            sum <- sum + x[j] * roots[int (int64 j * int64 k % n)]

        sum)

/// Errors of a transform grow with the logarithm of the length; those of the sums with its root.
let private tolerance (dtype: DType) = if dtype = DType.Complex64 then 2e-6 else 1e-13

let private drawn seed dtype shape =
    let dice = Dice seed
    tensorOf dice dtype shape (fun () -> dice.Between -1.0 1.0)

/// Every small length; powers and products of small primes; primes with a pass of their own, and large ones; those about a
/// power of two, and lengths that are transformed as matrices.
let private lengths = [
    yield! [ 1..70 ]
    yield! [ 81; 97; 101; 121; 125; 127; 128; 131; 169; 210; 243; 254; 256; 343; 509; 512; 625 ]
    yield! [ 1000; 1009; 1018; 1023; 1024; 1025; 1331; 2047; 2048; 2310; 3 * 1024; 3721; 4099; 5000 ]
]

let private oneAxis =
    testList "along one axis" [
        for dtype in DTypes.complex do
            testCase $"every kind of length, {dtype}" (fun () ->
                for n in lengths do
                    let x = drawn n dtype [| n |]
                    let forward = sums -1.0 (items x)

                    try
                        closeTo (tolerance dtype) forward (items (fft x))

                        closeTo
                            (tolerance dtype)
                            (sums 1.0 (items x) |> Array.map (fun z -> z / float n))
                            (items (ifft x))

                        closeTo (tolerance dtype) (items x) (items (ifft (fft x)))
                    with e ->
                        failtest $"length {n}: {e.Message}")

            testCase $"real numbers of every kind of length, {dtype}" (fun () ->
                for n in lengths do
                    let x = drawn n (DTypes.ofParts dtype) [| n |]
                    let all = sums -1.0 (items (x.Convert dtype))
                    let half = Array.sub all 0 (n / 2 + 1)

                    try
                        closeTo (tolerance dtype) half (items (rfft x))
                        closeTo (tolerance dtype) all (items (fft x))
                        let back = (rfft x).Irfft(length = n)
                        Expect.equal back.DType x.DType "dtype"
                        closeTo (tolerance dtype) (items (x.Convert dtype)) (items (back.Convert dtype))
                    with e ->
                        failtest $"length {n}: {e.Message}")
        testCase "long lines" (fun () ->
            // By energy, and by single numbers of the transform.
            for n in [ 1 <<< 16; 3 * (1 <<< 14); 65537; 100_003 ] do
                let dice = Dice n

                let x =
                    Tensor.ofArray
                        [ n ]
                        (Array.init n (fun _ -> Complex(dice.Between -1.0 1.0, dice.Between -1.0 1.0)))

                let data, y = items x, items (fft x)

                let energy (z: Complex[]) =
                    z |> Array.sumBy (fun z -> z.Real * z.Real + z.Imaginary * z.Imaginary)

                Expect.floatClose Accuracy.veryHigh (energy y / float n) (energy data) "Parseval"

                for k in [ 0; 1; n / 3; n - 1 ] do
                    let mutable sum = Complex.Zero

                    for j in 0 .. n - 1 do
                        let angle = -2.0 * Math.PI * float (int64 j * int64 k % int64 n) / float n
                        sum <- sum + data[j] * Complex.FromPolarCoordinates(1.0, angle)

                    Expect.isLessThan (Complex.Abs(y[k] - sum)) (1e-10 * sqrt (float n)) $"number {k} of {n}"

                closeTo 1e-14 data (items (ifft (fft x))))
        testCase "batches and other axes" (fun () ->
            for dtype in DTypes.complex do
                for shape in [ [| 3; 8; 5 |]; [| 40; 12 |]; [| 7; 1; 100 |]; [| 2; 131; 9 |]; [| 3; 4096 |] ] do
                    let x = drawn shape.Length dtype shape

                    for axis in 0 .. shape.Length - 1 do
                        let n = shape[axis]
                        let lines = (x.MoveAxis(axis, -1)).Reshape [| -1; n |]
                        let expected = Array.collect (sums -1.0) (Array.chunkBySize n (items lines))
                        let found = (x.Fft(axis = axis).MoveAxis(axis, -1)).Reshape [| -1; n |]
                        closeTo (tolerance dtype) expected (items found)

                        let parts = real x
                        let half = (parts.Rfft(axis = axis))
                        let whole = (parts.Fft(axis = axis))

                        closeTo
                            (tolerance dtype)
                            (items (whole.Take(Tensor.arange DType.Int32 (n / 2 + 1), axis)))
                            (items half)

                        let back = half.Irfft(axis = axis, length = n)
                        closeTo (tolerance dtype) (items (parts.Convert dtype)) (items (back.Convert dtype)))
        testCase "no lines" (fun () ->
            hasShape [ 0; 8 ] (fft (Tensor.zeros DType.Complex64 [ 0; 8 ]))
            hasShape [ 0; 5 ] (rfft (Tensor.zeros DType.Float32 [ 0; 8 ])))
        testCase "norms and lengths" (fun () ->
            let x = drawn 3 DType.Complex128 [| 12 |]
            let y = items (fft x)
            let scaled (s: float) = y |> Array.map (fun z -> z * s)
            closeTo 1e-14 (scaled (1.0 / sqrt 12.0)) (items (x.Fft(norm = FourierNorm.Orthonormal)))
            closeTo 1e-14 (scaled (1.0 / 12.0)) (items (x.Fft(norm = FourierNorm.Forward)))

            for norm in [ FourierNorm.Backward; FourierNorm.Orthonormal; FourierNorm.Forward ] do
                closeTo 1e-14 (items x) (items (x.Fft(norm = norm).Ifft(norm = norm)))
                let r = real x
                close 1e-14 (numbers r) (r.Rfft(norm = norm).Irfft(norm = norm))

            closeTo 1e-14 (items (fft x[0..6])) (items (x.Fft(length = 7)))

            closeTo
                1e-14
                (items (fft (concat 0 [ x; Tensor.zeros DType.Complex128 [ 3 ] ])))
                (items (x.Fft(length = 15))))
    ]

let private numPy =
    // NumPy 1.24.
    testList "NumPy's values" [
        testCase "fft" (fun () ->
            closeTo
                1e-14
                [
                    Complex(12.0, 0.0)
                    Complex(-9.017220926874316, -2.4041415723058748)
                    Complex(5.517220926874317, -6.74315232664298)
                    Complex(5.517220926874317, 6.74315232664298)
                    Complex(-9.017220926874316, 2.4041415723058748)
                ]
                (items (fft (tensor [ 1.0; 2.0; 4.0; 8.0; -3.0 ]))))
        testCase "irfft" (fun () ->
            // An imaginary part that a real line can't have is left out.
            let spectrum = tensor [ Complex(1.0, 2.0); Complex(2.0, -1.0); Complex(0.5, 3.0) ]
            close 1e-14 [ 1.375; 0.625; -0.625; -0.375 ] (irfft spectrum)

            close
                1e-14
                [
                    1.2000000000000002
                    -0.039509499607937884
                    0.9909717238462049
                    -1.7617921170961417
                    0.6103298928578749
                ]
                (spectrum.Irfft(length = 5)))
        testCase "rfftn" (fun () ->
            let squares = (Tensor.arange DType.Float64 12 ** 2.0).Reshape [| 3; 4 |]

            closeTo
                1e-14
                [
                    Complex(506.0, 0.0)
                    Complex(-60.0, 72.0)
                    Complex(-66.0, 0.0)
                    Complex(-232.0, 207.84609690826525)
                    Complex(10.143593539448982, -37.856406460551014)
                    Complex(24.0, -13.856406460551018)
                    Complex(-232.0, -207.84609690826525)
                    Complex(37.856406460551014, -10.143593539448982)
                    Complex(24.0, 13.856406460551018)
                ]
                (items (squares.Rfftn())))
    ]

let private severalAxes =
    testList "along several axes" [
        testCase "one after the other" (fun () ->
            let x = drawn 5 DType.Complex128 [| 4; 6; 5 |]
            let expected = x.Fft(axis = 0).Fft(axis = 1).Fft(axis = 2)
            closeTo 1e-14 (items expected) (items (x.Fftn()))
            closeTo 1e-14 (items (x.Fft(axis = 1).Fft(axis = 2))) (items (fft2 x))
            closeTo 1e-14 (items x) (items (ifft2 (fft2 x)))
            closeTo 1e-14 (items x) (items (x.Fftn().Ifftn()))
            closeTo 1e-14 (items (x.Fft(axis = 0).Fft(axis = 2))) (items (x.Fftn [ 0; -1 ])))
        testCase "of real numbers" (fun () ->
            let x = drawn 6 DType.Float64 [| 4; 6; 5 |]
            let whole = x.Fftn()
            closeTo 1e-14 (items (whole.Take(tensor [ 0; 1; 2 ], 2))) (items (x.Rfftn()))
            close 1e-14 (numbers x) (x.Rfftn().Irfftn(length = 5))

            closeTo
                1e-14
                (items ((x.Fftn [ 0; 1 ]).Take(Tensor.arange DType.Int32 4, 1)))
                (items (x.Rfftn [ 0; 1 ]))

            close 1e-14 (numbers x) ((x.Rfftn [ 0; 1 ]).Irfftn [ 0; 1 ]))
        testCase "frequencies and shifts" (fun () ->
            close 1e-15 [ 0.0; 2.0; 4.0; -4.0; -2.0 ] (fftFrequencies DType.Float64 5 0.1)
            close 1e-15 [ 0.0; 2.5; -5.0; -2.5 ] (fftFrequencies DType.Float64 4 0.1)
            close 1e-15 [ 0.0; 2.0; 4.0 ] (rfftFrequencies DType.Float64 5 0.1)
            close 0.0 [ -4.0; -2.0; 0.0; 2.0; 4.0 ] ((fftFrequencies DType.Float64 5 0.1).FftShift())

            for shape in [ [| 5 |]; [| 4 |]; [| 3; 4 |] ] do
                let x = drawn 7 DType.Float64 shape
                Expect.equal (x.FftShift().IfftShift()) x "back"

            equals [ [ 2; 1 ] ] ((tensor [ [ 1; 2 ] ]).FftShift [ 1 ]))
    ]

let private cosines =
    let second (x: float[]) =
        let n = float x.Length

        Array.init x.Length (fun k ->
            2.0
            * Seq.sum (
                Seq.mapi (fun j v -> v * cos (Math.PI * float k * (2.0 * float j + 1.0) / (2.0 * n))) x
            ))

    let third (x: float[]) =
        let n = float x.Length

        Array.init x.Length (fun k ->
            x[0]
            + 2.0
              * Seq.sum (
                  Seq.mapi
                      (fun j v ->
                          if j = 0 then
                              0.0
                          else
                              v * cos (Math.PI * float j * (2.0 * float k + 1.0) / (2.0 * n)))
                      x
              ))

    testList "cosines" [
        testCase "against the sums" (fun () ->
            for n in [ 1; 2; 3; 4; 5; 8; 13; 30; 64 ] do
                let x = drawn n DType.Float64 [| n |]
                close 1e-12 (second (numbers x)) (x.Dct())
                close 1e-12 (third (numbers x)) (x.Dct(kind = 3))

                for kind in [ 2; 3 ] do
                    for orthonormal in [ true; false ] do
                        let y = x.Dct(kind = kind, orthonormal = orthonormal)
                        close 1e-12 (numbers x) (y.Idct(kind = kind, orthonormal = orthonormal))

                    let y = numbers (x.Dct(kind = kind, orthonormal = true))
                    let energy = Array.sumBy (fun v -> v * v)
                    Expect.floatClose Accuracy.veryHigh (energy y) (energy (numbers x)) "length")
        testCase "along an axis" (fun () ->
            let x = drawn 3 DType.Float64 [| 4; 6 |]
            let y = x.Dct(axis = 0)

            for c in 0..5 do
                close 1e-12 (second (numbers x[*, c])) y[*, c])
        testCase "refused" (fun () ->
            throws<ValueException, _> [ "dct"; "4" ] (fun () -> (tensor [ 1.0 ]).Dct(kind = 4))
            throws<DTypeException, _> [ "idct"; "Int32" ] (fun () -> (tensor [ 1 ]).Idct())
            throws<ShapeException, _> [ "dct" ] (fun () -> (Tensor.zeros DType.Float64 [ 0 ]).Dct()))
    ]

let private convolutions =
    testList "convolution" [
        testCase "against the sums" (fun () ->
            for n, m in [ 1, 1; 5, 3; 3, 5; 17, 40; 100, 7 ] do
                for dtype in [ DType.Float64; DType.Complex128 ] do
                    let a, b = drawn n dtype [| n |], drawn m dtype [| m |]
                    let x, y = items a, items b

                    let expected =
                        Array.init (n + m - 1) (fun k ->
                            let mutable sum = Complex.Zero

                            for j in max 0 (k - m + 1) .. min k (n - 1) do
                                sum <- sum + x[j] * y[k - j]

                            sum)

                    let found = a.FftConvolve b
                    Expect.equal found.DType dtype "dtype"
                    closeTo 1e-13 expected (items found))
        testCase "batches" (fun () ->
            let a, b = drawn 1 DType.Float64 [| 2; 1; 6 |], drawn 2 DType.Float64 [| 3; 4 |]
            let found = a.FftConvolve b
            hasShape [ 2; 3; 9 ] found
            close 1e-13 (numbers (a[1, 0].FftConvolve b[2])) found[1, 2])
        testCase "refused" (fun () ->
            throws<DTypeException, _> [ "fftConvolve"; "Float32" ] (fun () ->
                (tensor [ 1.0 ]).FftConvolve(tensor [ 1f ]))

            throws<DTypeException, _> [ "fftConvolve"; "Int32" ] (fun () ->
                (tensor [ 1 ]).FftConvolve(tensor [ 1 ]))

            throws<ShapeException, _> [ "fftConvolve" ] (fun () ->
                (Tensor.zeros DType.Float64 [ 0 ]).FftConvolve(tensor [ 1.0 ])))
    ]

let private shortTime =
    testList "short time" [
        testCase "spectra of pieces" (fun () ->
            let x, window = drawn 1 DType.Float64 [| 40 |], SignalWindow.hann DType.Float64 8
            let y = x.Stft(window, 3, centred = false)
            hasShape [ 5; 11 ] y

            for frame in 0..10 do
                let piece = x[3 * frame .. 3 * frame + 7]
                closeTo 1e-14 (items (rfft (piece * window))) (items y[*, frame])

            // Half a window of zeros before.
            let centred = x.Stft(window, 4)
            let first = concat 0 [ Tensor.zeros DType.Float64 [ 4 ]; x[0..3] ]
            closeTo 1e-14 (items (rfft (first * window))) (items centred[*, 0]))
        testCase "there and back" (fun () ->
            for n, hop in [ 8, 2; 16, 8; 9, 3 ] do
                let x = drawn n DType.Float64 [| 2; 10 * hop |]
                let window = SignalWindow.hamming DType.Float64 n
                let back = x.Stft(window, hop).Istft(window, hop)
                let length = back.Dims[1]
                close 1e-13 (numbers (x.Take(Tensor.arange DType.Int32 length, 1))) back)
        testCase "refused" (fun () ->
            let x, window = Tensor.ones DType.Float32 [ 4 ], SignalWindow.hann DType.Float32 8
            throws<ShapeException, _> [ "stft"; "4"; "8" ] (fun () -> x.Stft(window, 2, centred = false))
            throws<ShapeException, _> [ "stft"; "9" ] (fun () -> x.Stft(window, 9))
            throws<ShapeException, _> [ "stft"; "vector" ] (fun () -> x.Stft(window.Unsqueeze 0, 2))

            throws<DTypeException, _> [ "stft"; "Float64" ] (fun () ->
                x.Stft(window.Convert DType.Float64, 2))

            throws<DTypeException, _> [ "istft"; "Float32" ] (fun () -> x.Istft(window, 2))

            throws<ShapeException, _> [ "istft"; "(…, 5, frames)" ] (fun () ->
                (Tensor.ones DType.Complex64 [ 4; 3 ]).Istft(window, 2)))
    ]

let private windows =
    testList "windows" [
        testCase "NumPy's, but for the last number" (fun () ->
            close 1e-8 [ 0.0; 0.25; 0.75; 1.0; 0.75; 0.25 ] (SignalWindow.hann DType.Float64 6)
            close 1e-8 [ 0.08; 0.31; 0.77; 1.0; 0.77; 0.31 ] (SignalWindow.hamming DType.Float64 6)
            close 1e-8 [ 0.0; 0.13; 0.63; 1.0; 0.63; 0.13 ] (SignalWindow.blackman DType.Float64 6)

            close
                1e-10
                [
                    0.036710892271286676
                    0.3282019573723212
                    0.7753221044454067
                    1.0
                    0.7753221044454067
                    0.3282019573723212
                ]
                (SignalWindow.kaiser 5.0 DType.Float64 6))
        testCase "refused" (fun () ->
            throws<DTypeException, _> [ "SignalWindow.hann"; "Int32" ] (fun () ->
                SignalWindow.hann DType.Int32 4)

            throws<ShapeException, _> [ "SignalWindow.hamming"; "0" ] (fun () ->
                SignalWindow.hamming DType.Float32 0)

            throws<ValueException, _> [ "SignalWindow.kaiser"; "-1" ] (fun () ->
                SignalWindow.kaiser -1.0 DType.Float32 4))
    ]

let private refused =
    testList "refused" [
        testCase "what can't be transformed" (fun () ->
            for f in [ fft; ifft ] do
                throws<DTypeException, _> [ "fft"; "Int32"; "Convert" ] (fun () -> f (tensor [ 1 ]))

                throws<DTypeException, _> [ "fft"; "Float16" ] (fun () ->
                    f (Tensor.ones DType.Float16 [ 2 ]))

                throws<ShapeException, _> [ "fft"; "scalar" ] (fun () -> f (tensor 1.0))

                throws<ShapeException, _> [ "fft"; "at least 1" ] (fun () ->
                    f (Tensor.zeros DType.Complex64 [ 2; 0 ]))

            throws<DTypeException, _> [ "rfft"; "Complex64"; "`fft`" ] (fun () ->
                rfft (Tensor.ones DType.Complex64 [ 2 ]))

            throws<ShapeException, _> [ "irfft"; "Give the length" ] (fun () ->
                irfft (Tensor.ones DType.Complex64 [ 1 ]))

            throws<ShapeException, _> [ "fft"; "at least 1" ] (fun () -> (tensor [ 1.0 ]).Fft(length = 0))
            throws<AxisException, _> [ "fft" ] (fun () -> (tensor [ 1.0 ]).Fft(axis = 1))
            throws<AxisException, _> [ "fftn" ] (fun () -> fft2 (tensor [ 1.0 ]))
            throws<AxisException, _> [ "rfftn" ] (fun () -> (tensor [ 1.0 ]).Rfftn [])

            throws<DTypeException, _> [ "fftFrequencies"; "Int32" ] (fun () ->
                fftFrequencies DType.Int32 3 1.0)

            throws<ShapeException, _> [ "fftFrequencies"; "0" ] (fun () ->
                fftFrequencies DType.Float32 0 1.0)

            throws<ValueException, _> [ "rfftFrequencies"; "0" ] (fun () ->
                rfftFrequencies DType.Float32 3 0.0))
    ]

[<Tests>]
let tests =
    testList "Fourier" [ oneAxis; numPy; severalAxes; cosines; convolutions; shortTime; windows; refused ]
