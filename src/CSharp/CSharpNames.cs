using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Cotangent;

/// <summary>
/// The core's messages name functions as F# does. In a program that uses this facade they name them as C# does: the
/// operation in front, and all code in backticks.
/// </summary>
internal static partial class CSharpNames
{
    /// <summary>What is not the same name with a capital letter.</summary>
    private static readonly Dictionary<string, string> names = new()
    {
        ["grad"] = "Differentiate.Gradient",
        ["gradWith"] = "Differentiate.GradientWith",
        ["valueAndGrad"] = "Differentiate.ValueAndGradient",
        ["valueAndGradWith"] = "Differentiate.ValueAndGradientWith",
        ["jvp"] = "Differentiate.Jvp",
        ["vjp"] = "Differentiate.Vjp",
        ["linearize"] = "Differentiate.Linearize",
        ["linearTranspose"] = "Differentiate.LinearTranspose",
        ["diff"] = "Differentiate.Derivative",
        ["diffn"] = "Differentiate.Derivative",
        ["taylor"] = "Differentiate.Taylor",
        ["taylorAlong"] = "Differentiate.TaylorAlong",
        ["jet"] = "Differentiate.Jet",
        ["jacobian"] = "Differentiate.Jacobian",
        ["jacobianForward"] = "Differentiate.JacobianForward",
        ["hessian"] = "Differentiate.Hessian",
        ["hvp"] = "Differentiate.HessianVectorProduct",
        ["vhp"] = "Differentiate.VectorHessianProduct",
        ["jacobians"] = "Differentiate.Jacobians",
        ["jacobiansForward"] = "Differentiate.JacobiansForward",
        ["hessians"] = "Differentiate.Hessians",
        ["laplacian"] = "Differentiate.Laplacian",
        ["divergence"] = "Differentiate.Divergence",
        ["curl"] = "Differentiate.Curl",
        ["stopGradient"] = "Differentiate.StopGradient",
        ["withDerivative"] = "Differentiate.WithPull",
        ["Derivative.Both"] = "Differentiate.WithDerivative",
        ["vmap"] = "Transform.Vectorize",
        ["vmapWith"] = "Transform.Vectorize",
        ["compile"] = "Transform.Compile",
        ["compileDonating"] = "Transform.CompileDonating",
        ["checkpoint"] = "Transform.Checkpoint",
        ["checkpointWith"] = "Transform.Checkpoint",
        ["checkpointName"] = "Transform.CheckpointName",
        ["withBatching"] = "Transform.WithBatching",
        ["evalShape"] = "Transform.EvalShape",
        ["Compile.after"] = "Transform.After",
        ["Compile.explain"] = "Transform.Explain",
        ["Compile.graph"] = "Transform.Graph",
        ["Compile.keep"] = "Transform.Keep",
        ["Compile.memory"] = "Transform.Memory",
        ["Debug.checkNumbers"] = "Checks.Numbers",
        ["Debug.checkDerivative"] = "Checks.Derivative",
        ["Debug.print"] = "Checks.Print",
        ["Debug.printTo"] = "Checks.Print",
        ["Debug.observe"] = "Checks.Observe",
        ["hostCall"] = "Control.HostCall",
        ["Profile.run"] = "Profile.Run",
        ["iterate"] = "Control.Iterate",
        ["iteratei"] = "Control.Iterate",
        ["scan"] = "Control.Scan",
        ["whileLoop"] = "Control.While",
        ["boundedWhileLoop"] = "Control.While",
        ["cond"] = "Control.Cond",
        ["switch"] = "Control.Switch",
        ["associativeScan"] = "Control.AssociativeScan",
        ["associativeScanWith"] = "Control.AssociativeScan",
        ["scope"] = "Hardware.Scope",
        ["Device.cuda"] = "Hardware.Cuda",
        ["Device.available ()"] = "Hardware.Available()",
        ["tensor"] = "Tensor.Create",
        ["tensor ([]: float32 list)"] = "Tensor.Create(new float[0])",
        ["arangeIn"] = "Tensor.Arange",
        ["concat"] = "Tensor.Concat",
        ["stack"] = "Tensor.Stack",
        ["matmul"] = "MatMul",
        ["einsum"] = "Tensor.Einsum",
        ["cumsum"] = "CumulativeSum",
        ["pinv"] = "PseudoInverse",
        ["cov"] = "Covariance",
        ["Linear.init"] = "Linear.Create",
        ["Mlp.init"] = "Mlp.Create",
        ["Prelu.init"] = "Prelu.Create",
        ["Embedding.init"] = "Embedding.Create",
        ["LearnedPositions.init"] = "LearnedPositions.Create",
        ["MultiHeadAttention.init"] = "MultiHeadAttention.Create",
        ["FeedForward.init"] = "FeedForward.Create",
        ["EncoderBlock.init"] = "EncoderBlock.Create",
        ["DecoderBlock.init"] = "DecoderBlock.Create",
        ["DecoderBlock.initWithMemory"] = "DecoderBlock.Create",
        ["TransformerEncoder.init"] = "TransformerEncoder.Create",
        ["TransformerDecoder.init"] = "TransformerDecoder.Create",
        ["TransformerDecoder.initWithMemory"] = "TransformerDecoder.Create",
        ["Rnn.init"] = "Rnn.Create",
        ["Gru.init"] = "Gru.Create",
        ["Lstm.init"] = "Lstm.Create",
        ["x.Unsqueeze 0"] = "x.Unsqueeze(0)",
        ["LayerNorm.init"] = "LayerNorm.Create",
        ["RmsNorm.init"] = "RmsNorm.Create",
        ["GroupNorm.init"] = "GroupNorm.Create",
        ["InstanceNorm.init"] = "InstanceNorm.Create",
        ["BatchNorm.init"] = "BatchNorm.Create",
        ["Dropout.init"] = "Dropout.Create",
        ["Convolution.init"] = "Convolution.Create",
        ["TransposedConvolution.init"] = "TransposedConvolution.Create",
        ["Upsample.init"] = "Upsample.Create",
        ["PaddingMode.pad"] = "Pad",
        ["Key.splitMany"] = "Key.Split",
        ["Safetensors.openFile"] = "Safetensors.Open",
        ["Safetensors.writeWith"] = "Safetensors.Write",
        ["Checkpoint.saveWith"] = "Checkpoint.Save",
        ["Checkpoint.loadWith"] = "Checkpoint.Load",
        ["Checkpoint.saveInBackground"] = "Checkpoint.SaveAsync",
        ["Image.load"] = "ImageFile.Load",
        ["Image.loadWith"] = "ImageFile.Load",
        ["Image.decode"] = "ImageFile.Decode",
        ["Image.decodeWith"] = "ImageFile.Decode",
        ["Image.gridOn"] = "Image.Grid",
        ["Image.toTensorOf"] = "Image.ToTensor",
        ["ReadySets.mnistDigits"] = "ReadySets.Mnist",
        ["Index.All"] = "Slice.All",
        ["Index.NewAxis"] = "Slice.NewAxis",
        ["Index.Rest"] = "Slice.Rest",
        ["t[mask]"] = "t.Masked(mask)",
        ["t[1..]"] = "t.Slice(1..)",
        ["**"] = "Pow",
        ["power"] = "Pow",
        ["SignalWindow.hann DType.Float32 512"] = "SignalWindow.Hann(512)",
        ["argmax"] = "ArgMax",
        ["argmin"] = "ArgMin",
        ["argsort"] = "ArgSort",
        ["isnan"] = "IsNaN",
        ["lessequal"] = "LessEqual",
        ["shiftleft"] = "ShiftLeft",
        ["shiftright"] = "ShiftRight",
        ["ofArray"] = "Tensor.Create",
        ["Key.foldTensor"] = "key.Fold",
        ["float32"] = "float",
        ["float"] = "double",
        ["int"] = "int",
        ["int64"] = "long",
        ["if"] = "if",
        ["lib"] = "lib",
        ["x ** 2.0"] = "x.Pow(2)",
        ["let a, b = Key.split key"] = "var (a, b) = key.Split()",
        ["List.map float32"] = "Select(x => (float)x)",
        ["vmap (fun x -> f x scalar) xs"] = "Transform.Vectorize(x => f(x, scalar), xs)",
    };

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "No call precedes the first use of the facade.")]
    internal static void Register() => Spelling.Use(Of);

    /// <summary>A message of the core, in the words of C#.</summary>
    internal static string Of(string message) =>
        Parts()
            .Replace(
                message,
                part =>
                    part.Groups["code"] is { Success: true } code ? $"`{Code(code.Value)}`"
                    : part.Groups["operation"] is { Success: true } operation ?
                        part.Groups["place"].Value + Code(operation.Value)
                    : part.Value
            );

    private static string Code(string code) =>
        names.TryGetValue(code, out var name) ? name
        : code.StartsWith("t.", StringComparison.Ordinal) && !code.Contains(' ') ? code
        : Applied().Match(code) is { Success: true } call ? $"{call.Groups[1]}({call.Groups[2]})"
        : code.StartsWith("Random.", StringComparison.Ordinal) ? $"key.{Capital(code["Random.".Length..])}"
        : Plain().IsMatch(code) ? string.Join('.', code.Split('.').Select(Capital))
        : code;

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    /// <summary>The operation before the first colon, behind the path of a leaf if one is named; and code.</summary>
    [GeneratedRegex(@"^(?<place>Error at: `[^`]*`: )?((?<operation>[A-Za-z][\w.]*)(?=: ))?|`(?<code>[^`]+)`")]
    private static partial Regex Parts();

    /// <summary>An F# method applied to one argument.</summary>
    [GeneratedRegex(@"^(t\.\w+) ([\w.]+)$")]
    private static partial Regex Applied();

    /// <summary>A function, in a module or not.</summary>
    [GeneratedRegex(@"^[A-Za-z]\w*(\.[A-Za-z]\w*)?$")]
    private static partial Regex Plain();
}
