using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http.Conformance;

/// <summary>One Gateway for each stack before one destination, shared by the tests of a class, each of which uses paths of
/// its own.</summary>
public sealed class ConformanceRig : IAsyncLifetime
{
    private readonly ConcurrentDictionary<HttpVariant, Task<RunningGateway>> _gateways = new();
    private int _paths;

    internal WireDestination Destination { get; } = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        Destination.Dispose();
        foreach (var gateway in _gateways.Values)
        {
            await (await gateway).DisposeAsync();
        }
    }

    /// <summary>A path that no other test uses.</summary>
    internal string NewPath() => $"/{Interlocked.Increment(ref _paths)}";

    internal Task<RunningGateway> GatewayAsync(HttpVariant stack) => _gateways.GetOrAdd(stack, key => RunningGateway.StartAsync(
        key.Configure(Json.Proxy("rr", [Json.Destination("a", Destination.Address)],
            """ "HttpRequest": { "ActivityTimeout": "00:00:20" }, """))));

    /// <summary>A raw connection to the Gateway of a stack.</summary>
    internal async Task<WireClient> ConnectAsync(HttpVariant stack)
    {
        var gateway = await GatewayAsync(stack);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, gateway.Client.BaseAddress!.Port));
        return new WireClient(socket);
    }

    /// <summary>One exchange on a connection of its own.</summary>
    internal async Task<WireMessage> AskAsync(HttpVariant stack, string request)
    {
        using var client = await ConnectAsync(stack);
        await client.SendAsync(request);
        return await client.Reader.ReadAnswerAsync(request.Split(' ')[0]);
    }
}

/// <summary>A client that writes bytes and reads answers.</summary>
internal sealed class WireClient(Socket socket) : IDisposable
{
    public Socket Socket => socket;

    public WireReader Reader { get; } = new(socket);

    public Task SendAsync(string text) => socket.SendAllAsync(Encoding.Latin1.GetBytes(text));

    public Task SendAsync(byte[] bytes) => socket.SendAllAsync(bytes);

    /// <summary>Goes away as a crashed program does.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    public void Dispose() => socket.Dispose();
}
