using System.Net;
using Gateway.Clusters;
using Gateway.Probing;

namespace Gateway.Tests.Probing;

public class ProbeTargetTests
{
    [Theory]
    [InlineData("http://10.0.0.5", null, null, "10.0.0.5:80", "")]
    [InlineData("https://10.0.0.5/", null, null, "10.0.0.5:443", "")]
    [InlineData("tcp://10.0.0.5:25", null, null, "10.0.0.5:25", "")]
    [InlineData("http://[2001:db8::2]:8080", null, null, "[2001:db8::2]:8080", "")]
    [InlineData("http://web.example/app/", null, null, "web.example:80", "/app")]
    [InlineData("http://10.0.0.5:80", null, 8081, "10.0.0.5:8081", "")]
    [InlineData("http://10.0.0.5:80/app", "http://10.0.0.6:9000/health", null, "10.0.0.6:9000", "/health")]
    [InlineData("http://10.0.0.5:80", "http://10.0.0.6:9000", 8081, "10.0.0.6:8081", "")]
    public void Of_Destination_IsWhereToLook(
        string address, string? probeAddress, int? port, string authority, string pathBase)
    {
        var destination = new DestinationOptions
        {
            Id = "a",
            Address = new Uri(address),
            ProbeAddress = probeAddress is null ? null : new Uri(probeAddress),
        };

        var target = ProbeTarget.Of(destination, new ProbeOptions { Port = port });

        Assert.Equal(authority, target.Authority);
        Assert.Equal(pathBase, target.PathBase);
        Assert.Equal(authority.StartsWith("web", StringComparison.Ordinal), target.EndPoint is DnsEndPoint);
    }

    [Theory]
    [InlineData("tcp://10.0.0.1:993", "mail.example", null, "mail.example")]
    [InlineData("tcp://10.0.0.1:993", "_imaps._tcp.mail.example", null, "mail.example")]
    [InlineData("tcp://10.0.0.1:993", "mail.example", "10.0.0.9", "10.0.0.9")]
    [InlineData("tcp://10.0.0.1:993", null, null, "10.0.0.1")]
    public void TlsName_AddressOfAName_IsTheName(string address, string? name, string? probed, string expected)
    {
        var destination = new DestinationOptions { Id = "a", Address = new Uri(address), Name = name };

        Assert.Equal(expected, ProbeTarget.Of(destination, new ProbeOptions { Address = probed }).TlsName);
    }
}
