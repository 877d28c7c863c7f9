using System.Collections;
using System.Net;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Http;
using Gateway.Relay;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Support;

/// <summary>The whole program in this process, on free loopback ports, with a configuration file that can be edited.
/// </summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly YarpCheck _yarp;
    private readonly string _folder;
    private bool _isMovedOn;
    private bool _isDisposed;

    private RunningGateway(WebApplication app, YarpCheck yarp, string folder)
    {
        _app = app;
        _yarp = yarp;
        _folder = folder;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = app.Urls.Count > 0 ? new Uri(app.Urls.First().Replace("[::]", "127.0.0.1", StringComparison.Ordinal)) : null,
        };
    }

    /// <summary>Asks the first HTTP listener.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public ClusterStore Store => Services.GetRequiredService<ClusterStore>();

    public ConfigurationReloader Reloader => Services.GetRequiredService<ConfigurationReloader>();

    public string ConfigurationFile => Path.Combine(_folder, "appsettings.json");

    /// <summary>Where the first listener of a virtual server is bound.</summary>
    public IPEndPoint VirtualServer(string id) =>
        Services.GetRequiredService<RelayService>().Listeners.First(listener => listener.VirtualServerId == id).Bound!;

    public DestinationState State(string cluster, string destination) =>
        Store.Current.FindCluster(cluster)!.Find(destination)!.State;

    /// <summary>Starts with this configuration; a <c>Kestrel</c> section with one free port and a metrics listener on a
    /// free port are added where it names none; management is not served unless it names it.</summary>
    /// <param name="json">The configuration.</param>
    /// <param name="isYarpAsked">Whether the check of routes is part of reading a file, as it is in the program.</param>
    /// <param name="environment">Variables that override keys; null is none.</param>
    public static async Task<RunningGateway> StartAsync(string json, bool isYarpAsked = true, IDictionary? environment = null)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-test-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "appsettings.json"), Complete(json));
        return await StartInAsync(folder, isYarpAsked, environment);
    }

    /// <summary>Stops, and starts anew with the same configuration file and the same state.</summary>
    public async Task<RunningGateway> RestartAsync()
    {
        _isMovedOn = true;
        await DisposeAsync();
        return await StartInAsync(_folder);
    }

    private static async Task<RunningGateway> StartInAsync(string folder, bool isYarpAsked = true, IDictionary? environment = null)
    {
        var file = Path.Combine(folder, "appsettings.json");
        var yarp = new YarpCheck();
        var loader = isYarpAsked ? new ConfigurationLoader(environment, null, yarp.Check) : new ConfigurationLoader(environment);
        var loaded = loader.Load(file);
        Assert.True(loaded.Configuration is not null, string.Join('\n', loaded.Errors));
        var app = await GatewayHost.BuildAsync(loaded.Configuration, loader);
        await app.StartAsync();
        return new RunningGateway(app, yarp, folder);
    }

    /// <summary>Replaces the file by rename, as careful editors do.</summary>
    public async Task WriteAsync(string json)
    {
        var next = ConfigurationFile + ".next";
        await File.WriteAllTextAsync(next, Complete(json));
        File.Move(next, ConfigurationFile, overwrite: true);
    }

    /// <summary>Replaces the file, has it read at once, and waits until it is in force.</summary>
    public async Task ReloadAsync(string json)
    {
        var before = Reloader.Status.Successes;
        await WriteAsync(json);
        Reloader.RequestReload();

        // The file's own revision: one that was read both because it had changed and because it was asked for is applied twice, and
        // the second time may be counted after the next file is written.
        var read = new ConfigurationLoader().Load(ConfigurationFile);
        Assert.True(read.Configuration is not null, string.Join('\n', read.Errors));
        await Eventually.TrueAsync(
            () => Reloader.Status is { LastResult: ReloadResult.Applied } status
                && status.Successes > before && status.Revision == read.Configuration.Revision,
            "the new configuration is in force");
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Client.Dispose();
        try
        {
            using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await _app.StopAsync(soon.Token);
        }
        catch (OperationCanceledException)
        {
            // The test left something open, and it was cut off.
        }

        await _app.DisposeAsync();
        _yarp.Dispose();
        if (!_isMovedOn)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string Complete(string json)
    {
        var additions = "";
        if (!json.Contains("\"Kestrel\"", StringComparison.Ordinal))
        {
            additions += """ "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } } }, """;
        }

        if (!json.Contains("\"Telemetry\"", StringComparison.Ordinal))
        {
            additions += """ "Telemetry": { "Listen": "127.0.0.1:0" }, """;
        }

        if (!json.Contains("\"Management\"", StringComparison.Ordinal))
        {
            additions += """ "Management": { "Listen": [] }, """;
        }

        if (!json.Contains("\"Logging\"", StringComparison.Ordinal))
        {
            additions += """ "Logging": { "LogLevel": { "Default": "Warning" } }, """;
        }

        return json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, additions);
    }
}
