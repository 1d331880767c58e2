namespace Cotangent

open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// The check of what primitives make, while `Debug` has it on: a NaN or an infinity is found where it arises.
module internal NumberCheck =
    let host (b: Buffer) : HostBuffer = (Engines.forDevice b.Device).ToHost b

    /// The first number that a primitive made bad: NaN, or infinity, of what was not so already. An infinity may come in
    /// with the data, or be put in where a mask excludes; a NaN made of one is a fault.
    let private firstMadeBad (inputs: Buffer[]) (output: HostBuffer) =
        let bad =
            inputs
            |> Array.choose (fun b ->
                let host = host b
                if (Inspect.firstNonFinite host).IsSome then Some host else None)

        if bad.Length = 0 then Inspect.firstNonFinite output
        elif bad |> Array.exists (fun b -> (Inspect.firstNaN b).IsSome) then ValueNone
        else Inspect.firstNaN output

    /// Throws where it made one.
    let result (p: Primitive) (inputs: Buffer[]) (output: Buffer) : unit =
        if Ambient.checkingNumbers () && output.DType.HasDerivatives then
            let output = host output

            match Inspect.firstNonFinite output |> ValueOption.bind (fun _ -> firstMadeBad inputs output) with
            | ValueNone -> ()
            | ValueSome(struct (index, value)) ->
                let got =
                    inputs |> Array.map (fun b -> $"{b.DType} {Shape.show b.Shape}") |> String.concat ", "

                let where = if output.Shape.Length = 0 then "" else $" at {Shape.show index}"

                raise (
                    NumberException
                        $"`{p}` of ({got}) made {string value}{where} in its result of shape {Shape.show output.Shape}. Look at its inputs there: a division by 0, the logarithm or root of a number <= 0, or an overflow; guard it with `clamp` or `where`."
                )
