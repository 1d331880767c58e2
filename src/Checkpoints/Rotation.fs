namespace Cotangent.Checkpoints

open System
open System.Globalization
open System.IO
open System.Threading
open System.Threading.Tasks
open Cotangent

/// Work on a thread of its own.
module internal Background =
    let start (cancellation: CancellationToken) (work: unit -> unit) : Task =
        Task.Factory.StartNew(work, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default)

/// One piece of work at a time, behind the back of whoever gives it. What goes wrong in one is raised when the next is given, or in
/// the end.
[<Sealed>]
type internal Behind() =
    let mutable running = Task.CompletedTask

    /// Waits for what runs.
    member _.Wait() =
        let last = running
        running <- Task.CompletedTask
        last.GetAwaiter().GetResult()

    member behind.Give(work: unit -> unit) =
        behind.Wait()
        running <- Background.start CancellationToken.None work

/// The checkpoints of a training in one folder: `step-000001200.safetensors`.
module internal Rotation =
    [<Literal>]
    let private Beginning = "step-"

    [<Literal>]
    let private Ending = ".safetensors"

    let private stepOf (path: string) : int voption =
        let name = Unchecked.nonNull (Path.GetFileNameWithoutExtension path)

        match
            Int32.TryParse(name.Substring Beginning.Length, NumberStyles.None, CultureInfo.InvariantCulture)
        with
        | true, step -> ValueSome step
        | _ -> ValueNone

    /// In the order of their steps.
    let files (folder: string) : CheckpointFile[] =
        if Directory.Exists folder then
            [|
                for path in Directory.GetFiles(folder, Beginning + "*" + Ending) do
                    match stepOf path with
                    | ValueSome step -> { Step = step; Path = path }
                    | ValueNone -> ()
            |]
            |> Array.sortBy _.Step
        else
            [||]

    /// The newest one that is whole.
    let newest (folder: string) : CheckpointFile option =
        // A training that runs meanwhile may remove one that was there: then there are newer ones.
        let rec find (tries: int) =
            let mutable vanished = false

            let isWhole (each: CheckpointFile) =
                try
                    use _ = SafetensorsFile.Open("Checkpoint.latest", each.Path)
                    true
                with
                | :? FileException -> false
                | :? FileNotFoundException ->
                    vanished <- true
                    false

            match files folder |> Array.tryFindBack isWhole with
            | None when vanished && tries > 0 -> find (tries - 1)
            | found -> found

        find 100

    let requireKeep (operation: string) (keep: int) =
        if keep < 1 then
            raise (ValueException $"{operation}: {keep} checkpoints to keep; it must be at least 1.")

    /// The path of a step's checkpoint; throws where it would not be the last.
    let require (operation: string) (keep: int) (folder: string) (step: int) : string =
        requireKeep operation keep

        if step < 0 then
            raise (ValueException $"{operation}: {step} as a step; it must not be negative.")

        match Array.tryLast (files folder) with
        | Some last when last.Step > step ->
            raise (
                ValueException
                    $"{operation}: step {step} in '{folder}', where a checkpoint of step {last.Step} is. Go on from that one by `Checkpoint.resume`, or take another folder."
            )
        | _ -> ()

        let number = step.ToString("D9", CultureInfo.InvariantCulture)
        Path.Combine(folder, Beginning + number + Ending)

    /// Removes all but the last ones, and what writers left that were ended.
    let removeAllBut (keep: int) (folder: string) =
        AtomicFile.removeLeftovers folder (Beginning + "*" + Ending)
        let all = files folder

        for each in Array.truncate (all.Length - keep) all do
            try
                File.Delete each.Path
            with
            // Somebody reads it: it goes next time.
            | :? IOException
            | :? UnauthorizedAccessException -> ()
