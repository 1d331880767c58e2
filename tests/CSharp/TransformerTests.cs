namespace Cotangent.CSharp.Tests;

/// <summary>Blocks and stacks of transformers.</summary>
public class TransformerTests
{
    private static readonly Key key = Key.Create(1);
    private static readonly Tensor x = Key.Create(2).Normal([2, 5, 8], DType.Float64);

    [Fact]
    public void Encoders_take_options_and_masks()
    {
        var block = EncoderBlock.Create(
            8,
            4,
            key,
            norm: BlockNorm.Rms,
            epsilon: 0.25,
            normFirst: false,
            hidden: 12,
            activation: Activation.Silu,
            gated: true,
            keyHeads: 2,
            headWidth: 6,
            rotary: Rotary.Halves,
            dropout: 0.1,
            attentionDropout: 0.2,
            bias: false,
            dtype: DType.Float64,
            weightInit: Init.Constant(0.5)
        );

        Assert.Equal(0.25, Assert.IsType<RmsNorm>(block.Norm1).Epsilon);
        Assert.False(block.IsNormFirst);
        Assert.Equal(Tensor.Full(0.5, [8, 12], DType.Float64), block.FeedForward.Factor!.Weight);
        Assert.Equal(Activation.Silu, block.FeedForward.Wide.Activation);
        Assert.Equal([8, 12], block.SelfAttention.Key.Weight.Shape);
        Assert.Equal([8, 24], block.SelfAttention.Query.Weight.Shape);
        Assert.NotNull(block.SelfAttention.Rotary);
        Assert.Equal((0.1, 0.1, 0.2), (block.Dropout, block.FeedForward.Dropout, block.SelfAttention.Dropout));
        Assert.Null(block.FeedForward.Narrow.Bias);

        var plain = EncoderBlock.Create(8, 4, key, biasInit: Init.Constant(3));
        Assert.Equal(Tensor.Full(3, [32]), plain.FeedForward.Wide.Bias!);
        Assert.Equal(Activation.Gelu, plain.FeedForward.Wide.Activation);
        Assert.Equal(1e-5, Assert.IsType<LayerNorm>(plain.Norm2).Epsilon);
        Assert.True(plain.IsNormFirst);
        Assert.Null(plain.FeedForward.Factor);
        Assert.Equal((0.0, 0.0), (plain.Dropout, plain.SelfAttention.Dropout));

        var encoder = TransformerEncoder.Create(3, 8, 4, key, dtype: DType.Float64, dropout: 0.5);
        Assert.Equal(3, encoder.Layers.Length);
        var seen = Mask.ForQueries(Mask.OfLengths(Tensor.Create([3, 5]), 5));
        var y = encoder.Run(x, seen);
        Assert.True(encoder.Forward(x.Slice(0, ..3)).AllClose(y.Slice(0, ..3), 1e-10, 1e-10));
        Assert.True(encoder.Forward(x.Slice(1)).AllClose(y.Slice(1), 1e-10, 1e-10));
        Assert.NotEqual(y, encoder.Run(x, seen, key));
        Assert.NotEqual(encoder.Forward(x), encoder.Train(x, key));
        Assert.Null(TransformerEncoder.Create(1, 8, 4, key, normFirst: false).Norm);

        var error = Assert.Throws<ValueException>(() => TransformerEncoder.Create(2, 8, 3, key));
        Assert.StartsWith("TransformerEncoder.Create: 3 heads", error.Message);
    }

    [Fact]
    public void Decoders_look_at_a_memory_and_go_step_by_step()
    {
        var memory = Key.Create(3).Normal([2, 3, 6], DType.Float64);
        var seen = Mask.ForQueries(Mask.OfLengths(Tensor.Create([2, 3]), 3));
        var decoder = TransformerDecoder.Create(2, 8, 4, key, memoryWidth: 6, keyHeads: 1, dtype: DType.Float64);
        var whole = decoder.Run(x, memory, memoryMask: seen);
        var cache = decoder.Cache(5, [2], memory, seen);
        Tensor y;

        for (var t = 0; t < 5; t++)
        {
            (y, cache) = decoder.Step(x.Slice(Slice.All, t..(t + 1)), cache);
            Assert.True(whole.Slice(Slice.All, t..(t + 1)).AllClose(y, 1e-10, 1e-10));
        }

        Assert.Equal(5, (int)cache.Position);
        Assert.Equal(5, cache.Capacity);

        var alone = DecoderBlock.Create(8, 2, key, dtype: DType.Float64);
        Assert.Null(alone.Cross);
        Assert.True(alone.SelfAttention.IsCausal);
        var first = alone.Forward(x).Slice(Slice.All, ..2);
        Assert.True(first.AllClose(alone.Forward(x.Slice(Slice.All, ..2)), 1e-10, 1e-10));
        var (step, _) = alone.Step(x, alone.Cache(9, [2]));
        Assert.True(step.AllClose(alone.Forward(x), 1e-10, 1e-10));

        var error = Assert.Throws<ValueException>(() => alone.Run(x, memory));
        Assert.StartsWith("DecoderBlock.Run:", error.Message);
        Assert.Contains("`DecoderBlock.Create`", error.Message);

        var forward = FeedForward.Create(8, 5, key, Activation.Tanh, gated: true, dropout: 0.5, bias: false);
        Assert.Equal([8, 5], forward.Factor!.Weight.Shape);
        Assert.Null(forward.Wide.Bias);
        Assert.NotEqual(forward.Forward(Tensor.Ones(3, 8)), forward.Train(Tensor.Ones(3, 8), key));
    }
}
