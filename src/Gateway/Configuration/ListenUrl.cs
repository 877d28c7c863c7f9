using System.Net;

namespace Gateway.Configuration;

/// <summary>A URL to listen on, such as <c>http://*:8080</c>, as Kestrel understands it.</summary>
internal static class ListenUrl
{
    /// <summary>Why Kestrel would not listen there, as the end of a sentence that begins with the URL; null when it
    /// would. A URL that cannot even be read is for the schema to report.</summary>
    public static string? Fault(string? url)
    {
        if (Parse(url) is not { IsUnixPipe: false, IsNamedPipe: false } binding)
        {
            return null;
        }

        // A port that is not a number is left in the host, which then looks like a name.
        return (binding.Host.Contains(':') && !IPAddress.TryParse(binding.Host, out _))
            || binding.Port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort ? "has a port that is not a number from 0 to 65535"
            : binding.PathBase.Length > 0 ? "has a path"
            : IsLocalhost(binding) && binding.Port == 0 ? "asks for any free port of two addresses at once"
            : IPAddress.TryParse(binding.Host, out var address) && address.IsIPv4MappedToIPv6
                ? "is an IPv4 address written as an IPv6 one"
            : null;
    }

    /// <summary>The URLs of the HTTP endpoints of a configuration.</summary>
    public static IEnumerable<string?> OfEndpoints(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]);

    /// <summary>The addresses that the URL stands for; none when it is wrong, or the path of a socket.</summary>
    /// <remarks>Kestrel listens on all addresses of both families for any host that is neither an address nor
    /// <c>localhost</c>: for <c>*</c>, for <c>+</c> and for every name; and for <c>[::]</c>, as its socket takes IPv4
    /// too.</remarks>
    public static IReadOnlyList<IPEndPoint> EndPoints(string? url)
    {
        if (Fault(url) is not null || Parse(url) is not { IsUnixPipe: false, IsNamedPipe: false } binding)
        {
            return [];
        }

        return IPAddress.TryParse(binding.Host, out var address) && !address.Equals(IPAddress.IPv6Any) ? [new IPEndPoint(address, binding.Port)]
            : IsLocalhost(binding)
                ? [new IPEndPoint(IPAddress.Loopback, binding.Port), new IPEndPoint(IPAddress.IPv6Loopback, binding.Port)]
                : [new IPEndPoint(IPAddress.Any, binding.Port), new IPEndPoint(IPAddress.IPv6Any, binding.Port)];
    }

    /// <summary>The path of the socket that the URL stands for; null when it stands for addresses, or is wrong.</summary>
    public static string? SocketPath(string? url) => Parse(url) is { IsUnixPipe: true } binding ? binding.UnixPipePath : null;

    private static bool IsLocalhost(BindingAddress binding) =>
        string.Equals(binding.Host, "localhost", StringComparison.OrdinalIgnoreCase);

    private static BindingAddress? Parse(string? url)
    {
        try
        {
            return BindingAddress.Parse(url ?? "");
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
