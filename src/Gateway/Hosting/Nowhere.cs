using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Hosting;

/// <summary>Where Kestrel listens when no endpoint is configured: nowhere. Left to itself it would take port 5000 of the loopback
/// address, which a Gateway of virtual servers alone has no use for, and a second one on the machine could not have.</summary>
internal sealed class NowhereEndPoint : EndPoint
{
    /// <summary>Shown in the log as the address listened on.</summary>
    public override string ToString() => "nowhere";
}

/// <summary>Binds <see cref="NowhereEndPoint"/>, and nothing else: no connection ever comes.</summary>
internal sealed class NowhereTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is NowhereEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new Listener(endpoint));

    private sealed class Listener(EndPoint endPoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _never = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _never.Task.WaitAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            // Tells the accept loop that there is no more.
            _never.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
