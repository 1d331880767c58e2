namespace Cotangent.CSharp.Tests;

/// <summary>Layers for sequences: embeddings, positions, attention, recurrent networks.</summary>
public class SequenceLayerTests
{
    private static readonly Key key = Key.Create(1);

    [Fact]
    public void Embeddings_look_up_and_score()
    {
        var layer = new Embedding(Tensor.Create([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), null);
        Near.Equal([3, 30, 1, 10], layer.Forward(Tensor.Create([2, 0])).Flatten());
        Near.Equal([21, 42, 63], layer.Logits(Tensor.Create([1.0, 2.0])));

        var made = Embedding.Create(3, 2, key, padding: 1, dtype: DType.Float64, weightInit: Init.Constant(5));
        Near.Equal([5, 5, 0, 0, 5, 5], made.Weight.Flatten());
        Assert.Equal(1, made.Padding);
        var plain = Embedding.Create(30, 20, key);
        Assert.Equal([30, 20], plain.Weight.Shape);
        Assert.Null(plain.Padding);
        Assert.Equal(1.0, Math.Sqrt((double)plain.Weight.Variance()), 0.1);

        var error = Assert.Throws<IndexException>(() => layer.Forward(Tensor.Create([3])));
        Assert.StartsWith("Embedding.Forward: label 3", error.Message);
    }

    [Fact]
    public void Positions_are_added_or_turned()
    {
        var table = Positions.Sinusoidal(4, Tensor.Create([0, 1]), DType.Float64);
        Near.Equal([0, 1, 0, 1, Math.Sin(1), Math.Cos(1), Math.Sin(0.01), Math.Cos(0.01)], table.Flatten());
        Assert.Equal(DType.Float32, Positions.Sinusoidal(4, Tensor.Create([0])).DType);

        var learned = LearnedPositions.Create(5, 2, key, dtype: DType.Float64, weightInit: Init.Constant(3));
        Near.Equal([4, 4, 4, 4], learned.Forward(Tensor.Ones([2, 2], DType.Float64)).Flatten());
        Assert.Equal([7, 2], LearnedPositions.Create(7, 2, key).Weight.Shape);

        var x = Tensor.Create([[1.0, 2.0, 3.0, 4.0]]);
        var quarter = Tensor.Create([Math.PI / 2]);
        Near.Equal([-3, 1], Rotary.Halves.Rotate(x, quarter).Flatten().Gather(Tensor.Create([0, 2]), 0));
        Near.Equal([-2, 1], Rotary.Neighbours.Rotate(x, quarter).Flatten().Gather(Tensor.Create([0, 1]), 0));
        Assert.Equal(500, new Rotary(500, RotaryPairing.Halves).Base);
    }

    [Fact]
    public void Attention_takes_options_masks_and_a_cache()
    {
        var layer = MultiHeadAttention.Create(8, 4, key, causal: true, keyHeads: 2, rotary: Rotary.Halves, dtype: DType.Float64);
        Assert.Equal([8, 4], layer.Key.Weight.Shape);
        Assert.Equal([8, 8], layer.Query.Weight.Shape);
        Assert.NotNull(layer.Rotary);
        var x = Key.Create(2).Normal([2, 3, 8], DType.Float64);
        var whole = layer.Forward(x);

        var cache = layer.Cache(5, [2]);
        Tensor y;

        for (var t = 0; t < 3; t++)
        {
            (y, cache) = layer.Step(x.Slice(Slice.All, t..(t + 1)), cache);
            Assert.True(whole.Slice(Slice.All, t..(t + 1)).AllClose(y, 1e-10, 1e-10));
        }

        var seen = Mask.ForQueries(Mask.OfLengths(Tensor.Create([1, 3]), 3));
        Assert.Equal([2, 1, 3], seen.Shape);
        Assert.True(layer.Forward(x, seen).Slice(1).AllClose(whole.Slice(1), 1e-10, 1e-10));
        Assert.False(layer.Forward(x, seen).Slice(0).AllClose(whole.Slice(0), 1e-3, 1e-3));

        var cross = MultiHeadAttention.Create(8, 2, key, headWidth: 3, memoryWidth: 5, bias: false, weightInit: Init.Constant(2));
        Assert.Equal(Tensor.Full(2, [5, 6]), cross.Value.Weight);
        Assert.Null(cross.Output.Bias);
        Assert.False(cross.IsCausal);
        Assert.Equal(2, cross.KeyHeads);
        Assert.Equal([3, 8], cross.Attend(Tensor.Ones(3, 8), Tensor.Ones(4, 5)).Shape);
        Assert.Equal([3, 8], cross.Attend(Tensor.Ones(3, 8), cross.Memory(Tensor.Ones(4, 5))).Shape);

        var dropping = MultiHeadAttention.Create(8, 2, key, dropout: 0.5);
        Assert.Equal(0.5, dropping.Dropout);
        Assert.NotEqual(dropping.Forward(Tensor.Ones(3, 8)), dropping.Train(Tensor.Ones(3, 8), key));

        var biased = MultiHeadAttention.Create(8, 2, key, biasInit: Init.Constant(7));
        Assert.Equal(Tensor.Full(7, [8]), biased.Query.Bias!);

        var error = Assert.Throws<ValueException>(() => MultiHeadAttention.Create(8, 3, key));
        Assert.StartsWith("MultiHeadAttention.Create: 3 heads", error.Message);
        Assert.Contains("a width of 8", error.Message);
    }

    [Fact]
    public void Recurrent_networks_take_options_states_and_masks()
    {
        var x = Key.Create(2).Normal([2, 5, 3], DType.Float64);
        var lstm = Lstm.Create(3, 4, key, layers: 2, bidirectional: true, dropout: 0.5, dtype: DType.Float64);
        Assert.Equal(2, lstm.Layers.Length);
        Assert.Equal(0.5, lstm.Dropout);
        Assert.NotNull(lstm.Layers[0].Reverse);
        var (y, state) = lstm.Run(x);
        Assert.Equal(lstm.Forward(x), y);
        Assert.Equal([2, 5, 8], y.Shape);
        Assert.Equal([2, 4, 4], state.Cell.Shape);
        Assert.NotEqual(y, lstm.Run(x, key: key).Item1);

        var gru = Gru.Create(3, 4, key, dtype: DType.Float64, bias: false, weightInit: Init.Constant(0.1));
        Assert.Null(gru.Layers[0].Ahead.BiasIh);
        Assert.Null(gru.Layers[0].Reverse);
        Assert.Equal(Tensor.Full(0.1, [3, 12], DType.Float64), gru.Layers[0].Ahead.WeightIh);
        var (first, half) = gru.Run(x.Slice(Slice.All, ..2));
        var (second, _) = gru.Run(x.Slice(Slice.All, 2..), half);
        Assert.True(gru.Forward(x).AllClose(Tensor.Concat([first, second], 1), 1e-12, 1e-12));
        Assert.Equal([2, 1, 4], gru.ZeroState([2]).Shape);

        var (masked, _) = gru.Run(x, mask: Mask.OfLengths(Tensor.Create([2, 5]), 5));
        Assert.Equal(0, (double)masked.Slice(0, 2..).Abs().Max());

        var rnn = Rnn.Create(3, 4, key, Activation.Relu, biasInit: Init.Constant(-100));
        Assert.Equal(Activation.Relu, rnn.Activation);
        Assert.Equal(Tensor.Zeros(1, 4), rnn.Forward(Tensor.Ones(1, 3)));
        Assert.Equal(Activation.Tanh, Rnn.Create(3, 4, key).Activation);
        Assert.Equal(Tensor.Full(-100, [4]), rnn.Layers[0].Ahead.BiasHh!);

        foreach (var made in new[] { Lstm.Create(3, 4, key).Layers, Gru.Create(3, 4, key).Layers, Rnn.Create(3, 4, key).Layers })
        {
            var layer = Assert.Single(made);
            Assert.Null(layer.Reverse);
            Assert.InRange((double)layer.Ahead.BiasIh!.Abs().Max(), 0.2, 0.5);
            Assert.Equal(DType.Float32, layer.Ahead.WeightHh.DType);
        }
    }
}
