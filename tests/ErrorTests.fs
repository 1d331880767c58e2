/// The page of errors (`docs/errors.fsx`, compiled into this program) against the library, and what it can't show.
module Cotangent.Tests.ErrorTests

open System
open System.IO
open Cotangent
open Cotangent.Tests.Support
open Expecto

let private script = Path.Combine(__SOURCE_DIRECTORY__, "..", "docs", "errors.fsx")

let private page =
    testList "every situation of the page" [
        for situation in Errors.situations do
            testCase situation.Begins (fun () ->
                match Errors.provoke situation with
                | null -> failtest "No error was raised."
                | e ->
                    Expect.equal (e.GetType()) situation.Error $"type; the message: {e.Message}"
                    Expect.stringStarts e.Message situation.Begins "how the message begins"
                    Expect.stringEnds e.Message situation.Cure "the cure"
                    let parts = situation.Begins.TrimEnd().Length + situation.Cure.Length
                    Expect.isLessThan (e.Message.Length - parts) 160 "nothing much between them")
    ]

/// A culture whose numbers look different in every way.
let private foreign =
    let culture = Globalization.CultureInfo.InvariantCulture.Clone() :?> Globalization.CultureInfo
    culture.NumberFormat.NumberDecimalSeparator <- ","
    culture.NumberFormat.NumberGroupSeparator <- "."
    culture.NumberFormat.NegativeSign <- "\u2212"
    culture

let private cultures =
    testSequenced
    <| testCase "messages are the same in every culture" (fun () ->
        let before = Globalization.CultureInfo.CurrentCulture

        let message situation =
            match Errors.provoke situation with
            | null -> failtest $"No error was raised: {situation.Begins}"
            | e -> e.Message

        for situation in Errors.situations do
            let expected = message situation

            try
                Globalization.CultureInfo.CurrentCulture <- foreign
                Expect.equal (message situation) expected "the message"
            finally
                Globalization.CultureInfo.CurrentCulture <- before)

let private types =
    let types =
        typeof<CotangentException>.Assembly.GetExportedTypes()
        |> Array.filter (fun t -> t.IsSubclassOf typeof<CotangentException>)

    tests "every type" [
        "has a situation",
        fun () ->
            let shown = Errors.situations |> List.map _.Error

            for t in types do
                // These need a device besides the CPU.
                if t <> typeof<DeviceException> && t <> typeof<MemoryException> then
                    Expect.isTrue (List.contains t shown) t.Name
        "is in the page's first table",
        fun () ->
            let text = File.ReadAllText script

            for t in types do
                Expect.stringContains text $"| `{t.Name}` |" "the page"
        "is a CotangentException and nothing else is raised on purpose",
        fun () ->
            for t in types do
                Expect.equal t.BaseType typeof<CotangentException> t.Name
        "can carry any message",
        fun () ->
            for t in types do
                match Activator.CreateInstance(t, "text") with
                | :? CotangentException as e -> Expect.equal e.Message "text" t.Name
                | _ -> failtest t.Name
    ]

let private elsewhere =
    tests "what the page can't show" [
        "its code is as many lines as its situations",
        fun () -> Expect.equal (Errors.code script).Length Errors.situations.Length "one line each"
        "a device without an engine",
        fun () ->
            let asked: (unit -> obj) list = [
                fun () -> Bind.full (Literal.Whole 0L) DType.Float32 [| 2 |] (Device.Cuda 0)
                fun () -> (tensor 1.0).To(Device.cuda 0)
                fun () -> onDevice (Device.cuda 0) (fun () -> tensor 1.0)
                fun () -> Device.memory (Device.cuda 0)
            ]

            for ask in asked do
                throws<DeviceException, _> [ "cuda:0"; "Cotangent-cuda-linux" ] ask

            throws<DeviceException, _> [ "-1" ] (fun () -> Device.cuda -1)
        "the engine of a package that is not there",
        fun () ->
            throws<DeviceException, _> [ "CpuEngine.Libtorch"; "Cotangent-cpu" ] (fun () ->
                withCpuEngine CpuEngine.Libtorch (fun () -> tensor 1.0 + 1.0))
        "only the CPU is there", fun () -> Expect.equal (Device.available ()) [ Device.Cpu ] "devices"
        "an error leaves the transformation closed and the library usable",
        fun () ->
            let failing (x: Tensor) : Tensor = sum (x + tensor [ 1.0; 2.0 ])

            for _ in 1..3 do
                throws<ShapeException, _> [ "add" ] (fun () -> grad failing Errors.vector)
                throws<ShapeException, _> [ "add" ] (fun () -> jvp failing Errors.vector Errors.vector)

            equals [ 2.0; 4.0; 6.0 ] (grad (fun x -> sum (x * x)) Errors.vector)
        "errors inside transformations are those outside",
        fun () ->
            throws<ShapeException, _> [ "reshape"; "(3,)" ] (fun () ->
                grad (fun (x: Tensor) -> sum (x.Reshape [ 2 ])) Errors.vector)

            throws<IndexException, _> [ "index 3" ] (fun () -> grad (fun (x: Tensor) -> x[3]) Errors.vector)

            throws<DTypeException, _> [ "Float64 (3,)"; "Int32 (3,)" ] (fun () ->
                grad (fun x -> sum (x * Errors.whole)) Errors.vector)
        "checks end with the call",
        fun () ->
            throws<NumberException, _> [ "log" ] (fun () -> Debug.checkNumbers (fun () -> log (tensor -1.0)))
            equals nan (log (tensor -1.0))

            throws<ShapeException, _> [] (fun () ->
                Debug.checkNumbers (fun () -> Errors.vector.Reshape [ 2 ]))

            equals nan (log (tensor -1.0))
    ]

[<Tests>]
let all = testList "Errors" [ page; cultures; types; elsewhere ]
