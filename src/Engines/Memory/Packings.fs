namespace Cotangent.Engines

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open Cotangent

/// Views of constants with the panels that were made of them. They are kept with the constant's array, for all programs that hold it, and
/// go with it.
module internal Packings =
    let private kept =
        ConditionalWeakTable<Array, ConcurrentDictionary<int list * int list * int, Packing>>()

    /// A view of a constant's array.
    let view (constant: HostBuffer) (shape: int[]) (strides: int[]) (offset: int) : HostBuffer =
        let ofArray = kept.GetValue(constant.Data, (fun _ -> ConcurrentDictionary()))
        let key = List.ofArray shape, List.ofArray strides, offset
        let view = Buffers.view constant.DType constant.Data shape strides offset
        view.Packing <- ofArray.GetOrAdd(key, (fun _ -> Packing()))
        view
