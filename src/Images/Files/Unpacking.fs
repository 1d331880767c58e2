namespace Cotangent.Images

open System.Runtime.Intrinsics
open Microsoft.FSharp.NativeInterop

/// Between pixels of 3 bytes, as pictures have them, and of 4, as codecs do.
module internal Unpacking =
    /// Four pixels without their fourth bytes.
    let private packed =
        Vector128.Create(
            0uy,
            1uy,
            2uy,
            4uy,
            5uy,
            6uy,
            8uy,
            9uy,
            10uy,
            12uy,
            13uy,
            14uy,
            255uy,
            255uy,
            255uy,
            255uy
        )

    /// The first three of every four bytes.
    let toThree (from: nativeptr<byte>) (pixels: int) (into: byte[]) =
        use target = fixed into
        let mutable i = 0

        // Sixteen bytes are written for the twelve that count; what follows covers the rest.
        while 3 * i + 16 <= 3 * pixels do
            let four = Vector128.Load(NativePtr.add from (4 * i))
            Vector128.Shuffle(four, packed).Store(NativePtr.add target (3 * i))
            i <- i + 4

        while i < pixels do
            for c in 0..2 do
                NativePtr.set target (3 * i + c) (NativePtr.get from (4 * i + c))

            i <- i + 1

    /// Three bytes of every pixel, and a fourth of 255.
    let toFour (from: byte[]) (pixels: int) : byte[] =
        let into = Array.zeroCreate (4 * pixels)

        for i in 0 .. pixels - 1 do
            into[4 * i] <- from[3 * i]
            into[4 * i + 1] <- from[3 * i + 1]
            into[4 * i + 2] <- from[3 * i + 2]
            into[4 * i + 3] <- 255uy

        into
