namespace Cotangent.Checkpoints

open System
open System.Text

/// What a file is that is not what it was taken for, by its first bytes: a download that ended at an error page, a pointer that
/// Git LFS left in place of a file, a model of another program.
module internal FileKind =
    /// As many of the first bytes as are looked at.
    [<Literal>]
    let Looked = 512

    let private begins (text: string) (head: ReadOnlySpan<byte>) =
        let wanted = Encoding.Latin1.GetBytes text
        head.Length >= wanted.Length && head.Slice(0, wanted.Length).SequenceEqual(ReadOnlySpan wanted)

    /// The name of the first file in a zip archive, which stands behind 30 bytes of which two say how long it is.
    let private firstInZip (head: ReadOnlySpan<byte>) =
        if head.Length < 30 then
            ""
        else
            let length = min (int head[26] ||| (int head[27] <<< 8)) (head.Length - 30)
            Encoding.Latin1.GetString(head.Slice(30, length))

    let private zip head =
        match firstInZip head with
        | name when name.EndsWith("data.pkl", StringComparison.Ordinal) ->
            "a file of PyTorch's 'torch.save', which `PyTorch.read` reads."
        | name when name.EndsWith(".npy", StringComparison.Ordinal) ->
            "an .npz archive of NumPy, which `NumPy.read` reads."
        | _ -> "a zip archive. Unpack it."

    /// ONNX is a message of Protocol Buffers that begins with the version of its format and, as a rule, with who made it.
    let private isOnnx (head: ReadOnlySpan<byte>) =
        head.Length > 4
        && head[0] = 0x08uy
        && head[1] < 0x20uy
        && (head[2] = 0x12uy || head[2] = 0x3Auy)
        && int head[3] > 0

    /// How a file of PyTorch begins that is no zip archive: with a pickle of this number.
    let private isOldPyTorch (head: ReadOnlySpan<byte>) =
        head
            .Slice(0, min 32 head.Length)
            .IndexOf(ReadOnlySpan(Encoding.Latin1.GetBytes "\u008A\u000A\u006C\u00FC\u009C\u0046\u00F9"))
        >= 0

    /// Python's pickle says its protocol, of which 2 to 5 are in use, and goes on with one of these: a frame, a dictionary, a number,
    /// a name, a list or an empty tuple.
    let private isPickle (head: ReadOnlySpan<byte>) =
        head.Length > 2
        && head[0] = 0x80uy
        && head[1] >= 2uy
        && head[1] <= 5uy
        && "\u0095}\u008Ac](X\u008C".Contains(char head[2])

    /// Whether a text begins so, whatever the letters' case, behind blanks and a mark of its encoding.
    let private beginsText (texts: string list) (head: ReadOnlySpan<byte>) =
        let text =
            Encoding.Latin1.GetString(head).TrimStart('\u00EF', '\u00BB', '\u00BF', ' ', '\t', '\r', '\n')

        texts |> List.exists (fun each -> text.StartsWith(each, StringComparison.OrdinalIgnoreCase))

    /// What the file is and what to do, in words that go on after "it is"; null where nothing is recognised.
    let recognise (head: ReadOnlySpan<byte>) : string | null =
        if head.IsEmpty then
            "empty. Was it written whole?"
        elif begins "PK\u0003\u0004" head then
            zip head
        elif begins "version https://git-lfs" head then
            "a pointer of Git LFS, not the file it stands for. Fetch that by 'git lfs pull'."
        elif begins "\u0093NUMPY" head then
            "an .npy array of NumPy, which `NumPy.readArray` reads."
        elif begins "\u0089HDF\r\n" head then
            "an HDF5 file, as Keras writes them. Save its tensors as safetensors there."
        elif begins "GGUF" head || begins "GGML" head then
            "a model of llama.cpp. Take the model's safetensors instead."
        elif begins "\u001F\u008B" head then
            "compressed by gzip. Unpack it."
        elif beginsText [ "<!doctype"; "<html"; "<?xml" ] head then
            "a page of the web: a download that led to an error or a login, perhaps. Look at it as a text."
        elif isOldPyTorch head then
            "a file of PyTorch's 'torch.save' from before version 1.6, which `PyTorch.read` reads."
        elif isPickle head then
            "a pickle of Python. Save its tensors by 'safetensors.torch.save_file' there."
        elif isOnnx head then
            "an ONNX model, whose weights `Onnx.read` reads."
        elif beginsText [ "{"; "[" ] head then
            "a text in JSON. The tensors are in other files, perhaps those that it names."
        else
            null
