using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Relay.Tls;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Relay.Tls;

public sealed class AwaitedEndTests : IDisposable
{
    private const int Bytes = 1000;
    private const int CallsPerRound = 16;
    private const int LongPiecesPerRound = 8;

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly Loop _loop = new("test", TimeProvider.System, NullLogger.Instance);
    private readonly List<Socket> _sockets = [];
    private readonly List<AwaitedEnd> _ends = [];

    public void Dispose()
    {
        _loop.Run(() => _ends.ForEach(end => end.Close(reset: true)));
        _loop.Dispose();
        _sockets.ForEach(socket => socket.Dispose());
    }

    [LinuxFact]
    public async Task ReceiveAsync_BytesNeverRunShort_AnotherConnectionHasItsTurn()
    {
        var ends = new[] { await OpenAsync(waiting: Bytes), await OpenAsync(waiting: Bytes) };
        var calls = new List<int>();

        await RunAsync(Enumerable.Range(0, 2).Select(who => ReadAsync(ends[who], who, calls)));

        AssertFair(calls);
    }

    [LinuxFact]
    public async Task SendAsync_RoomNeverRunsShort_AnotherConnectionHasItsTurn()
    {
        var ends = new[] { await OpenAsync(), await OpenAsync() };
        var calls = new List<int>();

        await RunAsync(Enumerable.Range(0, 2).Select(who => WriteAsync(ends[who], who, calls)));

        AssertFair(calls);
    }

    [LinuxFact]
    public async Task ReceiveAsync_ManyShakeHandsAtOnce_AreSpreadOverRoundsInOrder()
    {
        const int count = 50;
        var ends = new List<AwaitedEnd>();
        for (var i = 0; i < count; i++)
        {
            ends.Add(await OpenAsync(waiting: 1));
            ends[i].IsShakingHands = true;
        }

        var done = new List<(int Who, long Round)>();
        await RunAsync(ends.Select(async (end, who) =>
        {
            Assert.Equal(1, await end.ReceiveAsync(new byte[8]));
            done.Add((who, _loop.Round));
        }));

        Assert.Equal(Enumerable.Range(0, count), done.Select(one => one.Who));
        Assert.All(done.CountBy(one => one.Round), round => Assert.InRange(round.Value, 1, LongPiecesPerRound));
    }

    [LinuxFact]
    public async Task ReceiveAsync_ClosedWhileOthersHaveTheirTurn_Throws()
    {
        var end = await OpenAsync(waiting: 1);
        end.IsShakingHands = true;
        Task<int> receiving = null!;

        _loop.Run(() =>
        {
            receiving = end.ReceiveAsync(new byte[8]).AsTask();
            end.Close(reset: true);
        });

        await Assert.ThrowsAsync<SocketException>(() => receiving.WaitAsync(_deadline));
    }

    private static void AssertFair(List<int> calls)
    {
        Assert.Equal(2 * Bytes, calls.Count);
        var (longest, run) = (0, 0);
        for (var i = 0; i < calls.Count; i++)
        {
            run = i > 0 && calls[i] == calls[i - 1] ? run + 1 : 1;
            longest = Math.Max(longest, run);
        }

        // The last of one round may be the first of the next.
        Assert.InRange(longest, 1, 2 * CallsPerRound);
    }

    private static async Task ReadAsync(AwaitedEnd end, int who, List<int> calls)
    {
        var buffer = new byte[1];
        for (var i = 0; i < Bytes; i++)
        {
            Assert.Equal(1, await end.ReceiveAsync(buffer));
            calls.Add(who);
        }
    }

    private static async Task WriteAsync(AwaitedEnd end, int who, List<int> calls)
    {
        for (var i = 0; i < Bytes; i++)
        {
            await end.SendAsync(new byte[1]);
            calls.Add(who);
        }
    }

    /// <summary>Begins all of it at once on the loop's thread.</summary>
    private async Task RunAsync(IEnumerable<Task> works)
    {
        Task all = null!;
        _loop.Run(() => all = Task.WhenAll(works.ToArray()));
        await all.WaitAsync(_deadline);
    }

    private async Task<AwaitedEnd> OpenAsync(int waiting = 0)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndPoint!);
        var far = await listener.AcceptAsync();
        _sockets.AddRange([near, far]);
        await far.SendAllAsync(new byte[waiting]);
        near.Blocking = false;

        // The end closes its descriptor, and .NET's socket another.
        var fd = Libc.Control((int)near.Handle, Libc.DuplicateCloseOnExec, 0);
        var end = new AwaitedEnd(_loop, fd, connection: null!, isClient: true) { IsOpen = true };
        _ends.Add(end);
        _loop.Run(() => Assert.True(end.TryWatch()));
        return end;
    }
}
