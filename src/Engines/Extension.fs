namespace Cotangent.Engines

open System
open System.Threading
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// What an assembly with a native library brings: faster kernels for the CPU, and other devices. The package
/// Cotangent.Torch has one; to reference the package is enough.
[<AbstractClass>]
type internal Extension() =
    /// For messages: the library, its version, where it was found.
    abstract Name: string

    /// Matrix products; ValueNone where the library has none that are faster than ours.
    abstract Blas: Blas voption

    /// The library's engine for arrays of the CPU. A DeviceException says why there is none.
    abstract Cpu: managed: Engine -> Engine

    /// The devices that it serves besides the CPU.
    abstract Devices: Device list

    /// The engine of such a device. A DeviceException says why there is none.
    abstract Serve: Device -> Engine

    /// What tensors hold of such a device's memory.
    abstract Memory: Device -> DeviceMemory

    /// The bytes that such a device has free, where that can be told. Where they are fewer than wanted, dead tensors are
    /// looked for first.
    abstract Room: Device * wanted: int64 -> int64 voption

    /// Waits until such a device has done all work given to it.
    abstract Synchronize: Device -> unit

/// Finding the extension: once, when something is first asked of it, so that programs with small tensors never load a
/// native library.
module internal Extension =
    /// The type that stands for the extension, as `Type.GetType` reads it.
    [<Literal>]
    let private Entry = "Cotangent.Torch.TorchExtension, Cotangent.Torch"

    let private found =
        later (fun () ->
            match Type.GetType(Entry, throwOnError = false) with
            | null -> None
            | entry ->
                match Activator.CreateInstance(entry, nonPublic = true) with
                | :? Extension as extension -> Some extension
                | _ -> None)

    /// The extension, if its assembly is there.
    let find () : Extension option = found.Value

    // ---- Whose kernels are used on the CPU ----

    // Not before it is asked for: an error in a static field would come wrapped in others.
    let private byDefault =
        later (fun () ->
            match Environment.GetEnvironmentVariable "COTANGENT_CPU_ENGINE" with
            | null
            | "" -> CpuEngine.Fastest
            | name ->
                match name.ToLowerInvariant() with
                | "fastest" -> CpuEngine.Fastest
                | "managed" -> CpuEngine.Managed
                | "libtorch" -> CpuEngine.Libtorch
                | _ ->
                    raise (
                        ValueException
                            $"The environment variable COTANGENT_CPU_ENGINE is \"{name}\"; it can be fastest, managed or libtorch."
                    ))

    let private chosen = AsyncLocal<CpuEngine voption>()
    let mutable private choices = 0

    /// Whether the CPU's engine may be another than the default, so that it has to be asked for.
    let isChosen () = byDefault.Value <> CpuEngine.Fastest || Volatile.Read &choices > 0

    let cpuEngine () = ValueOption.defaultValue byDefault.Value chosen.Value

    /// Whether everything shall be the native library's.
    let prefersLibrary () = isChosen () && cpuEngine () = CpuEngine.Libtorch

    let withCpuEngine engine (body: unit -> 'a) : 'a =
        let before = chosen.Value
        Interlocked.Increment &choices |> ignore
        chosen.Value <- ValueSome engine

        try
            body ()
        finally
            chosen.Value <- before
            Interlocked.Decrement &choices |> ignore

    /// The native matrix products, unless there are none or managed kernels are asked for.
    let blas () : Blas voption =
        if isChosen () && cpuEngine () = CpuEngine.Managed then
            ValueNone
        else
            match found.Value with
            | Some extension -> extension.Blas
            | None -> ValueNone
