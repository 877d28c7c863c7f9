using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>What <c>proxy_pass</c> of http names: <c>SCHEME://AUTHORITY[URI]</c>.</summary>
/// <param name="Scheme">http or https.</param>
/// <param name="Authority">An upstream, or a host with or without port.</param>
/// <param name="Uri">What takes the place of the location's path; null leaves the path as it is.</param>
internal sealed partial record ProxyTarget(string Scheme, string Authority, string? Uri)
{
    public string Host => Words.Split(Authority).Host;

    public int Port => Words.Split(Authority).Port is { Length: > 0 } port ? Words.Port(port) ?? 80 : Scheme == "https" ? 443 : 80;

    public static ProxyTarget? Of(string value)
    {
        var match = Form().Match(value);
        if (!match.Success)
        {
            return null;
        }

        var target = new ProxyTarget(
            match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Length > 0 ? match.Groups[3].Value : null);
        var (_, port) = Words.Split(target.Authority);
        return (port.Length > 0 && Words.Port(port) is null) || Words.Destination(target.Scheme, target.Host, target.Port) is null
            ? null : target;
    }

    [GeneratedRegex(@"^(https?)://([A-Za-z0-9._:\[\]-]+)(/[A-Za-z0-9/._~+%@!&'(),=-]*)?$")]
    private static partial Regex Form();
}
