/// Tensors on devices. There is no CUDA here: libtorch's CPU takes its place, as two devices, and all but the kernels
/// themselves is the same code.
module Cotangent.Torch.Tests.DeviceTests

open System
open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Torch
open Cotangent.Torch.Tests.Child
open Cotangent.Tests
open Cotangent.Tests.Dice

let private first =
    Cuda.onCpu <- true
    Device.cuda 0

let private second = Device.cuda 1

let private same (expected: Tensor) (actual: Tensor) =
    Expect.equal (actual.To Device.Cpu) expected "numbers, shape and dtype"

let private near tolerance (expected: Tensor) (actual: Tensor) what =
    match Laws.difference what tolerance expected (actual.To Device.Cpu) with
    | None -> ()
    | Some wrong -> failtest wrong

let private throws<'error when 'error :> exn> (parts: string list) (f: unit -> Tensor) =
    try
        f () |> ignore
        failtest $"no {typeof<'error>.Name}"
    with
    | :? 'error as e ->
        for part in parts do
            Expect.stringContains e.Message part "message"
    | :? AssertException -> reraise ()

let private moving =
    testList "moving" [
        test "there and back, every dtype, every layout" {
            for dtype in DTypes.all do
                for seed in 1..20 do
                    let dice = Dice seed
                    let x = tensorOf dice dtype (dice.Shape()) (fun () -> dice.Between -3.0 3.0)
                    let there = x.To first
                    Expect.equal there.Device first "device"
                    same x there
                    same x (there.To second)
        }
        test "complex numbers" {
            let z = tensorOf (Dice 1) DType.Complex128 [| 3; 8 |] (fun () -> (Dice 2).Between -1.0 1.0)

            let functions: (Tensor -> Tensor) list = [
                fun z -> z * 2.0 + exp z
                fun z -> matmul z z.T
                fun z -> concat 0 [ z; conj z ]
                fun z -> z[1, 0..2]
                abs
                real
                fft
                fun z -> rfft (real z)
                fun z -> grad (fun z -> sum (abs (fft z))) z
                fun z -> where ((real z).Greater 0.0) z (Tensor.zerosLike z)
                fun z -> z.Sum [ 0 ]
            ]

            for f in functions do
                let there = f (z.To first)
                Expect.equal there.Device first "device"
                same (f z) there
        }
        test "to where it is" {
            let x = (tensor [ 1.0; 2.0 ]).To first
            Expect.isTrue (obj.ReferenceEquals(x, x.To first)) "the tensor itself"
        }
        test "what is made from nothing is made on the device asked for" {
            let made: (unit -> Tensor) list = [
                fun () -> tensor [ 1.0f; 2.0f ]
                fun () -> Tensor.zeros DType.Float32 [ 2 ]
                fun () -> Tensor.arange DType.Int32 3
                fun () -> Random.uniform (Key.create 1L) DType.Float32 [ 3 ]
                fun () -> Tensor.ofArray [ 2 ] [| 1; 2 |]
            ]

            // The words are the same on every device; a logarithm and a cosine may differ in the last place.
            let normal () = Random.normal (Key.create 1L) DType.Float32 [ 3 ]
            let there = onDevice second normal
            Expect.equal there.Device second "device"
            Expect.isTrue ((normal ()).AllClose(there.To Device.Cpu, relative = 1e-6)) $"{there}"

            for make in made do
                Expect.equal (onDevice second make).Device second "device"
                Expect.equal (make ()).Device Device.Cpu "and not afterwards"
                same (make ()) (onDevice second make)
        }
        test "printing, reading, comparing" {
            let x = (tensor [ [ 1.0; 2.0 ] ]).To first
            Expect.equal (string x) (string (x.To Device.Cpu)) "text"
            Expect.equal (x.ToData<float[,]>()) (array2D [ [ 1.0; 2.0 ] ]) "data"
            Expect.equal (float (sum x)) 3.0 "number"
            Expect.equal x (x.To Device.Cpu) "the same numbers"
        }
        test "tensors on different devices don't meet" {
            let x = tensor [ 1.0; 2.0 ]
            let y, z = x.To first, x.To second
            throws<DeviceException> [ "add"; "cpu"; "cuda:0"; "To" ] (fun () -> x + y)
            throws<DeviceException> [ "multiply"; "cuda:1"; "cuda:0" ] (fun () -> z * y)
            throws<DeviceException> [ "concat"; "cpu"; "cuda:1" ] (fun () -> concat 0 [ x; z ])
            throws<DeviceException> [ "add"; "cpu"; "cuda:0" ] (fun () -> grad (fun x -> sum (x + y)) x)
        }
        test "devices" {
            Expect.equal (Device.available ()) [ Device.Cpu; first; second ] "available"
            throws<DeviceException> [ "cuda:7"; "cuda:0, cuda:1" ] (fun () -> (tensor 1.0).To(Device.cuda 7))
            Device.synchronize first
        }
    ]

