/// What errors name: the function that was called, and the axis and the index that were given.
module Cotangent.Tests.MessageTests

open System.Diagnostics
open System.IO
open Cotangent
open Cotangent.Tests.Support
open Expecto

let private whole = tensor [ 1; 2; 3 ]
let private truth = tensor [ true; false ]
let private vector = tensor [ 1.0; 2.0; 3.0 ]
let private matrix = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]

let private names =
    let begins name (f: unit -> 'made) = name, (fun () -> f () |> ignore)

    testList "the function that was called" [
        for i, (name, f) in
            List.indexed [
                begins "silu" (fun () -> silu whole)
                begins "geluTanh" (fun () -> geluTanh whole)
                begins "leakyRelu" (fun () -> leakyRelu 0.1 whole)
                begins "clamp" (fun () -> clamp 0.5 1.5 whole)
                begins "maximum" (fun () -> maximum whole vector)
                begins "minimum" (fun () -> minimum whole vector)
                begins "square" (fun () -> square truth)
                begins "isFinite" (fun () -> truth.IsFinite())
                begins "isNaN" (fun () -> truth.IsNaN())
                begins "notEqual" (fun () -> whole.NotEqual vector)
                begins "notEqual" (fun () -> whole.NotEqual 0.5)
                begins "lessEqual" (fun () -> whole.LessEqual vector)
                begins "lessEqual" (fun () -> whole.LessEqual 0.5)
                begins "greater" (fun () -> whole.Greater vector)
                begins "greater" (fun () -> whole.Greater 0.5)
                begins "greater" (fun () -> vector.Greater(tensor [ 1.0; 2.0 ]))
                begins "greaterEqual" (fun () -> whole.GreaterEqual vector)
                begins "greaterEqual" (fun () -> whole.GreaterEqual 0.5)
                begins "isClose" (fun () -> whole.IsClose whole)
                begins "isClose" (fun () -> vector.IsClose(tensor [ 1.0; 2.0 ]))
                begins "isClose" (fun () -> vector.IsClose(vector.Convert DType.Float32))
                begins "allClose" (fun () -> whole.AllClose whole)
                begins "allClose" (fun () -> vector.AllClose(tensor [ 1.0; 2.0 ]))
                begins "truncate" (fun () -> truncate truth)
                begins "dot" (fun () -> dot truth truth)
                begins "dot" (fun () -> dot whole vector)
                begins "outer" (fun () -> outer truth truth)
                begins "outer" (fun () -> outer whole vector)
                begins "trace" (fun () -> trace vector)
                begins "stack" (fun () -> stack 0 [ whole; vector ])
                begins "add" (fun () -> whole.At[0].Add 0.5)
                begins "set" (fun () -> whole.At[0].Set 0.5)
                begins "Random.shuffle" (fun () -> Random.shuffle (Key.create 0L) (tensor 1.0))
            ] do
            testCase $"{name}, {i}" (fun () ->
                try
                    f ()
                    failtest "No error was raised."
                with :? CotangentException as e ->
                    let word = e.Message.Split([| ' '; ':' |], 2)[0]
                    Expect.equal word name $"the first word of: {e.Message}")
    ]

let private positions =
    let beyond = 1L <<< 32

    testList "the index and its axis" [
        testCase "along an axis" (fun () ->
            let rows = tensor [ [ 0; 1 ]; [ 0; 7 ] ]

            throws<IndexException, _> [ "gather"; "index 7"; "axis 0"; "(2, 2)"; "-2 to 1" ] (fun () ->
                matrix.Gather(rows, 0))

            throws<IndexException, _> [ "gather"; "index 7"; "axis 1" ] (fun () -> matrix.Gather(rows, 1))

            throws<IndexException, _> [ "scatterAdd"; "index 7"; "axis 0" ] (fun () ->
                matrix.ScatterAdd(rows, matrix, 0))

            throws<IndexException, _> [ "take"; "index 5"; "axis 1"; "size 2" ] (fun () ->
                matrix.Take(tensor 5, 1))

            throws<IndexException, _> [ "slice"; "index 5"; "axis 1"; "(2, 2)" ] (fun () ->
                matrix.Slice [ Index.NewAxis; Index.At 0; Index.Take(tensor [ 5 ]) ]))

        testCase "one that Int32 can't hold" (fun () ->
            for index in [ beyond; beyond + 1L; -beyond; System.Int64.MaxValue; System.Int64.MinValue ] do
                let text = $"index {index} "
                throws<IndexException, _> [ text ] (fun () -> matrix.Take(tensor [ 0L; index ]))
                throws<IndexException, _> [ text ] (fun () -> matrix[tensor [ index ]])
                throws<IndexException, _> [ text ] (fun () -> matrix.At[tensor [ index ]].Set 1.0)
                throws<IndexException, _> [ text ] (fun () -> compile matrix.Take (tensor [ index ]))

            equals [ [ 3.0; 4.0 ]; [ 3.0; 4.0 ] ] (matrix.Take(tensor [ 1L; -1L ])))

        testCase "no class" (fun () ->
            let oneHot (x: Tensor) = Tensor.oneHot DType.Int32 3 x

            for dtype in [ DType.Int32; DType.Int64 ] do
                for wrong in [ 3; -1; -4; System.Int32.MaxValue; System.Int32.MinValue ] do
                    let indices = (tensor [ 0; wrong ]).Convert dtype

                    throws<IndexException, _> [ "oneHot"; $"index {wrong} "; "0 to 2" ] (fun () ->
                        oneHot indices)

                    throws<IndexException, _> [ "index" ] (fun () -> compile oneHot indices)
                    throws<IndexException, _> [ "index" ] (fun () -> vmap oneHot indices)

                let right = (tensor [ 2; 0 ]).Convert dtype
                let expected = [ [ 0; 0; 1 ]; [ 1; 0; 0 ] ]
                equals expected (oneHot right)
                equals expected (compile oneHot right)
                equals expected (vmap oneHot right)
                hasShape [ 0; 3 ] (oneHot (right[2..])))
    ]

/// Against powers of any size, cut off at the dtype's bits.
let private powers =
    testCase "whole powers of integers" (fun () ->
        let bases = [ -3; -2; -1; 0; 1; 2; 3; 7; 12345; System.Int32.MaxValue; System.Int32.MinValue ]

        for exponent in [ 0..9 ] @ [ 16; 31; 33; 64; 100; 1023 ] do
            let power x = bigint.Pow(bigint (x: int), exponent)
            let low (bits: int) x = ((x % (1I <<< bits)) + (1I <<< bits)) % (1I <<< bits)
            let narrow = bases |> List.map (fun x -> int (uint32 (low 32 (power x))))
            let wide = bases |> List.map (fun x -> int64 (uint64 (low 64 (power x))))
            equals narrow (tensor bases ** exponent)
            equals narrow (tensor bases ** float exponent)
            equals narrow (compile (fun (x: Tensor) -> x ** exponent) (tensor bases))
            equals wide ((tensor bases).Convert DType.Int64 ** exponent)

        for exponent in [ -1.0; 0.5; 2.5; nan; infinity; -infinity; 1e19 ] do
            throws<DTypeException, _> [ "power"; "Int32" ] (fun () -> whole ** exponent)

        throws<DTypeException, _> [ "power"; "Bool" ] (fun () -> truth ** 2.0)
        throws<DTypeException, _> [ "power"; "Bool" ] (fun () -> truth ** 3.0))

let private schedules =
    testCase "schedules of no steps, averages beyond [0, 1]" (fun () ->
        for steps in [ 0; -1 ] do
            throws<ValueException, _> [ "Schedule.linear" ] (fun () -> Schedule.linear 1.0 0.0 steps)
            throws<ValueException, _> [ "Schedule.cosine" ] (fun () -> Schedule.cosine 1.0 0.0 steps)

            throws<ValueException, _> [ "Schedule.exponential" ] (fun () ->
                Schedule.exponential 1.0 0.5 steps)

            throws<ValueException, _> [ "Schedule.warmUp" ] (fun () ->
                Schedule.warmUp steps (Schedule.constant 1.0))

        for decay in [ -0.1; 1.1; nan; infinity ] do
            throws<ValueException, _> [ "Optimizer.average" ] (fun () ->
                Optimizer.average decay vector vector)

        equals [ 1.0; 2.0; 3.0 ] (Optimizer.average 1.0 vector (vector * 2.0))
        equals [ 1.0; 2.0; 3.0 ] (Optimizer.average 0.0 (vector * 2.0) vector))

/// The library reads it once, so this is a process of its own: a script, whose first tensor meets it.
let private settings =
    testCase "an environment variable that names no engine" (fun () ->
        let library = typeof<Tensor>.Assembly.Location
        let script = Path.Combine(Path.GetTempPath(), $"cotangent-{System.Guid.NewGuid()}.fsx")

        let lines = [
            $"#r @\"{library}\""
            "open Cotangent"
            "try"
            "    printfn \"%O\" (tensor [ 1.0 ] + 1.0)"
            "with e ->"
            "    printfn \"%s: %s\" (e.GetType().Name) e.Message"
        ]

        File.WriteAllLines(script, lines)
        let arguments = [ "fsi"; "--quiet"; script ]

        let start =
            ProcessStartInfo("dotnet", arguments, RedirectStandardOutput = true, UseShellExecute = false)

        start.Environment["COTANGENT_CPU_ENGINE"] <- "banana"

        match Process.Start start with
        | null -> failtest "no process"
        | child ->
            use child = child
            let text = child.StandardOutput.ReadToEnd()
            child.WaitForExit()
            File.Delete script
            Expect.stringContains text "ValueException: The environment variable" "the error as it is"
            Expect.stringContains text "\"banana\"" "what it says")

[<Tests>]
let all = testList "Messages" [ names; positions; powers; schedules; settings ]
