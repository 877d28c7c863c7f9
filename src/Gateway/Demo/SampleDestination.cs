using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Demo;

/// <summary>A destination to try Gateway with: answers HTTP and TCP with its name, and can be stopped and started.</summary>
/// <remarks>Its ports are chosen by the system at first and kept over a stop, as a real server's are.</remarks>
internal sealed class SampleDestination(string name) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private WebApplication? _http;
    private TcpListener? _tcp;

    public string Name => name;

    public int HttpPort { get; private set; }

    public int TcpPort { get; private set; }

    public bool IsRunning => _http is not null;

    /// <summary>Starts to listen; does nothing when it already does.</summary>
    public async Task StartAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_http is null)
            {
                await StartHttpAsync();
                StartTcp();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Stops as a crashed server does: the ports are closed at once.</summary>
    public async Task StopAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _tcp?.Dispose();
            _tcp = null;
            if (_http is not null)
            {
                await _http.DisposeAsync();
                _http = null;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _gate.Dispose();
    }

    private async Task StartHttpAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, HttpPort));
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync(
            $"{name} answered {context.Request.Method} {context.Request.Path}\n", context.RequestAborted));
        await app.StartAsync();
        HttpPort = new Uri(app.Urls.First()).Port;
        _http = app;
    }

    private void StartTcp()
    {
        _tcp = new TcpListener(IPAddress.Loopback, TcpPort);
        _tcp.Start();
        TcpPort = ((IPEndPoint)_tcp.LocalEndpoint).Port;
        _ = AcceptAsync(_tcp);
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = EchoAsync(client);
        }
    }

    private async Task EchoAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{name} is connected; what you send comes back\n"));
                await stream.CopyToAsync(stream);
            }
            catch (IOException)
            {
                // The client reset the connection, which ends an echo as well as a close does.
            }
        }
    }
}