/// The functions that users call: none makes a tensor on another device than its arguments'.
let private functions =
    testList "functions" [
        for row in FunctionTable.rows do
            test row.Name {
                for seed in 1..3 do
                    let case = row.Draw(Dice seed)
                    let at = case.At |> Array.map _.To(first)

                    let onFirst f =
                        try
                            ValueSome(onDevice first f)
                        with :? DeviceException ->
                            // The case holds a tensor of its own, of positions, labels or a mask, which is on the CPU.
                            ValueNone

                    match onFirst (fun () -> case.Apply at) with
                    | ValueNone ->
                        Expect.isMatch
                            row.Name
                            "take|gather|scatter|segment|points|crossEntropy|masked"
                            "no other does"
                    | ValueSome y ->
                        Expect.equal y.Device first "device"
                        near 1e-12 (case.Apply case.At) y "value"

                        if y.DType.IsFloat then
                            let total x = sum (case.Apply x)
                            let expected = grad total case.At
                            let actual = onDevice first (fun () -> grad total at)

                            for e, a in Array.zip expected actual do
                                Expect.equal a.Device first "device of the gradient"
                                near 1e-12 e a "gradient"
            }
    ]

/// Tensors that are on a device take no part from elsewhere: nothing is made on the CPU beside them.
let private staying =
    testList "what is on a device stays there, without onDevice" [
        for row in FunctionTable.rows do
            test row.Name {
                for seed in 1..3 do
                    let case = row.Draw(Dice seed)

                    try
                        let y = case.Apply(case.At |> Array.map _.To(first))
                        Expect.equal y.Device first "device"
                        near 1e-12 (case.Apply case.At) y "value"
                    with :? DeviceException ->
                        // The case holds a tensor of its own, of positions, labels or a mask, which is on the CPU.
                        Expect.isMatch
                            row.Name
                            "take|gather|scatter|segment|points|positions|counts|interp|addAt|mask|crossEntropy"
                            "no other does"
            }

        test "optimisers" {
            let steps (device: Device) =
                let start = (tensor [ 1.0; -2.0 ]).To device

                let run (optimizer: Optimizer) =
                    let once (x, state) _ = Optimizer.step optimizer (grad (fun x -> sum (x * x)) x) state x
                    fst (Seq.fold once (start, optimizer.Init start) [ 1..5 ])

                [
                    run (Optimizer.adam 0.1)
                    run (Optimizer.adamW (0.1, decay = 0.1))
                    run (Optimizer.adam (Schedule.cosine 0.1 0.0 10, beta2 = 0.99))
                    run (Optimizer.sgd (Schedule.warmUp 2 (Schedule.exponential 0.1 0.9 5)))
                    run (Optimizer.momentum (0.1, nesterov = true))
                    run (Optimizer.rmsProp (0.1, decay = 0.9))
                    run (Optimizer.chain [ Optimizer.clipByGlobalNorm 0.5; Optimizer.sgd 0.1 ])
                ]

            for e, a in List.zip (steps Device.Cpu) (steps first) do
                Expect.equal a.Device first "device"
                near 1e-12 e a "parameters"
        }
        test "draws by a key that is there" {
            let there = onDevice first (fun () -> Key.create 7L)
            let here = Key.create 7L

            let draws (key: Key) = [
                Random.integers key -5L 5L DType.Int32 [ 20 ]
                Random.permutation key 10
                Random.truncatedNormal key 1.0 2.0 DType.Float64 [ 8 ]
                Random.bernoulli key 0.5 [ 20 ]
                Random.normal (Key.fold 3L (fst (Key.split key))) DType.Float64 [ 8 ]
            ]

            for e, a in List.zip (draws here) (draws there) do
                Expect.equal a.Device first "device"
                near 1e-12 e a "draws"
        }
        test "masks, and loops of no rounds" {
            let x = tensor [ 1.0; 2.0; 3.0 ]
            let above (x: Tensor) = x[x.Greater 1.5]
            Expect.equal (above (x.To first)).Device first "device"
            same (above x) (above (x.To first))
            let loop = compile (fun (x, xs: Tensor) -> scan (fun c s -> c, c * sum s) (sum x) xs)
            let none = Tensor.zeros DType.Float64 [ 0; 1 ]
            let last, all = loop (x.To first, none.To first)
            Expect.equal (last.Device, all.Device) (first, first) "devices"
            same (tensor 6.0) last
            same (Tensor.zeros DType.Float64 [ 0 ]) all
        }
    ]

