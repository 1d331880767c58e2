/// Compiled code and products on machines with shorter vectors, or none: their tests in processes that may not use the wider
/// ones. Each says first how wide they are, since a name that the runtime does not know would change nothing.
module Cotangent.Tests.WidthTests

open System
open System.Diagnostics
open System.Text.RegularExpressions
open Cotangent.Compiler.Emission
open Expecto

/// Asks this program for the width it would emit code for.
[<Literal>]
let Flag = "--width"

/// Runs the tests of the lists named behind it alone: several in one process, since to start one takes longer than most lists.
[<Literal>]
let ListsFlag = "--lists"

/// Bits of a vector; 0 where none is accelerated.
let best () =
    match Width.Best with
    | Some width -> width.Bits
    | None -> 0

let private run (switch: string) (arguments: string list) : struct (int * string) =
    let start =
        ProcessStartInfo(
            "dotnet",
            (System.Reflection.Assembly.GetExecutingAssembly()).Location :: arguments,
            RedirectStandardOutput = true
        )

    start.Environment["DOTNET_" + switch] <- "0"
    // Half of the random cases: no other tests take as long, and what these find at one width they find at most others.
    let effort = 0.5 * Dice.effort
    start.Environment["COTANGENT_TEST_EFFORT"] <- effort.ToString(Globalization.CultureInfo.InvariantCulture)
    use child = nonNull (Process.Start start)
    let output = child.StandardOutput.ReadToEnd()
    child.WaitForExit()
    // Without what sets a console's colours.
    struct (child.ExitCode, Regex.Replace(output, @"\x1B\[[0-9;?]*\w", ""))

let private without (switch: string) (narrower: int) (lists: string list) =
    testCase $"""{String.Join(", ", lists)}, {switch}=0""" (fun () ->
        if best () <= narrower then skiptest $"vectors of {best ()} bits are the widest here"

        let struct (_, width) = run switch [ Flag ]
        Expect.equal (int (width.Trim())) narrower "the width in use"

        let struct (code, output) =
            run switch [ ListsFlag; String.Join(';', lists); "--no-spinner"; "--colours"; "0" ]

        let passed = Regex.Match(output, @"(\d+) passed").Groups[1].Value
        Expect.isTrue (passed <> "" && int passed > 5 * lists.Length) $"tests were run: {output}"
        Expect.equal code 0 output)

[<Tests>]
let tests =
    testList "narrower vectors" [
        // What depends on the width, that is: all of the compiler's tests take minutes in as many processes.
        without "EnableAVX512" 256 [
            "emitted functions"
            "compile programs"
            "products by width"
            "short rows"
            "blocks of rows"
            "convolutions against loops"
            "Fourier lines"
            "rotations"
        ]
        // Without AVX2 there are no instructions for fused multiply-adds either.
        without "EnableAVX2" 128 [
            "emitted functions"
            "products by width"
            "short rows"
            "blocks of rows"
            "convolutions against loops"
            "Fourier lines"
            "rotations"
        ]
        without "EnableHWIntrinsic" 0 [
            "compile laws"
            "products by width"
            "short rows"
            "blocks of rows"
            "convolutions against loops"
            "Fourier lines"
            "rotations"
        ]
    ]
