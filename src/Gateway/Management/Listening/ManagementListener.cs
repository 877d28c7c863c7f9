using System.Net;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.Management.Listening;

/// <summary>The listener of the API and the pages: a Kestrel server of its own, so that no proxied listener, route or Host
/// header leads to it.</summary>
/// <remarks>What answers is built at the first request: a Gateway that nobody asks pays for one open socket.</remarks>
internal sealed partial class ManagementListener(
    ManagementOptions options, LazyApplication application, IServiceProvider services, ILoggerFactory loggers,
    ILogger<ManagementListener> logger) : IHostedService, IAsyncDisposable
{
    /// <summary>The largest body taken: a whole configuration of ten thousand destinations has two megabytes.</summary>
    public const int LargestBodyBytes = 4 * 1024 * 1024;

    private KestrelServer? _server;

    /// <summary>Where it listens, with the port the system chose where 0 was configured.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints { get; private set; } = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Listen.Count == 0)
        {
            return;
        }

        var listeners = new List<ListenOptions>();
        _server = CreateServer(listeners);
        try
        {
            await _server.StartAsync(application, cancellationToken);
        }
        catch (IOException e) when (options.IsDefaultAddress && e.InnerException is AddressInUseException)
        {
            LogTaken(ManagementOptions.DefaultAddress);
            return;
        }

        EndPoints = [.. listeners.Select(listener => listener.IPEndPoint!)];
        LogListening(options.CertificatePath is null ? "http" : "https", string.Join(", ", EndPoints));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Event streams would last for ever.
        application.Stop();
        if (_server is not null)
        {
            await _server.StopAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _server?.Dispose();
        await application.DisposeAsync();
    }

    private KestrelServer CreateServer(List<ListenOptions> listeners)
    {
        var kestrel = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        SetLimits(kestrel.Limits);
        var certificate = options.CertificatePath is null ? null : new ListenerCertificate(options);
        foreach (var address in options.Listen)
        {
            kestrel.Listen(address, listener =>
            {
                listeners.Add(listener);
                listener.Protocols = HttpProtocols.Http1;
                if (certificate is not null)
                {
                    // HTTP/2, because a browser opens six HTTP/1.1 connections at most and event streams hold them.
                    listener.Protocols = HttpProtocols.Http1AndHttp2;
                    listener.UseHttps(new HttpsConnectionAdapterOptions
                    {
                        ServerCertificateSelector = (_, _) => certificate.Current(),
                    });
                }
            });
        }

        var sockets = new StockTransport(
            new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers), waits: false,
            services.GetRequiredService<TimeProvider>(), loggers.CreateLogger<StockTransport>());
        return new KestrelServer(Options.Create(kestrel), sockets, loggers);
    }

    private static void SetLimits(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = 200;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = LargestBodyBytes;
        limits.MaxRequestHeaderCount = 50;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        limits.MinRequestBodyDataRate = new MinDataRate(1024, TimeSpan.FromSeconds(5));
        limits.Http2.MaxStreamsPerConnection = 50;
    }

    [LoggerMessage(LogLevel.Information, "Management is served by {Scheme} on {Addresses}.")]
    private partial void LogListening(string scheme, string addresses);

    [LoggerMessage(LogLevel.Warning, "Management is not served: {Address} is taken, and Management:Listen names no other.")]
    private partial void LogTaken(IPEndPoint address);
}
