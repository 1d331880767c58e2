module Cotangent.Charts.Tests.RunPageTests

open System
open System.IO
open System.Text.Json
open System.Threading
open Expecto
open Cotangent
open Cotangent.Charts
open Cotangent.Charts.Tests.Support

/// The data that a script hands to its page.
let private dataOf (script: string) : JsonElement =
    let start = script.LastIndexOf "cotangentRuns(" + "cotangentRuns(".Length
    let finish = script.IndexOf(");", start)
    JsonDocument.Parse(script[start .. finish - 1]).RootElement.Clone()

let private runs (path: string) =
    dataOf(File.ReadAllText path).GetProperty("runs").EnumerateArray() |> Array.ofSeq

let private scalar (name: string) (run: JsonElement) =
    run.GetProperty("scalars").EnumerateArray()
    |> Seq.find (fun each -> each.GetProperty("name").GetString() = name)

let private numbers (name: string) (of': JsonElement) = [
    for each in of'.GetProperty(name).EnumerateArray() ->
        if each.ValueKind = JsonValueKind.String then nan else each.GetDouble()
]

/// Waits until something is so, for ten seconds at most.
let private eventually (what: string) (isSo: unit -> bool) =
    Expect.isTrue (SpinWait.SpinUntil(isSo, TimeSpan.FromSeconds 10.0)) what

let private quick = TimeSpan.FromSeconds 0.1

