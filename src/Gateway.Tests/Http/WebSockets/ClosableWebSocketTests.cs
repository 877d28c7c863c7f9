using System.Threading.Channels;
using Gateway.Http.WebSockets;

namespace Gateway.Tests.Http.WebSockets;

/// <summary>The order of close frames when each side answers within the call that told it, as on one event loop.</summary>
public class ClosableWebSocketTests
{
    private const string GoingAwayToClient = "880203E9";
    private const string GoingAwayToDestination = "88820000000003E9";
    private const string NormalToClient = "880203E8";
    private const string NormalToDestination = "88820000000003E8";
    private const string Text = "810161";
    private const string MaskedText = "81810000000061";

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task DestinationAnswersAtOnce_ClientIsToldFirst()
    {
        using var client = new InlineClient();
        await using var socket = new ClosableWebSocket(client);
        var told = CopyAsync(socket, async read =>
        {
            // The destination has its close frame, and answers while the one who asked still waits.
            if (read == GoingAwayToDestination)
            {
                await socket.WriteAsync(Convert.FromHexString(NormalToClient));
                client.Receive(NormalToDestination);
            }
        });

        socket.AskToEnd();

        Assert.Equal(GoingAwayToDestination, await told.WaitAsync(_deadline));
        Assert.Equal(GoingAwayToClient, client.Written);
    }

    [Fact]
    public async Task ClientAnswersAtOnce_DestinationIsToldFirst()
    {
        using var client = new InlineClient { IgnoresCancellation = true };
        await using var socket = new ClosableWebSocket(client);
        client.OnWrite = written =>
        {
            if (written == GoingAwayToClient)
            {
                client.Receive(NormalToDestination);
            }
        };
        var told = CopyAsync(socket);

        // The read under way ends with the client's answer, not with being told.
        socket.AskToEnd();

        Assert.Equal(GoingAwayToDestination, await told.WaitAsync(_deadline));
        Assert.Equal(GoingAwayToClient, client.Written);
    }

    [Fact]
    public async Task FramesUnderWay_EndBeforeTheCloseFrames()
    {
        using var client = new InlineClient();
        await using var socket = new ClosableWebSocket(client);
        await socket.WriteAsync(Convert.FromHexString(Text[..4]));
        client.Receive(MaskedText[..6]);
        var told = CopyAsync(socket);

        socket.AskToEnd();
        client.Receive(MaskedText[6..] + MaskedText);
        await socket.WriteAsync(Convert.FromHexString(Text[4..] + Text));
        client.Receive(NormalToDestination);

        Assert.Equal(MaskedText + GoingAwayToDestination, await told.WaitAsync(_deadline));
        Assert.Equal(Text + GoingAwayToClient, client.Written);
    }

    [Theory]
    [InlineData("8181000000", "0061" + NormalToDestination)]
    [InlineData("81", "810000000061" + NormalToDestination)]
    [InlineData(MaskedText + "81FE", "0003000000006162" + "63" + NormalToDestination)]
    [InlineData(NormalToDestination, "")]
    public async Task NextFrameHasBegunBehindTheOneUnderWay_DestinationIsToldAllTheSame(string begun, string rest)
    {
        using var client = new InlineClient();
        await using var socket = new ClosableWebSocket(client);
        client.Receive(MaskedText[..6]);
        var told = CopyAsync(socket);

        socket.AskToEnd();
        client.Receive(MaskedText[6..] + begun);
        client.Receive(rest);

        Assert.Equal(MaskedText + GoingAwayToDestination, await told.WaitAsync(_deadline));
    }

    [Fact]
    public async Task NextFrameToTheClientHasBegunBehindTheOneUnderWay_NothingOfItPasses()
    {
        using var client = new InlineClient();
        await using var socket = new ClosableWebSocket(client);
        await socket.WriteAsync(Convert.FromHexString(Text[..4]));

        socket.AskToEnd();
        await socket.WriteAsync(Convert.FromHexString(Text[4..] + Text[..2]));
        await socket.WriteAsync(Convert.FromHexString(Text[2..] + NormalToClient));

        Assert.Equal(Text + GoingAwayToClient, client.Written);
    }

    /// <summary>What the destination gets, to the end.</summary>
    private static async Task<string> CopyAsync(ClosableWebSocket socket, Func<string, Task>? passed = null)
    {
        var all = "";
        var buffer = new byte[64];
        while (await socket.ReadAsync(buffer) is > 0 and var read)
        {
            var piece = Convert.ToHexString(buffer, 0, read);
            all += piece;
            if (passed is not null)
            {
                await passed(piece);
            }
        }

        return all;
    }

    /// <summary>A client whose bytes, and whose cancellations, go on within the call that made them.</summary>
    private sealed class InlineClient : MemoryStream
    {
        private readonly Channel<byte[]> _received = Channel.CreateUnbounded<byte[]>(
            new UnboundedChannelOptions { AllowSynchronousContinuations = true });

        public string Written { get; private set; } = "";

        public bool IgnoresCancellation { get; init; }

        public Action<string>? OnWrite { get; set; }

        public void Receive(string hex) => Assert.True(_received.Writer.TryWrite(Convert.FromHexString(hex)));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var piece = await _received.Reader.ReadAsync(IgnoresCancellation ? CancellationToken.None : cancellationToken);
            piece.CopyTo(buffer);
            return piece.Length;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var written = Convert.ToHexString(buffer.Span);
            Written += written;
            OnWrite?.Invoke(written);
            return ValueTask.CompletedTask;
        }
    }
}
