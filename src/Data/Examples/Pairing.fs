namespace Cotangent.Datasets

open System
open Cotangent

module internal Sharding =
    let require (operation: string) (index: int) (count: int) =
        if count < 1 || index < 0 || index >= count then
            raise (
                ValueException
                    $"{operation}: shard {index} of {count}; the shards of {count} have the numbers 0 to {count - 1}."
            )

module internal Pairing =
    /// Two datasets of equal length as one.
    let zip (pair: 'a -> 'b -> 'c) (a: Dataset<'a>) (b: Dataset<'b>) : Dataset<'c> =
        Argument.check "first" a
        Argument.check "second" b

        if a.Count <> b.Count then
            raise (
                ValueException
                    $"Dataset.zip: {a.Name} has {a.Count} examples and {b.Name} {b.Count}; both must have as many. Take a `Dataset.range` of the longer one."
            )

        Dataset<'c>(
            (if a.Name = b.Name then a.Name else $"{a.Name} and {b.Name}"),
            a.Count,
            a.IsFixed && b.IsFixed,
            Func<_, _, _>(fun epoch i ->
                let first = a.Get.Invoke(epoch, i)

                try
                    pair first (b.Get.Invoke(epoch, i))
                with e ->
                    raise (ExampleException.Of(b.Origins.Invoke(epoch, i), epoch, e))),
            a.Origins
        )
