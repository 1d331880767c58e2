namespace Cotangent

open System

/// The upper half of a Float32: 8 bits of exponent, 7 of fraction. Storage only; arithmetic goes through Float32.
[<Struct; CustomEquality; CustomComparison>]
type BFloat16 =
    /// Sign, exponent and fraction.
    val Bits: uint16

    new(bits: uint16) = { Bits = bits }

    /// <summary>Rounds to the nearest representable number, ties to even. NaN stays NaN.</summary>
    /// <example><code>
    /// BFloat16.OfSingle(3.1415927f).ToSingle() // 3.140625
    /// </code></example>
    static member OfSingle(x: float32) =
        let bits = BitConverter.SingleToUInt32Bits x

        if Single.IsNaN x then
            BFloat16(uint16 (bits >>> 16) ||| 0x0040us)
        else
            // Adding just under half of the discarded unit, plus the kept lowest bit, rounds ties to even.
            BFloat16(uint16 ((bits + 0x7FFFu + ((bits >>> 16) &&& 1u)) >>> 16))

    /// <summary>The same number as a Float32; exact.</summary>
    /// <example><code>
    /// BFloat16.OfSingle(0.5f).ToSingle() // 0.5
    /// </code></example>
    member x.ToSingle() = BitConverter.UInt32BitsToSingle(uint32 x.Bits <<< 16)

    override x.Equals other =
        match other with
        | :? BFloat16 as y -> x.ToSingle().Equals(y.ToSingle())
        | _ -> false

    override x.GetHashCode() = x.ToSingle().GetHashCode()

    override x.ToString() = x.ToSingle().ToString Globalization.CultureInfo.InvariantCulture

    interface IComparable with
        member x.CompareTo other =
            match other with
            | :? BFloat16 as y -> x.ToSingle().CompareTo(y.ToSingle())
            | _ -> invalidArg (nameof other) "A BFloat16 compares with a BFloat16 only."
