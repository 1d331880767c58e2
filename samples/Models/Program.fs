/// Runs the sample that the command line names.
module Models.Program

open Models
open Samples

let private samples = [
    Digits.sample
    ResNet.sample
    Vae.sample
    Dcgan.sample
    Text.sample
    Graph.sample
    Pendulum.sample
]

[<EntryPoint>]
let main arguments =
    match Options.parse (samples |> List.map _.Name) arguments with
    | Ok(name, options) ->
        let sample = samples |> List.find (fun sample -> sample.Name = name)
        Interruption.guard (Sample.run sample options)
    | Error message ->
        eprintfn "%s" message
        2
