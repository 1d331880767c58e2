/// The same numbers on every machine: in processes with shorter vectors, without fused multiply-adds, and with other tiers of
/// .NET's compiler, draws and special functions give the same bits, eager and compiled.
module Cotangent.Tests.SameNumbersTests

open System
open System.Diagnostics
open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.Support
open Expecto

/// Asks this program for its numbers.
[<Literal>]
let Flag = "--numbers"

/// Draws of every distribution that the library has.
let draws: (string * (Key -> int list -> Tensor)) list = [
    for dtype in floats do
        $"uniform {dtype}", (fun key shape -> Random.uniform key dtype shape)
        $"uniformIn {dtype}", (fun key shape -> Random.uniformIn key -1.3 3.1 dtype shape)
        $"normal {dtype}", (fun key shape -> Random.normal key dtype shape)
        $"truncatedNormal {dtype}", (fun key shape -> Random.truncatedNormal key -1.1 2.3 dtype shape)
        $"a tail {dtype}", (fun key shape -> Random.truncatedNormal key 3.0 infinity dtype shape)
        $"a far tail {dtype}", (fun key shape -> Random.truncatedNormal key 35.0 36.0 dtype shape)

        $"categorical {dtype}",
        (fun key shape ->
            let logits = Tensor.ofArray [ 7 ] (Array.init 7 (fun i -> float (i % 3)))
            Random.categorical key ((logits.Convert dtype).Expand(shape @ [ 7 ])))
    "bernoulli", (fun key shape -> Random.bernoulli key 0.3 shape)
    "integers Int32", (fun key shape -> Random.integers key -5L 5L DType.Int32 shape)
    "integers Int64", (fun key shape -> Random.integers key -5L 500L DType.Int64 shape)
]

let private key = Key.create 42L

let private functions: (string * (Tensor -> Tensor)) list = [
    "exp", exp
    "expm1", expm1
    "log", log
    "log1p", log1p
    "log10", log10
    "sin", sin
    "cos", cos
    "tan", tan
    "asin", asin
    "acos", acos
    "atan", atan
    "sinh", sinh
    "cosh", cosh
    "tanh", tanh
    "asinh", asinh
    "acosh", acosh
    "atanh", atanh
    "sigmoid", sigmoid
    "softplus", softplus
    "erf", erf
    "erfc", erfc
    "gelu", gelu
    "powers", (fun x -> abs x ** (1.0 - x))
    "atan2", (fun x -> atan2 x (1.0 - x))
    "a polynomial", (fun x -> (x * 3.1 + 0.7) * x - x * 0.3)
]

/// Moderate numbers, some of them awkward; sine and its kin leave huge ones to the C library.
let private arguments =
    let dice = Dice 17

    [|
        0.0
        -0.0
        1.0
        -1.0
        nan
        infinity
        -infinity
        5e-324
        -1e-310
        1e-30
        for _ in 1..700 do
            dice.Between -1.0 1.0
            dice.Between -90.0 90.0
            dice.Sign * 2.0 ** dice.Between -60.0 15.0
    |]

/// Of the bits, but for the sign of NaN, which differs between processors.
let private digest (t: Tensor) : string =
    let bytes =
        numbers t
        |> Seq.collect (fun x -> BitConverter.GetBytes(if Double.IsNaN x then nan else x))
        |> Array.ofSeq

    Convert.ToHexString(Security.Cryptography.SHA256.HashData bytes: byte[]).Substring(0, 12)

let private digests () : (string * string) list = [
    for name, draw in draws do
        name, digest (draw key [ 5; 61 ])
        $"{name}, compiled", digest (compile (fun key -> draw key [ 5; 61 ]) key)

    for dtype in [ DType.Float32; DType.Float64 ] do
        let x = (Tensor.ofArray [ arguments.Length ] arguments).Convert dtype

        for name, f in functions do
            $"{name} of {dtype}", digest (f x)
            $"{name} of {dtype}, compiled", digest (compile f x)
]

