namespace Cotangent

open System
open System.Collections.Generic
open System.Globalization
open System.Numerics
open System.Text
open Cotangent.Inlined // in place of functions of Array and List

/// The values of a buffer as text, laid out as NumPy's `str` lays out an array: one format for all
/// numbers, chosen from those that are shown, so that columns line up. Only the numbers shown are ever read.
module internal Print =
    /// The most fractional digits. This and the next three are NumPy's defaults.
    let private precision = 8
    /// More elements than this are summarised…
    let private threshold = 1000
    /// …by this many at each end of an axis.
    let private edge = 3
    let private lineWidth = 75

    /// The most elements and gaps shown of a summarised tensor. NumPy has no such limit: it prints
    /// all of a tensor of many short axes.
    let private mostShown = 10000

    // One number as decimal digits.

    /// d.ddd… times ten to an exponent. No trailing zeros, and for zero no digits at all.
    [<Struct>]
    type private Digits = { Text: string; Exponent: int }

    let private digits (text: string) exponent =
        match text.TrimStart '0' with
        | "" -> { Text = ""; Exponent = 0 }
        | significant -> {
            Text = significant.TrimEnd '0'
            Exponent = exponent - (text.Length - significant.Length)
          }

    /// From what .NET writes: "-12.5", "1E-05", "1.25E+20".
    let private parse (s: string) =
        let parts = s.TrimStart('-').Split 'E'
        let scale = if parts.Length > 1 then Int32.Parse(parts[1], CultureInfo.InvariantCulture) else 0
        let mantissa = parts[0].Split '.'
        digits (String.Concat mantissa) (mantissa[0].Length - 1 + scale)

    /// The fewest digits that name this number among all of its dtype.
    let private shortest (dtype: DType) (x: float) =
        match dtype.Storage with
        | Storage.Float32 -> parse ((float32 x).ToString("R", CultureInfo.InvariantCulture))
        | Storage.Float16 -> parse ((Half.op_Explicit x: Half).ToString("R", CultureInfo.InvariantCulture))
        | Storage.BFloat16 ->
            let rec search places =
                let s = x.ToString($"E{places}", CultureInfo.InvariantCulture)
                let back = BFloat16.OfSingle(Single.Parse(s, CultureInfo.InvariantCulture)).ToSingle()
                if float back = x || places = 8 then parse s else search (places + 1)

            search 0
        | Storage.Float64
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> parse (x.ToString("R", CultureInfo.InvariantCulture))

    /// The number rounded to a multiple of 10^place: the exact value, not its shortest digits, and ties to
    /// even. .NET's own formats round ties up.
    let private rounded (x: float) place =
        let bits = BitConverter.DoubleToInt64Bits x
        let biased = int (bits >>> 52) &&& 0x7FF
        let fraction = bits &&& 0xFFFFFFFFFFFFFL

        let mantissa, power =
            if biased = 0 then fraction, -1074 else fraction ||| 0x10000000000000L, biased - 1075

        let numerator = (BigInteger mantissa <<< max power 0) * BigInteger.Pow(10I, max -place 0)
        let denominator = (1I <<< max -power 0) * BigInteger.Pow(10I, max place 0)
        let mutable rest = 0I
        let quotient = BigInteger.DivRem(numerator, denominator, &rest)
        let half = compare (2I * rest) denominator
        let up = half > 0 || (half = 0 && not quotient.IsEven)
        let text = (if up then quotient + 1I else quotient).ToString CultureInfo.InvariantCulture
        digits text (text.Length - 1 + place)

    /// The number rounded to so many digits after its first.
    let private roundedAfterFirst (x: float) (shortest: Digits) places =
        // When the shortest digits are a power of ten, the number may lie below it: 0.1 as a Float16 is
        // 0.09998. No double lies so close below that 18 digits don't tell.
        let top = shortest.Exponent
        let first = if shortest.Text = "1" then (rounded x (top - 18)).Exponent else top
        rounded x (first - places)

    /// Whole and fractional digits.
    let private fixedParts (d: Digits) =
        let whole = d.Exponent + 1

        if whole <= 0 then
            struct ("0", (if d.Text = "" then "" else String('0', -whole) + d.Text))
        elif whole >= d.Text.Length then
            struct (d.Text.PadRight(whole, '0'), "")
        else
            struct (d.Text.Substring(0, whole), d.Text.Substring whole)

    let private sign (x: float) = if Double.IsNegative x then "-" else ""

    let private exponent (e: int) digits =
        (if e < 0 then "e-" else "e+") + (abs e).ToString($"D{digits}", CultureInfo.InvariantCulture)

    let private special (x: float) = if Double.IsNaN x then "nan" else sign x + "inf"

    // Columns of numbers.

    /// The nearest number of the dtype.
    let private toDType (dtype: DType) (x: float) =
        match dtype.Storage with
        | Storage.Float32 -> float (float32 x)
        | Storage.BFloat16 -> float (BFloat16.OfSingle(float32 x).ToSingle())
        | Storage.Float16 -> float (Half.op_Explicit x: Half)
        | Storage.Float64
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> x

    /// Whether exponents are needed: numbers large or small, or of very different sizes.
    let private isScientific dtype (finite: float[]) =
        match finite |> Array.filter (fun x -> x <> 0.0) |> Array.map abs with
        | [||] -> false
        | sizes ->
            let most, least = Array.max sizes, Array.min sizes
            most >= 1e8 || least < toDType dtype 1e-4 || toDType dtype (most / least) > 1000.0

    /// Aligned at their right ends.
    let private alignRight (words: string[]) =
        let width = words |> Array.fold (fun w s -> max w s.Length) 0
        words |> Array.map (fun s -> s.PadLeft width)

    /// Digits of each number to at most so many places after the first.
    let private scientificWords dtype (finite: float[]) =
        let first =
            finite
            |> Array.map (fun x ->
                let d = shortest dtype x
                if d.Text.Length - 1 <= precision then d else roundedAfterFirst x d precision)

        let places = first |> Array.fold (fun n d -> max n (d.Text.Length - 1)) 0
        let exponentDigits = first |> Array.fold (fun n d -> max n (string (abs d.Exponent)).Length) 2

        (finite, first)
        ||> Array.map2 (fun x d ->
            // Digits past the shortest are true ones, not zeros.
            let d = if d.Text.Length - 1 < places then roundedAfterFirst x d places else d
            let text = d.Text.PadRight(places + 1, '0')
            $"{sign x}{text[0]}.{text.Substring 1}{exponent d.Exponent exponentDigits}")

    /// Aligned at the points.
    let private fixedWords dtype (finite: float[]) =
        let parts =
            finite
            |> Array.map (fun x ->
                let d = shortest dtype x
                let places = d.Text.Length - 1 - d.Exponent
                let most = Math.Clamp(places, 0, precision)
                // Whole digits past the shortest are true ones: 5808, though 5810 names the same Float16.
                let d = if places = most then d else rounded x -most
                let struct (whole, fraction) = fixedParts d
                struct (sign x + whole, fraction))

        let width = parts |> Array.fold (fun n (struct (_, fraction)) -> max n fraction.Length) 0
        parts |> Array.map (fun (struct (whole, fraction)) -> whole + "." + fraction.PadRight width)

    let private unalignedWords dtype (values: float[]) =
        let finite = values |> Array.filter Double.IsFinite

        let format = if isScientific dtype finite then scientificWords else fixedWords
        let words = Queue(format dtype finite)

        values |> Array.map (fun x -> if Double.IsFinite x then words.Dequeue() else special x)

    let private floatWords dtype (values: float[]) = alignRight (unalignedWords dtype values)

    /// A lone number: all its digits, and exponents only where the zeros would be many.
    let private floatWord dtype (x: float) =
        let size = abs x

        if not (Double.IsFinite x) then
            special x
        elif x = 0.0 || (size >= 1e-4 && size < 1e16) then
            let struct (whole, fraction) = fixedParts (shortest dtype x)
            sign x + whole + "." + (if fraction = "" then "0" else fraction)
        else
            let d = shortest dtype x
            let fraction = if d.Text.Length > 1 then "." + d.Text.Substring 1 else ""
            $"{sign x}{d.Text[0]}{fraction}{exponent d.Exponent 2}"

    // Complex numbers: both parts, the second with its sign.

    let private signed (word: string) = if word[0] = '-' then word else "+" + word

    /// The spaces that line up the points stand behind the unit.
    let private withUnit (word: string) = (word.TrimEnd() + "j").PadRight(word.Length + 1)

    let private complexWords dtype isScalar (real: float[]) (imaginary: float[]) =
        if isScalar then
            Array.map2 (fun x y -> floatWord dtype x + signed (floatWord dtype y) + "j") real imaginary
        else
            Array.map2
                (+)
                (floatWords dtype real)
                (unalignedWords dtype imaginary |> Array.map signed |> alignRight |> Array.map withUnit)

    /// The text of the elements at some places in `Data`, of equal widths unless it is a scalar's.
    let private words (b: HostBuffer) (places: int[]) =
        let read = Inspect.reader b
        let isScalar = b.Shape.Length = 0

        match b.DType.Storage with
        | Storage.Float32
        | Storage.Float64
        | Storage.BFloat16
        | Storage.Float16 ->
            let values = Array.map read places
            if isScalar then Array.map (floatWord b.DType) values else floatWords b.DType values
        | Storage.Integer IntegerSize.Bits64 ->
            let items = HostBuffer.data<int64> b

            let word (x: int64) =
                if b.DType.IsUnsigned then
                    (uint64 x).ToString CultureInfo.InvariantCulture
                else
                    x.ToString CultureInfo.InvariantCulture

            alignRight (places |> Array.map (fun p -> word items[p]))
        | Storage.Integer _ ->
            alignRight (places |> Array.map (fun p -> (int64 (read p)).ToString CultureInfo.InvariantCulture))
        | Storage.Bool ->
            let width = if isScalar then 0 else 5
            places |> Array.map (fun p -> (if read p = 1.0 then "true" else "false").PadLeft width)
        | Storage.Complex64 ->
            let items = HostBuffer.data<Complex64> b
            let part (f: Complex64 -> float32) = places |> Array.map (fun p -> float (f items[p]))
            complexWords DType.Float32 isScalar (part _.Real) (part _.Imaginary)
        | Storage.Complex128 ->
            let items = HostBuffer.data<Complex> b
            let part (f: Complex -> float) = places |> Array.map (fun p -> f items[p])
            complexWords DType.Float64 isScalar (part _.Real) (part _.Imaginary)

    // Rows and blocks.

    [<Literal>]
    let private Gap = -1

    /// The indices shown of each axis, with a gap among them where some are not.
    let private shown (shape: int[]) =
        let all = Shape.count shape <= threshold

        let axes =
            shape
            |> Array.map (fun size ->
                if all || size <= 2 * edge then
                    [| 0 .. size - 1 |]
                else
                    [| yield! [ 0 .. edge - 1 ]; Gap; yield! [ size - edge .. size - 1 ] |])

        let mutable total = 1

        // Outer axes give way to inner ones.
        for axis = shape.Length - 1 downto 0 do
            if total * axes[axis].Length > mostShown then
                axes[axis] <- [| 0; Gap |]
            else
                total <- total * axes[axis].Length

        axes

    let private rows (b: HostBuffer) =
        let rank = b.Shape.Length
        let axes = shown b.Shape

        let rec places axis place : int seq =
            if axis = rank then
                Seq.singleton place
            else
                axes[axis]
                |> Seq.filter (fun i -> i <> Gap)
                |> Seq.collect (fun i -> places (axis + 1) (place + i * b.Strides[axis]))

        let words = Queue(words b (Array.ofSeq (places 0 b.Offset)))
        let text = StringBuilder()

        let row () =
            // Under the first element, which follows all brackets; and as many closing ones must fit.
            let indent = rank
            let width = lineWidth - rank
            let mutable column = indent

            for k, i in Array.indexed axes[rank - 1] do
                let word = if i = Gap then "..." else words.Dequeue()

                if column + word.Length > width && column > indent then
                    while text[text.Length - 1] = ' ' do
                        text.Length <- text.Length - 1

                    text.Append('\n').Append(' ', indent) |> ignore
                    column <- indent

                let separator = if k < axes[rank - 1].Length - 1 then " " else ""
                text.Append(word).Append separator |> ignore
                column <- column + word.Length + separator.Length

        let rec block axis =
            text.Append '[' |> ignore

            if axis = rank - 1 then
                row ()
            else
                for k, i in Array.indexed axes[axis] do
                    if k > 0 then text.Append('\n', rank - axis - 1).Append(' ', axis + 1) |> ignore
                    if i = Gap then text.Append "..." |> ignore else block (axis + 1)

            text.Append ']' |> ignore

        block 0
        text.ToString()

    /// The first few and the last, in row-major order, on one line.
    let brief (b: HostBuffer) : string =
        let last = Shape.count b.Shape - 1
        let steps = Shape.strides b.Shape

        let place i =
            Array.fold2
                (fun at (step, size) stride -> at + i / step % size * stride)
                b.Offset
                (Array.zip steps b.Shape)
                b.Strides

        let words = words b (Array.map place [| 0; 1; 2; last |]) |> Array.map _.Trim()
        $"[{words[0]} {words[1]} {words[2]} ... {words[3]}]"

    /// The values alone.
    let buffer (b: HostBuffer) : string =
        if b.Shape.Length = 0 then (words b [| b.Offset |])[0]
        elif Shape.count b.Shape = 0 then "[]"
        else rows b
