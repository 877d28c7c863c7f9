using System.Net;
using Gateway.Clusters;
using Gateway.Names;

namespace Gateway.Tests.Names;

public class NameExpansionTests
{
    [Theory]
    [InlineData("http://web.example", NameLookup.All, "web.example All")]
    [InlineData("http://WEB.example.:81", NameLookup.IPv4, "web.example IPv4")]
    [InlineData("tcp://_imap._tcp.example:1", NameLookup.Srv, "_imap._tcp.example Srv")]
    [InlineData("http://web.example", NameLookup.Off, null)]
    [InlineData("http://10.0.0.1", NameLookup.All, null)]
    [InlineData("http://[::1]:80", NameLookup.All, null)]
    [InlineData("http://localhost:80", NameLookup.All, null)]
    [InlineData("http://a.localhost:80", NameLookup.All, null)]
    public void KeyOf_Address_IsWhatToLookUp(string address, object lookup, string? key) => Assert.Equal(
        key, NameExpansion.KeyOf(At(address) with { Resolve = (NameLookup)lookup }) is { } found ? $"{found.Name} {found.Lookup}" : null);

    // id, address, Host header, weight, backup.
    [Theory]
    [InlineData("http://web.example", "10.0.0.2 10.0.0.1",
        "a[10.0.0.1] http://10.0.0.1/ web.example 3 -|a[10.0.0.2] http://10.0.0.2/ web.example 3 -")]
    [InlineData("https://web.example:8443/app", "2001:db8::1 10.0.0.1",
        "a[10.0.0.1] https://10.0.0.1:8443/app web.example:8443 3 -|a[2001:db8::1] https://[2001:db8::1]:8443/app web.example:8443 3 -")]
    [InlineData("tcp://db.example:5432", "10.0.0.1 10.0.0.1", "a[10.0.0.1] tcp://10.0.0.1:5432/  3 -")]
    [InlineData("tcp://db.example:5432", "", "a tcp://db.example:5432/  3 -")]
    // SRV: address:port/priority/weight.
    [InlineData("tcp://_x._tcp.example:1", "10.0.0.4:26/30/1 10.0.0.2:26/20/0 10.0.0.1:25/10/60 10.0.0.3:25/10/0",
        "a[10.0.0.1:25] tcp://10.0.0.1:25/  60 -|a[10.0.0.3:25] tcp://10.0.0.3:25/  1 -|a[10.0.0.2:26] tcp://10.0.0.2:26/  1 backup 1"
        + "|a[10.0.0.4:26] tcp://10.0.0.4:26/  1 backup 2")]
    // One address and port in several records: the best priority, and the chances of all hosts of that priority.
    [InlineData("tcp://_x._tcp.example:1", "10.0.0.1:25/20/50 10.0.0.1:25/10/1 10.0.0.2:25/20/7",
        "a[10.0.0.1:25] tcp://10.0.0.1:25/  1 -|a[10.0.0.2:25] tcp://10.0.0.2:25/  7 backup 1")]
    [InlineData("tcp://_x._tcp.example:1", "10.0.0.1:25/10/1 10.0.0.2:25/10/5 10.0.0.1:25/10/2 10.0.0.1:25/10/2",
        "a[10.0.0.1:25] tcp://10.0.0.1:25/  5 -|a[10.0.0.2:25] tcp://10.0.0.2:25/  5 -")]
    [InlineData("tcp://_x._tcp.example:1", "10.0.0.1:25/10/65535 10.0.0.1:25/10/65535 10.0.0.1:26/10/0 10.0.0.1:26/10/0",
        "a[10.0.0.1:25] tcp://10.0.0.1:25/  65535 -|a[10.0.0.1:26] tcp://10.0.0.1:26/  1 -")]
    public void Expand_Addresses_AreDestinations(string address, string found, string destinations)
    {
        var addresses = NameExpansion.Order(found.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse));

        var expanded = NameExpansion.Expand(At(address) with { Weight = 3 }, addresses);

        Assert.Equal(destinations, string.Join('|', expanded.Select(one =>
            $"{one.Id} {one.Address} {one.Host} {one.Weight} {(one.Backup ? $"backup {one.BackupRank}" : "-")}")));
    }

    [Theory]
    [InlineData("tcp://mail.example:993", "10.0.0.1", "mail.example")]
    [InlineData("tcp://mail.example.:993", "2001:db8::1", "mail.example")]
    [InlineData("tcp://_imaps._tcp.mail.example:1", "10.0.0.1:993/10/1", "mail.example")]
    [InlineData("tcp://mail.example:993", "", "mail.example")]
    [InlineData("tcp://10.0.0.1:993", "", "10.0.0.1")]
    [InlineData("tcp://[2001:db8::1]:993", "", "2001:db8::1")]
    public void Expand_Addresses_KeepTheHostOfTheirCertificate(string address, string found, string host)
    {
        var addresses = NameExpansion.Order(found.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse));

        Assert.Equal(host, Assert.Single(NameExpansion.Expand(At(address), addresses)).CertificateHost);
    }

    [Fact]
    public void Expand_OtherOptions_AreThoseOfEach()
    {
        var destination = At("http://web.example:80") with
        {
            Weight = 0,
            MaxConnections = 7,
            Backup = true,
            Host = "shop.example",
            ProbeAddress = new Uri("http://web.example:9000/health"),
        };

        var one = NameExpansion.Expand(destination, [new NameAddress(IPAddress.Parse("10.0.0.1"))]).Single();

        Assert.Equal(
            destination with
            {
                Id = "a[10.0.0.1]",
                Origin = "a",
                Name = "web.example",
                Address = new Uri("http://10.0.0.1:80"),
                ProbeAddress = new Uri("http://10.0.0.1:9000/health"),
            },
            one);
    }

    [Fact]
    public void Expand_ProbeElsewhere_StaysThere()
    {
        var elsewhere = new Uri("http://monitor.example:9000");
        var destination = At("http://web.example") with { ProbeAddress = elsewhere };

        Assert.Equal(elsewhere, NameExpansion.Expand(destination, [new NameAddress(IPAddress.Loopback)]).Single().ProbeAddress);
    }

    [Fact]
    public void Order_TooMany_IsBounded() => Assert.Equal(
        NameExpansion.MostAddresses,
        NameExpansion.Order(Enumerable.Range(0, 1000).Select(i => new NameAddress(new IPAddress(i)))).Count);

    private static DestinationOptions At(string address) => new() { Id = "a", Address = new Uri(address) };

    private static NameAddress Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 1
            ? new NameAddress(IPAddress.Parse(text))
            : new NameAddress(IPEndPoint.Parse(parts[0]).Address)
            {
                Port = IPEndPoint.Parse(parts[0]).Port,
                Priority = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture),
                Weight = int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture),
            };
    }
}
