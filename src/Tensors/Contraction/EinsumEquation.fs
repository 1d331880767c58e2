namespace Cotangent

open System

/// Einstein's notation: `bij,bjk->bik` has a letter for each axis of the operands and of the result, and three dots for axes
/// that have none. A letter is a label; axes under the dots have labels too, that nobody can write.
module internal EinsumEquation =
    /// The three dots, as one character.
    let rest = '…'

    /// The label of an axis under the dots, counted from the last.
    let restLabel (fromLast: int) : char = char (0xE000 + fromLast)

    let private fail (equation: string) (at: int) (problem: string) =
        raise (ValueException $"einsum: in \"{equation}\", at character {at + 1}: {problem}.")

    /// The labels of a part, in order, and the place of each in the equation.
    let private labels (equation: string) first next =
        let found = ResizeArray<struct (char * int)>()
        let mutable i = first

        while i < next do
            let c = equation[i]

            if Char.IsAsciiLetter c then
                found.Add(struct (c, i))
            elif c = '.' then
                if String.CompareOrdinal(equation, i, "...", 0, 3) <> 0 || i + 3 > next then
                    fail equation i "three dots stand for the axes without letters, never one or two"

                if found.Exists(fun (struct (other, _)) -> other = rest) then
                    fail
                        equation
                        i
                        "the dots stand here a second time, and which axes are whose can't be told"

                found.Add(struct (rest, i))
                i <- i + 2
            elif not (Char.IsWhiteSpace c) then
                fail equation i $"'{c}' is no letter from a to z or A to Z, no comma, no arrow -> and no dots"

            i <- i + 1

        found

    let private text (found: ResizeArray<struct (char * int)>) =
        String [| for struct (label, _) in found -> label |]

    /// What a result is that nobody wrote: the dots, then the letters that stand once, in the order of the alphabet.
    let private implied (inputs: string[]) =
        let all = String.Concat inputs

        let once = [|
            for c in all do
                if c <> rest && all.IndexOf c = all.LastIndexOf c then c
        |]

        Array.sortInPlace once
        (if all.Contains rest then string rest else "") + String once

    /// The labels of each operand, and those of the result.
    let parse (equation: string) : struct (string[] * string) =
        let arrow = equation.IndexOf("->", StringComparison.Ordinal)
        let next = if arrow < 0 then equation.Length else arrow

        let inputs = [|
            let mutable first = 0

            while first <= next do
                let comma = equation.IndexOf(',', first, next - first)
                let last = if comma < 0 then next else comma
                text (labels equation first last)
                first <- last + 1
        |]

        if arrow < 0 then
            struct (inputs, implied inputs)
        else
            let output = labels equation (arrow + 2) equation.Length
            let known = String.Concat inputs

            for i in 0 .. output.Count - 1 do
                let struct (label, at) = output[i]

                let name = if label = rest then "..." else string label

                if not (known.Contains label) then
                    fail equation at $"{name} stands in no operand, and so has no size"

                if output.FindIndex(fun (struct (other, _)) -> other = label) < i then
                    fail
                        equation
                        at
                        $"{name} stands in the result a second time; `Tensor.diag` makes a matrix of a diagonal"

            struct (inputs, text output)
