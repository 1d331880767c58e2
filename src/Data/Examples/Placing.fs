namespace Cotangent.Datasets

open System
open Cotangent

/// Datasets whose examples are those of others in other places.
module internal Placing =
    let requireFixed (operation: string) (dataset: Dataset<'t>) =
        if not dataset.IsFixed then
            raise (
                ValueException
                    $"{operation}: the examples of {dataset.Name} change with the epoch, since they were shuffled or drawn by a key: what is chosen here would be other examples in each. Call {operation} first, and shuffle and augment after it."
            )

    /// The examples at other places of the same dataset; the place may depend on the epoch.
    let at name count isFixed (place: int -> int64 -> struct (int * int64)) (dataset: Dataset<'t>) =
        Dataset<'t>(
            name,
            count,
            isFixed && dataset.IsFixed,
            Func<_, _, _>(fun epoch i ->
                let struct (epoch, i) = place epoch i
                dataset.Get.Invoke(epoch, i)),
            Func<_, _, _>(fun epoch i ->
                let struct (epoch, i) = place epoch i
                dataset.Origins.Invoke(epoch, i)),
            dataset.Rows
            |> ValueOption.map (fun rows -> {
                rows with
                    Row =
                        fun epoch i ->
                            let struct (epoch, i) = place epoch i
                            rows.Row epoch i
            })
        )

    /// Other examples in the same places.
    let mapped isFixed (f: int -> int64 -> 't -> 'u) (dataset: Dataset<'t>) =
        Dataset<'u>(
            dataset.Name,
            dataset.Count,
            isFixed && dataset.IsFixed,
            Func<_, _, _>(fun epoch i -> f epoch i (dataset.Get.Invoke(epoch, i))),
            dataset.Origins
        )

    /// From a place on so many.
    let range name (first: int64) (count: int64) (dataset: Dataset<'t>) =
        at name count true (fun epoch i -> struct (epoch, first + i)) dataset
