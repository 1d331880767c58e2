namespace Cotangent;

/// <summary>What a training of the sine GAN reached.</summary>
public sealed class SineGanResult
{
    private readonly FSharpSineGanResult result;

    internal SineGanResult(FSharpSineGanResult result)
    {
        this.result = result;
        Generator = Mlp.FromFSharp(result.Generator);
    }

    /// <summary>Iterations done: fewer than asked for after a cancellation.</summary>
    public int Iterations => result.Iterations;

    /// <summary>The time of the training alone.</summary>
    public TimeSpan Elapsed => result.Elapsed;

    /// <summary>The losses on the way, means since the point before.</summary>
    public IReadOnlyList<SineGanPoint> Losses => result.Losses;

    /// <summary>The trained generator (its running average, where the preset keeps one).</summary>
    public Mlp Generator { get; }

    /// <summary>Draws signals from the generator: (count, Length).</summary>
    public Tensor Sample(int count, Key key) => result.Sample.Invoke(count).Invoke(key);
}