/// Prints them, or which of them were others after .NET had compiled everything anew.
let print () =
    let first = digests ()

    for _ in 1..40 do
        for _, draw in draws do
            draw key [ 3 ] |> ignore

        let x = Tensor.ofArray [ 41 ] arguments[..40]

        for _, f in functions do
            f x |> ignore
            f (x.Convert DType.Float32) |> ignore

    Threading.Thread.Sleep 300
    let second = digests ()

    for (name, before), (_, after) in List.zip first second do
        printfn "%s: %s%s" name before (if before = after then "" else " and then " + after)

let private ofProcess (settings: (string * string) list) : string list =
    let start =
        ProcessStartInfo(
            "dotnet",
            [ (Reflection.Assembly.GetExecutingAssembly()).Location; Flag ],
            RedirectStandardOutput = true
        )

    for name, value in settings do
        start.Environment["DOTNET_" + name] <- value

    use child = nonNull (Process.Start start)
    let output = child.StandardOutput.ReadToEnd()
    child.WaitForExit()
    Expect.equal child.ExitCode 0 output
    output.Split('\n', StringSplitOptions.RemoveEmptyEntries) |> List.ofArray

let private here = lazy (ofProcess [])

let private processes =
    testList "in every process" [
        for settings in
            [
                []
                [ "EnableAVX512", "0" ]
                [ "EnableAVX2", "0" ]
                [ "EnableFMA", "0" ]
                [ "EnableHWIntrinsic", "0" ]
                [ "TieredCompilation", "0" ]
                [ "TieredPGO", "0" ]
                [ "TC_QuickJitForLoops", "0"; "ReadyToRun", "0" ]
            ] do
            let name = String.Join(", ", [ for name, value in settings -> $"{name}={value}" ])

            testCase (if name = "" then "twice" else name) (fun () ->
                let lines = ofProcess settings
                Expect.isGreaterThan lines.Length 100 "numbers were printed"

                for line, expected in List.zip lines here.Value do
                    Expect.equal line expected name)
    ]

let private compiled =
    testList "compiled and eager" [
        for name, draw in draws do
            testCase name (fun () ->
                for shape in [ []; [ 3 ]; [ 5; 61 ]; [ 2000 ] ] do
                    Expect.equal
                        (digest (compile (fun key -> draw key shape) key))
                        (digest (draw key shape))
                        $"{shape}")

        for dtype in [ DType.Float32; DType.Float64 ] do
            for name, f in functions do
                testCase $"{name} of {dtype}" (fun () ->
                    let x = (Tensor.ofArray [ arguments.Length ] arguments).Convert dtype
                    Expect.equal (digest (compile f x)) (digest (f x)) name)
    ]

/// Threads take ranges of rows whose last ones are folded alone, where one thread folds them in blocks.
let private threads =
    let folds: (string * (Tensor -> Tensor)) list = [
        "sums of squares", (fun x -> (x * x).Sum [ 1 ])
        "sums of roots", (fun x -> (sqrt x).Sum [ 1 ])
        "means of exponentials", (fun x -> (exp x).Mean [ 1 ])
        "largest", (fun x -> (x * x - x).Max [ 1 ])
        "columns", (fun x -> (x * x).Sum [ 0 ])
        "several", (fun x -> (x * x).Sum [ 1 ] / (x + 1.0).Sum [ 1 ])
    ]

    testList "with any number of threads, compiled" [
        for dtype in [ DType.Float32; DType.Float64 ] do
            for name, f in folds do
                testCase $"{name}, {dtype}" (fun () ->
                    let before = Engines.Workers.count ()

                    // What a program shares, it decides when it is made.
                    let by threads x =
                        Engines.Workers.limit threads
                        digest (compile f x)

                    try
                        for shape in
                            [ [ 1000; 1000 ]; [ 256; 1024 ]; [ 257; 4100 ]; [ 3001; 333 ]; [ 7; 100000 ] ] do
                            let x = abs (Random.normal (Key.create 7L) dtype shape)
                            let alone = by 1 x

                            for threads in [ 2; 3; 5 ] do
                                Expect.equal (by threads x) alone $"{shape}, {threads} threads"
                    finally
                        Engines.Workers.limit before)
    ]

[<Tests>]
let all = testList "the same numbers" [ testSequenced compiled; testSequenced threads; processes ]
