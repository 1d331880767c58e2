/// The programs as a user runs them: what they print, write and end with.
module Samples.Tests.ProgramTests

open System
open System.Diagnostics
open System.IO
open Expecto

/// A sample as it was built along with these tests.
let built project =
    let bin = DirectoryInfo AppContext.BaseDirectory

    let configuration =
        match bin.Parent with
        | null -> "Release"
        | folder -> folder.Name

    let root = Path.Combine(__SOURCE_DIRECTORY__, "..", "..", "samples", project)
    Path.GetFullPath(Path.Combine(root, "bin", configuration, bin.Name, project + ".dll"))

let start project folder (arguments: string list) =
    let start =
        ProcessStartInfo(
            "dotnet",
            built project :: arguments,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        )

    nonNull (Process.Start start)

/// Exit code, output, errors.
let private run folder arguments =
    use child = start "SineGan" folder arguments
    let errors = child.StandardError.ReadToEndAsync()
    let output = child.StandardOutput.ReadToEnd()
    child.WaitForExit()
    child.ExitCode, output, errors.Result

let inFolder (work: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("cotangent-samples-").FullName

    try
        work folder
    finally
        Directory.Delete(folder, true)

let files folder =
    Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
    |> Array.map (fun file -> Path.GetRelativePath(folder, file))
    |> Array.sort

/// The arguments end the program at once, with a message that has this in it, and leave the folder as it was.
let private isRefused folder arguments (message: string) =
    let before = files folder
    let code, output, errors = run folder arguments
    let called = String.concat " " arguments
    Expect.equal code 2 $"{called}: the exit code"
    Expect.stringContains errors message called
    Expect.equal output "" $"{called}: nothing was trained"
    Expect.equal (files folder) before $"{called}: no file is left behind"

/// Whether we, and with us our children, are deaf to Ctrl-C, as what a shell starts in the background is.
let private isDeaf =
    let status = "/proc/self/status"

    File.Exists status
    && File.ReadLines status
       |> Seq.exists (fun line ->
           // SIGINT is the second signal.
           line.StartsWith "SigIgn:" && Convert.ToInt64(line["SigIgn:".Length ..].Trim(), 16) &&& 2L <> 0L)

/// Sends a signal once the training has reported. Exit code and all output.
let private interrupt signal (child: Process) =
    // A signal that is not heard makes a failure, not an endless test.
    use watch = new System.Timers.Timer(TimeSpan.FromMinutes 3.0, AutoReset = false)
    watch.Elapsed.Add(fun _ -> child.Kill())
    watch.Start()
    let first = child.StandardOutput.ReadLine()
    let report = child.StandardOutput.ReadLine()
    use kill = Process.Start("kill", [ signal; string child.Id ])
    kill.WaitForExit()
    let rest = child.StandardOutput.ReadToEnd()
    child.WaitForExit()
    child.ExitCode, $"{first}\n{report}\n{rest}"

let private endless = [ "--preset"; "article"; "--iterations"; "2000000000" ]

[<Tests>]
let tests =
    testList "Programs" [
        test "What can't be written is refused before the training" {
            inFolder (fun folder ->
                File.WriteAllText(Path.Combine(folder, "file"), "of the user")
                Directory.CreateDirectory(Path.Combine(folder, "there")) |> ignore

                for option in [ "--out"; "--metrics" ] do
                    isRefused folder [ option; "" ] $"{option} must name a file"
                    isRefused folder [ option; "there" ] "is a folder"
                    isRefused folder [ option; "not-there/" ] "is a folder"
                    isRefused folder [ option; "file/gan.html" ] $"{option} file/gan.html can't be written"

                isRefused folder [ "--out"; "one"; "--metrics"; "./one" ] "are the same file"
                Expect.equal (File.ReadAllText(Path.Combine(folder, "file"))) "of the user" "the user's file")
        }

        test "A name with slashes makes the folders, and is the name of what is written" {
            inFolder (fun folder ->
                let out, metrics = Path.Combine("a", "b", "page.htm"), Path.Combine("a", "figures")
                let code, output, _ = run folder [ "--iterations"; "50"; "--out"; out; "--metrics"; metrics ]
                Expect.equal code 0 "the exit code"
                Expect.equal (files folder) (Array.sort [| out; metrics |]) "the files"
                Expect.stringContains output (Path.Combine(folder, out)) "where it says that it drew"

                Expect.stringContains
                    (File.ReadAllText(Path.Combine(folder, out)))
                    "Sine GAN, wgan-gp"
                    "the page"

                Expect.stringContains
                    (File.ReadAllText(Path.Combine(folder, metrics)))
                    "energyDistance"
                    "the figures")
        }

        test "A page that is there is written over" {
            inFolder (fun folder ->
                File.WriteAllText(Path.Combine(folder, "gan.html"), String('x', 20_000_000))
                let code, _, _ = run folder [ "--iterations"; "50" ]
                Expect.equal code 0 "the exit code"
                let page = File.ReadAllText(Path.Combine(folder, "gan.html"))
                Expect.isFalse (page.Contains "xxxxxxxxxxxxxxxx") "nothing of the old page is left")
        }

        if not (OperatingSystem.IsWindows()) then
            for signal in [ "-TERM"; "-INT" ] do
                test $"kill {signal} draws what was reached" {
                    if signal = "-INT" && isDeaf then skiptest "what runs in the background has no Ctrl-C"

                    inFolder (fun folder ->
                        use child = start "SineGan" folder endless
                        let code, output = interrupt signal child
                        Expect.equal code 0 "the exit code"
                        Expect.stringContains output "Stopped after" "what it says"
                        Expect.equal (files folder) [| "gan.html" |] "the page")
                }

            test "kill -TERM ends the sample in C# with what was reached" {
                inFolder (fun folder ->
                    use child = start "SineGan.CSharp" folder [ "500000000" ]
                    let code, output = interrupt "-TERM" child
                    Expect.equal code 0 "the exit code"
                    Expect.stringContains output "energy distance" "what it measures")
            }

        test "The sample in C# refuses what is no number of iterations" {
            inFolder (fun folder ->
                for argument in [ "many"; "0"; "-3"; "1e9"; "" ] do
                    use child = start "SineGan.CSharp" folder [ argument ]
                    let errors = child.StandardError.ReadToEnd()
                    child.WaitForExit()
                    Expect.equal child.ExitCode 2 $"{argument}: the exit code"
                    Expect.stringContains errors $"'{argument}'" "what it says")
        }
    ]
