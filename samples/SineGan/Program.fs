module SineGan.Program

[<EntryPoint>]
let main _ = 0
