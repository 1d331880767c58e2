namespace Cotangent

open System
open System.IO
open System.IO.Compression
open System.Text
open Cotangent.Datasets

/// <summary>Images with their classes, as datasets and as whole tensors.</summary>
/// <example><code>
/// let digits = ReadySets.digits ()
/// digits.Images // Float32, shape (1797, 1, 8, 8)
/// digits.Names[int digits.Labels[0]]
/// </code></example>
[<NoComparison; NoEquality>]
type LabelledImages = {
    /// Float32 from 0 to 1, shape (images, channels, height, width).
    Images: Tensor
    /// Int32, shape (images): places in <c>Names</c>.
    Labels: Tensor
    /// What the classes are.
    Names: string[]
} with

    /// An image, shape (channels, height, width), and its class, a scalar.
    member set.Examples: Dataset<Tensor * Tensor> = Dataset.ofTensors (set.Images, set.Labels)

/// <summary>Measurements with their classes.</summary>
/// <example><code>
/// let iris = ReadySets.iris ()
/// iris.Values // Float32, shape (150, 4)
/// iris.Columns // names of the four columns
/// </code></example>
[<NoComparison; NoEquality>]
type LabelledRows = {
    /// Float32, shape (rows, columns).
    Values: Tensor
    /// What the columns are.
    Columns: string[]
    /// Int32, shape (rows): places in <c>Names</c>.
    Labels: Tensor
    /// What the classes are.
    Names: string[]
} with

    /// A row, shape (columns), and its class, a scalar.
    member set.Examples: Dataset<Tensor * Tensor> = Dataset.ofTensors (set.Values, set.Labels)

