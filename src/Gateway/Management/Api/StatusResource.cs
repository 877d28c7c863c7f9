using System.Reflection;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Management.Changes;
using Gateway.Management.Views;
using Gateway.Relay;

namespace Gateway.Management.Api;

/// <summary>The state of the whole node on one page.</summary>
internal sealed class StatusResource(
    ClusterStore store, RelayService relay, KernelViews kernel, ConfigurationInForce configuration, ConfigurationChanges changes,
    TimeProvider time, IServiceProvider services)
{
    private static readonly string _version = typeof(StatusResource).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private readonly DateTimeOffset _started = StartedAt();

    /// <summary>The state of the node; <c>kernel</c> is null while no virtual server asks for it.</summary>
    internal sealed record Status(
        string Version, string Node, DateTimeOffset Started, DateTimeOffset Now, bool Ready, IReadOnlyList<string> NotReadyBecause,
        int Clusters, int Destinations, int ReadyDestinations, long Active, int RelayedConnections, ConfigurationStatus Configuration,
        KernelView? Kernel);

    /// <summary>The state of the configuration.</summary>
    internal sealed record ConfigurationStatus(
        string Revision, string? File, string? Overlay, string LastResult, DateTimeOffset? LastAttempt,
        IReadOnlyList<ErrorView> LastErrors, IReadOnlyList<ErrorView> Warnings, PendingView? Pending);

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/status", (StatusResource resource) => TypedResults.Ok(resource.Read())).Requires(Role.Viewer)
            .WithSummary("The state of the whole node.");

    public Status Read()
    {
        var snapshot = store.Current;
        var destinations = snapshot.Clusters.SelectMany(cluster => cluster.Destinations).ToList();
        var problems = relay.Listeners.Where(listener => !listener.IsListening)
            .Select(listener => $"virtual server {listener.VirtualServerId} does not listen on {listener.Configured}: {listener.Error}")
            .ToArray();
        return new Status(
            _version, Environment.MachineName, _started, time.GetUtcNow(), problems.Length == 0, problems,
            snapshot.Clusters.Count, destinations.Count,
            destinations.Count(d => d.Judgement.Availability == Availability.InService),
            destinations.Sum(d => d.State.Load.Total), relay.Connections.Count, ReadConfiguration(), kernel.Read());
    }

    private ConfigurationStatus ReadConfiguration()
    {
        var current = configuration.Current;
        var reload = services.GetService<ConfigurationReloader>()?.Status;
        return new ConfigurationStatus(
            current.Revision, current.SourceFile, current.Layers.Overlay.File,
            (reload?.LastResult ?? ReloadResult.Applied).ToString().ToLowerInvariant(), reload?.LastAttempt,
            [.. (reload?.LastErrors ?? []).Select(ErrorView.Of)], [.. current.Warnings.Select(ErrorView.Of)], changes.Pending);
    }

    private static DateTimeOffset StartedAt()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.StartTime.ToUniversalTime();
    }
}
