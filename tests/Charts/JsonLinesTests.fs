module Cotangent.Charts.Tests.JsonLinesTests

open System
open System.IO
open Expecto
open Cotangent
open Cotangent.Charts
open Cotangent.Charts.Tests.Support

[<Tests>]
let tests =
    testList "JSON lines" [
        testProperty
            "any figure comes back bit for bit"
            (fun (value: float) (name: FsCheck.NonWhiteSpaceString) ->
                let event = RunEvent.Scalar(3, name.Get, value)
                // JSON has no lone halves of surrogate pairs.
                let name = Text.Encoding.UTF8.GetString(Text.Encoding.UTF8.GetBytes name.Get)

                match EventLine.read (Text.Encoding.UTF8.GetString(EventLine.write event).TrimEnd '\n') with
                | Ok { Step = 3L; Name = n; Time = t; Content = RunContent.Scalar v } ->
                    n = name && t = event.Time && (v.Equals value)
                | _ -> false)

        testCase "all kinds come back"
        <| inFolder (fun folder ->
            let path = file folder "run.jsonl"
            let numbers = Random.normal (Key.create 0L) DType.Float32 [ 100 ]

            using (JsonLines.writer path) (fun writer ->
                writer.Write(RunEvent.Plan(200L, 4))
                writer.Write(RunEvent.Text(0, "model", "two lines\nof <text> and “more”"))
                tell writer "loss" [ 1, nan; 2, infinity; 3, -infinity; 4, 1e-300 ]
                writer.Write(RunEvent.Histogram(4, "w", numbers))
                writer.Write(RunEvent.Histogram(5, "w", tensor [ nan ]))
                writer.Write(RunEvent.Picture(4, "p", Tensor.ones DType.Float32 [ 1; 2; 2 ]))
                writer.Write(RunEvent.End(5, RunEnd.Stopped "enough")))

            let log = RunLog.read path
            let of' pick = log.Events |> Seq.choose (fun e -> pick e.Content) |> List.ofSeq
            let values = RunLog.scalar "loss" log |> List.map snd
            Expect.isTrue (Double.IsNaN values[0]) "NaN"
            Expect.equal values[1..] [ infinity; -infinity; 1e-300 ] "figures"

            let histograms =
                of' (function
                    | RunContent.Histogram h -> Some h
                    | _ -> None)

            let own = Histogram.OfTensor numbers
            Expect.equal histograms[0].Counts own.Counts "counts"
            Expect.equal histograms[0].Quantiles own.Quantiles "quantiles"
            Expect.equal (histograms[1].Count, histograms[1].NonFinite) (0L, 1L) "nothing finite"

            let png =
                of' (function
                    | RunContent.Picture p -> Some p.Png
                    | _ -> None)

            Expect.equal png [ Picture.OfTensor(Tensor.ones DType.Float32 [ 1; 2; 2 ]).Png ] "picture"

            let rest =
                of' (function
                    | RunContent.Text t -> Some t
                    | RunContent.Plan(steps, epochs) -> Some $"{steps} in {epochs}"
                    | RunContent.End how -> Some(string how)
                    | _ -> None)

            Expect.equal
                rest
                [ "200 in 4"; "two lines\nof <text> and “more”"; "Stopped \"enough\"" ]
                "the rest")

        testCase "a resumed run goes on, and its steps count"
        <| inFolder (fun folder ->
            let path = file folder "run.jsonl"

            using (JsonLines.writer path) (fun writer ->
                tell writer "loss" [ 10, 1.0; 20, 2.0; 30, 3.0; 35, 3.5 ]
                writer.Write(RunEvent.End(35, RunEnd.Failed "no more power")))

            using (JsonLines.writer path) (fun writer -> tell writer "loss" [ 20, -2.0; 30, -3.0 ])
            let log = RunLog.read path
            Expect.equal (RunLog.scalar "loss" log) [ 10, 1.0; 20, -2.0; 30, -3.0 ] "the later"
            Expect.equal log.Events.Count 3 "it has not ended any more"
            Expect.equal (File.ReadAllLines(path).Length) 7 "all are in the file")

        testCase "a line that was cut off goes, the others stay"
        <| inFolder (fun folder ->
            let path = file folder "run.jsonl"
            using (JsonLines.writer path) (fun writer -> tell writer "loss" [ 1, 1.0; 2, 2.0 ])
            let whole = File.ReadAllBytes path

            for cut in 1..40 do
                File.WriteAllBytes(path, whole[.. whole.Length - 1 - cut])
                Expect.equal (RunLog.read path |> RunLog.scalar "loss") [ 1, 1.0 ] "read as it is"
                using (JsonLines.writer path) (fun writer -> tell writer "loss" [ 3, 3.0 ])
                Expect.equal (RunLog.read path |> RunLog.scalar "loss") [ 1, 1.0; 3, 3.0 ] "gone on")

        testCase "it is read while it is written"
        <| inFolder (fun folder ->
            let path = file folder "run.jsonl"

            using (JsonLines.writer path) (fun writer ->
                for i in 1..3 do
                    tell writer "loss" [ i, float i ]
                    Expect.equal (RunLog.read(path).Events.Count) i "there at once"))

        testCase "what is no run is named, and where"
        <| inFolder (fun folder ->
            let path = file folder "run.jsonl"
            let good = """{"step":1,"time":"2026-01-01T00:00:00+00:00","name":"loss","scalar":1}"""

            for bad in
                [
                    "<html>"
                    ""
                    "[]"
                    "{}"
                    """{"step":1,"time":"2026-01-01T00:00:00+00:00","name":"loss","scalar":"many"}"""
                    """{"step":1.5,"time":"2026-01-01T00:00:00+00:00","name":"loss","scalar":1}"""
                    """{"step":1,"time":"yesterday","name":"loss","scalar":1}"""
                    """{"step":1,"time":"2026-01-01T00:00:00+00:00","name":null,"scalar":1}"""
                    """{"step":1,"time":"2026-01-01T00:00:00+00:00","name":"w","histogram":{"count":1,"nonFinite":0,"sum":1,"sumOfSquares":1,"edges":[],"counts":[1],"quantiles":[]}}"""
                    """{"step":1,"time":"2026-01-01T00:00:00+00:00","name":"end","end":{"how":"somehow"}}"""
                ] do
                File.WriteAllText(path, good + "\n" + bad + "\n" + good + "\n")

                Expect.throwsC (fun () -> RunLog.read path |> ignore) (fun e ->
                    Expect.isTrue (e :? FileException) $"kind of {bad}: {e}"
                    Expect.stringContains e.Message "line 2" "where"))

        testCase "a figure that is not there is told with those that are"
        <| inFolder (fun folder ->
            let path = file folder "run.jsonl"
            using (JsonLines.writer path) (fun writer -> tell writer "loss" [ 1, 1.0 ])

            Expect.throwsC (fun () -> RunLog.read path |> RunLog.scalar "losss" |> ignore) (fun e ->
                Expect.stringContains e.Message "there are: loss" "message"))
    ]