/// <summary>
/// Data of examples and benchmarks, found where their packages put them, or in a folder that the environment variable
/// <c>COTANGENT_DATA</c> names. Nothing is fetched; the error where they are not there says how to get them.
/// </summary>
[<RequireQualifiedAccess>]
module ReadySets =
    let private clothes = [|
        "T-shirt"
        "trousers"
        "pullover"
        "dress"
        "coat"
        "sandal"
        "shirt"
        "sneaker"
        "bag"
        "boot"
    |]

    /// Images and labels in the files of MNIST's kind.
    let private mnist operation what folder places how names (part: string) : LabelledImages =
        let images = $"{part}-images-idx3-ubyte.gz"
        let place = DataFolder.find operation what folder places images how
        let pixels = Idx.read (Path.Combine(place, images))
        let labels = Idx.read (Path.Combine(place, $"{part}-labels-idx1-ubyte.gz"))

        {
            Images = (pixels.Convert DType.Float32 / 255.0f).Unsqueeze 1
            Labels = labels.Convert DType.Int32
            Names = names
        }

    /// <summary>
    /// Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): 60,000 grey images of 28 × 28 pixels for training, or 10,000 for testing, of ten
    /// kinds of clothing.
    /// </summary>
    /// <exception cref="T:System.IO.FileNotFoundException">It is not on this machine; says how to get it.</exception>
    /// <example><code>
    /// let train = ReadySets.fashionMnist true
    /// train.Images // Float32, shape (60000, 1, 28, 28)
    /// </code></example>
    [<CompiledName "FashionMnist">]
    let fashionMnist (training: bool) : LabelledImages =
        mnist
            "ReadySets.fashionMnist"
            "Fashion-MNIST"
            "fashion-mnist"
            [ "/usr/share/datasets/fashion-mnist" ]
            "Install it with `apt install dataset-fashion-mnist`, or put the four files from https://github.com/zalandoresearch/fashion-mnist into a folder and name that in COTANGENT_DATA."
            clothes
            (if training then "train" else "t10k")

    /// <summary>
    /// MNIST (LeCun, Cortes and Burges): 60,000 grey images of 28 × 28 pixels for training, or 10,000 for testing, of handwritten digits.
    /// </summary>
    /// <exception cref="T:System.IO.FileNotFoundException">It is not on this machine; says how to get it.</exception>
    /// <example><code>
    /// let test = ReadySets.mnistDigits false
    /// test.Images // Float32, shape (10000, 1, 28, 28)
    /// </code></example>
    [<CompiledName "Mnist">]
    let mnistDigits (training: bool) : LabelledImages =
        mnist
            "ReadySets.mnistDigits"
            "MNIST"
            "mnist"
            []
            "No package of Debian has it: put its four files, such as train-images-idx3-ubyte.gz, into a folder and name that in COTANGENT_DATA; or use `ReadySets.fashionMnist` or `ReadySets.digits`."
            [| for digit in 0..9 -> string digit |]
            (if training then "train" else "t10k")

    let private inScikit = [
        "/usr/lib/python3/dist-packages/sklearn/datasets/data"
        "/usr/share/datasets/sklearn"
    ]

    let private howScikit =
        "Install it with `apt install python3-sklearn`, or name the folder of scikit-learn's `datasets/data` in COTANGENT_DATA."

    /// The numbers of a CSV file without a header, as (rows, columns).
    let private numbers (path: string) (hasHeader: bool) : float32[][] =
        let options = { Csv.defaults with HasHeader = hasHeader }

        [|
            for row in Csv.rows options path do
                [| for column in 0 .. row.Cells.Count - 1 -> (Cell.float32 false row.Cells[column]).Value |]
        |]

    /// <summary>
    /// Handwritten digits (Alpaydin and Kaynak, 1998), as scikit-learn has them: 1,797 images of 8 × 8 pixels, from 0 to 1 in steps of a
    /// sixteenth.
    /// </summary>
    /// <exception cref="T:System.IO.FileNotFoundException">They are not on this machine; says how to get them.</exception>
    /// <example><code>
    /// let digits = ReadySets.digits ()
    /// digits.Images // Float32, shape (1797, 1, 8, 8)
    /// </code></example>
    [<CompiledName "Digits">]
    let digits () : LabelledImages =
        let file = "digits.csv.gz"

        let place =
            DataFolder.find "ReadySets.digits" "scikit-learn's digits" "sklearn" inScikit file howScikit

        let rows = numbers (Path.Combine(place, file)) false

        {
            Images =
                Tensor.ofArray [ rows.Length; 1; 8; 8 ] (rows |> Array.collect (fun row -> row[..63])) / 16.0f
            Labels = Tensor.ofArray [ rows.Length ] (rows |> Array.map (fun row -> int row[64]))
            Names = [| for digit in 0..9 -> string digit |]
        }

    /// <summary>
    /// Iris (Fisher, 1936; Anderson, 1935), as scikit-learn has it: 150 flowers of three species, their sepals and petals measured in
    /// centimetres.
    /// </summary>
    /// <exception cref="T:System.IO.FileNotFoundException">It is not on this machine; says how to get it.</exception>
    /// <example><code>
    /// let iris = ReadySets.iris ()
    /// iris.Values // Float32, shape (150, 4)
    /// </code></example>
    [<CompiledName "Iris">]
    let iris () : LabelledRows =
        let file = "iris.csv"
        let place = DataFolder.find "ReadySets.iris" "scikit-learn's iris" "sklearn" inScikit file howScikit
        // Its first row has the number of rows and columns, and the names of the species.
        let rows = numbers (Path.Combine(place, file)) true

        {
            Values = Tensor.ofArray [ rows.Length; 4 ] (rows |> Array.collect (fun row -> row[..3]))
            Columns = [| "sepal length"; "sepal width"; "petal length"; "petal width" |]
            Labels = Tensor.ofArray [ rows.Length ] (rows |> Array.map (fun row -> int row[4]))
            Names = [| "setosa"; "versicolor"; "virginica" |]
        }

    /// <summary>
    /// The definitions of "The Devil's Dictionary" (Ambrose Bierce, 1911): some 380,000 characters of ASCII, in the public domain.
    /// </summary>
    /// <exception cref="T:System.IO.FileNotFoundException">It is not on this machine; says how to get it.</exception>
    /// <exception cref="T:Cotangent.FileException">The file is another one.</exception>
    /// <example><code>
    /// let text = ReadySets.devilsDictionary ()
    /// let vocabulary = Vocabulary.build Vocabulary.defaults (TextTokenizer.Letters text)
    /// </code></example>
    [<CompiledName "DevilsDictionary">]
    let devilsDictionary () : string =
        let operation, file = "ReadySets.devilsDictionary", "devil.dict.dz"

        let place =
            DataFolder.find
                operation
                "The Devil's Dictionary"
                "dictd"
                [ "/usr/share/dictd" ]
                file
                "Install it with `apt install dict-devil`; or, without the server that comes along, `apt download dict-devil` and `dpkg-deb --extract dict-devil_*.deb devil`, and name the folder devil/usr/share/dictd in COTANGENT_DATA."

        let path = Path.Combine(place, file)

        let text =
            SourceFile.reading operation path "a dictionary of dictd" (fun () ->
                // The format dictzip is one that gzip reads.
                use unzipped = new GZipStream(File.OpenRead path, CompressionMode.Decompress)
                use reader = new StreamReader(unzipped, Encoding.ASCII)
                reader.ReadToEnd().Replace("\r", ""))

        // Before the first definition stand a licence and a preface, behind the last one an index of letters.
        match text.IndexOf("ABASEMENT, n.", StringComparison.Ordinal) with
        | -1 ->
            SourceFile.fail
                operation
                path
                "is not The Devil's Dictionary as Debian's package dict-devil has it."
        | first ->
            let last = text.LastIndexOf("\n\n abcdefg", StringComparison.Ordinal)
            text.Substring(first, (if last < 0 then text.Length else last) - first).TrimEnd '\n' + "\n\n"
