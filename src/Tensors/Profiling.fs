namespace Cotangent

open System.Threading
open System.Collections.Generic
open System.Diagnostics

/// <summary>What the time of a profiled call went to.</summary>
/// <example><code>
/// let _, report = Profile.run (fun () -> exp (tensor [ 1.0; 2.0 ]))
/// report.Rows[0].Work = ProfiledWork.Primitive // true
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type ProfiledWork =
    /// One primitive, evaluated by an engine.
    | Primitive
    /// A loop nest of a compiled function: primitives fused into one kernel.
    | Kernel
    /// Making a program of a function: passes, the memory plan, machine code.
    | Compilation

/// One thing that was done while a profile was taken. Times are those of `Stopwatch`, in ticks.
[<NoComparison; NoEquality; Struct>]
type internal ProfileEvent = {
    Work: ProfiledWork
    Name: string
    Detail: string
    Start: int64
    Ticks: int64
    /// Bytes that were read and written, each operand and each result once.
    Bytes: int64
    Thread: int
    /// File and line of the first caller that is not the library's, or nothing.
    Place: string
}

/// Collects what is done during one profile, by any thread.
[<Sealed>]
type internal ProfileRecorder() =
    let events = List<ProfileEvent>()
    let mutable overhead = 0L

    /// Ticks that the recording itself took.
    member _.Overhead = Interlocked.Read &overhead

    /// Does some work for the recording's own sake, which is no part of the profile.
    member _.Apart(work: unit -> 'r) : 'r =
        let start = Stopwatch.GetTimestamp()

        try
            work ()
        finally
            Interlocked.Add(&overhead, Stopwatch.GetTimestamp() - start) |> ignore

    /// Does some work, and records how long it took: until it is done, on a device, too.
    member _.Time
        (kind, name: unit -> string, detail: unit -> string, bytes: 'r -> int64, work: unit -> 'r)
        : 'r =
        let start = Stopwatch.GetTimestamp()
        let result = work ()
        let stop = Stopwatch.GetTimestamp()

        let event = {
            Work = kind
            Name = name ()
            Detail = detail ()
            Start = start
            Ticks = stop - start
            Bytes = bytes result
            Thread = System.Environment.CurrentManagedThreadId
            Place = SourcePlace.find ()
        }

        lock events (fun () -> events.Add event)
        Interlocked.Add(&overhead, Stopwatch.GetTimestamp() - stop) |> ignore
        result

    member _.Events = lock events (fun () -> events.ToArray())

/// The profile that is being taken of the running code, if any. Flows with async code and tasks.
module internal Profiling =
    let private recorder = AsyncLocal<ProfileRecorder | null>()

    let current () : ProfileRecorder | null = if Ambient.anyActive () then recorder.Value else null

    let during (r: ProfileRecorder) (body: unit -> 'a) : 'a = Ambient.during recorder r body

    let bytes (buffers: Buffer[]) =
        buffers |> Array.sumBy (fun b -> int64 (Shape.count b.Shape) * int64 b.DType.Size)

    /// Shapes of operands, for people.
    let shapes (buffers: Buffer[]) = buffers |> Array.map (fun b -> Shape.show b.Shape) |> String.concat " "
