using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.Telemetry;

/// <summary>The listener of <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c>: a Kestrel server of its own, so that no
/// proxied listener, route or Host header leads to it, nor from it to a destination.</summary>
/// <remarks>It must be registered before whatever serves traffic: services are stopped in reverse, and during a drain
/// <c>/readyz</c> has to go on answering.</remarks>
internal sealed partial class TelemetryListener(
    TelemetryOptions options, TelemetryPages pages, IServiceProvider services, ILoggerFactory loggers,
    ILogger<TelemetryListener> logger) : IHostedService, IDisposable
{
    /// <summary>Most connections at once: more than a few scrapers and health checks ever keep.</summary>
    internal const int MostConnections = 100;

    private KestrelServer? _server;

    /// <summary>Where it listens, with the port the system chose where 0 was configured.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints { get; private set; } = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Listen.Count == 0)
        {
            return;
        }

        var kestrel = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        SetLimits(kestrel.Limits);
        var room = new FairRoom(MostConnections);
        var listeners = new List<ListenOptions>();
        foreach (var address in options.Listen)
        {
            kestrel.Listen(address, listener =>
            {
                listener.Protocols = HttpProtocols.Http1;
                listener.Use(room.Lead);
                listeners.Add(listener);
            });
        }

        var sockets = new StockTransport(
            new SocketTransportFactory(Options.Create(new SocketTransportOptions { CreateBoundListenSocket = Bind }), loggers), waits: false,
            services.GetRequiredService<TimeProvider>(), loggers.CreateLogger<StockTransport>());
        _server = new KestrelServer(Options.Create(kestrel), sockets, loggers);
        await _server.StartAsync(pages, cancellationToken);
        EndPoints = [.. listeners.Select(listener => listener.IPEndPoint!)];
        LogListening(string.Join(", ", _server.Features.Get<IServerAddressesFeature>()!.Addresses));
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public void Dispose() => _server?.Dispose();

    /// <summary>Tight, because nobody has a reason to send much here, and the listener is often open to the whole
    /// network.</summary>
    private static void SetLimits(KestrelServerLimits limits)
    {
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = 0;
        limits.MaxRequestHeaderCount = 50;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestLineSize = 2 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);

        // Twice the interval most people scrape at. It is also for how long a connection may be silent before its first
        // request, which does no harm: whoever comes when there is no room takes the place of one.
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
    }

    /// <summary>Kestrel's way, but that <c>[::]</c> leaves IPv4 alone when <c>0.0.0.0</c> is listed with the same port.
    /// </summary>
    private Socket Bind(EndPoint address)
    {
        var leavesIPv4 = address is IPEndPoint { Address: var ip, Port: not 0 and var port }
            && ip.Equals(IPAddress.IPv6Any) && options.Listen.Contains(new IPEndPoint(IPAddress.Any, port));
        if (!leavesIPv4)
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        }

        var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
        try
        {
            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Metrics and health are served on {Addresses}.")]
    private partial void LogListening(string addresses);
}