let private derivatives =
    testList "derivatives" [
        test "come back to where they are from" {
            let x = tensor [ 0.5; 1.5 ]
            let there (x: Tensor) = (sum (sin (x.To first))).To second
            let g = grad (fun x -> (there x).To Device.Cpu) x
            near 1e-14 (cos x) g "gradient"
            Expect.equal g.Device Device.Cpu "device"
            let y, dy = jvp there x (tensor [ 1.0; 0.0 ])
            Expect.equal (y.Device, dy.Device) (second, second) "devices of a push"
            near 1e-14 (cos x[0]) dy "push"
            near 1e-13 (Tensor.diag (-(sin x))) (hessian (fun x -> (there x).To Device.Cpu) x) "Hessian"
        }
        test "of a batch" {
            let xs = tensor [ [ 0.1; 0.2 ]; [ 0.3; 0.4 ] ]
            let f (x: Tensor) = sum ((x.To first) * 2.0)
            near 1e-14 (tensor [ 0.6; 1.4 ]) (vmap f xs) "vmap"

            near
                1e-14
                (Tensor.full DType.Float64 [ 2; 2 ] 2.0)
                (vmap (grad (fun x -> (f x).To Device.Cpu)) xs)
                "grads"
        }
    ]

let private compiled =
    testList "compiled functions" [
        test "run where their arguments are" {
            let f = compile (fun (x: Tensor) -> sum (tanh x * 2.0))
            let x = tensor [ 0.5; 1.5 ]
            let y = f (x.To first)
            Expect.equal y.Device first "device"
            near 1e-14 (f x) y "value"
            near 1e-14 (grad f x) (grad f (x.To first)) "gradient"
        }
        test "move numbers" {
            let f = compile (fun (x: Tensor) -> ((exp x).To first * 2.0).To Device.Cpu)
            let x = tensor [ 0.5; 1.5 ]
            near 1e-14 (2.0 * exp x) (f x) "value"
            near 1e-14 (2.0 * exp x) (grad (fun x -> sum (f x)) x) "gradient"
        }
        test "a loop" {
            let f = compile (fun (x: Tensor) -> iterate 10 (fun x -> x * 1.1) x)
            let x = tensor [ 1.0; 2.0 ]
            let y = f (x.To second)
            Expect.equal y.Device second "device"
            near 1e-14 (f x) y "value"
        }
        testSequenced
        <| testList "memory" [
            test "values between are given back when they have been read, without the collector" {
                let n = 1_000_000
                let f = compile (fun (x: Tensor) -> Seq.fold (fun x _ -> sin x + 0.5) x [ 1..200 ])
                let x = (Tensor.zeros DType.Float32 [ n ]).To second
                f x |> ignore
                GC.Collect()
                GC.WaitForPendingFinalizers()
                let before = (Device.memory second).Live
                let most = Compile.memory f x
                Expect.isLessThan most.Peak (int64 n * 4L * 5L) "by the plan"
                // 1.6 GB go through; the collector is first asked for dead ones after 256 MB.
                let y = f x

                Expect.isLessThanOrEqual
                    ((Device.memory second).Live - before)
                    (int64 n * 4L)
                    "the result alone"

                GC.KeepAlive y
            }
            test "the same in loops" {
                let n = 1_000_000
                let round (x: Tensor) = Seq.fold (fun x _ -> sin x + 0.5) x [ 1..50 ]
                let f = compile (fun (x: Tensor) -> iterate 3 round x)
                let x = (Tensor.zeros DType.Float32 [ n ]).To second
                GC.Collect()
                GC.WaitForPendingFinalizers()
                let before = (Device.memory second).Live
                let y = f x

                Expect.isLessThanOrEqual
                    ((Device.memory second).Live - before)
                    (int64 n * 4L * 4L)
                    "one for each round"

                GC.KeepAlive y
            }
            test "an argument that is given away is freed on the way" {
                let f = compileDonating (fun (x: Tensor, ()) -> sin (x + 1.0))
                let x = (tensor [ 1.0; 2.0 ]).To second
                near 1e-14 (sin (tensor [ 2.0; 3.0 ])) (f (x, ())) "value"
                throws<DonationException> [ "compileDonating" ] (fun () -> x + 1.0)
                // A constant of another function, and what is returned as it came, stay.
                let c = (tensor [ 1.0; 2.0 ]).To second
                let g = compile (fun (y: Tensor) -> y + c)
                let z = (tensor [ 1.0; 1.0 ]).To second
                near 1e-14 (tensor [ 2.0; 3.0 ]) (g z) "before"
                f (c, ()) |> ignore
                near 1e-14 (tensor [ 2.0; 3.0 ]) (g z) "after"
                let h = compileDonating (fun (x: Tensor, ()) -> x, x * 2.0)
                let a, b = h ((tensor [ 1.0; 2.0 ]).To second, ())
                near 1e-14 (tensor [ 1.0; 2.0 ]) a "as it came"
                near 1e-14 (tensor [ 2.0; 4.0 ]) b "and a result"
            }
            test "what the device has not is told before it is taken" {
                Cuda.roomOfTests <- ValueSome 1_000_000L

                try
                    let f = compile (fun (x: Tensor) -> matmul x x.T)
                    let x = (Tensor.ones DType.Float32 [ 1000; 1 ]).To first

                    throws<MemoryException>
                        [ "cuda:0 has 1 MB free"; "matmul Float32 (1000, 1000), 4 MB" ]
                        (fun () -> f x)
                finally
                    Cuda.roomOfTests <- ValueNone
            }
        ]
    ]

