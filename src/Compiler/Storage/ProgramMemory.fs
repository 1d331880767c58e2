namespace Cotangent

/// <summary>What one call of a compiled function takes of memory, in bytes, by its plan.</summary>
/// <example><code>
/// let memory = Compile.memory (fun x -> sum (sin x)) (Tensor.linspace DType.Float64 0.0 1.0 1000)
/// memory.Arguments // 8000
/// memory.Results // 8
/// </code></example>
type ProgramMemory = {
    /// <summary>The tensors of the argument: numbers that a broadcast repeats count once.</summary>
    Arguments: int64
    /// <summary>Those of the result that are made anew.</summary>
    Results: int64
    /// <summary>Those of the result that take over the memory of donated arguments.</summary>
    InPlace: int64
    /// <summary>
    /// All values between, which share memory where they are not needed at the same time, and copies of those tensors of the
    /// argument that do not lie in memory row by row.
    /// </summary>
    Between: int64
    /// <summary>The largest results and values between, in words.</summary>
    Largest: string
} with

    /// <summary>All together: the most that there is at one time.</summary>
    member m.Peak = m.Arguments + m.Results + m.Between

namespace Cotangent.Compiler

open System
open Cotangent
open Cotangent.Engines

/// Telling of memory that would not fit, before it is taken.
module internal MemoryNeeds =
    /// Less is not worth asking for.
    [<Literal>]
    let private Small = 67108864L

    let bytes (n: int64) = HostMemory.inWords n

    /// The three largest of values with their bytes, in words.
    let largest (values: (string * int64) seq) : string =
        values
        |> Seq.sortByDescending snd
        |> Seq.truncate 3
        |> Seq.map (fun (value, n) -> $"{value}, {bytes n}")
        |> String.concat "; "

    let describe (name: string) (m: ProgramMemory) (limit: string) =
        $"{name}: one call needs {bytes m.Peak} of memory ({bytes m.Arguments} of arguments, {bytes m.Results} of results, {bytes m.Between} between), and {limit}. Largest: {m.Largest}. Use smaller batches, `scan` over parts of the data, `checkpoint` around what reverse mode keeps, `compileDonating` where arguments are not needed afterwards, or a smaller dtype."

    /// What a call takes beside its arguments, which are there already.
    let wanted (m: ProgramMemory) = m.Results + m.Between

    /// Throws a MemoryException if a call can't have that much of what a device has free.
    let require (name: string) (m: ProgramMemory) (place: string) (free: int64) =
        if wanted m > free then
            raise (MemoryException(describe name m $"beside the arguments {place} has {bytes free} free"))

    /// The same for main memory, where so many bytes at most are taken. An arena is one array, which has a limit of its own.
    let requireHost
        (name: string)
        (needs: Lazy<ProgramMemory>)
        (most: int64)
        (arenas: struct (DType * int64)[])
        =
        if most >= Small && wanted needs.Value >= Small then
            let m = needs.Value
            require name m "this machine" (HostMemory.room (wanted m))

            for struct (dtype, n) in arenas do
                if n > int64 Array.MaxLength then
                    let most = int64 Array.MaxLength * int64 dtype.Size

                    raise (
                        MemoryException(
                            describe
                                name
                                m
                                $"values between of one dtype, here {dtype}, must fit into {bytes most}"
                        )
                    )

    /// The machine has no more memory.
    let exhausted (name: string) (needs: Lazy<ProgramMemory>) =
        MemoryException(describe name needs.Value "the machine has no more left")
