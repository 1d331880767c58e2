(**
---
title: Architecture
category: Project
categoryindex: 4
index: 1
description: The parts of the library in compile order, what uses what, and where to look for what.
---
*)
(*** hide ***)
#load "../site/page.fsx"

open Page

open System
open System.IO
open System.Net
open System.Text.RegularExpressions
open System.Xml.Linq

/// The files of the library in compile order, each with its part: its folder, of which two levels count; a file of the top
/// folder is a part of its own.
let files =
    XDocument.Load(Path.Combine(repository, "src/Cotangent.fsproj")).Descendants "Compile"
    |> Seq.map (fun item -> item.Attribute("Include").Value.Replace('\\', '/'))
    |> Seq.map (fun path ->
        let part =
            match Path.GetDirectoryName path with
            | ""
            | null -> Path.GetFileNameWithoutExtension path
            | folder -> folder.Split '/' |> Array.truncate 2 |> String.concat "/"

        part, path)
    |> Seq.toArray

let code (path: string) =
    let text = File.ReadAllText(Path.Combine(repository, "src", path))
    Regex.Replace(text, "(?m)//.*$|\"(\\\\.|[^\"\\\\])*\"", "")

/// Types and modules that a file defines.
let definitions (text: string) =
    Regex.Matches(
        text,
        @"(?m)^\s*(?:type|and|module)\s+(?:\[<[^>]*>\]\s*)?(?:internal\s+|private\s+)?(?:rec\s+)?([A-Z]\w*)"
    )
    |> Seq.map (fun m -> m.Groups[1].Value)
    |> Set.ofSeq

let words (text: string) =
    Regex.Matches(text, @"\b[A-Z]\w*\b") |> Seq.map _.Value |> Set.ofSeq

let parts = files |> Array.map fst |> Array.distinct
let texts = files |> Array.map (fun (part, path) -> part, path, code path)

/// A name belongs to the file that defines it first; later definitions mostly extend it.
let home =
    texts
    |> Seq.collect (fun (part, path, text) ->
        definitions text |> Seq.map (fun name -> name, part))
    |> Seq.rev
    |> Map.ofSeq

/// How many files of one part use names of another.
let uses =
    texts
    |> Seq.collect (fun (part, _, text) ->
        words text
        |> Seq.choose home.TryFind
        |> Seq.filter ((<>) part)
        |> Seq.distinct
        |> Seq.map (fun used -> part, used))
    |> Seq.countBy id
    |> Seq.filter (fun ((user, used), _) ->
        Array.IndexOf(parts, user) > Array.IndexOf(parts, used))
    |> Seq.toArray

/// Boxes from top to bottom in compile order; an arc from each part to each part that it uses.
let drawing =
    let names part =
        files
        |> Array.filter (fst >> (=) part)
        |> Array.map (fun (_, path) -> Path.GetFileNameWithoutExtension path)
        |> Array.filter ((<>) part)

    // Lines of file names, broken at a width.
    let wrapped part =
        (([ "" ]: string list), names part)
        ||> Array.fold (fun lines name ->
            match lines with
            | line :: rest when (line + name).Length < 46 ->
                (line + (if line = "" then "" else "  ") + name) :: rest
            | lines -> name :: lines)
        |> List.rev
        |> List.filter ((<>) "")

    let heights = parts |> Array.map (fun part -> 34 + 17 * (wrapped part).Length)
    let tops = heights |> Array.scan (fun top h -> top + h + 14) 8
    let middle i = tops[i] + heights[i] / 2
    let place part = Array.IndexOf(parts, part)

    let box i =
        let part = parts[i]

        let lines =
            wrapped part
            |> List.mapi (fun n line ->
                $"<text class=\"mono quiet\" x=\"22\" y=\"{tops[i] + 42 + 17 * n}\" xml:space=\"preserve\">{WebUtility.HtmlEncode line}</text>")
            |> String.concat ""

        $"<rect class=\"box\" x=\"8\" y=\"{tops[i]}\" width=\"400\" height=\"{heights[i]}\" rx=\"6\"/><text x=\"22\" y=\"{tops[i] + 22}\" font-weight=\"600\">{part}</text>{lines}"

    let arc ((user, used), count) =
        let a, b = middle (place user) - 5, middle (place used) + 5
        let reach = 408 + 30 + 30 * (place user - place used)
        let width = 1.0 + 0.8 * sqrt (float count)

        FormattableString.Invariant(
            $"<path class=\"push arc\" style=\"stroke-width:{width:F1}\" d=\"M408 {a}C{reach} {a} {reach} {b} 412 {b}\"><title>{user} uses {used}: {count} files</title></path>"
        )

    let height = tops[parts.Length] + 4
    let arcs = uses |> Array.map arc |> String.concat "\n"
    let boxes = parts |> Array.mapi (fun i _ -> box i) |> String.concat "\n"

    $"<figure><svg class=\"drawing architecture\" viewBox=\"0 0 720 {height}\" role=\"img\" aria-label=\"The parts of the library in compile order, and which uses which\">\n{arcs}\n{boxes}\n</svg></figure>"

