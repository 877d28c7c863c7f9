using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Management.Listening;

/// <summary>Stands before an application that is built when the first request comes.</summary>
internal sealed class LazyApplication : IHttpApplication<IFeatureCollection>, IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lazy<Task<(WebApplication App, BridgeServer Server)>> _built;

    public LazyApplication(Func<BridgeServer, WebApplication> build) => _built = new(async () =>
    {
        var server = new BridgeServer();
        var app = build(server);
        await app.StartAsync();
        return (app, server);
    });

    /// <summary>Fires when nothing may go on for ever any longer.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public async Task ProcessRequestAsync(IFeatureCollection context)
    {
        // Off the connection's thread for the first time: building takes a while.
        var (_, server) = _built.IsValueCreated ? await _built.Value : await Task.Run(() => _built.Value);
        await server.ProcessAsync(context);
    }

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
        // The application inside has dealt with both.
    }

    public void Stop() => _stopping.Cancel();

    public async ValueTask DisposeAsync()
    {
        if (_built.IsValueCreated)
        {
            var (app, _) = await _built.Value;
            await app.DisposeAsync();
        }

        _stopping.Dispose();
    }
}