// ---- Training ----

type private Mlp = { First: Tensor; FirstBias: Tensor; Second: Tensor; SecondBias: Tensor }

let private mlp key dtype : Mlp =
    let a, b = Key.split key

    {
        First = Random.normal a dtype [ 8; 32 ] * 0.3
        FirstBias = Tensor.zeros dtype [ 32 ]
        Second = Random.normal b dtype [ 32; 4 ] * 0.3
        SecondBias = Tensor.zeros dtype [ 4 ]
    }

let private forward (p: Mlp) (x: Tensor) =
    matmul (tanh (matmul x p.First + p.FirstBias)) p.Second + p.SecondBias

let private loss (x: Tensor) (y: Tensor) (p: Mlp) = mean (square (forward p x - y))

let private data dtype =
    let x = Random.normal (Key.create 5L) dtype [ 16; 8 ]
    x, (x.T[0..3] * x.T[4..7]).T

let private optimizer = Optimizer.adam 0.01

let private train steps dtype =
    let x, y = data dtype
    let mutable p = mlp (Key.create 3L) dtype
    let mutable s = optimizer.Init p

    for _ in 1..steps do
        let change, state = optimizer.Update (grad (loss x y) p) s p
        p <- Tree.add p change
        s <- state

    p

let private training =
    testList "training" [
        test "gives the numbers of the CPU" {
            let expected = train 50 DType.Float64
            let actual = onDevice first (fun () -> train 50 DType.Float64)

            for e, a in Seq.zip (Tree.leaves expected) (Tree.leaves actual) do
                Expect.equal a.Device first "device"
                near 1e-10 e a "parameters"
        }
        testSequenced
        <| test "10,000 steps leave the memory flat" {
            let live () =
                GC.Collect()
                GC.WaitForPendingFinalizers()
                (Device.memory first).Live

            let before = live ()
            onDevice first (fun () -> train 3_000 DType.Float32) |> ignore
            let early = live ()
            let heap = GC.GetTotalMemory true
            use self = Diagnostics.Process.GetCurrentProcess()
            let resident = self.WorkingSet64
            onDevice first (fun () -> train 10_000 DType.Float32) |> ignore
            self.Refresh()
            Expect.isLessThanOrEqual (live () - before) 4096L "bytes held afterwards"
            Expect.isLessThanOrEqual (live () - early) 4096L "and no more than after 3,000 steps"
            Expect.isLessThan (GC.GetTotalMemory true - heap) 10_000_000L "the collector's heap"
            Expect.isLessThan (self.WorkingSet64 - resident) 400_000_000L "the process"
            // The collector was told in time.
            Expect.isLessThan (Device.memory first).Peak 1_500_000_000L "the most at once"
        }
    ]

