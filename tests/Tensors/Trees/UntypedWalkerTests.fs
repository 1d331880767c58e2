/// Walkers for programs that were compiled ahead of time, against those that are used elsewhere.
module Cotangent.Tests.UntypedWalkerTests

open System.Collections.Generic
open System.Collections.Immutable
open Expecto
open Cotangent

type Shape =
    | Circle of radius: Tensor
    | Box of width: Tensor * height: Tensor * label: string
    | Nothing
    | Named of string

[<Struct>]
type Size =
    | Small of small: Tensor
    | Large of large: Tensor * Name: string

type Single = Only of Tensor * int

let private recorded (walker: Walker) (value: obj) =
    let seen = ResizeArray<string>()

    walker.Visit(
        value,
        {
            new Visitor() with
                member _.Part(declared, part) = seen.Add $"part {declared.Type} {part}"
                member _.Static value = seen.Add $"static {value}"
        }
    )

    walker.Outline(value, (fun told -> seen.Add $"outline {told}"))
    List.ofSeq seen, walker.Names value, walker.StaticNames value

/// Of every part another of its type: the numbers are negated.
let private negated (walker: Walker) (value: obj) =
    walker.Replace(
        value,
        {
            new Replacer() with
                member _.Part(_, part) =
                    let struct (x: Tensor, n: int) = unbox part
                    box (struct (-x, -n))
        }
    )

let private item name x = struct (tensor (x: float), name)

let private same name (collection: 'collection) (items: 'collection -> struct (Tensor * int) seq) = test name {
    let t = typeof<'collection>
    let walker = (Walkers.declared t).Walker :?> ItemsWalker
    let untyped = ItemsWalkers.untyped (walker.GetType().GetGenericTypeDefinition()) t walker.Item.Type
    untyped.Item <- walker.Item
    let value = Unchecked.nonNull (box collection)
    Expect.equal (recorded untyped value) (recorded walker value) "what a visitor sees"
    let made: 'collection = unbox (negated untyped value)

    for struct (before, n), struct (after, m) in Seq.zip (items collection) (items made) do
        Expect.equal (float after, m) (-(float before), -n) "an item"

    Expect.equal (Seq.length (items made)) (Seq.length (items collection)) "how many items"
    Expect.equal ((Unchecked.nonNull (box made)).GetType()) (value.GetType()) "a collection of the same type"
}

[<Tests>]
let tests =
    let two = [ item 1 2.0; item 3 4.0 ]

    testList "Untyped walkers" [
        same "a list" two Seq.ofList
        same "an empty list" (List.tail [ item 1 2.0 ]) Seq.ofList
        same "an array" (Array.ofList two) Seq.ofArray
        same "an option" (Some two[0]) (Option.toList >> Seq.ofList)
        same "List<T>" (List two) seq
        same "an immutable array" (ImmutableArray.CreateRange two) seq
        test "unions by their fields" {
            let same (value: 'union) =
                let t, boxed = typeof<'union>, Unchecked.nonNull (box value)
                let byFields, walker = Walkers.unionByFields t, (Walkers.declared t).Walker

                let replacer = {
                    new Replacer() with
                        member _.Part(_, part) = box (-(unbox<Tensor> part))
                }

                let parts (_, names: string list, _) = names

                Expect.equal
                    (parts (recorded byFields boxed))
                    (parts (recorded walker boxed))
                    $"parts of {value}"

                let made: 'union = unbox (byFields.Replace(boxed, replacer))
                let wanted: 'union = unbox (walker.Replace(boxed, replacer))
                Expect.equal (string made) (string wanted) $"{value} with other tensors"

            let x = tensor 2.0
            same (Circle x)
            same (Box(x, x + 1.0, "box"))
            same (Nothing: Shape)
            same (Named "a")
            same (Small x)
            same (Large(x, "large"))
            same (Only(x, 2))
            same (ValueSome x)
            same (Ok x: Result<Tensor, string>)
            same (Choice2Of3 x: Choice<int, Tensor, float>)
        }
        test "others say what to do" {
            let t = typeof<Map<string, struct (Tensor * int)>>

            Expect.throwsC
                (fun () -> ItemsWalkers.untyped typedefof<MapWalker<string, obj>> t typeof<obj> |> ignore)
                (fun e ->
                    Expect.equal (e.GetType()) typeof<TreeException> "its kind"
                    Expect.stringContains e.Message "FSharpMap" "the collection"
                    Expect.stringContains e.Message "ValueTuple`2, a value type" "what is in the way"
                    Expect.stringContains e.Message "Make it a reference type" "the cure")
        }
    ]
