using System.Collections;
using System.Net;
using Gateway.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting;

/// <summary>Where Kestrel listens when no endpoint is configured: nowhere. Left to itself it would take port 5000 of the loopback
/// address, which a Gateway of virtual servers alone has no use for, and a second one on the machine could not have.</summary>
internal sealed class NowhereEndPoint : EndPoint
{
    /// <summary>The host of what would be shown in the log as an address listened on; <see cref="NowhereServer"/> takes it away.</summary>
    public override string ToString() => Name;

    public const string Name = "nowhere";
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

/// <summary>The server of HTTP, which does not say that it listens where it does not, and has not stopped before all connections
/// have ended, those too that Kestrel has let go of.</summary>
internal sealed class NowhereServer : IServer
{
    private readonly IServer _server;
    private readonly ClientConnections _connections;

    public NowhereServer(IServer server, ClientConnections connections)
    {
        _server = server;
        _connections = connections;
        Features = new FeatureCollection(server.Features);
        if (server.Features.Get<IServerAddressesFeature>() is { } feature)
        {
            Features.Set<IServerAddressesFeature>(new Somewhere(feature));
        }
    }

    public IFeatureCollection Features { get; }

    /// <summary>Registers it around the server that is registered.</summary>
    public static void Wrap(IServiceCollection services)
    {
        var inner = services.Last(service => service.ServiceType == typeof(IServer));
        services.Remove(inner);
        services.AddSingleton<IServer>(provider => new NowhereServer(
            (IServer)(inner.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)),
            provider.GetRequiredService<ClientConnections>()));
    }

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull => _server.StartAsync(application, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_server.StopAsync(cancellationToken), _connections.EndLeftAsync(cancellationToken));

    public void Dispose() => _server.Dispose();

    /// <summary>The addresses of the server without <see cref="NowhereEndPoint"/>.</summary>
    private sealed class Somewhere(IServerAddressesFeature feature) : IServerAddressesFeature, ICollection<string>
    {
        public ICollection<string> Addresses => this;

        private IEnumerable<string> Shown =>
            feature.Addresses.Where(address => !address.EndsWith($"//{NowhereEndPoint.Name}", StringComparison.Ordinal));

        public bool PreferHostingUrls
        {
            get => feature.PreferHostingUrls;
            set => feature.PreferHostingUrls = value;
        }

        public int Count => Shown.Count();

        public bool IsReadOnly => feature.Addresses.IsReadOnly;

        public void Add(string item) => feature.Addresses.Add(item);

        public void Clear() => feature.Addresses.Clear();

        public bool Contains(string item) => Shown.Contains(item);

        public void CopyTo(string[] array, int arrayIndex) => Shown.ToArray().CopyTo(array, arrayIndex);

        public bool Remove(string item) => feature.Addresses.Remove(item);

        public IEnumerator<string> GetEnumerator() => Shown.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