let private memory =
    testSequenced
    <| testList "memory" [
        test "is counted, and views share it" {
            let x = (Tensor.zeros DType.Float32 [ 1000; 1000 ]).To first
            let one = onDevice first (fun () -> tensor 1.0f)
            let before = (Device.memory first).Live
            let views = [ x.Reshape [ 1_000_000 ]; x.T; x[1..3]; x.Expand [ 2; 1000; 1000 ] ]
            Expect.equal (Device.memory first).Live before "views"
            let y = x + one
            Expect.equal ((Device.memory first).Live - before) 4_000_000L "a result"
            Expect.isGreaterThanOrEqual (Device.memory first).Peak (Device.memory first).Live "peak"
            GC.KeepAlive views
            GC.KeepAlive y
        }
        test "a scope gives it back at once" {
            let before = (Device.memory second).Live

            let x =
                scope (fun () ->
                    let x = (Tensor.zeros DType.Float32 [ 1000; 1000 ]).To second
                    let y = exp x * 2.0f
                    sum (y.T))

            Expect.equal ((Device.memory second).Live - before) 4L "one number is left"
            Expect.equal (float x) 2e6 "the result"
        }
        test "what a scope has freed can't be used" {
            let mutable leaked = tensor 0.0f
            scope (fun () -> leaked <- (tensor [ 1.0f ]).To first)
            throws<ScopeException> [ "scope"; "cuda:0" ] (fun () -> leaked + leaked)
            throws<ScopeException> [ "scope" ] (fun () -> tensor (float leaked))
        }
        test "the collector gives it back" {
            let make () =
                for _ in 1..10 do
                    (Tensor.zeros DType.Float32 [ 1000; 1000 ]).To second + 1.0f |> ignore

            GC.Collect()
            GC.WaitForPendingFinalizers()
            let before = (Device.memory second).Live
            make ()
            GC.Collect()
            GC.WaitForPendingFinalizers()
            Expect.equal (Device.memory second).Live before "as before"
        }
        test "when there is no room, the dead are looked for, and then the error tells the sizes" {
            if OperatingSystem.IsLinux() then
                let outcome = runLimited "room" 6_000_000
                Expect.equal outcome.ExitCode 0 $"{outcome}"

                for text in
                    [
                        "dead tensors made room"
                        "add of Float32 (100000000,), Float32 (100000000,): no room on cuda:0"
                        "381.5 MiB"
                        "hold"
                        "scope"
                        "and goes on: 3"
                    ] do
                    Expect.stringContains outcome.Output text $"{outcome}"
        }
    ]

