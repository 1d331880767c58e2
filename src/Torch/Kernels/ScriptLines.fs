namespace Cotangent.Torch

/// Scripts of several lines, as the kernels of fused operations write them.
module internal ScriptLines =
    /// As scripts write a float, which without a point would be an integer.
    let number (x: float) =
        let text = x.ToString("R", System.Globalization.CultureInfo.InvariantCulture).ToLowerInvariant()
        if text.Contains '.' || text.Contains 'e' then text else text + ".0"

    let private text (parameters: string) (lines: string list) =
        $"def f({parameters}):\n  " + String.concat "\n  " lines + "\n"

    let script (f: Frame) parameters lines inputs = Script.call f (text parameters lines) inputs
    let scriptAll (f: Frame) parameters lines inputs = Script.callAll f (text parameters lines) inputs

    /// Whether all of a row is -∞: of that, libtorch's softmax is NaN.
    let isLow axis = $"torch.amax(x, {axis}, True) == float('-inf')"
