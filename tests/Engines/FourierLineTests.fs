/// Kernels of Fourier transforms against the sums that define them, in Float64, and to the same bits however many threads share
/// them. WidthTests runs these with shorter vectors, too.
module Cotangent.Tests.FourierLineTests

open System
open System.Numerics
open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.ComplexTests
open Cotangent.Tests.Dice

/// Σ_j x_j exp(-2πi jk/n) for one k, the angle reduced exactly.
let private sum (sign: float) (x: Complex[]) (k: int) : Complex =
    let n = int64 x.Length
    let mutable total = Complex.Zero

    for j in 0 .. x.Length - 1 do
        let angle = sign * 2.0 * Math.PI * float (int64 j * int64 k % n) / float n
        total <- total + x[j] * Complex.FromPolarCoordinates(1.0, angle)

    total

/// Different numbers: the sum of many equal ones, added one by one, would be further from the truth than the transform.
let private drawn seed (dtype: DType) n =
    let dice = Dice seed
    let part () = Tensor.ofArray [ n ] (Array.init n (fun _ -> dice.Between -1.0 1.0))

    if dtype.IsComplex then
        (complex (part ()) (part ())).Convert dtype
    else
        (part ()).Convert dtype

let private managed body = Extension.withCpuEngine CpuEngine.Managed body

/// By each radix, products of them, and as matrices whose sides are no multiples of a vector's length.
let private small = [ 8; 9; 15; 24; 35; 60; 64; 65; 72; 77; 100; 125; 143; 245; 360; 512; 2 * 3 * 5 * 7 * 11 ]

/// From here on threads share a line: a power of two, one with an odd number of them, small primes, a large prime.
let private large = [ 1 <<< 14; 1 <<< 15; 25_000; 20_160; 15 * 13 * 11 * 9; 17_011 ]

let private isClose tolerance (expected: Complex) (found: Complex) (place: string) =
    Expect.isLessThan (Complex.Abs(found - expected)) tolerance place

[<Tests>]
let tests =
    testSequenced
    <| testList "Fourier lines" [
        for dtype in DTypes.complex do
            let epsilon = if dtype = DType.Complex64 then 2e-6 else 1e-14

            testCase $"against sums, {dtype}" (fun () ->
                for n in small do
                    let x = drawn n dtype n
                    let data = items x
                    let forward, backward = managed (fun () -> items (fft x), items (ifft x * float n))
                    let tolerance = epsilon * float n

                    for k in 0 .. n - 1 do
                        isClose tolerance (sum -1.0 data k) forward[k] $"number {k} of {n}"
                        isClose tolerance (sum 1.0 data k) backward[k] $"number {k} of {n}, backward"

                    let r = drawn n (DTypes.ofParts dtype) n
                    let data = items (r.Convert dtype)
                    let half = managed (fun () -> rfft r)
                    let found = items half

                    for k in 0 .. n / 2 do
                        isClose tolerance (sum -1.0 data k) found[k] $"number {k} of {n} real ones"

                    let back = managed (fun () -> items ((half.Irfft(length = n)).Convert dtype))

                    for k in 0 .. n - 1 do
                        isClose (epsilon * float n) data[k] back[k] $"number {k} of {n}, back")

            testCase $"by any number of threads, {dtype}" (fun () ->
                let before = Workers.count ()

                try
                    for n in large do
                        let x, r = drawn n dtype n, drawn n (DTypes.ofParts dtype) n
                        let data, ofReal = items x, items (r.Convert dtype)

                        let byThreads = [
                            for threads in 1..4 do
                                Workers.limit threads

                                managed (fun () ->
                                    let half = rfft r

                                    [
                                        items (fft x)
                                        items (ifft x)
                                        items half
                                        items (half.Irfft(length = n))
                                    ])
                        ]

                        for found in byThreads.Tail do
                            Expect.equal found byThreads.Head $"by more threads, {n}"

                        let tolerance = epsilon * float n

                        for k in [ 0; 1; 2; 7; n / 3; n / 2 ] do
                            isClose tolerance (sum -1.0 data k) byThreads.Head[0].[k] $"number {k} of {n}"

                            isClose
                                tolerance
                                (sum 1.0 data k)
                                (byThreads.Head[1].[k] * float n)
                                $"number {k} of {n}, backward"

                            isClose
                                tolerance
                                (sum -1.0 ofReal k)
                                byThreads.Head[2].[k]
                                $"number {k} of {n} real ones"

                            isClose epsilon ofReal[k] byThreads.Head[3].[k] $"number {k} of {n}, back"
                finally
                    Workers.limit before)
        testCase "a part of an array, and every other number" (fun () ->
            let whole = drawn 3 DType.Complex128 4096
            let data = items whole

            for first, step, n in [ 3, 1, 1000; 1, 2, 2000; 7, 3, 640 ] do
                let part = Array.init n (fun i -> data[first + i * step])
                let last = first + (n - 1) * step

                let found =
                    managed (fun () ->
                        items (fft (whole.Slice [ Index.Range(Some first, Some last, step) ])))

                for k in [ 0; 1; n / 2; n - 1 ] do
                    isClose (1e-14 * float n) (sum -1.0 part k) found[k] $"number {k} of {n}")
    ]
