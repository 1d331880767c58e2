/// Fourier transforms and operations by index tensors, by TorchSharp. Nothing here may be touched where libtorch is missing.
module Cotangent.Benchmarks.TorchOperations

open TorchSharp

let private disposing (f: unit -> torch.Tensor) : unit -> unit =
    fun () ->
        use _ = torch.NewDisposeScope()
        f () |> ignore

/// Transforms of Float64, or of complex numbers of such.
let fourier (name: string) (n: int) : unit -> unit =
    let real = torch.randn ([| int64 n |], dtype = torch.float64)
    let whole = torch.complex (real, torch.randn ([| int64 n |], dtype = torch.float64))

    match name with
    | "fft" -> disposing (fun () -> torch.fft.fft_ whole)
    | "rfft" -> disposing (fun () -> torch.fft.rfft real)
    | other -> invalidArg "name" other

/// By indices among so many places, of so many Float32.
let indexed (name: string) (n: int) (places: int) : (unit -> unit) option =
    let x = torch.randn [| int64 n |]
    let target = torch.zeros [| int64 places |]
    let indices = torch.randint (int64 places, [| int64 n |], dtype = torch.int64)

    match name with
    | "unique" ->
        Some(
            disposing (fun () ->
                let struct (all, _, _) = indices.unique (true, false, false)
                all)
        )
    | "add" -> Some(disposing (fun () -> target.scatter_add (0L, indices, x)))
    | "set" -> Some(disposing (fun () -> target.scatter (0L, indices, x)))
    | "take" -> Some(disposing (fun () -> target.index_select (0L, indices)))
    | "sort" ->
        Some(
            disposing (fun () ->
                let struct (sorted, _) = x.sort 0L
                sorted)
        )
    | "bincount" -> Some(disposing (fun () -> indices.bincount null))
    | "nonzero" -> Some(disposing (fun () -> (x.gt (torch.zeros [| 1L |])).nonzero()))
    // TorchSharp has no such.
    | _ -> None
