/// The public surface of each assembly against the recorded one.
module Cotangent.Packages.Tests.PublicApiTests

open System.IO
open DiffPlex.DiffBuilder
open DiffPlex.DiffBuilder.Model
open Expecto

/// The lines that differ, below the lines that say of which type or module they are.
let difference (recorded: string) (built: string) =
    let indentation (line: string) = line.Length - line.TrimStart().Length

    /// The lines around one, outermost first; and the lines shown last with what was around them.
    let show (around: string list, context: string list, shown: string list) (piece: DiffPiece) =
        let line = Option.defaultValue "" (Option.ofObj piece.Text)

        let outer =
            if line = "" then
                []
            else
                around |> List.filter (fun above -> indentation above < indentation line)

        let change sign =
            let headings = outer |> List.except context |> List.map (fun above -> $"  {above}")
            outer @ [ line ], outer @ [ line ], shown @ headings @ [ $"{sign} {line}" ]

        match piece.Type with
        | ChangeType.Inserted when line <> "" -> change "+"
        | ChangeType.Deleted when line <> "" -> change "-"
        | _ -> outer @ [ line ], context, shown

    let _, _, shown =
        InlineDiffBuilder.Diff(recorded, built, ignoreWhiteSpace = false).Lines
        |> Seq.fold show ([], [], [])

    shown

let private compareWithRecord (assembly: PublicApi.PublicAssembly) = test assembly.Name {
    let file = PublicApi.recordFile assembly
    let recorded = if File.Exists file then File.ReadAllText file else ""

    match difference (recorded.ReplaceLineEndings "\n") (PublicApi.surface assembly) with
    | [] -> ()
    | changes ->
        let lines = String.concat "\n" changes

        failtest
            $"The public API of {assembly.Name} is not the one recorded in {assembly.Record} \
              (- recorded, + built):\n\n{lines}\n\n\
              If that is meant, record it with `dotnet fsi build.fsx api` and commit the file."
}

[<Tests>]
let tests =
    testList "Public API" [
        yield! List.map compareWithRecord PublicApi.assemblies
        test "every assembly of a package has a record" {
            let shipped =
                Feed.packages.Value
                |> List.collect _.Assemblies
                |> List.map (fun entry -> Path.GetFileNameWithoutExtension entry)

            Expect.containsAll
                [ for assembly in PublicApi.assemblies -> assembly.Name ]
                shipped
                "PublicApi.assemblies"
        }
        test "a difference is shown below its type" {
            let recorded =
                "namespace N\n\nmodule A =\n  val f: int\n  val g: int\n\nmodule B =\n  val f: int\n"

            let built = "namespace N\n\nmodule A =\n  val f: int\n  val g: bool\n\nmodule B =\n  val f: int\n"

            Expect.equal
                (difference recorded built)
                [ "  module A ="; "-   val g: int"; "+   val g: bool" ]
                "one changed line"

            Expect.equal
                (difference recorded (recorded + "\ntype C =\n  | D\n  | E\n"))
                [ "+ type C ="; "+   | D"; "+   | E" ]
                "an added type, named once"

            Expect.isEmpty (difference recorded recorded) "no change"
        }
    ]
