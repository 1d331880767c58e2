module Cotangent.Tests.ProfileTests

open System.IO
open System.Text.Json
open System.Threading.Tasks
open Expecto
open Cotangent

let private x = Random.normal (Key.create 0L) DType.Float32 [ 64; 64 ]

let private named (name: string) (report: ProfileReport) =
    report.Rows |> Array.filter (fun row -> row.Name = name)

let private first name report = Array.head (named name report)

let private calls (name: string) (report: ProfileReport) = named name report |> Array.sumBy _.Calls

let private f (x: Tensor) = iterate 50 (fun x -> tanh (matmul x x)) x

[<Tests>]
let tests =
    testList "Profile" [
        test "each primitive, its shapes, bytes and calls" {
            let y, report =
                Profile.run (fun () ->
                    let y = matmul x x
                    exp (exp y))

            Expect.equal (calls "matmul" report) 1 "matmul"
            Expect.equal (calls "exp" report) 2 "exp"
            let product = first "matmul" report
            Expect.equal product.Shapes "(64, 64) (64, 64)" "shapes"
            Expect.equal product.Bytes (3L * 64L * 64L * 4L) "two operands and a result"
            Expect.equal product.Work ProfiledWork.Primitive "work"

            Expect.equal
                (y.ToData<float32[][]>())
                ((exp (exp (matmul x x))).ToData<float32[][]>())
                "the result"
        }

        test "the line that called" {
            let _, report = Profile.run (fun () -> matmul x x)
            Expect.stringContains (first "matmul" report).Place "ProfileTests.fs:" "place"
        }

        test "kernels of compiled functions, each round of a loop" {
            let g = compile f
            let expected = (g x).ToData<float32[][]>()
            let y, report = Profile.run (fun () -> g x)
            Expect.equal (calls "matmul" report) 50 "products"
            Expect.equal (calls "tanh" report) 50 "kernels"
            Expect.equal (first "tanh" report).Work ProfiledWork.Kernel "work"
            Expect.equal (calls "compile" report) 0 "it was compiled before"
            Expect.equal (y.ToData<float32[][]>()) expected "the same numbers"
        }

        test "fused operations are named in their order" {
            let g = compile (fun (x: Tensor) -> tanh (x * 2.0f + 1.0f))
            g x |> ignore
            let _, report = Profile.run (fun () -> g x)
            Expect.equal (report.Rows |> Array.map _.Name) [| "multiply add tanh" |] "names"
            Expect.equal report.Rows[0].Shapes "(64, 64)" "loops"
        }

        test "a compilation is a row" {
            let _, report = Profile.run (fun () -> (compile f) x)
            Expect.equal (calls "compile" report) 1 "compilations"
        }

        test "derivatives, too" {
            let _, report = Profile.run (fun () -> grad (fun x -> sum (matmul x x)) x)
            Expect.equal (calls "matmul" report) 3 "one forward, two back"
        }

        test "times add up" {
            let _, report = Profile.run (fun () -> f x)
            let inside = report.Rows |> Array.sumBy _.Time.TotalSeconds
            Expect.isLessThanOrEqual inside (report.Total.TotalSeconds + 1e-4) "rows are within the whole"
            Expect.isLessThanOrEqual (report.Rows |> Array.sumBy _.Share) 1.001 "shares"

            Expect.equal
                (report.Rows |> Array.map _.Time)
                (report.Rows |> Array.map _.Time |> Array.sortDescending)
                "the longest first"
        }

        test "what tasks do belongs to it, what is done outside does not" {
            let _, report = Profile.run (fun () -> Task.Run(fun () -> matmul x x |> ignore).Wait())

            Expect.equal (calls "matmul" report) 1 "in the task"
            let _, empty = Profile.run ignore
            matmul x x |> ignore
            Expect.isEmpty empty.Rows "outside"
        }

        test "an inner profile has its own" {
            let (_, inner), outer =
                Profile.run (fun () ->
                    matmul x x |> ignore
                    Profile.run (fun () -> exp x))

            Expect.equal (inner.Rows |> Array.map _.Name) [| "exp" |] "inner"
            Expect.equal (outer.Rows |> Array.map _.Name) [| "matmul" |] "outer"
        }

        test "an error goes through, and nothing is recorded afterwards" {
            Expect.throwsT<ShapeException>
                (fun () -> Profile.run (fun () -> matmul x (x.Reshape [ 32; 128 ])) |> ignore)
                "error"

            Expect.isFalse (Ambient.anyActive () && not (isNull (Profiling.current ()))) "over"
        }

        test "the trace is JSON that has every call" {
            let path = Path.GetTempFileName()

            try
                let _, report = Profile.run (fun () -> f x)
                report.WriteTrace path
                use json = JsonDocument.Parse(File.ReadAllText path)
                let events = json.RootElement.GetProperty "traceEvents"
                Expect.equal (events.GetArrayLength()) (report.Rows |> Array.sumBy _.Calls) "events"
                let first = events[0]
                Expect.equal (first.GetProperty("ph").GetString()) "X" "complete events"
                Expect.isGreaterThanOrEqual (first.GetProperty("ts").GetDouble()) 0.0 "from the start on"

                Expect.equal
                    (first.GetProperty("args").GetProperty("shapes").GetString())
                    "(64, 64) (64, 64)"
                    "shapes"
            finally
                File.Delete path
        }

        test "the table" {
            let _, report = Profile.run (fun () -> f x)
            let lines = (report.Table 1).Split '\n'
            Expect.equal lines.Length 5 "a head, one row, the others, the rest, the total"
            Expect.stringContains lines[0] "GB/s" "head"
            Expect.stringContains lines[4] "total" "foot"
        }
    ]
