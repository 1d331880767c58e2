namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The text of a program's steps, for people.
module internal StepText =
    let private list (xs: int seq) = "[" + System.String.Join(" ", xs) + "]"

    let private access (a: Access) =
        let offset = if a.Offset = 0 then "" else $"+{a.Offset}"
        $"s{a.Slot}{offset}{list a.Strides}"

    let private view (v: View) = $"s{v.Slot}{Shape.show v.Shape}"

    let private instruction (i: Instruction) =
        match i with
        | Instruction.Load(dtype, a) -> $"{dtype} {access a}"
        | Instruction.Constant(value, dtype) -> $"{dtype} {OperationText.literal value}"
        | Instruction.Position(dtype, axis, start, step) -> $"{dtype} {start} + {step} i{axis}"
        | Instruction.Unary(op, a) -> $"{op} %%{a}"
        | Instruction.Binary(op, a, b) -> $"{op} %%{a} %%{b}"
        | Instruction.Select(c, a, b) -> $"where %%{c} %%{a} %%{b}"
        | Instruction.Convert(dtype, a) -> $"convert {dtype} %%{a}"
        | Instruction.Draw(draw, dtype, key, index) -> $"draw {draw} {dtype} by %%{key}, number %%{index}"
        | Instruction.Reduce(kind, a) -> $"fold {kind} %%{a}"

    let rec print (indent: string) (steps: Step[]) : string seq = seq {
        for step in steps do
            match step with
            | Step.Nest k ->
                $"{indent}nest {list k.Axes} folding {k.Reduced}"

                for i in 0 .. k.Body.Length - 1 do
                    $"{indent}    %%{i} = {instruction k.Body[i]}"

                for a, v in k.Stores do
                    $"{indent}    {access a} <- %%{v}"
            | Step.Product(a, b, target) -> $"{indent}product {view a} {view b} -> {view target}"
            | Step.Draw(draw, dtype, keys, _, target) ->
                $"{indent}draw {draw} {dtype} by {view keys} -> {view target}"
            | Step.Engine(p, inputs, targets) ->
                let inputs = inputs |> Array.map view |> String.concat " "

                let targets =
                    targets
                    |> Array.map (fun target ->
                        match target with
                        | ValueSome v -> view v
                        | ValueNone -> "nowhere")
                    |> String.concat " "

                $"{indent}engine {OperationText.primitive p} {inputs} -> {targets}"
            | Step.Scan s ->
                let direction = if s.Reverse then " backwards" else ""
                $"{indent}repeat {s.Count} times{direction}"
                yield! print (indent + "  ") s.Body
            | Step.While w ->
                $"{indent}while"
                yield! print (indent + "  ") w.Condition
                $"{indent}do"
                yield! print (indent + "  ") w.Round
            | Step.Cond(test, onTrue, onFalse) ->
                $"{indent}if {view test}"
                yield! print (indent + "  ") onTrue
                $"{indent}else"
                yield! print (indent + "  ") onFalse
    }
