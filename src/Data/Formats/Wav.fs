namespace Cotangent

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open Cotangent.Datasets
open NAudio.Wave

/// <summary>Sound in memory.</summary>
/// <example><code>
/// let sound = Wav.read "clap.wav"
/// let seconds = float sound.Samples.Shape[1] / float sound.Rate
/// </code></example>
[<NoComparison; NoEquality>]
type Sound = {
    /// Float32 from -1 to 1, shape (channels, samples).
    Samples: Tensor
    /// Samples a second.
    Rate: int
}

/// <summary>
/// Sound in WAV files, by NAudio: of 8, 16, 24 and 32 bits, or floating-point.
/// </summary>
[<RequireQualifiedAccess>]
module Wav =
    let private kind = "a WAV file"

    /// The samples under the format that an extended header stands for.
    let private plain (reader: WaveFileReader) : IWaveProvider =
        match reader.WaveFormat with
        | :? WaveFormatExtensible as extensible ->
            let format = extensible.ToStandardWaveFormat()

            {
                new IWaveProvider with
                    member _.WaveFormat = format
                    member _.Read(buffer: Span<byte>) = reader.Read buffer
            }
        | _ -> reader

    /// Throws unless as many bytes are there as the header says; programs that write to a pipe say the largest number.
    let private requireWhole (operation: string) (path: string) (file: Stream) =
        let head = Array.zeroCreate<byte> 8

        if file.CanSeek && file.ReadAtLeast(Span head, 8, throwOnEndOfStream = false) = 8 then
            let announced = BinaryPrimitives.ReadUInt32LittleEndian(ReadOnlySpan(head, 4, 4))

            if
                head.AsSpan(0, 4).SequenceEqual(ReadOnlySpan "RIFF"B)
                && announced <> UInt32.MaxValue
                && int64 announced + 8L > file.Length
            then
                SourceFile.fail
                    operation
                    path
                    $"announces {int64 announced + 8L} bytes, and has {file.Length}. Was it written, or fetched, whole?"

        if file.CanSeek then file.Position <- 0L

    /// <summary>A file's sound. Integers are divided by the largest one, so that full scale is 1.</summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, something else, or in a coding other than these.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let sound = Wav.read "clap.wav"
    /// let seconds = float sound.Samples.Shape[1] / float sound.Rate
    /// </code></example>
    [<CompiledName "Read">]
    let read (path: string) : Sound =
        let operation = "Wav.read"
        use file = SourceFile.openStream operation path kind

        try
            requireWhole operation path file
            use reader = new WaveFileReader(file)
            let source = (plain reader).ToSampleProvider()
            let channels = source.WaveFormat.Channels
            let samples = List<float32>()
            let buffer = Array.zeroCreate<float32>(channels * 4096)
            let mutable count = source.Read(Span buffer)

            while count > 0 do
                samples.AddRange(ArraySegment(buffer, 0, count))
                count <- source.Read(Span buffer)

            let frames = samples.Count / channels

            if int64 frames <> reader.SampleCount then
                SourceFile.fail
                    operation
                    path
                    $"announces {reader.SampleCount} samples, and has {frames}. Was it written, or fetched, whole?"

            let interleaved = Tensor.ofArray [ frames; channels ] (samples.ToArray())
            { Samples = interleaved.T; Rate = source.WaveFormat.SampleRate }
        with
        | :? CotangentException -> reraise ()
        | e ->
            raise (
                FileException(
                    $"{operation}: '{path}' is not {kind} that is known, or damaged: {e.Message} Get it again.",
                    e
                )
            )
