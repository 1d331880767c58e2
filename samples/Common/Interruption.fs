/// Ending a training early: with what it reached, and not with a lost one.
module Samples.Interruption

open System
open System.Runtime.InteropServices
open System.Threading

/// Runs work with a token that the first Ctrl-C cancels, and SIGTERM, which machines that shut down and job queues send. A
/// second Ctrl-C ends the program.
let guard (work: CancellationToken -> 'a) : 'a =
    // Not disposed: a signal may come at any time until the program is gone.
    let cancellation = new CancellationTokenSource()

    let onTerminate (context: PosixSignalContext) =
        context.Cancel <- true
        cancellation.Cancel()

    Console.CancelKeyPress.Add(fun e ->
        e.Cancel <- not cancellation.IsCancellationRequested
        cancellation.Cancel())

    use _ = PosixSignalRegistration.Create(PosixSignal.SIGTERM, onTerminate)
    work cancellation.Token
