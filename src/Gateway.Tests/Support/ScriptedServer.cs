using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.EventLoop;

namespace Gateway.Tests.Support;

/// <summary>A TCP server that plays a script to each connection, and then closes it.</summary>
/// <remarks>
/// One string a step:
/// <list type="table">
/// <item><term><c>read</c></term><description>waits for some bytes</description></item>
/// <item><term><c>send TEXT</c></term><description>sends it</description></item>
/// <item><term><c>bytes HEX</c></term><description>sends them</description></item>
/// <item><term><c>pause</c></term><description>long enough for two sends to arrive one after the other</description></item>
/// <item><term><c>drip TEXT</c></term><description>sends it over and over, a byte at a time</description></item>
/// <item><term><c>endless TEXT</c></term><description>sends it over and over, as fast as it is taken</description></item>
/// <item><term><c>hang</c></term><description>does nothing until the client goes</description></item>
/// <item><term><c>reset</c></term><description>resets the connection</description></item>
/// </list>
/// </remarks>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _received = new();
    private readonly ConcurrentQueue<string> _serverNames = new();
    private readonly Socket _listener;
    private readonly X509Certificate2? _certificate;
    private readonly string[] _script;
    private readonly Task _accepting;

    public ScriptedServer(params string[] script)
        : this(IPAddress.Loopback, null, script)
    {
    }

    public ScriptedServer(IPAddress address, X509Certificate2? certificate, params string[] script)
    {
        _script = script;
        _certificate = certificate;
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Ends when a <c>hang</c> step begins.</summary>
    public Task Hanging => _hanging.Task;

    /// <summary>What the <c>read</c> steps read, in order.</summary>
    public string Received => string.Concat(_received);

    /// <summary>The server names (SNI) TLS clients asked for.</summary>
    public IReadOnlyCollection<string> ServerNames => _serverNames;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        ListenSocket.Close(_listener);
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var _ = socket;
        socket.NoDelay = true;
        try
        {
            await using var plain = new NetworkStream(socket);
            await using var stream = _certificate is null ? (Stream)plain : await SecureAsync(plain, _certificate);
            foreach (var step in _script)
            {
                await PlayAsync(step, socket, stream);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException
            or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // The client went, or the test is over: either ends the script.
        }
    }

    private async Task<SslStream> SecureAsync(NetworkStream plain, X509Certificate2 certificate)
    {
        var stream = new SslStream(plain);
        await stream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateSelectionCallback = (_, name) =>
                {
                    _serverNames.Enqueue(name ?? "");
                    return certificate;
                },
            },
            _stop.Token);
        return stream;
    }

    private async Task PlayAsync(string step, Socket socket, Stream stream)
    {
        var word = step.Split(' ')[0];
        var text = Encoding.UTF8.GetBytes(step[Math.Min(word.Length + 1, step.Length)..]);
        switch (word)
        {
            case "read":
                await ReadAsync(stream);
                break;
            case "send":
                await stream.WriteAsync(text, _stop.Token);
                break;
            case "bytes":
                await stream.WriteAsync(Convert.FromHexString(step[(word.Length + 1)..]), _stop.Token);
                break;
            case "pause":
                await Task.Delay(_pause, TimeProvider.System, _stop.Token);
                break;
            case "drip":
                await RepeatAsync(stream, text, 1);
                break;
            case "endless":
                await RepeatAsync(stream, text, text.Length);
                break;
            case "hang":
                _hanging.TrySetResult();
                while (await ReadAsync(stream) > 0)
                {
                }

                break;
            case "reset":
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
                break;
            default:
                throw new ArgumentException(step);
        }
    }

    private async Task<int> ReadAsync(Stream stream)
    {
        var buffer = new byte[4096];
        var length = await stream.ReadAsync(buffer, _stop.Token);
        _received.Enqueue(Encoding.UTF8.GetString(buffer, 0, length));
        return length;
    }

    private async Task RepeatAsync(Stream stream, byte[] text, int pieceLength)
    {
        for (var i = 0; ; i = (i + pieceLength) % text.Length)
        {
            await stream.WriteAsync(text.AsMemory(i, pieceLength), _stop.Token);
        }
    }
}
