using System.Text;
using Gateway.Telemetry.AccessLogging;

namespace Gateway.Tests.Telemetry.AccessLogging;

public sealed class LineBufferTests
{
    /// <summary>From several threads at once, with lines of all lengths: each is taken whole and once, those of one thread in their
    /// order.</summary>
    [Fact]
    public async Task AppendedByMany_AreTakenInOrder()
    {
        const int Threads = 4;
        const int Lines = 5000;
        using var buffer = new LineBuffer(1000);
        var appending = Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() => AppendAsync(thread))));
        var taken = new StringBuilder();
        var taking = Task.Run(async () =>
        {
            while (await buffer.WaitAsync())
            {
                var block = buffer.Take();
                taken.Append(Encoding.ASCII.GetString(block.Written));
                Assert.Equal(block.Lines, block.Written.Count((byte)'\n'));
                buffer.Return(block);
            }
        });

        await appending.WaitAsync(TimeSpan.FromSeconds(60));
        buffer.Complete();
        await taking.WaitAsync(TimeSpan.FromSeconds(60));

        var lines = taken.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToArray();
        for (var thread = 0; thread < Threads; thread++)
        {
            Assert.Equal(
                Enumerable.Range(0, Lines).Select(i => $"{i}"),
                lines.Where(parts => parts[0] == $"{thread}").Select(parts => parts[1]));
        }

        Assert.All(lines, parts => Assert.Equal(int.Parse(parts[2]), parts[3].Length));

        async Task AppendAsync(int thread)
        {
            var random = new Random(thread);
            for (var i = 0; i < Lines; i++)
            {
                // Some are longer than a block.
                var length = random.Next(1000) == 0 ? 100_000 : random.Next(1, 500);
                var line = Encoding.ASCII.GetBytes($"{thread} {i} {length} {new string('x', length)}\n");
                while (!buffer.TryAppend(line))
                {
                    await Task.Yield();
                }
            }
        }
    }

    [Fact]
    public async Task Completed_WhatWaitsIsTaken_AndNoMoreIs()
    {
        using var buffer = new LineBuffer(2);
        Assert.True(buffer.TryAppend("a\n"u8));
        Assert.True(buffer.TryAppend("b\n"u8));
        Assert.False(buffer.TryAppend("c\n"u8));
        Assert.False(buffer.HasRoom);
        buffer.Complete();

        Assert.True(await buffer.WaitAsync());
        Assert.Equal("a\nb\n"u8, buffer.Take().Written);
        Assert.False(buffer.TryAppend("d\n"u8));
        Assert.False(await buffer.WaitAsync());
        Assert.Equal(0, buffer.Take().Lines);
    }

    [Fact]
    public async Task LongLines_NoMoreWaitThanAsManyKibibytes()
    {
        using var buffer = new LineBuffer(100);
        var line = new byte[40 * 1024];
        Assert.True(buffer.TryAppend(line));
        Assert.True(buffer.TryAppend(line));
        Assert.True(buffer.TryAppend(line));
        Assert.False(buffer.TryAppend(line));

        Assert.True(await buffer.WaitAsync());
        while (buffer.Take() is { Lines: > 0 } block)
        {
            buffer.Return(block);
        }

        Assert.True(buffer.TryAppend(line));
    }
}
