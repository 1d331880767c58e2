/// The same loading by TorchSharp's `DataLoader`. Nothing here may be touched where libtorch is missing.
module Cotangent.Benchmarks.TorchLoader

open System
open System.Collections.Generic
open TorchSharp

/// Images and labels in memory, each image shifted by up to two pixels each way and mirrored half of the time if that is asked for.
type private Clothes(images: torch.Tensor, labels: torch.Tensor, isAugmented: bool) =
    inherit torch.utils.data.Dataset()

    let moved (image: torch.Tensor) =
        let down, right = Random.Shared.NextInt64 5L, Random.Shared.NextInt64 5L
        let padded = torch.nn.functional.pad (image, [| 2L; 2L; 2L; 2L |])
        let shifted = padded.narrow(1L, down, 28L).narrow(2L, right, 28L)
        if Random.Shared.Next 2 = 0 then shifted.flip 2L else shifted

    override _.Count = images.shape[0]

    override _.GetTensor(index: int64) =
        let image = images[index]
        let found = Dictionary<string, torch.Tensor>()
        found.Add("image", (if isAugmented then moved image else image))
        found.Add("label", labels[index])
        found

/// Goes through so many shuffled batches of pixels (n, 1, 28, 28) and labels, made by so many workers.
let batches (pixels: float32[]) (labels: int[]) (isAugmented: bool) (workers: int) (size: int) : int -> unit =
    let images = torch.tensor(pixels).reshape([| int64 labels.Length; 1L; 28L; 28L |])
    let dataset = new Clothes(images, torch.tensor labels, isAugmented)

    let loader =
        torch.utils.data.DataLoader(dataset, size, shuffle = true, num_worker = workers, drop_last = true)

    fun count ->
        let mutable left = count
        use walk = loader.GetEnumerator()

        while left > 0 && walk.MoveNext() do
            left <- left - 1