let private attention = test "attention on 4,096 positions holds no matrix of scores, forward or back" {
    if OperatingSystem.IsLinux() then
        let outcome = run "attention" []
        Expect.equal outcome.ExitCode 0 $"{outcome}"

        let taken = [
            for line in outcome.Output.Split '\n' do
                if line.StartsWith "attention took " then int (line.Substring 15)
        ]

        Expect.equal taken.Length 2 $"{outcome}"

        // One such matrix for each of the four heads: 256 MiB.
        for mebibytes in taken do
            Expect.isLessThan mebibytes 128 $"{outcome}"
}

let private precision =
    testList "precision" [
        test "Float32 is not rounded to TF32 unless asked for" {
            let outcome = run "precision" []
            Expect.stringContains outcome.Output "before 0 1 1" $"libtorch's own choice: {outcome}"
            Expect.stringContains outcome.Output "after 0 0 0" $"{outcome}"
        }
        test "COTANGENT_TF32 asks for it" {
            let outcome = run "precision" [ "COTANGENT_TF32", "1" ]
            Expect.stringContains outcome.Output "after 1 1 0" $"{outcome}"
            let outcome = run "precision" [ "COTANGENT_TF32", "yes" ]
            Expect.stringContains outcome.Errors "COTANGENT_TF32 is \"yes\"" $"{outcome}"
        }
        test "a script's error is told without its trace" {
            Loader.require () |> ignore
            use frame = new Frame({ Kind = Code.Cpu; Index = -1 })
            let x = Basic.zeros frame DType.Float32 [| 2; 3 |]

            try
                Script.call frame "def f(x):\n  return torch.reshape(x, [7])\n" [| x |] |> ignore
                failtest "no error"
            with :? LibtorchException as e ->
                Expect.equal e.Message "shape '[7]' is invalid for input of size 6" "the last line of many"
        }
        test "libtorch's words for too little memory" {
            for words in
                [
                    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.10 GiB"
                    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"
                    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"
                    "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory"
                    "DefaultCPUAllocator: not enough memory: you tried to allocate 40 bytes"
                ] do
                Expect.isTrue (LibtorchException words :?> LibtorchException).IsOutOfMemory words

            Expect.isFalse
                (LibtorchException "CUDA error: device-side assert triggered" :?> LibtorchException)
                    .IsOutOfMemory
                "another"
        }
    ]

let private forced =
    testList "the engine of choice" [
        test "libtorch on the CPU gives the numbers of the managed engine" {
            let managed = withCpuEngine CpuEngine.Managed (fun () -> train 20 DType.Float64)
            let libtorch = withCpuEngine CpuEngine.Libtorch (fun () -> train 20 DType.Float64)

            for e, a in Seq.zip (Tree.leaves managed) (Tree.leaves libtorch) do
                Expect.equal a.Device Device.Cpu "device"
                near 1e-10 e a "parameters"
        }
        test "an environment variable chooses for the program" {
            for name in [ "managed"; "libtorch"; "Fastest" ] do
                let outcome = run "engine" [ "COTANGENT_CPU_ENGINE", name ]
                Expect.stringContains outcome.Output $"engine {name.ToLowerInvariant()}" $"{outcome}"

            let outcome = run "engine" [ "COTANGENT_CPU_ENGINE", "other" ]
            Expect.notEqual outcome.ExitCode 0 "refused"
            Expect.stringContains outcome.Errors "fastest, managed or libtorch" $"{outcome}"
        }
        test "libtorch on the CPU, where there is none, says why" {
            let outcome = run "engine" [ "COTANGENT_CPU_ENGINE", "libtorch"; Locate.Variable, "/nowhere" ]
            Expect.stringContains outcome.Errors "libtorch could not be loaded" $"{outcome}"
            Expect.stringContains outcome.Errors "/nowhere" $"{outcome}"
        }
        test "a CUDA device, where libtorch is one for the CPU, says why" {
            let outcome = run "cuda" []
            Expect.stringContains outcome.Output "There is no cuda:0" $"{outcome}"
            Expect.stringContains outcome.Output "Cotangent-cuda-linux" $"{outcome}"
        }
    ]

[<Tests>]
let tests =
    testList "Devices" [
        moving
        functions
        staying
        derivatives
        compiled
        training
        memory
        attention
        precision
        forced
    ]
