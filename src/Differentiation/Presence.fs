namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Changes that are there or not, as turns out when a branch is taken: a condition passes them on in one branch alone. Where one
/// is not there it is 0, and no slope may make NaN of it, as ∞ would.
module internal Presence =
    /// Whether a change is there; ValueNone: it is.
    let ofChange (change: Tensor) : Tensor voption =
        match change with
        | Traced tracer -> tracer.Presence
        | Value _ -> ValueNone

    let mark (presence: Tensor voption) (change: Tensor) =
        match change with
        | Traced tracer when presence.IsSome -> tracer.Presence <- presence
        | Traced _
        | Value _ -> ()

    /// Of changes that are added up, or go through one map: there if any is.
    let ofAny (changes: Tensor voption[]) : Tensor voption =
        let either (a: Tensor) (b: Tensor) = if obj.ReferenceEquals(a, b) then a else a.Or b
        let all = changes |> Array.choose (ValueOption.map ofChange >> ValueOption.toOption)

        if Array.isEmpty all || all |> Array.exists _.IsNone then
            ValueNone
        else
            ValueSome(all |> Array.map _.Value |> Array.reduce either)

    /// What a primitive makes of changes that are there in some cases.
    let through (p: Primitive) (presence: Tensor voption) (made: Tensor) : Tensor =
        match presence with
        | ValueNone -> made
        | ValueSome isThere ->
            let kept = if Facts.isSteep p then where isThere made (Tensor.zerosLike made) else made

            let both =
                match ofChange kept with
                | ValueSome own when not (obj.ReferenceEquals(own, isThere)) -> ValueSome(own.And isThere)
                | ValueSome _
                | ValueNone -> presence

            mark both kept
            kept

    /// What a primitive's linear map makes of a change.
    let apply (p: Primitive) (map: Linear) (change: Tensor) : Tensor =
        through p (ofChange change) (Linear.apply map change)

    /// The same of a map of all inputs to all results.
    let applyAll (p: Primitive) (map: Tensor voption[] -> Tensor voption[]) (changes: Tensor voption[]) =
        let presence = ofAny changes
        let made = map changes
        if presence.IsNone then made else made |> Array.map (ValueOption.map (through p presence))

    let add (a: Tensor) (b: Tensor) : Tensor =
        let sum = Bind.binary Binary.Add a b
        mark (ofAny [| ValueSome a; ValueSome b |]) sum
        sum
