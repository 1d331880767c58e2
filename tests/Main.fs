module Cotangent.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments =
    // Whoever reads an array after it went back to the pool shall read NaN.
    Cotangent.Engines.Recycling.spoil <- true
    // The verifier runs after every pass of the compiler.
    System.Environment.SetEnvironmentVariable("COTANGENT_VERIFY", "1")

    if arguments = [| WidthTests.Flag |] then
        printfn "%d" (WidthTests.best ())
        0
    elif arguments.Length > 1 && arguments[0] = WidthTests.ListsFlag then
        let lists = arguments[1].Split ';'

        // By whole names: the tests that start such programs are named after the lists, and must not run in them again.
        let isIn (path: string list) = path |> List.exists (fun name -> Array.contains name lists)

        match Impl.testFromThisAssembly () with
        | Some all -> runTestsWithCLIArgs [] arguments[2..] (Test.filter "." isIn all)
        | None -> 1
    elif arguments = [| SameNumbersTests.Flag |] then
        SameNumbersTests.print ()
        0
    elif arguments = [| ProgramMemoryTests.Flag |] then
        ProgramMemoryTests.little ()
        0
    elif arguments.Length = 2 && arguments[0] = WaitingTests.Flag then
        WaitingTests.run arguments[1]
        0
    elif arguments.Length > 1 && arguments[0] = ResumeTests.Flag then
        ResumeTests.child arguments[1..]
        0
    else
        runTestsInAssemblyWithCLIArgs [] arguments