[<Tests>]
let tests =
    testList "pages" [
        testCase "all is in the page in the end, and nothing beside it"
        <| inFolder (fun folder ->
            let path = file folder "run.html"

            using (RunPage.writer path) (fun writer ->
                writer.Write(RunEvent.Plan(100L, 5))
                tell writer "loss" [ 1, 0.5; 2, nan; 3, 0.25 ]
                writer.Write(RunEvent.Histogram(2, "w", tensor [ 1.0; 2.0 ]))
                writer.Write(RunEvent.Picture(2, "p", Tensor.ones DType.Float32 [ 1; 2; 2 ]))
                writer.Write(RunEvent.Text(0, "model", "</script><b>"))
                writer.Write(RunEvent.End(3, RunEnd.Failed "out of luck")))

            Expect.equal (Directory.GetFiles folder) [| path |] "one file"
            let html = File.ReadAllText path
            let run = Array.exactlyOne (runs path)
            Expect.equal (run.GetProperty("name").GetString()) "run" "name"
            let loss = scalar "loss" run
            Expect.equal (numbers "steps" loss) [ 1.0; 2.0; 3.0 ] "steps"
            Expect.equal (string (numbers "values" loss)) "[0.5; NaN; 0.25]" "values"
            Expect.equal (run.GetProperty("plan").GetProperty("steps").GetInt32()) 100 "plan"
            Expect.equal (run.GetProperty("end").GetProperty("why").GetString()) "out of luck" "end"
            let text = run.GetProperty("texts").[0].GetProperty("text").GetString()
            Expect.equal text "</script><b>" "text"
            // Nothing that a network would have to serve, and no script that ends too soon.
            let outside = Text.RegularExpressions.Regex "<(script|link|img|iframe)[^>]*(src|href)=\"?https?:"
            Expect.isFalse (outside.IsMatch html) "offline"
            let ends = Text.RegularExpressions.Regex.Count(html, "</script>")
            Expect.equal ends 3 "three scripts")

        testCase "while it is written the data lie beside it"
        <| inFolder (fun folder ->
            let path, data = file folder "a run.html", file folder "a run.data.js"

            using (new RunPageWriter(path, quick)) (fun writer ->
                Expect.stringContains
                    (File.ReadAllText path)
                    "cotangentWatch(\"a%20run.data.js\", 100)"
                    "it looks there"

                let told () = numbers "steps" (scalar "loss" (Array.exactlyOne (runs data)))
                writer.Write(RunEvent.Scalar(1, "loss", 1.0))

                eventually "the first" (fun () ->
                    File.ReadAllText(data).Contains "loss" && told () = [ 1.0 ])

                writer.Write(RunEvent.Scalar(2, "loss", 0.5))
                eventually "the second" (fun () -> told () = [ 1.0; 2.0 ])
                let refresh = dataOf(File.ReadAllText data).GetProperty("refresh").GetInt32()
                Expect.equal refresh 100 "goes on")

            Expect.isFalse (File.Exists data) "no more"
            Expect.equal (dataOf(File.ReadAllText path).GetProperty("refresh").GetInt32()) 0 "ends")

        testCase "data are whole whenever they are read"
        <| inFolder (fun folder ->
            let path, data = file folder "run.html", file folder "run.data.js"

            using (new RunPageWriter(path, quick)) (fun writer ->
                let until = DateTime.UtcNow.AddSeconds 1.5
                let mutable step = 0

                while DateTime.UtcNow < until do
                    for _ in 1..50 do
                        step <- step + 1
                        writer.Write(RunEvent.Scalar(step, "loss", float step))

                    runs data |> Array.exactlyOne |> ignore))

        testCase "a run that is killed leaves whole files"
        <| inFolder (fun folder ->
            let random = Random 1

            for _ in 1..5 do
                let start =
                    Diagnostics.ProcessStartInfo(
                        "dotnet",
                        [ Reflection.Assembly.GetExecutingAssembly().Location; Child.Flag; folder ]
                    )

                use child = Unchecked.nonNull (Diagnostics.Process.Start start)
                let log, data = file folder "run.jsonl", file folder "run.data.js"
                let before = if File.Exists log then FileInfo(log).Length else 0L

                eventually "it writes" (fun () ->
                    File.Exists log && FileInfo(log).Length > before + 100_000L)

                Thread.Sleep(random.Next 300)
                child.Kill()
                child.WaitForExit()
                let steps = (RunLog.read log).Scalar "loss"
                Expect.isTrue (steps |> Seq.forall (fun struct (step, value) -> float step = value)) "lines"
                Expect.equal (runs data).Length 1 "data"
                Expect.stringContains (File.ReadAllText(file folder "run.html")) "cotangentWatch(" "page")

        testCase "what can't be refreshed is told, and later it can be"
        <| inFolder (fun folder ->
            let path, data = file folder "run.html", file folder "run.data.js"

            using (new RunPageWriter(path, quick)) (fun writer ->
                File.Delete data
                // A folder that holds something can't be replaced by a file.
                File.WriteAllText(file (Directory.CreateDirectory(data).FullName) "x", "")

                let fails () =
                    try
                        writer.Write(RunEvent.Scalar(1, "loss", 1.0))
                        false
                    with :? IOException as e ->
                        e.Message.Contains "run.html"

                eventually "told" fails
                Directory.Delete(data, true)

                eventually "there again" (fun () ->
                    File.Exists data && File.ReadAllText(data).Contains "loss"))

            Expect.equal
                (numbers "steps" (scalar "loss" (Array.exactlyOne (runs path))))
                [ 1.0 ]
                "nothing is lost")

        testProperty "thinned curves keep their extremes, ends and what is no number" (fun (seed: int) ->
            let random = Random seed

            let values =
                Array.init (random.Next(2000, 20000)) (fun _ ->
                    if random.Next 3000 = 0 then nan else random.NextDouble())

            let places = Thinning.curve 600 values
            let kept = places |> Array.map (Array.get values)
            let finite = Array.filter Double.IsFinite

            places.Length <= 600
            && places = (Array.sort places |> Array.distinct)
            && places[0] = 0
            && Array.last places = values.Length - 1
            && Array.max (finite kept) = Array.max (finite values)
            && Array.min (finite kept) = Array.min (finite values)
            && Array.exists Double.IsNaN kept = Array.exists Double.IsNaN values)

        testCase "a long run stays small, with its peaks"
        <| inFolder (fun folder ->
            let path = file folder "run.html"

            using (RunPage.writer path) (fun writer ->
                for i in 1..100_000 do
                    let value = if i = 31_415 then 1e6 else sin (float i / 500.0)
                    writer.Write(RunEvent.Scalar(i, "loss", value)))

            let loss = scalar "loss" (Array.exactlyOne (runs path))
            let steps = numbers "steps" loss
            Expect.isLessThanOrEqual steps.Length 2000 "few points"
            Expect.equal (steps[0], List.last steps) (1.0, 100_000.0) "from begin to end"
            Expect.equal (List.max (numbers "values" loss)) 1e6 "the peak")

        testCase "runs on one page"
        <| inFolder (fun folder ->
            let log name = file (Directory.CreateDirectory(file folder name).FullName) "run.jsonl"
            let logs = [ log "first"; log "second"; file folder "other.jsonl" ]

            for i, each in List.indexed logs do
                using (JsonLines.writer each) (fun writer -> tell writer "loss" [ 1, float i ])

            let path = file folder "compare.html"
            RunPage.compare logs path

            Expect.equal
                (runs path |> Array.map (fun run -> run.GetProperty("name").GetString()))
                [| "first/run"; "second/run"; "other" |]
                "names that differ"

            Expect.equal
                (runs path |> Array.map (scalar "loss" >> numbers "values"))
                [| [ 0.0 ]; [ 1.0 ]; [ 2.0 ] |]
                "data"

            Expect.throwsT<ValueException> (fun () -> RunPage.compare [] path) "none")
    ]