(**
# Architecture

F# compiles files from top to bottom, and a file sees only those above it. So the compile order is the architecture, and
the picture is drawn from it when this page is made: a box for each folder of `src`, its files in order, and arcs to the
parts whose names its files use (hover for how many).
*)
(*** hide ***)
drawing
(*** include-it-raw ***)

(**
| part | what it does |
| --- | --- |
| `Arrays` | dtypes, shapes, devices, buffers of numbers, and the errors |
| `Primitives` | the closed set of operations, as a union, the fused ones (softmax, cross-entropy, normalisation, attention) among them; the facts that others ask (kinds of primitives, forms of functions); the shape rule |
| `Engines` | what evaluates a primitive on numbers: the managed kernels (`Kernels`); whose memory it is (`Memory`); which engine an operation goes to |
| `Tensors` | `Tensor`: a buffer, or a tracer inside a transformation; operators and functions, all in terms of primitives; random keys (`Random`), trees (`Trees`), `Printing` |
| `Differentiation` | linear maps as data; the one derivative rule of each primitive; the traces of forward and reverse mode |
| `Batching` | the batching rule of each primitive; the trace of `vmap` |
| `Compiler` | from a graph of primitives to machine code, in the order of the journey below |
| `Core` | what users call: each transformation a short composition of what is above |
| `Layers`, `Training` | layers, losses, optimisers, GANs: functions like those of users; nothing above knows of them |

## A compiled function, from call to machine code

The folders of `Compiler` stand in this order. The passes are data, a name and a function each: `Compile.passes` lists them with
their times for a function of yours, `Compile.after` shows what one of them made, and `COTANGENT_PASSES=print` prints them all. After each
pass the tests run the verifier of its level: of graphs, of steps, of memory plans.

| folder | what happens there |
| --- | --- |
| `Graphs` | a graph: primitives applied to earlier results; dead-code elimination, the verifier, drawings |
| `Tracing` | staging: the function runs once on tracers, and a graph is what they saw |
| `ControlFlow` | `scan`, `while` and `cond` as operations that hold graphs: their derivatives, their batches; the interpreter of graphs |
| `Passes` | graph to graph: `Simplification` (algebra, constants, common subexpressions), `Loops` (dead carries, loop-invariant code, work before and after loops), `Partition` (what a backward pass keeps, by a minimum cut) |
| `Nests` | loop nests, what fusion makes of groups of primitives; the target, which says what a nest may hold |
| `Lowering` | graph to steps: fusion, loop nests, calls of engines; merging of nests |
| `Storage` | liveness, one arena for what lies between inputs and outputs, donated arguments used in place |
| `Emission` | a nest to SIMD instructions: functions as lanes, schedules, registers |
| `Programs` | a backend makes steps run: the CPU's emits methods; programs, their workspaces, compiled functions and their caches |

## One primitive, from call to number

`Bind` in `Tensors/Tensor.fs` is the only place where a primitive is applied:

- No input is a tracer: the engine evaluates it. This path is kept short.
- Some inputs are tracers: the trace of the highest level takes over. It unwraps *its own* tracers, applies the primitive
  to what they stand for (which dispatches again, one level lower), and does its own work with the result.

A trace is one use of a transformation: it is opened when the transformation is called and closed when it returns. Levels
order the traces of one flow of calls; membership is by identity.

## Rules of the house

- What must be known of a primitive is an exhaustive `match`, in one file for each aspect; a missing case does not compile.
- Walks over tapes are loops, never recursion: a stack overflow can't be caught in .NET.
- An absent tangent or cotangent is absent, never an array of zeros.
- A mask selects; it never multiplies: 0 · NaN is NaN.
- Buffers are not changed once they are made, so views share memory freely; what `compileDonating` takes is given away first.
- What is internal is marked `internal`; the public face is small, and other languages see plain names.

The words (primitive, engine, buffer, trace, tracer, tangent, cotangent, tree, key) mean one thing each, in the code and on
these pages: see [the idea](tour.html).
*)
