using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Management.Views;
using Gateway.Relay;

namespace Gateway.Management.Api;

/// <summary>Where traffic comes in: routes, virtual servers, and the connections relayed now.</summary>
internal static class TrafficResource
{
    /// <summary>One HTTP route.</summary>
    internal sealed record RouteView(string Id, string? Cluster, string? Path, IReadOnlyList<string> Hosts, int? Order);

    /// <summary>One address of a virtual server.</summary>
    internal sealed record ListenView(string Address, string? Bound, string? Error);

    /// <summary>One virtual server. Its counters are the relay's; <c>kernel</c> and <c>destinations</c> are what the kernel has
    /// counted, null when it forwards nothing or when they were not asked for.</summary>
    internal sealed record VirtualServerView(
        string Id, string Cluster, string Protocol, string Forwarding, IReadOnlyList<ListenView> Listen,
        int Active, long Accepted, int MaxConnections, long BytesReceived, long BytesSent,
        IReadOnlyList<PathView> Paths, KernelCountersView? Kernel, IReadOnlyList<KernelDestinationView>? Destinations);

    /// <summary>One relayed connection.</summary>
    internal sealed record ConnectionView(
        long Id, string VirtualServer, string Cluster, string? Destination, string Protocol, string Client,
        double AgeSeconds, double IdleSeconds, long BytesSent, long BytesReceived);

    /// <summary>Relayed connections; no more than were asked for.</summary>
    internal sealed record ConnectionsView(int Count, IReadOnlyList<ConnectionView> Connections);

    private const int MostConnections = 100_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/routes", (ConfigurationInForce configuration) => TypedResults.Ok(Routes(configuration.Current)))
            .Requires(Role.Viewer).WithSummary("All HTTP routes.");
        api.MapGet("/virtual-servers", (RelayService relay, KernelViews kernel, bool? destinations) => TypedResults.Ok(
                relay.VirtualServers.Select(server => View(server, relay, kernel, destinations == true)).ToArray()))
            .Requires(Role.Viewer).WithSummary("All virtual servers, and which path serves them; with ?destinations=true what the kernel counted.");
        api.MapGet("/virtual-servers/{id}", (RelayService relay, KernelViews kernel, string id) =>
                relay.VirtualServers.FirstOrDefault(server => server.Id.Equals(id, StringComparison.OrdinalIgnoreCase)) is { } found
                    ? TypedResults.Ok(View(found, relay, kernel, withDestinations: true))
                    : Problems.NotFound($"There is no virtual server '{id}'."))
            .Requires(Role.Viewer).WithSummary("One virtual server, with what the kernel counted for each destination.")
            .Produces<VirtualServerView>().ProducesProblem(404);
        api.MapGet("/connections", List).Requires(Role.Viewer)
            .WithSummary("Relayed connections in progress, by virtualServer, cluster, destination or client.").Produces<ConnectionsView>().ProducesProblem(400);
        api.MapDelete("/connections/{id:long}", Close).Requires(Role.Operator)
            .WithSummary("Closes a relayed connection.").Produces(204).ProducesProblem(404);
    }

    private static RouteView[] Routes(LoadedConfiguration configuration) =>
        [.. configuration.Section("ReverseProxy:Routes").Children.Select(route => new RouteView(
            route.Id, route.Text("ClusterId"), route.Child("Match").Text("Path"),
            [.. route.Child("Match").Child("Hosts").Elements.Select(host => host.Value ?? "")],
            int.TryParse(route.Text("Order"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var order) ? order : null))];

    private static VirtualServerView View(VirtualServer server, RelayService relay, KernelViews kernel, bool withDestinations) => new(
        server.Id, server.Options.ClusterId, server.Options.Protocol, server.Options.Forwarding,
        [.. relay.Listeners.Where(listener => listener.VirtualServerId == server.Id)
            .Select(listener => new ListenView($"{listener.Configured}", listener.Bound?.ToString(), listener.Error))],
        server.Active, server.Accepted, server.Options.MaxConnections, server.BytesReceived, server.BytesSent,
        Paths(server, kernel), kernel.OfServer(server.Id), withDestinations ? [.. kernel.DestinationsOf(server.Id)] : null);

    /// <summary>The path of each family; of those that do not ask for the kernel, the relay.</summary>
    private static PathView[] Paths(VirtualServer server, KernelViews kernel) => kernel.PathsOf(server.Id).ToArray() is { Length: > 0 } paths
        ? paths
        : [.. server.Options.Listen.Select(endPoint => endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4").Distinct().Order()
            .Select(family => new PathView(server.Id, family, server.Options.Forwarding, "relay", ""))];

    private static IResult List(
        RelayService relay, string? virtualServer, string? cluster, string? destination, string? client, int? limit)
    {
        bool Matches(string? wanted, string? value) => wanted is null || wanted.Equals(value, StringComparison.OrdinalIgnoreCase);
        var address = client is not null && IPAddress.TryParse(client, out var parsed) ? parsed : null;
        if (client is not null && address is null)
        {
            return Problems.Bad("client", client, "is no IP address", "Write one such as 10.0.0.1.");
        }

        if (Problems.WrongLimit(limit, MostConnections) is { } wrong)
        {
            return wrong;
        }

        var found = relay.Connections.All.Where(connection =>
            Matches(virtualServer, connection.VirtualServer.Id)
            && Matches(cluster, connection.ClusterId)
            && Matches(destination, connection.Destination?.Id)
            && (address is null || connection.Client.Address.Equals(address))).ToList();
        return TypedResults.Ok(new ConnectionsView(found.Count, [.. found
            .OrderBy(connection => connection.Id).Take(limit ?? 1000)
            .Select(connection => new ConnectionView(
                connection.Id, connection.VirtualServer.Id, connection.ClusterId, connection.Destination?.Id,
                connection.VirtualServer.Options.Protocol, $"{connection.Client}",
                Math.Round(connection.Age.TotalSeconds, 1), Math.Round(connection.Idle.TotalSeconds, 1),
                connection.BytesSent, connection.BytesReceived))]));
    }

    private static IResult Close(HttpContext context, RelayService relay, Audit audit, long id)
    {
        if (relay.Connections.Find(id) is not { } connection)
        {
            return Problems.NotFound($"There is no connection {id}.", "It may have ended; GET /api/v1/connections lists them.");
        }

        connection.Close(ConnectionEnd.Killed);
        audit.Changed(context, $"closed connection {id} of {connection.Client}", "", "",
            connection.ClusterId, connection.Destination?.Id);
        return TypedResults.NoContent();
    }
}
