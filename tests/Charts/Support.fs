module Cotangent.Charts.Tests.Support

open System.IO
open Cotangent.Charts

/// What a test does in a folder of its own.
let inFolder (test: string -> unit) () =
    let folder = Directory.CreateTempSubdirectory("charts").FullName

    try
        test folder
    finally
        Directory.Delete(folder, recursive = true)

/// A file in a folder.
let file (folder: string) (name: string) = Path.Combine(folder, name)

/// Writes figures of one name.
let tell (writer: IRunWriter) (name: string) (points: (int * float) list) =
    for step, value in points do
        writer.Write(RunEvent.Scalar(step, name, value))
