using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Gateway.EventLoop;

/// <summary>Kestrel's transport on .NET sockets, which leaves the last descriptors to the rest of the process.</summary>
/// <remarks>By itself it takes the very last one, and .NET ends the process when it cannot open a file of its own.</remarks>
/// <param name="stock">Kestrel's.</param>
/// <param name="waits">Whether clients wait in the kernel's queue until descriptors are free, as for all who have many; else they are
/// taken in as far as half of the reserve goes, since somebody may want to know what is the matter.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where the shortage is told.</param>
internal sealed partial class StockTransport(SocketTransportFactory stock, bool waits, TimeProvider time, ILogger<StockTransport> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => stock.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(this, await stock.BindAsync(endpoint, cancellationToken));

    private sealed class Listener(StockTransport transport, IConnectionListener listener) : IConnectionListener
    {
        private static readonly TimeSpan _pauseWithoutResources = TimeSpan.FromMilliseconds(200);

        private readonly WarningPace _warnings = new(transport.Time);
        private readonly CancellationTokenSource _unbound = new();
        private bool _isShort;

        public EndPoint EndPoint => listener.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                await WaitForRoomAsync(cancellationToken);
                var connection = await listener.AcceptAsync(cancellationToken);
                if (connection?.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket || !Descriptors.IsReserved(socket))
                {
                    return connection;
                }

                _isShort = transport.Waits;
                if (_warnings.TryTake())
                {
                    transport.LogCannotAccept(EndPoint);
                }

                if (!Descriptors.IsOfLast(socket))
                {
                    return connection;
                }

                connection.Abort(new ConnectionAbortedException("There is no descriptor for it."));
                await connection.DisposeAsync();
            }
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync();
            await listener.UnbindAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => listener.DisposeAsync();

        private async Task WaitForRoomAsync(CancellationToken cancellation)
        {
            while (_isShort && !_unbound.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                _isShort = !Descriptors.HasRoom();
                if (_isShort)
                {
                    await Task.Delay(_pauseWithoutResources, transport.Time, _unbound.Token)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    private bool Waits => waits;

    private TimeProvider Time => time;

    [LoggerMessage(LogLevel.Warning, "{EndPoint}: cannot accept connections for now: out of descriptors")]
    private partial void LogCannotAccept(EndPoint endPoint);
}
