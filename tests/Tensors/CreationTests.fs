module Cotangent.Tests.CreationTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

// Data goes in and comes out as the same .NET value; shape and dtype follow from it.

let private roundTrip name dtype shape (data: 'data) =
    testCase name (fun () ->
        let t = tensor data
        Expect.equal t.DType dtype "dtype"
        hasShape shape t
        Expect.equal (t.ToData<'data>()) data "data")

let private everyDType =
    testList "every dtype" [
        roundTrip "float32" DType.Float32 [ 2; 2 ] [ [ 1.5f; -2.0f ]; [ 0.1f; infinityf ] ]
        roundTrip "float" DType.Float64 [ 3 ] [ 0.1; -1e300; Double.Epsilon ]
        roundTrip "Half" DType.Float16 [ 2 ] [ half 0.5; half -65504.0 ]
        roundTrip "BFloat16" DType.BFloat16 [ 2 ] [ bfloat 1.0; bfloat -3e38 ]
        roundTrip "int" DType.Int32 [ 2 ] [ Int32.MinValue; Int32.MaxValue ]
        roundTrip "int64" DType.Int64 [ 3 ] [ Int64.MinValue; Int64.MaxValue; 9007199254740993L ]
        roundTrip "bool" DType.Bool [ 2; 1 ] [ [ true ]; [ false ] ]
        for dtype in DTypes.all do
            testCase $"names of {dtype}" (fun () ->
                let t = Tensor.ones dtype [ 2 ]
                Expect.equal (DTypes.tryOfClr dtype.ClrType) (Some dtype) "the type of its elements"
                // Unsigned ones lie in arrays of signed ones, which .NET takes for theirs.
                Expect.isTrue (dtype.ClrType.MakeArrayType().IsInstanceOfType t.Host.Data) "what holds them"
                let size = Runtime.InteropServices.Marshal.SizeOf dtype.ClrType
                Expect.equal dtype.Size (if dtype = DType.Bool then 1 else size) "bytes")
    ]

let private everyNesting =
    testList "every nesting" [
        roundTrip "a number" DType.Float64 [] 3.5
        roundTrip "a Half" DType.Float16 [] (half 3.5)
        roundTrip "a list" DType.Int32 [ 3 ] [ 1; 2; 3 ]
        roundTrip "an array" DType.Int32 [ 3 ] [| 1; 2; 3 |]
        roundTrip "lists of lists of lists" DType.Int32 [ 1; 2; 2 ] [ [ [ 1; 2 ]; [ 3; 4 ] ] ]
        roundTrip "a jagged array" DType.Int32 [ 3; 2 ] [| [| 1; 2 |]; [| 3; 4 |]; [| 5; 6 |] |]
        roundTrip "arrays in a list" DType.Float32 [ 2; 2 ] [ [| 1f; 2f |]; [| 3f; 4f |] ]
        roundTrip "lists in an array" DType.Float32 [ 2; 2 ] [| [ 1f; 2f ]; [ 3f; 4f ] |]
        roundTrip "a matrix" DType.Float64 [ 2; 3 ] (Array2D.init 2 3 (fun i j -> float (10 * i + j)))
        roundTrip
            "a matrix of Half"
            DType.Float16
            [ 2; 3 ]
            (Array2D.init 2 3 (fun i j -> half (float (i - j))))
        roundTrip "a matrix of bool" DType.Bool [ 2; 3 ] (Array2D.init 2 3 (fun i j -> i = j))
        roundTrip
            "a block"
            DType.Int64
            [ 2; 3; 4 ]
            (Array3D.init 2 3 4 (fun i j k -> int64 (100 * i + 10 * j + k)))
        roundTrip "four axes" DType.Int32 [ 1; 2; 1; 2 ] (Array4D.init 1 2 1 2 (fun _ j _ l -> 2 * j + l))
        roundTrip "matrices in a list" DType.Int32 [ 2; 1; 2 ] [ array2D [ [ 1; 2 ] ]; array2D [ [ 3; 4 ] ] ]
        roundTrip "lists in a matrix" DType.Int32 [ 1; 2; 2 ] (array2D [ [ [ 1; 2 ]; [ 3; 4 ] ] ])
        roundTrip "an empty list" DType.Float32 [ 0 ] ([]: float32 list)
        roundTrip "empty rows" DType.Bool [ 2; 0 ] [ []; ([]: bool list) ]
        roundTrip "no rows" DType.Float64 [ 0; 0 ] ([]: float list list)
        roundTrip "empty rows of rows" DType.Float64 [ 2; 0; 0 ] [| [||]; ([||]: float list[]) |]
        roundTrip "an empty matrix" DType.Int32 [ 0; 3 ] (Array2D.zeroCreate<int> 0 3)
        testCase "sequences, run once" (fun () ->
            let mutable runs = 0

            let rows = seq {
                runs <- runs + 1

                yield seq {
                    1.0
                    2.0
                }

                yield seq {
                    3.0
                    4.0
                }
            }

            equals [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ] (tensor rows)
            Expect.equal runs 1 "runs"
            Expect.equal (List.ofSeq ((tensor [ 1; 2 ]).ToData<int seq>())) [ 1; 2 ] "and back")
        testCase "other collections" (fun () ->
            equals [ 1; 2 ] (tensor (ResizeArray [ 1; 2 ]))
            equals [ 1; 2 ] (tensor (set [ 2; 1 ]))
            equals [ 5; 5 ] (tensor (Seq.replicate 2 5)))
        testCase "elements whose type is not known before" (fun () ->
            equals [ 1; 2 ] (tensor [ box 1; box 2 ])
            equals [ [ 1.0 ] ] (tensor (box [ [ 1.0 ] ])))
        testCase "row-major order" (fun () ->
            let block = Array3D.init 2 3 4 (fun i j k -> 100 * i + 10 * j + k)

            let expected = [
                for i in 0..1 do
                    for j in 0..2 do
                        for k in 0..3 -> float (100 * i + 10 * j + k)
            ]

            close 0.0 expected (tensor block))
        testCase "a copy, not the array itself" (fun () ->
            let data = [| 1; 2 |]
            let t, u = tensor data, Tensor.ofArray [ 2 ] data
            data[0] <- 9
            equals [ 1; 2 ] t
            equals [ 1; 2 ] u
            let back = t.ToData<int[]>()
            back[0] <- 9
            equals [ 1; 2 ] t)
        testCase "numbers of views" (fun () ->
            let t = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
            Expect.equal (t.T.ToData<int list list>()) [ [ 1; 4 ]; [ 2; 5 ]; [ 3; 6 ] ] "transposed"
            Expect.equal (t[1, 1..].ToData<int[]>()) [| 5; 6 |] "a slice"
            Expect.equal (t[1, 1].ToData<int>()) 5 "one element"
            Expect.equal ((tensor 7).Expand([ 2 ]).ToData<int list>()) [ 7; 7 ] "stretched")
        testCase "one number as any kind" (fun () ->
            Expect.equal (float (tensor [ [ 2.5f ] ])) 2.5 "float"
            Expect.equal (float32 (tensor 2.5)) 2.5f "float32"
            Expect.equal (int (tensor [ true ])) 1 "int"
            Expect.equal ((tensor [ [ 7L ] ]).ToData<int64>()) 7L "int64")
    ]

let private refused =
    tests "refused data" [
        "ragged lists",
        fun () ->
            throws<ShapeException, _> [ "ragged"; "axis 1"; "2"; "1" ] (fun () ->
                tensor [ [ 1.0 ]; [ 2.0; 3.0 ] ])
        "ragged arrays",
        fun () -> throws<ShapeException, _> [ "ragged" ] (fun () -> tensor [| [| 1 |]; [||] |])
        "ragged deep down",
        fun () ->
            throws<ShapeException, _> [ "ragged"; "axis 2" ] (fun () -> tensor [ [ [ 1 ] ]; [ [ 2; 3 ] ] ])
        "a longer row after an empty one",
        fun () -> throws<ShapeException, _> [ "ragged" ] (fun () -> tensor [ []; [ 1.0 ] ])
        "matrices of two sizes",
        fun () ->
            throws<ShapeException, _> [ "ragged" ] (fun () ->
                tensor [ Array2D.zeroCreate<int> 1 2; Array2D.zeroCreate<int> 2 2 ])
        "two depths", fun () -> throws<ShapeException, _> [ "mixed" ] (fun () -> tensor [ box 1; box [ 2 ] ])
        "two dtypes",
        fun () -> throws<DTypeException, _> [ "Double"; "Int32" ] (fun () -> tensor [ box 1; box 2.0 ])
        "null among numbers",
        fun () -> throws<DTypeException, _> [ "null" ] (fun () -> tensor [ box 1; null ])
        "null", fun () -> throws<DTypeException, _> [ "null" ] (fun () -> tensor (null: obj | null))
        "a string", fun () -> throws<DTypeException, _> [ "String" ] (fun () -> tensor "12")
        "strings", fun () -> throws<DTypeException, _> [ "String" ] (fun () -> tensor [ "1"; "2" ])
        "no elements of no type",
        fun () -> throws<DTypeException, _> [ "empty"; "Annotate" ] (fun () -> tensor ([]: obj list))
        "a tensor", fun () -> throws<DTypeException, _> [ "tensors already" ] (fun () -> tensor (tensor 1))
        "tensors", fun () -> throws<DTypeException, _> [ "stack" ] (fun () -> tensor [ tensor 1; tensor 2 ])
        "decimals", fun () -> throws<DTypeException, _> [ "Decimal"; "List.map" ] (fun () -> tensor [ 1m ])
        "characters", fun () -> throws<DTypeException, _> [ "Char" ] (fun () -> tensor [| 'a' |])
        "pointers", fun () -> throws<DTypeException, _> [ "IntPtr" ] (fun () -> tensor [ 1n ])
        "a tuple", fun () -> throws<DTypeException, _> [ "Tuple" ] (fun () -> tensor (1.0, 2.0))
        "a map", fun () -> throws<DTypeException, _> [ "KeyValuePair" ] (fun () -> tensor (Map [ 1, 2.0 ]))
        "another dtype out",
        fun () ->
            throws<DTypeException, _> [ "ToData"; "Int32 (2,)"; "Float64"; "Convert" ] (fun () ->
                (tensor [ 1; 2 ]).ToData<float list>())
        "another rank out",
        fun () ->
            throws<ShapeException, _> [ "ToData"; "(2,)"; "2 axes" ] (fun () ->
                (tensor [ 1; 2 ]).ToData<int[,]>())
        "a scalar as a list",
        fun () -> throws<ShapeException, _> [ "ToData"; "()" ] (fun () -> (tensor 1).ToData<int list>())
        "one number of many",
        fun () ->
            throws<ShapeException, _> [ "(2,)"; "single number" ] (fun () -> float (tensor [ 1.0; 2.0 ]))
        "one number of none",
        fun () -> throws<ShapeException, _> [ "(0,)" ] (fun () -> float (tensor ([]: float list)))
        "out as a string",
        fun () -> throws<DTypeException, _> [ "ToData"; "String" ] (fun () -> (tensor [ 1 ]).ToData<string>())
        "out as another collection",
        fun () -> throws<DTypeException, _> [ "ToData" ] (fun () -> (tensor [ 1 ]).ToData<ResizeArray<int>>())
    ]

let private filled =
    testList "filled" [
        for dtype in DTypes.all do
            testCase $"{dtype}" (fun () ->
                equalsAs dtype [ [ 0; 0 ]; [ 0; 0 ] ] (Tensor.zeros dtype [ 2; 2 ])
                equalsAs dtype [ 1; 1; 1 ] (Tensor.ones dtype [ 3 ])
                let one = Tensor.full dtype [ 2; 1 ] 1.0
                equalsAs dtype [ [ 1 ]; [ 1 ] ] one
                equalsAs dtype [ [ 0 ]; [ 0 ] ] (Tensor.zerosLike one)
                equalsAs dtype [ [ 1 ]; [ 1 ] ] (Tensor.onesLike one)
                equalsAs dtype 1 (Tensor.scalar dtype 1.0)
                equalsAs dtype [ [ 1; 0; 0 ]; [ 0; 1; 0 ]; [ 0; 0; 1 ] ] (Tensor.eye dtype 3)
                equalsAs dtype [ [ 0; 0; 1 ]; [ 1; 0; 0 ] ] (Tensor.oneHot dtype 3 (tensor [ 2; 0 ])))
        testCase "any number" (fun () ->
            equals [ 2.5f ] (Tensor.full DType.Float32 [ 1 ] 2.5)
            equals [ nan; nan ] (Tensor.full DType.Float64 [ 2 ] nan)
            equals [ -7L ] (Tensor.full DType.Int64 [ 1 ] -7.0)
            hasShape [ 2; 0; 3 ] (Tensor.zeros DType.Int32 [ 2; 0; 3 ]))
        testCase "one-hot indices of any shape" (fun () ->
            let t = Tensor.oneHot DType.Int32 2 (tensor [ [ 0L; 1L ] ])
            equals [ [ [ 1; 0 ]; [ 0; 1 ] ] ] t
            equals [ 0; 1; 0 ] (Tensor.oneHot DType.Int32 3 (tensor 1))
            hasShape [ 2; 0 ] (Tensor.oneHot DType.Int32 0 (tensor [ 0; 1 ])))
        testCase "refused" (fun () ->
            throws<ShapeException, _> [ "zeros"; "(2, -1)" ] (fun () -> Tensor.zeros DType.Int32 [ 2; -1 ])
            throws<ShapeException, _> [ "eye" ] (fun () -> Tensor.eye DType.Int32 -1)
            throws<ShapeException, _> [ "oneHot" ] (fun () -> Tensor.oneHot DType.Int32 -1 (tensor [ 0 ]))

            throws<ShapeException, _> [ "2147483591" ] (fun () ->
                Tensor.zeros DType.Int32 [ 100000; 100000 ])

            throws<DTypeException, _> [ "full"; "0.5"; "Int32" ] (fun () -> Tensor.full DType.Int32 [] 0.5)
            throws<DTypeException, _> [ "full"; "Bool" ] (fun () -> Tensor.full DType.Bool [] nan)

            throws<DTypeException, _> [ "oneHot"; "Float64" ] (fun () ->
                Tensor.oneHot DType.Int32 2 (tensor [ 1.0 ]))

            throws<ShapeException, _> [ "ofArray"; "(2, 2)"; "3" ] (fun () ->
                Tensor.ofArray [ 2; 2 ] [| 1; 2; 3 |])

            throws<ShapeException, _> [ "ofArray" ] (fun () -> Tensor.ofArray [ -1; -1 ] [| 1 |])
            throws<DTypeException, _> [ "Char" ] (fun () -> Tensor.ofArray [ 1 ] [| 'a' |]))
    ]

let private ranges =
    testList "ranges" [
        for dtype in numeric do
            testCase $"{dtype}" (fun () ->
                equalsAs dtype [ 0; 1; 2; 3; 4 ] (Tensor.arangeIn dtype 0.0 5.0 1.0)
                equalsAs dtype [ 5; 3; 1 ] (Tensor.arangeIn dtype 5.0 0.0 -2.0)

                if not dtype.IsUnsigned then
                    equalsAs dtype [ 5; 3; 1; -1 ] (Tensor.arangeIn dtype 5.0 -2.0 -2.0)

                equalsAs dtype [ 2; 5 ] (Tensor.arangeIn dtype 2.0 8.0 3.0)
                equalsAs dtype ([]: int list) (Tensor.arangeIn dtype 3.0 3.0 1.0)
                equalsAs dtype ([]: int list) (Tensor.arangeIn dtype 3.0 5.0 -1.0)
                equalsAs dtype [ 0; 1; 2; 3; 4 ] (Tensor.arange dtype 5)
                hasShape [ 0 ] (Tensor.arange dtype 0))
        testCase "fractions do not add up errors" (fun () ->
            close 1e-15 [ for i in 0..9 -> float i / 10.0 ] (Tensor.arangeIn DType.Float64 0.0 1.0 0.1)

            close
                1e-7
                [ for i in 0..99999 -> float i / 1000.0 ]
                (Tensor.arangeIn DType.Float32 0.0 100.0 0.001)

            equals [ 0.5f; 0.75f ] (Tensor.arangeIn DType.Float32 0.5 1.0 0.25))
        testCase "large integers are exact" (fun () ->
            equals
                [ 9007199254740990L; 9007199254740991L ]
                (Tensor.arangeIn DType.Int64 9007199254740990.0 9007199254740992.0 1.0))
        testCase "meshgrid" (fun () ->
            // NumPy: np.meshgrid(..., indexing="ij")
            let grid = Tensor.meshgrid [ tensor [ 0; 1 ]; tensor [ 5; 6; 7 ]; tensor [ 9 ] ]
            Expect.equal grid.Length 3 "one for each vector"
            equals [ [ [ 0 ]; [ 0 ]; [ 0 ] ]; [ [ 1 ]; [ 1 ]; [ 1 ] ] ] grid[0]
            equals [ [ [ 5 ]; [ 6 ]; [ 7 ] ]; [ [ 5 ]; [ 6 ]; [ 7 ] ] ] grid[1]
            equals [ [ [ 9 ]; [ 9 ]; [ 9 ] ]; [ [ 9 ]; [ 9 ]; [ 9 ] ] ] grid[2]

            throws<ShapeException, _> [ "meshgrid"; "(1, 1)" ] (fun () ->
                Tensor.meshgrid [ tensor [ [ 1 ] ] ]))
        for dtype in floats do
            testCase $"linspace of {dtype}" (fun () ->
                equalsAs dtype [ 0.0; 0.25; 0.5; 0.75; 1.0 ] (Tensor.linspace dtype 0.0 1.0 5)
                equalsAs dtype [ 2; 0; -2 ] (Tensor.linspace dtype 2.0 -2.0 3)
                equalsAs dtype [ 3 ] (Tensor.linspace dtype 3.0 4.0 1))
        testCase "linspace ends where it should" (fun () ->
            let t = Tensor.linspace DType.Float64 0.1 0.7 50
            Expect.equal (float t[0]) 0.1 "first"
            Expect.equal (float t[-1]) 0.7 "last"
            close 1e-15 [ for i in 0..49 -> 0.1 + float i * 0.6 / 49.0 ] t)
        testCase "refused" (fun () ->
            throws<ShapeException, _> [ "arange"; "-1" ] (fun () -> Tensor.arange DType.Int32 -1)
            throws<DTypeException, _> [ "arange"; "Bool" ] (fun () -> Tensor.arange DType.Bool 2)
            throws<ValueException, _> [ "arangeIn" ] (fun () -> Tensor.arangeIn DType.Int32 0.0 1.0 0.0)

            throws<ValueException, _> [ "arangeIn" ] (fun () ->
                Tensor.arangeIn DType.Float32 0.0 infinity 1.0)

            throws<ShapeException, _> [ "1000000000000" ] (fun () ->
                Tensor.arangeIn DType.Int32 0.0 1e12 1.0)

            throws<DTypeException, _> [ "arangeIn"; "0.5"; "Int32" ] (fun () ->
                Tensor.arangeIn DType.Int32 0.0 5.0 0.5)

            throws<DTypeException, _> [ "arangeIn"; "Bool" ] (fun () ->
                Tensor.arangeIn DType.Bool 0.0 2.0 1.0)

            throws<ValueException, _> [ "linspace" ] (fun () -> Tensor.linspace DType.Float32 0.0 1.0 0)

            throws<DTypeException, _> [ "linspace"; "Int32" ] (fun () ->
                Tensor.linspace DType.Int32 0.0 1.0 2))
    ]

let private equality =
    tests "equality" [
        "shape, dtype and numbers count",
        fun () ->
            let t = tensor [ 1.0; 2.0 ]
            Expect.isTrue (t = tensor [ 1.0; 2.0 ]) "the same"
            Expect.equal (hash t) (hash (tensor [ 1.0; 2.0 ])) "hash"
            Expect.isFalse (t = tensor [ 1.0; 3.0 ]) "another number"
            Expect.isFalse (t = tensor [ [ 1.0; 2.0 ] ]) "another shape"
            Expect.isFalse (t = tensor [ 1.0f; 2.0f ]) "another dtype"
            Expect.isFalse (t.Equals 1.0) "no tensor"
        "views equal what they show",
        fun () ->
            Expect.isTrue ((tensor [ [ 1; 2 ]; [ 3; 4 ] ]).T = tensor [ [ 1; 3 ]; [ 2; 4 ] ]) "transposed"
        "NaN and zeros",
        fun () -> Expect.isTrue (tensor [ nan; 0.0 ] = tensor [ nan; -0.0 ]) "NaN equals NaN, 0 equals -0"
    ]

let private laws =
    testList "laws" [
        law "nested lists come back" Gen.fullTensor (fun t ->
            t.Rank <> 2 || tensor (t.ToData<float list list>()) = t)
        law "ofArray fills any shape" (Gen.shape |> Gen.bind (Gen.numbersIn DType.Int32)) (fun t ->
            Tensor.ofArray t.Shape (t.Flatten().ToData<int[]>()) = t)
    ]

let private hashes =
    tests "hashes" [
        "equal tensors have equal ones",
        fun () ->
            let same (a: Tensor) (b: Tensor) =
                Expect.equal a b "equal"
                Expect.equal (a.GetHashCode()) (b.GetHashCode()) "hash"

            let rows = tensor [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ]
            same (tensor [ 0.0; nan ]) (tensor [ -0.0; -nan ])
            same (rows.Transpose().Transpose()) rows
            same (rows[1]) (tensor [ 4.0; 5.0; 6.0 ])
            same ((tensor 2.5f).Expand [ 300 ]) (Tensor.full DType.Float32 [ 300 ] 2.5)
            same (Tensor.zeros DType.Int32 [ 0; 3 ]) (Tensor.zeros DType.Int32 [ 0; 3 ])
        "tensors of other numbers have others",
        fun () ->
            let different = [ for i in 0..31_999 -> (tensor i).GetHashCode() ] |> List.distinct |> List.length
            Expect.isGreaterThan different 31_900 "of scalars"
            let long (last: float) = Tensor.ofArray [ 1000 ] (Array.append (Array.zeroCreate 999) [| last |])
            Expect.notEqual ((long 1.0).GetHashCode()) ((long 2.0).GetHashCode()) "the last element"
        "inside of transformations",
        fun () ->
            // Whose value is known, and whose is not: neither throws.
            let hashed (x: Tensor) = x * float (x.GetHashCode() &&& 0)
            Expect.equal (grad hashed (tensor 2.0)) (tensor 0.0) "grad"
            Expect.equal (compile hashed (tensor 2.0)) (tensor 0.0) "compile"
            Expect.equal (vmap hashed (tensor [ 2.0; 3.0 ])) (tensor [ 0.0; 0.0 ]) "vmap"
    ]

[<Tests>]
let all =
    testList "Creation" [ everyDType; everyNesting; refused; filled; ranges; equality; hashes; laws ]
