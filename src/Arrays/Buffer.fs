namespace Cotangent

/// A strided view into a .NET array: element (i, j, …) is `Data[Offset + i*Strides[0] + j*Strides[1] + …]`. A stride
/// is 0 along a broadcast axis and negative along a flipped one.
[<AbstractClass>]
type internal HostBuffer(dtype, shape: int[], strides: int[], offset: int) =
    inherit Buffer(dtype, shape, Device.Cpu)

    let contiguous =
        let mutable expected = 1
        let mutable result = true
        let mutable empty = false

        for i = shape.Length - 1 downto 0 do
            if shape[i] <> 1 then
                if strides[i] <> expected then result <- false

                if shape[i] = 0 then empty <- true

                expected <- expected * shape[i]

        result || empty

    member _.Strides = strides
    member _.Offset = offset
    /// Whether the elements lie in row-major order without gaps.
    member _.IsContiguous = contiguous
    abstract Data: System.Array
    /// The same memory seen through another shape and strides.
    abstract View: shape: int[] * strides: int[] * offset: int -> HostBuffer

/// A `HostBuffer` with its element type.
[<Sealed>]
type internal HostBuffer<'T>(dtype, data: 'T[], shape, strides, offset) =
    inherit HostBuffer(dtype, shape, strides, offset)

    member _.Items = data
    override _.Data = data

    override _.View(shape, strides, offset) = HostBuffer<'T>(dtype, data, shape, strides, offset)

module internal HostBuffer =
    /// A contiguous buffer over an array that the caller gives away.
    let own<'T> dtype (shape: int[]) (data: 'T[]) = HostBuffer<'T>(dtype, data, shape, Shape.strides shape, 0)

    let data<'T> (b: HostBuffer) = (b :?> HostBuffer<'T>).Items

    /// Whether every stride is 0, or there is one element: the buffer is one number seen everywhere.
    let isUniform (b: HostBuffer) =
        let mutable r = true

        for i in 0 .. b.Shape.Length - 1 do
            if b.Shape[i] > 1 && b.Strides[i] <> 0 then r <- false

        r
