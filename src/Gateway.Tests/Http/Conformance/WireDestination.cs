using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.EventLoop;

namespace Gateway.Tests.Http.Conformance;

/// <summary>A destination that reads requests strictly and answers each with bytes the test chose by the request's path.
/// </summary>
internal sealed class WireDestination : IDisposable
{
    private readonly ConcurrentDictionary<string, Script> _scripts = new();
    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private int _connections;

    public WireDestination()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        _ = AcceptAsync();
    }

    public string Address => $"http://{_listener.LocalEndPoint}";

    /// <summary>Connections that came.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Says how requests for a path are answered.</summary>
    public Script On(string path, params string[] answer) => On(path, answer.Select(Encoding.Latin1.GetBytes).ToArray());

    public Script On(string path, params byte[][] answer) => _scripts[path] = new Script { Answer = answer };

    /// <summary>What was said of a path.</summary>
    public Script Of(string path) => _scripts[path];

    public void Dispose()
    {
        ListenSocket.Close(_listener);
        foreach (var socket in _sockets.Keys)
        {
            socket.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                Interlocked.Increment(ref _connections);
                socket.NoDelay = true;
                _sockets.TryAdd(socket, 0);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var reader = new WireReader(socket);
        Script? script = null;
        try
        {
            while (await reader.ReadRequestAsync() is { } request)
            {
                if (!_scripts.TryGetValue(request.Target.Split('?')[0], out script))
                {
                    await socket.SendAsync("HTTP/1.1 404 Not scripted\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                    continue;
                }

                script.Requests.Enqueue(request);
                script.Arrived.TrySetResult();
                await AnswerAsync(socket, script);
                script.CountAnswered();
                if (script.Closes)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or EndOfStreamException or TimeoutException)
        {
            // The connection was cut off, which the script or the client wanted.
        }
        finally
        {
            script?.Closed.TrySetResult();
            _sockets.TryRemove(socket, out _);
            socket.Dispose();
        }
    }

    private static async Task AnswerAsync(Socket socket, Script script)
    {
        foreach (var piece in script.Answer)
        {
            await socket.SendAsync(piece);
            if (script.Pause > TimeSpan.Zero)
            {
                await Task.Delay(script.Pause, TimeProvider.System);
            }
        }

        if (script.Resets)
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }

        await script.Hold;
    }

    /// <summary>How requests for one path are answered, and what came.</summary>
    internal sealed class Script
    {
        private int _answered;

        public required byte[][] Answer { get; init; }

        /// <summary>Whether the connection is closed after the answer.</summary>
        public bool Closes { get; set; }

        /// <summary>Whether it is reset.</summary>
        public bool Resets { get; set; }

        /// <summary>Time between the pieces of the answer.</summary>
        public TimeSpan Pause { get; set; }

        /// <summary>What is waited for after the answer.</summary>
        public Task Hold { get; set; } = Task.CompletedTask;

        /// <summary>Answers of which the last byte was sent.</summary>
        public int Answered => Volatile.Read(ref _answered);

        public ConcurrentQueue<WireMessage> Requests { get; } = new();

        public TaskCompletionSource Arrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The connection of such a request was closed.</summary>
        public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public WireMessage Request => Assert.Single(Requests);

        public void CountAnswered() => Interlocked.Increment(ref _answered);
    }
}
