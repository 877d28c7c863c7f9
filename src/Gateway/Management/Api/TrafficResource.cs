using System.Globalization;
using System.Net;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Relay;

namespace Gateway.Management.Api;

/// <summary>Where traffic comes in: routes, virtual servers, and the connections relayed now.</summary>
internal static class TrafficResource
{
    /// <summary>One HTTP route.</summary>
    internal sealed record RouteView(string Id, string? Cluster, string? Path, IReadOnlyList<string> Hosts, int? Order);

    /// <summary>One address of a virtual server.</summary>
    internal sealed record ListenView(string Address, string? Bound, string? Error);

    /// <summary>One virtual server.</summary>
    internal sealed record VirtualServerView(
        string Id, string Cluster, string Protocol, string Forwarding, IReadOnlyList<ListenView> Listen,
        int Active, long Accepted, int MaxConnections, long BytesReceived, long BytesSent);

    /// <summary>One relayed connection.</summary>
    internal sealed record ConnectionView(
        long Id, string VirtualServer, string Cluster, string? Destination, string Protocol, string Client,
        double AgeSeconds, double IdleSeconds, long BytesSent, long BytesReceived);

    /// <summary>Relayed connections; no more than were asked for.</summary>
    internal sealed record ConnectionsView(int Count, IReadOnlyList<ConnectionView> Connections);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/routes", (ConfigurationInForce configuration) => TypedResults.Ok(Routes(configuration.Current)))
            .Requires(Role.Viewer).WithSummary("All HTTP routes.");
        api.MapGet("/virtual-servers", (RelayService relay) => TypedResults.Ok(
                relay.VirtualServers.Select(server => View(server, relay)).ToArray()))
            .Requires(Role.Viewer).WithSummary("All virtual servers that are relayed.");
        api.MapGet("/virtual-servers/{id}", (RelayService relay, string id) =>
                relay.VirtualServers.FirstOrDefault(server => server.Id.Equals(id, StringComparison.OrdinalIgnoreCase)) is { } found
                    ? TypedResults.Ok(View(found, relay)) : Problems.NotFound($"There is no virtual server '{id}'."))
            .Requires(Role.Viewer).WithSummary("One virtual server.").Produces<VirtualServerView>().ProducesProblem(404);
        api.MapGet("/connections", List).Requires(Role.Viewer)
            .WithSummary("Relayed connections in progress, by virtualServer, cluster, destination or client.").Produces<ConnectionsView>();
        api.MapDelete("/connections/{id:long}", Close).Requires(Role.Operator)
            .WithSummary("Closes a relayed connection.").Produces(204).ProducesProblem(404);
    }

    private static RouteView[] Routes(LoadedConfiguration configuration) =>
        [.. configuration.Section("ReverseProxy:Routes").Children.Select(route => new RouteView(
            route.Id, route.Text("ClusterId"), route.Child("Match").Text("Path"),
            [.. route.Child("Match").Child("Hosts").Elements.Select(host => host.Value ?? "")],
            int.TryParse(route.Text("Order"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var order) ? order : null))];

    private static VirtualServerView View(VirtualServer server, RelayService relay) => new(
        server.Id, server.Options.ClusterId, server.Options.Protocol, server.Options.Forwarding,
        [.. relay.Listeners.Where(listener => listener.VirtualServerId == server.Id)
            .Select(listener => new ListenView($"{listener.Configured}", listener.Bound?.ToString(), listener.Error))],
        server.Active, server.Accepted, server.Options.MaxConnections, server.BytesReceived, server.BytesSent);

    private static IResult List(
        RelayService relay, string? virtualServer, string? cluster, string? destination, string? client, int? limit)
    {
        bool Matches(string? wanted, string? value) => wanted is null || wanted.Equals(value, StringComparison.OrdinalIgnoreCase);
        var address = client is not null && IPAddress.TryParse(client, out var parsed) ? parsed : null;
        if (client is not null && address is null)
        {
            return Problems.Bad("client", "is no IP address", "Write one such as 10.0.0.1.");
        }

        var found = relay.Connections.All.Where(connection =>
            Matches(virtualServer, connection.VirtualServer.Id)
            && Matches(cluster, connection.VirtualServer.Options.ClusterId)
            && Matches(destination, connection.Destination?.Id)
            && (address is null || connection.Client.Address.Equals(address))).ToList();
        return TypedResults.Ok(new ConnectionsView(found.Count, [.. found
            .OrderBy(connection => connection.Id).Take(Math.Clamp(limit ?? 1000, 1, 100_000))
            .Select(connection => new ConnectionView(
                connection.Id, connection.VirtualServer.Id, connection.VirtualServer.Options.ClusterId, connection.Destination?.Id,
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
            connection.VirtualServer.Options.ClusterId, connection.Destination?.Id);
        return TypedResults.NoContent();
    }
}
