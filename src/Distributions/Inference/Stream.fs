namespace Cotangent.Inference

open Cotangent

/// Random numbers one after another, all of one key's: they are drawn in blocks, as they are needed. A chain has one, and is the
/// only one to use it.
type internal Stream(key: Key) =
    let forUniforms, forNormals = Key.split key
    let blockSize = 512

    let endless (key: Key) (draw: Key -> Tensor) =
        let mutable block = 0L
        let mutable numbers: float[] = [||]
        let mutable next = 0

        fun () ->
            if next = numbers.Length then
                numbers <- (draw (Key.fold block key)).ToData<float[]>()
                block <- block + 1L
                next <- 0

            next <- next + 1
            numbers[next - 1]

    let uniform = endless forUniforms (fun key -> Random.uniform key DType.Float64 [ blockSize ])
    let normal = endless forNormals (fun key -> Random.normal key DType.Float64 [ blockSize ])

    /// Uniform in [0, 1).
    member _.Uniform() : float = uniform ()

    /// So many standard normal numbers.
    member _.Normals(count: int) : float[] = Array.init count (fun _ -> normal ())
